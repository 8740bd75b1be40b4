package main

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
	compareRounds(b, perRound, floor, work)
}

// compareRounds is compare with n runs of each side in a round, for work that is long.
func compareRounds(b *testing.B, n int, floor, work func()) {
	b.Helper()
	for range n { // warm-up: caches, pools
		floor()
		work()
	}
	var ratios, floors, works []float64
	b.ReportAllocs()
	for b.Loop() {
		begin := time.Now()
		for range n {
			floor()
		}
		middle := time.Now()
		for range n {
			work()
		}
		end := time.Now()
		f, w := middle.Sub(begin).Seconds(), end.Sub(middle).Seconds()
		ratios, floors, works = append(ratios, w/f), append(floors, f), append(works, w)
	}
	b.ReportMetric(0, "ns/op") // of a round, which says nothing
	b.ReportMetric(median(ratios), "x-floor")
	b.ReportMetric(median(floors)/float64(n)*1e9, "floor-ns")
	b.ReportMetric(median(works)/float64(n)*1e9, "work-ns")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
