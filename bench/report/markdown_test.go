package report_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/e2e"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/report"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

var results = &runner.Results{Rows: []runner.Row{{
	Group: workload.Requests, Case: "header POST", Base: "floor",
	Samples: []measure.Sample{
		{Name: "floor", Nanoseconds: measure.Quartiles{Median: 940}},
		{Name: "wildgate", Ratio: measure.Quartiles{Lower: 1.4, Median: 1.5, Upper: 1.62}, Nanoseconds: measure.Quartiles{Median: 1410}, Allocations: 1},
		{Name: "smithy-go", Ratio: measure.Quartiles{Lower: 11, Median: 12.34, Upper: 130}, Nanoseconds: measure.Quartiles{Median: 2.5e6}, Allocations: 105},
	},
	Cannot: []runner.Cannot{{Name: "gofakes3", Why: "cannot: an example"}},
}}}

func TestMarkdownReplacesWhatIsBetweenItsMarks(t *testing.T) {
	t.Parallel()
	const document = "before\n<!-- written by go run ./bench -write bench -->\nwhat was here\n<!-- until here -->\nafter\n"
	b, err := report.Markdown([]byte(document), results)
	if err != nil {
		t.Fatal(err)
	}
	got := string(b)
	for _, want := range []string{
		"before\n", "\nafter\n",
		"| header POST | 940 ns | 1.50× [1.40–1.62] 1.41 µs, 1 alloc | 12.3× [11.0–130] 2.50 ms, 105 allocs |\n",
		"- gofakes3: cannot: an example (header POST)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "what was here") {
		t.Error("the old text is still there")
	}
	again, err := report.Markdown(b, results)
	if err != nil || string(again) != got {
		t.Errorf("a second time it writes something else: %v", err)
	}
}

// TestGoalsAreToldOf: with what was measured and whether it is enough, also where it is a rate, and
// in the summary from which median to which where they are many of a kind.
func TestGoalsAreToldOf(t *testing.T) {
	t.Parallel()
	row := func(group workload.Group, name string, median, allocations float64) runner.Row {
		ours := measure.Sample{
			Name: "wildgate", Ratio: measure.Quartiles{Lower: median / 2, Median: median, Upper: median * 2},
			Allocations: allocations,
		}
		return runner.Row{Group: group, Case: name, Base: "floor", Samples: []measure.Sample{{Name: "floor"}, ours}}
	}
	r := &runner.Results{
		Rows: []runner.Row{
			row(workload.Requests, "header POST", 1.502, 1), row(workload.Chunks, "16 MiB, signed", 1.25, 10),
			row(workload.Refusals, "no credentials", 0.3, 1), row(workload.Refusals, "an hour old", 2, 7),
		},
		Service: &e2e.Report{Scenarios: []e2e.Summary{{
			Name: e2e.Rides, Connections: 8,
			Rate: measure.Quartiles{Lower: 0.89, Median: 0.912, Upper: 0.93},
		}}},
	}
	document := []byte("<!-- written by go run ./bench -write bench --><!-- until here -->")
	for _, tt := range []struct {
		name  string
		write func([]byte, *runner.Results) ([]byte, error)
		want  []string
	}{
		{"all tables", report.Markdown, []string{
			"| ≤ 1.5 × floor, ≤ 1 alloc | 1.502× [0.751–3.004] | 1 | no |", "| ≥ 0.97 × bare SHA-256 | 0.800× [0.400–1.600] | 10 | no |",
			"| ≥ 0.9 × bare | 0.912× [0.890–0.930] |  | yes |", "| not in this run |  | ? |", "| POST of a ride | 8 | protected |",
		}},
		{"the summary", report.Summary, []string{
			"a POST takes 1.50 times as long", "a presigned GET ? times", "looked up takes 0.30 to 2.00 times", "answers 0.91 times as many",
		}},
	} {
		b, err := tt.write(document, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(string(b), want) {
				t.Errorf("%s: %q is missing in\n%s", tt.name, want, b)
			}
		}
	}
}

func TestMarkdownNeedsItsMarks(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", "<!-- written by go run ./bench -write bench -->", "<!-- until here -->"} {
		if _, err := report.Markdown([]byte(document), results); err == nil {
			t.Errorf("%q: no error", document)
		}
	}
}

func TestTextNamesWhoCannot(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := report.Text(&b, results); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"header POST", "1.50× [1.40–1.62] 1.41 µs, 1 alloc", "gofakes3: cannot: an example (header POST)"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}
