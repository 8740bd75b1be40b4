package report

import (
	"fmt"

	"github.com/wildgate/wildgate/bench/e2e"
	"github.com/wildgate/wildgate/bench/measure"
)

const serviceTitle = "The ride service, end to end"

// serviceConditions says how it was measured, and what the numbers are.
func serviceConditions(r *e2e.Report) string {
	return fmt.Sprintf("%s; %d rounds of %s, in which load and servers share the cores. Times are in microseconds, the CPU time is "+
		"the server's alone, and the ratios are of the protected service to "+
		"the bare one in the same round: the median [quartiles]. Where a role is assumed, the bare one reads the request and answers the "+
		"same bytes as STS.", r.Machine, r.Rounds, r.Round)
}

// serviceNumbers is the table of a service, bare and behind the middleware.
func serviceNumbers(r *e2e.Report) table {
	t := table{
		Head: []string{"load", "connections", "", "requests/s", "p50", "p90", "p99", "CPU/request", "requests/s, ratio", "CPU, ratio"},
	}
	row := func(s *e2e.Summary, name string, f e2e.Figures, ratios ...string) {
		t.Rows = append(t.Rows, append([]string{
			s.Name, fmt.Sprint(s.Connections), name,
			fmt.Sprintf("%.0f", f.PerSecond), fmt.Sprintf("%.0f", f.P50), fmt.Sprintf("%.0f", f.P90), fmt.Sprintf("%.0f", f.P99),
			fmt.Sprintf("%.1f", f.CPU),
		}, ratios...))
	}
	spread := func(q measure.Quartiles) string {
		return fmt.Sprintf("%.3f× [%.3f–%.3f]", q.Median, q.Lower, q.Upper)
	}
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		row(s, "bare", s.Bare, "", "")
		row(s, "protected", s.Protected, spread(s.Rate), spread(s.CPU))
	}
	return t
}
