// Package report shows results: as a table on a terminal, as Markdown, and as one HTML file with
// pictures.
package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/wildgate/wildgate/bench/micro"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

// titles are the headings of the groups, in the order of the report.
var titles = []struct {
	group workload.Group
	title string
}{
	{workload.Requests, "Verification"},
	{micro.Least, "What a verifier of this one form of request cannot leave out, and Wildgate"},
	{workload.Bodies, "Verification, by the size of the body"},
	{workload.Chunks, "Verification, bodies in chunks"},
	{workload.Refusals, "Refusal"},
	{workload.Keys, "Verification, by the number of known keys: 100 different requests of one caller in turn"},
	{workload.Callers, "Verification, by the number of callers: 1,000 different requests in turn, 100,000 known keys"},
	{workload.Policies, "Decision by policies"},
	{workload.Statements, "Decision, by the number of statements"},
	{micro.Growth, "Decision, by the number of statements and of those that can match"},
	{micro.Globs, "Hostile patterns, on a resource of 1 KiB that does not match"},
	{micro.Hostile, "Hostile documents, against half of each"},
	{micro.Parsing, "Parsing of policies"},
	{micro.Largest, "The largest documents, of 1 MiB"},
	{micro.Tokens, "Session tokens that have to be opened, against the bare AEAD on the same bytes"},
	{micro.Sessions, "Sessions whose token is in the cache, against a static credential"},
	{micro.Directories, "Keys of a directory, against a static credential"},
	{micro.DirectorySizes, "A directory of 100,000 keys, against one of 1,000"},
	{micro.Deriving, "Derivation of a key, which the key cache saves"},
}

// Text writes the tables as text.
func Text(w io.Writer, r *runner.Results) error {
	fmt.Fprintf(w, "%s\n", machine(r))
	if err := textTable(w, goalsTitle, goalNumbers(r)); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", legendText)
	for _, t := range titles {
		if n := numbers(r, t.group); len(n.Rows) > 0 { // a quick run leaves groups out
			if err := textTable(w, t.title, n); err != nil {
				return err
			}
		}
	}
	if err := textTable(w, coresTitle, coreNumbers(r)); err != nil || r.Service == nil {
		return err
	}
	return textTable(w, serviceTitle+": "+serviceConditions(r.Service), serviceNumbers(r.Service))
}

// textTable writes one table.
func textTable(w io.Writer, title string, t table) error {
	fmt.Fprintf(w, "\n%s\n", title)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		fmt.Fprintf(tw, "%s\t\n", strings.Join(row, "\t"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, reason := range t.Reasons {
		fmt.Fprintf(w, "  %s\n", reason)
	}
	return nil
}

const coresTitle = "The work of several cores, in times that of one"

// coreNumbers is the table of what several cores do.
func coreNumbers(r *runner.Results) table {
	var t table
	for _, s := range r.Cores {
		row := []string{s.Name}
		t.Head = []string{""}
		for i, n := range s.Workers {
			t.Head = append(t.Head, cores(n))
			row = append(row, fmt.Sprintf("%s [%s–%s]", number(s.Times[i].Median), number(s.Times[i].Lower), number(s.Times[i].Upper)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func cores(n int) string {
	if n == 1 {
		return "1 core"
	}
	return fmt.Sprintf("%d cores", n)
}

const legendText = "Each cell: the median of the ratios to the first column's time in the same round [quartiles], the median time, " +
	"allocations."

func machine(r *runner.Results) string {
	if r.Quick {
		return r.Machine.String() + ", quick"
	}
	return r.Machine.String()
}

// contenders returns who took part in a group, in the order of the samples.
func contenders(r *runner.Results, g workload.Group) []string {
	var names []string
	seen := map[string]bool{}
	note := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for i := range r.Rows {
		if r.Rows[i].Group == g {
			for _, s := range r.Rows[i].Samples {
				note(s.Name)
			}
		}
	}
	return names
}

// reasons says who cannot do what, and why: one line for each contender and reason.
func reasons(r *runner.Results, g workload.Group) []string {
	var order []runner.Cannot
	rows := map[runner.Cannot][]string{}
	for i := range r.Rows {
		if r.Rows[i].Group != g {
			continue
		}
		for _, c := range r.Rows[i].Cannot {
			if rows[c] == nil {
				order = append(order, c)
			}
			rows[c] = append(rows[c], r.Rows[i].Case)
		}
	}
	lines := make([]string, len(order))
	for i, c := range order {
		lines[i] = fmt.Sprintf("%s: %s (%s)", c.Name, c.Why, strings.Join(rows[c], "; "))
	}
	return lines
}

func cells(row *runner.Row, names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		s, ok := row.Sample(name)
		switch {
		case !ok:
			all[i] = "cannot"
		case name == row.Base:
			all[i] = duration(s.Nanoseconds.Median)
		default:
			all[i] = fmt.Sprintf("%s× [%s–%s] %s, %s", number(s.Ratio.Median), number(s.Ratio.Lower), number(s.Ratio.Upper),
				duration(s.Nanoseconds.Median), allocations(s.Allocations))
		}
	}
	return all
}

func allocations(n float64) string {
	if n == 1 {
		return "1 alloc"
	}
	return fmt.Sprintf("%.0f allocs", n)
}

// number writes a ratio with three digits that count.
func number(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	case f >= 0.1:
		return fmt.Sprintf("%.2f", f)
	default:
		return fmt.Sprintf("%.2g", f)
	}
}

func duration(ns float64) string {
	switch {
	case ns >= 1e6:
		return number(ns/1e6) + " ms"
	case ns >= 1e3:
		return number(ns/1e3) + " µs"
	default:
		return fmt.Sprintf("%.0f ns", ns)
	}
}
