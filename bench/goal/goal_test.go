package goal_test

import (
	"testing"

	"github.com/wildgate/wildgate/bench/e2e"
	"github.com/wildgate/wildgate/bench/gate"
	"github.com/wildgate/wildgate/bench/goal"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

// line returns the one of the lines whose part or work is named.
func line(t *testing.T, r *runner.Results, name string) goal.Line {
	t.Helper()
	for _, l := range goal.Lines(r) {
		if l.Part == name || l.Work == name {
			return l
		}
	}
	t.Fatalf("no goal for %q", name)
	return goal.Line{} // unreachable
}

func TestGoalsAreMetByMedians(t *testing.T) {
	t.Parallel()
	const (
		post    = "header-signed POST with its body's digest"
		handler = "Handler"
		signed  = "signed"
		service = "Requests a second of the ride service behind the middleware, over loopback"
	)
	row := func(group workload.Group, name string, lower, median, upper, allocations float64) *runner.Results {
		ours := measure.Sample{
			Name: "wildgate", Ratio: measure.Quartiles{Lower: lower, Median: median, Upper: upper},
			Allocations: allocations,
		}
		return &runner.Results{Rows: []runner.Row{{
			Group: group, Case: name, Base: "floor",
			Samples: []measure.Sample{{Name: "floor"}, ours},
		}}}
	}
	serving := func(rate float64) *runner.Results {
		return &runner.Results{Service: &e2e.Report{Scenarios: []e2e.Summary{{Name: e2e.Rides, Rate: measure.Quartiles{Median: rate}}}}}
	}
	for _, tt := range []struct {
		name, goal    string
		results       *runner.Results
		measured, met bool
	}{
		{"a median on the bound", post, row(workload.Requests, "header POST", 1.4, 1.5, 9, 1), true, true},
		{"a median above it", post, row(workload.Requests, "header POST", 1.2, 1.51, 1.6, 1), true, false},
		{"an allocation too many", post, row(workload.Requests, "header POST", 1, 1, 1, 2), true, false},
		{"a bound of allocations alone", handler, row(workload.Requests, "POST, handler", 7, 8, 9, 4), true, true},
		{"and past it", handler, row(workload.Requests, "POST, handler", 1, 1, 1, 5), true, false},
		{"a rate above the bound", signed, row(workload.Chunks, "16 MiB, signed", 1, 1/0.975, 2, 10), true, true},
		{"a rate below it", signed, row(workload.Chunks, "16 MiB, signed", 1, 1/0.965, 2, 10), true, false},
		{"a service that is fast enough", service, serving(0.91), true, true},
		{"and one that is not", service, serving(0.89), true, false},
		{"what was not measured", post, &runner.Results{}, false, false},
		{"a service that was not measured", service, &runner.Results{}, false, false},
	} {
		l := line(t, tt.results, tt.goal)
		if l.Measured != tt.measured || l.Met() != tt.met {
			t.Errorf("%s: measured %t, met %t; want %t, %t", tt.name, l.Measured, l.Met(), tt.measured, tt.met)
		}
	}
	if q := line(t, row(workload.Chunks, "16 MiB, signed", 1, 1.25, 2, 10),
		signed).Ratio; q != (measure.Quartiles{Lower: 0.5, Median: 0.8, Upper: 1}) {
		t.Errorf("as a rate: %v", q)
	}
}

// TestGoalsAreMeasured: every goal finds its row in a full run, so that a case that gets another
// name does not leave its goal behind. The bounds of the gate are never wider than the goals: what
// is reached once is kept.
func TestGoalsAreMeasured(t *testing.T) {
	t.Parallel()
	recorded, err := gate.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range goal.Lines(recorded) {
		if !l.Measured && l.To != "bare" {
			t.Errorf("%s, %s is not measured", l.Work, l.Part)
		}
		bound, bounded := gate.Allocations(l.Row)
		if reach, counts := l.Limit(); counts && (!bounded || bound > reach) {
			t.Errorf("%s, %s: the gate allows %v allocations; want at most %v", l.Work, l.Part, bound, reach)
		}
	}
}
