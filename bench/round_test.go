package main

import (
	"testing"
	"time"

	"github.com/wildgate/wildgate/bench/measure"
)

// perRound is for how long each side runs in a round: long enough that reading the clock does not
// count, and short enough that both meet the same disturbances.
const perRound = 200 * time.Microsecond

// compare runs floor and work in turn, round by round, and reports the median of the rounds'
// ratios.
func compare(b *testing.B, floor, work func()) {
	b.Helper()
	floorRuns, workRuns := runsIn(perRound, floor), runsIn(perRound, work)
	var ratios, floors, works []float64
	for b.Loop() {
		begin := time.Now()
		for range floorRuns {
			floor()
		}
		middle := time.Now()
		for range workRuns {
			work()
		}
		end := time.Now()
		f, w := float64(middle.Sub(begin).Nanoseconds())/float64(floorRuns), float64(end.Sub(middle).Nanoseconds())/float64(workRuns)
		ratios, floors, works = append(ratios, w/f), append(floors, f), append(works, w)
	}
	b.ReportMetric(0, "ns/op") // of a round, which says nothing
	b.ReportMetric(testing.AllocsPerRun(10, work), "work-allocs")
	b.ReportMetric(measure.QuartilesOf(ratios).Median, "x-floor")
	b.ReportMetric(measure.QuartilesOf(floors).Median, "floor-ns")
	b.ReportMetric(measure.QuartilesOf(works).Median, "work-ns")
}

// runsIn warms up, caches and pools too, and returns how many runs fill a time: one at the least.
func runsIn(span time.Duration, run func()) int {
	run()
	n := 0
	for begin := time.Now(); n == 0 || time.Since(begin) < span; n++ {
		run()
	}
	return n
}
