//go:build race

package bench

// raceDetector: it makes sync.Pool forget at random, so that allocations cannot be counted.
const raceDetector = true
