package gate_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/gate"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/micro"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

func results(group workload.Group, name, base, ours string, ratio, allocations float64) *runner.Results {
	sample := measure.Sample{Name: ours, Ratio: measure.Quartiles{Median: ratio}, Allocations: allocations}
	return &runner.Results{Rows: []runner.Row{{Group: group, Case: name, Base: base, Samples: []measure.Sample{{Name: base}, sample}}}}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	post := func(ratio, allocations float64) *runner.Results {
		return results(workload.Requests, "header POST", "floor", "wildgate", ratio, allocations)
	}
	statements := func(ratio, allocations float64) *runner.Results {
		return results(workload.Statements, "10 statements", "cedar-go", "iampolicy", ratio, allocations)
	}
	for _, tt := range []struct {
		name          string
		run, recorded *runner.Results
		want          string // part of the one failure; "": none
		hard          bool
	}{
		{"the recorded ratio passes", post(1.5, 1), post(1.5, 1), "", false},
		{"noise below the margin passes", post(2.9, 1), post(1.5, 1), "", false},
		{"a ratio past the margin fails", post(3.1, 1), post(1.5, 1), "3.1 × floor", false},
		{"one allocation more fails, whatever is recorded", post(1.5, 2), post(1.5, 2), "2 allocations; at most 1", true},
		{"an engine's allocation fails in cases that are not listed", statements(0.1, 1), statements(0.1, 0), "1 allocations; at most 0", true},
		{"another engine's ratio has a wider margin", statements(0.39, 0), statements(0.1, 0), "", false},
		{"and fails past it", statements(0.41, 0), statements(0.1, 0), "cedar-go", false},
		{"a case that nobody recorded fails", post(1.5, 1), &runner.Results{}, "no ratio is recorded", true},
		{
			"a case whose allocations nobody bounded fails", results(workload.Requests, "a new case", "floor", "wildgate", 1, 0),
			results(workload.Requests, "a new case", "floor", "wildgate", 1, 0), "no bound of allocations", true,
		},
		{
			"work that grows in proportion passes, recorded or not",
			results(micro.Hostile, "a decision by 1 MiB", "half of it", "iampolicy", 2.4, 0), &runner.Results{}, "", false,
		},
		{
			"and with the square it fails", results(micro.Hostile, "a decision by 1 MiB", "half of it", "iampolicy", 3.8, 0),
			&runner.Results{}, "3.8 × half of it", false,
		},
		{"a run without ours fails", results(workload.Requests, "header POST", "floor", "another", 1, 0), post(1.5, 1), "Wildgate was not measured", true},
	} {
		failures := gate.Check(tt.run, tt.recorded)
		switch {
		case tt.want == "" && len(failures) > 0:
			t.Errorf("%s: %v", tt.name, failures)
		case tt.want != "" && (len(failures) != 1 || !strings.Contains(failures[0].String(), tt.want) || failures[0].Hard != tt.hard):
			t.Errorf("%s: %v; want one that says %q", tt.name, failures, tt.want)
		}
	}
}

// TestEveryCaseIsRecorded: what is measured has a recorded ratio, and it keeps the bounds itself.
func TestEveryCaseIsRecorded(t *testing.T) {
	t.Parallel()
	recorded, err := gate.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range workload.Verification(false) {
		if recorded.Row(runner.Name{Group: c.Group, Case: c.Name}) == nil {
			t.Errorf("%s, %s is not recorded", c.Group, c.Name)
		}
	}
	for _, q := range workload.Evaluation() {
		if recorded.Row(runner.Name{Group: q.Group, Case: q.Name}) == nil {
			t.Errorf("%s, %s is not recorded", q.Group, q.Name)
		}
	}
	for _, p := range micro.All() {
		if _, bounded := gate.Growth(runner.Name{Group: p.Group, Case: p.Name}); !bounded &&
			recorded.Row(runner.Name{Group: p.Group, Case: p.Name}) == nil {
			t.Errorf("%s, %s is not recorded", p.Group, p.Name)
		}
	}
	for _, f := range gate.Check(recorded, recorded) {
		t.Error(f)
	}
}
