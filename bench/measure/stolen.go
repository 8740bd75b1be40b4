package measure

import (
	"os"
	"strconv"
	"strings"
)

// Stolen begins to count, and returns a function that tells how much of the time in which this
// machine's processors had work since then its host gave to others: from 0 to 1, and 0 where the
// system does not tell. Only a virtual machine has a host. What is measured while it takes much is
// measured on a smaller machine, and more of the work misses the caches.
func Stolen() func() float64 {
	before := readTimes()
	return func() float64 { return before.stolenUntil(readTimes()) }
}

// times are what all processors have spent since the start of the system, in its ticks.
type times struct{ busy, stolen uint64 }

// readTimes reads the first line of Linux's /proc/stat: proc_stat(5).
func readTimes() times {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return times{}
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return parseTimes(line)
}

// parseTimes adds user, nice and system time and that of interrupts. Time that waited for a disk
// was idle.
func parseTimes(line string) (t times) {
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return times{}
	}
	for _, i := range []int{1, 2, 3, 6, 7} {
		n, _ := strconv.ParseUint(fields[i], 10, 64)
		t.busy += n
	}
	t.stolen, _ = strconv.ParseUint(fields[8], 10, 64)
	return t
}

func (t times) stolenUntil(now times) float64 {
	wanted := (now.busy - t.busy) + (now.stolen - t.stolen)
	if now.busy < t.busy || now.stolen < t.stolen || wanted == 0 {
		return 0
	}
	return float64(now.stolen-t.stolen) / float64(wanted)
}
