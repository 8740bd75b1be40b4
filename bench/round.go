package bench

import (
	"slices"
	"testing"
	"time"
)

// perRound is how often each side runs in a round: enough that reading the clock does not count.
const perRound = 200

// compare runs floor and work in turn, round by round, and reports the median of the rounds' ratios.
func compare(b *testing.B, floor, work func()) {
	b.Helper()
	for range perRound { // warm-up: caches, pools
		floor()
		work()
	}
	var ratios, floors, works []float64
	b.ReportAllocs()
	for b.Loop() {
		begin := time.Now()
		for range perRound {
			floor()
		}
		middle := time.Now()
		for range perRound {
			work()
		}
		end := time.Now()
		f, w := middle.Sub(begin).Seconds(), end.Sub(middle).Seconds()
		ratios, floors, works = append(ratios, w/f), append(floors, f), append(works, w)
	}
	b.ReportMetric(0, "ns/op") // of a round, which says nothing
	b.ReportMetric(median(ratios), "x-floor")
	b.ReportMetric(median(floors)/perRound*1e9, "floor-ns")
	b.ReportMetric(median(works)/perRound*1e9, "work-ns")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
