package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wildgate/wildgate/bench/measure"
)

// A Report is what one run found. Times are in microseconds.
type Report struct {
	Machine   measure.Machine `json:"machine"` // whose cores load and servers share
	Rounds    int             `json:"rounds"`
	Round     string          `json:"round"`
	Scenarios []Summary       `json:"scenarios"`
}

// A Summary is one scenario. The ratios are of the protected service to the bare one, paired by
// round.
type Summary struct {
	Name        string            `json:"name"`
	Connections int               `json:"connections"`
	Bare        Figures           `json:"bare"`
	Protected   Figures           `json:"protected"`
	Rate        measure.Quartiles `json:"requestsRatio"`
	CPU         measure.Quartiles `json:"cpuRatio"`
}

// Figures are those of one of the two services.
type Figures struct {
	Requests  int     `json:"requests"`
	PerSecond float64 `json:"requestsPerSecond"` // the median of the rounds
	P50       float64 `json:"p50"`
	P90       float64 `json:"p90"`
	P99       float64 `json:"p99"`
	CPU       float64 `json:"cpuPerRequest"` // of the server alone; 0 where the system does not say
}

func summarize(s scenario, bare, protected []sample) Summary {
	out := Summary{Name: s.Name, Connections: s.Connections, Bare: figuresOf(bare), Protected: figuresOf(protected)}
	var rates, cpus []float64
	for i := range bare {
		rates = append(rates, ratio(protected[i].perSecond(), bare[i].perSecond()))
		cpus = append(cpus, ratio(protected[i].cpuPerRequest(), bare[i].cpuPerRequest()))
	}
	out.Rate, out.CPU = measure.QuartilesOf(rates), measure.QuartilesOf(cpus)
	return out
}

func (s sample) perSecond() float64     { return float64(s.requests) / s.elapsed.Seconds() }
func (s sample) cpuPerRequest() float64 { return ratio(micros(s.cpu), float64(s.requests)) }

// ratio is 0 where there is nothing to compare with.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func figuresOf(samples []sample) Figures {
	var f Figures
	var latencies []time.Duration
	var rates []float64
	var cpu time.Duration
	for _, s := range samples {
		f.Requests += s.requests
		cpu += s.cpu
		rates = append(rates, s.perSecond())
		latencies = append(latencies, s.latencies...)
	}
	slices.Sort(latencies)
	if len(latencies) > 0 {
		at := func(p float64) float64 { return micros(latencies[int(p*float64(len(latencies)-1))]) }
		f.P50, f.P90, f.P99 = at(0.5), at(0.9), at(0.99)
	}
	f.PerSecond = measure.QuartilesOf(rates).Median
	f.CPU = ratio(micros(cpu), float64(f.Requests))
	return f
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

func (r *Report) write(w io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "\t")
		return encoder.Encode(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ridesvc on loopback, bare and behind the middleware: %s; load and servers share the cores; %d rounds of %s each\n\n",
		r.Machine, r.Rounds, r.Round)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table,
		"load\tconnections\t\trequests/s\tp50 µs\tp90 µs\tp99 µs\tserver CPU µs\trequests/s, ratio (quartiles)\tCPU, ratio (quartiles)\t\n")
	for _, s := range r.Scenarios {
		for _, row := range []struct {
			name  string
			f     Figures
			after string
		}{{"bare", s.Bare, "\t\t"}, {"protected", s.Protected, spread(s.Rate) + "\t" + spread(s.CPU) + "\t"}} {
			fmt.Fprintf(table, "%s\t%d\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.1f\t%s\n", s.Name, s.Connections, row.name, row.f.PerSecond,
				row.f.P50, row.f.P90, row.f.P99, row.f.CPU, row.after)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func spread(q measure.Quartiles) string {
	return fmt.Sprintf("%.3f (%.3f-%.3f)", q.Median, q.Lower, q.Upper)
}
