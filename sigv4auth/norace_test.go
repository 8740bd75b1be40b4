//go:build !race

package sigv4auth_test

const raceDetector = false
