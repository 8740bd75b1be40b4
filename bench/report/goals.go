package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/bench/goal"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

const goalsTitle = "The speeds to reach, and what was measured"

const goalsText = "Each time or rate is a multiple of that of what is named in the second column, which ran beside it: the median " +
	"[quartiles]. A goal is met if the median is."

// goalNumbers is the table of goals. Those of rates are told as rates.
func goalNumbers(r *runner.Results) table {
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

// summaryText is what a reader of the README needs of the same: medians, in a few sentences.
func summaryText(r *runner.Results) string {
	median := func(group workload.Group, name string) string {
		if row := r.Row(runner.Name{Group: group, Case: name}); row != nil {
			if s, ok := row.Ours(); ok {
				return number(s.Ratio.Median)
			}
		}
		return "?"
	}
	early := []float64{}
	service := "?"
	for _, l := range goal.Lines(r) {
		switch {
		case l.Measured && l.Alike:
			early = append(early, l.Ratio.Median)
		case l.Measured && l.To == "bare":
			service = number(l.Ratio.Median)
		}
	}
	refused := "? to ?"
	if len(early) > 0 {
		refused = number(slices.Min(early)) + " to " + number(slices.Max(early))
	}
	return fmt.Sprintf(`- Verifying a POST takes %s times as long as the hashing that no verifier can leave out, a presigned GET %s times; with middleware and policies the POST takes %s times.
- A request that is refused before its key is looked up takes %s times that hashing.
- A decision by the Wild Rydes policy takes %s of cedar-go's time, one by 1,000 statements that differ in action %s.
- Over loopback, the ride service answers %s times as many requests a second behind the middleware as without it.
`, median(workload.Requests, "header POST"), median(workload.Requests, "presigned GET"),
		median(workload.Requests, "POST, handler and policy"), refused,
		median(workload.Policies, "Wild Rydes"), median(workload.Policies, "1,000 that differ in action"), service)
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

// exact writes a ratio with a digit more than [number], since that can decide whether a goal is
// met.
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
