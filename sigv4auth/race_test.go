//go:build race

package sigv4auth_test

// raceDetector: it makes sync.Pool forget at random, so that allocations cannot be counted.
const raceDetector = true
