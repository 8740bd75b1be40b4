package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/bench/goal"
	"github.com/wildgate/wildgate/bench/suite"
)

const goalsTitle = "The speeds to reach, and what was measured"

const goalsText = "Each time or rate is a multiple of that of what is named in the second column, which ran beside it: the median [quartiles]. A goal is met if the median is."

// goalNumbers is the table of goals. Those of rates are told as rates.
func goalNumbers(r *suite.Results) table {
	t := table{Head: []string{"", "to reach", "measured", "allocations", "met"}}
	for _, l := range goal.Lines(r) {
		measured, met := "not in this run", "?"
		if l.Measured {
			measured = fmt.Sprintf("%s× [%s–%s]", exact(l.Ratio.Median), exact(l.Ratio.Lower), exact(l.Ratio.Upper))
			met = "no"
			if l.Met() {
				met = "yes"
			}
		}
		t.Rows = append(t.Rows, []string{workOf(&l), toReach(&l.Goal), measured, allocated(&l), met})
	}
	return t
}

// summaryNumbers is what a reader of the README wants to know of the same: the medians, and one row for many that are alike.
func summaryNumbers(r *suite.Results) table {
	t := table{Head: []string{"work", "measured", "allocations"}}
	lines := goal.Lines(r)
	for len(lines) > 0 {
		first, alike := lines[0], 1
		for first.Alike && alike < len(lines) && lines[alike].Alike && lines[alike].Work == first.Work {
			alike++
		}
		name, measured, counted := workOf(&first), "not in this run", allocated(&first)
		if first.Measured {
			measured = number(first.Ratio.Median) + " × " + first.To
		}
		if all := slices.DeleteFunc(slices.Clone(lines[:alike]), func(l goal.Line) bool { return !l.Measured }); len(all) > 1 {
			name, measured, counted = spanOf(all)
		}
		t.Rows = append(t.Rows, []string{name, measured, counted})
		lines = lines[alike:]
	}
	return t
}

// spanOf tells of lines that are alike, and were measured, from which median to which they reach.
func spanOf(lines []goal.Line) (name, measured, counted string) {
	low, high := lines[0], lines[0]
	least, most := low.Allocated, high.Allocated
	for _, l := range lines {
		if l.Ratio.Median < low.Ratio.Median {
			low = l
		}
		if l.Ratio.Median > high.Ratio.Median {
			high = l
		}
		least, most = min(least, l.Allocated), max(most, l.Allocated)
	}
	return fmt.Sprintf("%s: %s … %s", low.Work, low.Part, high.Part),
		fmt.Sprintf("%s … %s × %s", number(low.Ratio.Median), number(high.Ratio.Median), high.To), fmt.Sprintf("%.0f … %.0f", least, most)
}

func workOf(l *goal.Line) string {
	name := l.Work
	if l.Part != "" {
		name += ": " + l.Part
	}
	if l.IsRate && l.Part != "" {
		name += ", rate"
	}
	return name
}

// toReach tells the bounds; what is only stated says so.
func toReach(g *goal.Goal) string {
	var parts []string
	if bound := g.Bound(); bound != "" {
		parts = append(parts, bound)
	} else {
		parts = append(parts, "time × "+g.To+" stated")
	}
	switch n, bounded := g.Limit(); {
	case bounded && n == 0:
		parts = append(parts, "no allocation")
	case bounded:
		parts = append(parts, "≤ "+allocations(n))
	}
	return strings.Join(parts, ", ")
}

// exact writes a ratio with a digit more than [number], since that can decide whether a goal is met.
func exact(f float64) string {
	if f >= 0.1 && f < 10 {
		return fmt.Sprintf("%.3f", f)
	}
	return fmt.Sprintf("%.3g", f)
}

func allocated(l *goal.Line) string {
	if !l.Measured || !l.Counted() {
		return ""
	}
	return fmt.Sprintf("%.0f", l.Allocated)
}
