//go:build !unix

package iampolicy_test

import "time"

var started = time.Now()

// cpuTime returns the time by the clock.
func cpuTime() time.Duration { return time.Since(started) }
