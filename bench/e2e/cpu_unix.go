//go:build unix

package e2e

import (
	"syscall"
	"time"
)

// cpuTime returns the CPU time that this process has used, in user and in system mode.
func cpuTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
