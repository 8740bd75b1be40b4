package main

import (
	"testing"
	"time"

	"github.com/wildgate/wildgate/bench/measure"
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
	b.ReportMetric(measure.QuartilesOf(ratios).Median, "x-floor")
	b.ReportMetric(measure.QuartilesOf(floors).Median/float64(n)*1e9, "floor-ns")
	b.ReportMetric(measure.QuartilesOf(works).Median/float64(n)*1e9, "work-ns")
}
