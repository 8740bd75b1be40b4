//go:build race

package iampolicy_test

// raceDetector: it slows what is measured, and not what that is measured against.
const raceDetector = true
