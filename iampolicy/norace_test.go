//go:build !race

package iampolicy_test

const raceDetector = false
