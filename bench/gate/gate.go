// Package gate tells a regression from noise: it holds the results of a run against fixed bounds of
// allocations, and against ratios that were recorded.
package gate

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/wildgate/wildgate/bench/micro"
	"github.com/wildgate/wildgate/bench/runner"
)

// What a median ratio may grow to, in times the recorded one. Other machines, and the noise on
// them, stay below it: ratios cancel most of that, but in a decision by policy it is the other
// engine's memory as well that is fast or slow, and in a large body the machine's memory.
const (
	margin       = 2
	engineMargin = 4
	memoryMargin = 3
	largeBody    = 256 << 10
)

//go:embed recorded.json
var recorded []byte

// File is the name of the recorded results in this folder.
const File = "recorded.json"

// Failure is a bound that a run exceeds.
type Failure struct {
	Name runner.Name
	What string
	Hard bool // no noise explains it
}

func (f Failure) String() string { return fmt.Sprintf("%s, %s: %s", f.Name.Group, f.Name.Case, f.What) }

// Recorded returns the results that are recorded.
func Recorded() (*runner.Results, error) {
	r := new(runner.Results)
	return r, json.Unmarshal(recorded, r)
}

// Check returns the bounds that the results exceed. A case without a bound of allocations, or
// without a recorded ratio to be held against, is itself a failure: it would never be gated. Where
// the ratio is how the work grows with its size, there is a fixed bound in place of the recorded
// ratio.
//
// How the work grows with the cores is not gated. The cores of a machine that does other work too
// are not free when it is measured, and what keeps one of two busy halves the figure, as a lock
// around everything would: no margin lets the one pass and finds the other.
func Check(results, recorded *runner.Results) []Failure {
	var failures []Failure
	for i := range results.Rows {
		row := &results.Rows[i]
		fail := func(hard bool, format string, args ...any) {
			failures = append(failures, Failure{row.Name(), fmt.Sprintf(format, args...), hard})
		}
		s, ok := row.Ours()
		if !ok {
			fail(true, "Wildgate was not measured")
			continue
		}
		if most, bounded := Allocations(row.Name()); !bounded {
			fail(true, "no bound of allocations")
		} else if s.Allocations > most {
			fail(true, "%.0f allocations; at most %.0f", s.Allocations, most)
		}
		if most, bounded := Growth(row.Name()); bounded {
			if s.Ratio.Median > most {
				fail(false, "%.3g × %s; at most %v × allowed", s.Ratio.Median, row.Base, most)
			}
			continue
		}
		before := recorded.Row(row.Name())
		if before == nil {
			fail(true, "no ratio is recorded")
			continue
		}
		was, ok := before.Ours()
		if !ok {
			fail(true, "no ratio is recorded")
			continue
		}
		if bound := marginOf(row) * was.Ratio.Median; s.Ratio.Median > bound {
			fail(false, "%.3g × %s; %.3g × is recorded, and at most %.3g × allowed", s.Ratio.Median, row.Base, was.Ratio.Median, bound)
		}
	}
	return failures
}

func marginOf(r *runner.Row) float64 {
	switch {
	case r.Group == micro.Tokens, r.Group == micro.Sessions, r.Group == micro.Directories:
		// What they are held against is our own, or the standard library's.
		return margin
	case r.Base != "floor":
		return engineMargin
	case r.Bytes >= largeBody:
		return memoryMargin
	default:
		return margin
	}
}
