package measure

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// perWindow is how many slices a worker works at a time: the system has to find a processor for
// each, which must not count.
const perWindow = 100

// Workers returns how many workers are tried on this machine: powers of two below the number of its
// processors, and that number.
func Workers() []int {
	most := runtime.GOMAXPROCS(0)
	var all []int
	for n := 1; n < most; n *= 2 {
		all = append(all, n)
	}
	return append(all, most)
}

// Scaling times work that each of a number of workers does in a loop, and returns for each number
// how many times the work of one worker was done in the same time, held against what one does
// before and after. The first of the numbers has to be 1. start returns the work of one worker,
// which shares nothing that may not be shared.
func Scaling(ctx context.Context, start func() func(), workers []int, budget time.Duration) ([]Quartiles, error) {
	work := make([]func(), workers[len(workers)-1])
	for i := range work {
		work[i] = start()
		work[i]()
	}
	runs := perWindow * runsFor(work[0])
	rate := func(n int) float64 {
		var all sync.WaitGroup
		begin := time.Now()
		for _, run := range work[:n] {
			all.Go(func() {
				for range runs {
					run()
				}
			})
		}
		all.Wait()
		return float64(n*runs) / time.Since(begin).Seconds()
	}
	times := make([][]float64, len(workers))
	begin := time.Now()
	for rounds := 0; rounds < fewestRounds || rounds < mostRounds && time.Since(begin) < budget; rounds++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		before := rate(1)
		for i, n := range workers {
			if i == 0 {
				times[0] = append(times[0], 1)
				continue
			}
			several := rate(n)
			after := rate(1)
			times[i] = append(times[i], several/((before+after)/2))
			before = after
		}
	}
	all := make([]Quartiles, len(workers))
	for i := range times {
		all[i] = QuartilesOf(times[i])
	}
	return all, nil
}
