package userpool_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// TestManySignInsAtOnce: two hundred who sign in at one time all get in, and leave a processor to
// requests that need no power. What these take is compared by medians, which other work on the
// machine changes least; the 99th percentiles are told beside them.
func TestManySignInsAtOnce(t *testing.T) {
	s := start(t)
	s.signUp("alice", password)
	ask := func() time.Duration {
		at := time.Now()
		s.as(s.admin, "DescribeUserPool", input{}).ok()
		return time.Since(at)
	}
	n := 40
	if testneed.Long() {
		n = 200
	}
	const most = 10.0
	ratio := 0.0
	for range 6 {
		var idle, busy []time.Duration
		for range 400 {
			idle = append(idle, ask())
		}
		var all sync.WaitGroup
		for range n {
			all.Go(func() { s.withPassword("alice", password).tokens() })
		}
		done := make(chan struct{})
		go func() {
			all.Wait()
			close(done)
		}()
		for open := true; open; {
			busy = append(busy, ask())
			select {
			case <-done:
				open = false
			default:
			}
		}
		slices.Sort(idle)
		slices.Sort(busy)
		a, b := idle[len(idle)/2], busy[len(busy)/2]
		ratio = float64(b) / float64(a)
		t.Logf("half of the requests took at most %v, and beside %d sign-ins %v; 99 %% took %v and %v", a, n, b,
			idle[len(idle)*99/100], busy[len(busy)*99/100])
		if ratio <= most {
			return
		}
	}
	t.Errorf("requests beside %d sign-ins take %.1f times as long", n, ratio)
}
