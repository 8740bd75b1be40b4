package report_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/report"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

// TestPicturesHaveTheirAxes: what is at 0 has a place on a logarithmic axis, and an axis on which
// no power lies but 1 has more ticks than that.
func TestPicturesHaveTheirAxes(t *testing.T) {
	t.Parallel()
	row := func(group workload.Group, name string, x, ratio float64) runner.Row {
		side := func(name string, ratio float64) measure.Sample {
			q := measure.Quartiles{Lower: ratio * 0.98, Median: ratio, Upper: ratio * 1.02}
			return measure.Sample{
				Name: name, Ratio: q,
				Nanoseconds: measure.Quartiles{Lower: 1000 * q.Lower, Median: 1000 * q.Median, Upper: 1000 * q.Upper},
			}
		}
		return runner.Row{
			Group: group, Case: name, X: x, Base: "floor",
			Samples: []measure.Sample{side("floor", 1), side("wildgate", ratio)},
		}
	}
	one := []measure.Quartiles{{Lower: 1, Median: 1, Upper: 1}}
	r := &runner.Results{
		Rows: []runner.Row{
			row(workload.Bodies, "0 B", 0, 2), row(workload.Bodies, "1 KiB", 1<<10, 1.8), row(workload.Bodies, "16 MiB", 16<<20, 1.2),
			row(workload.Chunks, "16 MiB, signed", 0, 1.02), row(workload.Chunks, "16 MiB, CRC32", 0, 1.06),
		},
		Cores: []runner.Scaling{{Name: "wildgate", Workers: []int{1}, Times: one}},
	}
	var b strings.Builder
	if err := report.HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	pictures := strings.Split(b.String(), "<svg")
	if len(pictures) != 4 {
		t.Fatalf("%d pictures; want 3, of the two groups and of the cores", len(pictures)-1)
	}
	for i, want := range [][]string{{"0 B", "1 KiB", "16 MiB"}, {"0.95×", "1×", "1.05×", "1.1×"}} {
		for _, label := range want {
			if !strings.Contains(pictures[i+1], ">"+label+"</text>") {
				t.Errorf("picture %d has no label %q", i+1, label)
			}
		}
	}
}
