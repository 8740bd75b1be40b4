package report_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/report"
	"github.com/wildgate/wildgate/bench/suite"
	"github.com/wildgate/wildgate/bench/work"
)

var results = &suite.Results{Rows: []suite.Row{{
	Group: work.Requests, Case: "header POST", Base: "floor",
	Samples: []measure.Sample{
		{Name: "floor", Nanoseconds: measure.Quartiles{Median: 940}},
		{Name: "wildgate", Ratio: measure.Quartiles{Lower: 1.4, Median: 1.5, Upper: 1.62}, Nanoseconds: measure.Quartiles{Median: 1410}, Allocations: 1},
		{Name: "smithy-go", Ratio: measure.Quartiles{Lower: 11, Median: 12.34, Upper: 130}, Nanoseconds: measure.Quartiles{Median: 2.5e6}, Allocations: 105},
	},
	Cannot: []suite.Cannot{{Name: "gofakes3", Why: "cannot: an example"}},
}}}

func TestMarkdownReplacesWhatIsBetweenItsMarks(t *testing.T) {
	t.Parallel()
	const document = "before\n<!-- written by go run ./bench -write bench -->\nold\n<!-- until here -->\nafter\n"
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
	if strings.Contains(got, "old") {
		t.Error("the old text is still there")
	}
	again, err := report.Markdown(b, results)
	if err != nil || string(again) != got {
		t.Errorf("a second time it writes something else: %v", err)
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
