//go:build unix

package iampolicy_test

import (
	"syscall"
	"time"
)

// cpuTime returns the time that the processors have worked for this process: on a
// machine with other work it tells more than a clock.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
