//go:build race

package main

// raceDetector: it makes sync.Pool forget at random, so that allocations cannot be counted.
const raceDetector = true
