package measure

import (
	"context"
	"testing"
	"time"
)

const (
	// slice is how long a side runs at a time: long enough that reading the clock does not count,
	// and short enough that both sides of a ratio meet the same disturbances.
	slice = 200 * time.Microsecond
	// fewestRounds are run even where the time does not suffice for them, and mostRounds where it
	// would for more.
	fewestRounds, mostRounds = 5, 4000
)

// Side is one of the things that are timed beside each other.
type Side struct {
	Name string
	Run  func() // once; it panics if the work goes wrong, because a wrong answer has no speed
}

// Sample is what was measured of a side.
type Sample struct {
	Name        string    `json:"name"`
	Ratio       Quartiles `json:"ratio"`       // of the time to that of the first side in the same round
	Nanoseconds Quartiles `json:"nanoseconds"` // for one run
	Allocations float64   `json:"allocations"` // for one run, on average
	Rounds      int       `json:"rounds"`
}

// Interleaved times the sides in turn, round by round, for about the given time, and returns a
// Sample for each. The first side is what the others are held against. Each round begins with
// another side, so that none always profits from what runs before it. It ends early, with the
// context's error, when ctx does.
func Interleaved(ctx context.Context, sides []Side, budget time.Duration) ([]Sample, error) {
	runs := make([]int, len(sides))
	for i, side := range sides {
		runs[i] = runsFor(side.Run)
	}
	times := make([][]float64, len(sides))
	ratios := make([][]float64, len(sides))
	begin := time.Now()
	rounds := 0
	for ; rounds < fewestRounds || rounds < mostRounds && time.Since(begin) < budget; rounds++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		round := make([]float64, len(sides))
		for j := range sides {
			i := (rounds + j) % len(sides)
			round[i] = timed(sides[i].Run, runs[i])
		}
		for i, t := range round {
			times[i] = append(times[i], t)
			ratios[i] = append(ratios[i], t/round[0])
		}
	}
	samples := make([]Sample, len(sides))
	for i, side := range sides {
		samples[i] = Sample{
			Name: side.Name, Ratio: QuartilesOf(ratios[i]), Nanoseconds: QuartilesOf(times[i]), Rounds: rounds,
			Allocations: Allocations(side.Run, max(1, min(runs[i], 100))),
		}
	}
	return samples, nil
}

// Allocations returns how often run allocates, on average over as many runs as are asked for. It
// counts three times and takes the least: the garbage collector, when it empties a pool in between,
// has what was in there made anew, which is no doing of the run's.
func Allocations(run func(), runs int) float64 {
	least := testing.AllocsPerRun(runs, run)
	for range 2 {
		least = min(least, testing.AllocsPerRun(runs, run))
	}
	return least
}

// runsFor warms up, and returns how many runs fill a slice.
func runsFor(run func()) int {
	run() // the first fills caches and pools
	n := 1
	for {
		took := time.Duration(timed(run, n) * float64(n))
		if took >= slice/2 || n >= 1<<20 {
			return max(1, int(float64(n)*float64(slice)/float64(max(took, 1))))
		}
		n *= 2
	}
}

// timed returns the nanoseconds of one of n runs.
func timed(run func(), n int) float64 {
	begin := time.Now()
	for range n {
		run()
	}
	return float64(time.Since(begin).Nanoseconds()) / float64(n)
}
