//go:build unix

package filestore_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// processorTime returns what the process has used so far, to which other processes add nothing.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLook measures what a look at a folder costs in which nothing changes. Divided by
// Config.PollInterval, cpu-ms/op is the share of a core that an idle Store takes.
func BenchmarkLook(b *testing.B) {
	for _, size := range []struct{ users, policies, secrets int }{
		{10, 10, 0}, {1000, 1000, 0}, {10_000, 10_000, 0}, {10_000, 10_000, 10_000},
	} {
		b.Run(fmt.Sprintf("users=%d/policies=%d/secrets=%d", size.users, size.policies, size.secrets), func(b *testing.B) {
			s := openLarge(b, size.users, size.policies, size.secrets)
			for end := time.Now().Add(2600 * time.Millisecond); time.Now().Before(end); { // until the files have settled
				s.LookForTest()
			}
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				s.LookForTest()
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// BenchmarkRevocation measures how long an edit of principals.json takes to be in force, at the
// default interval: a key that is made inactive.
func BenchmarkRevocation(b *testing.B) {
	for _, size := range []struct{ users, policies, secrets int }{{10, 10, 0}, {10_000, 10_000, 0}, {10_000, 10_000, 10_000}} {
		b.Run(fmt.Sprintf("users=%d/policies=%d/secrets=%d", size.users, size.policies, size.secrets), func(b *testing.B) {
			f := large(b, size.users, size.policies, size.secrets)
			s := f.openWith(filestore.Config{Dir: f.dir})
			time.Sleep(3 * time.Second)
			before := f.read("principals.json")
			states := [2]string{before, strings.Replace(before, "number-7\", \"Status\": \"Active\"",
				"number-7\", \"Status\": \"Inactive\"", 1)}
			states[1] = strings.Replace(states[1], "secrets/7\", \"Status\": \"Active\"", "secrets/7\", \"Status\": \"Inactive\"", 1)
			active := true
			for b.Loop() {
				active = !active
				f.replace("principals.json", states[map[bool]int{true: 0, false: 1}[active]])
				for {
					if _, err := s.Credential(b.Context(), "AKIA7", ""); (err == nil) == active {
						break
					}
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
}
