package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A report is what one run found. Times are in microseconds.
type report struct {
	Go        string    `json:"go"`
	OS        string    `json:"os"`
	Cores     int       `json:"cores"`
	Rounds    int       `json:"rounds"`
	Round     string    `json:"round"`
	Scenarios []summary `json:"scenarios"`
}

// A summary is one scenario. The ratios are of the protected service to the bare one, paired by round.
type summary struct {
	Name        string    `json:"name"`
	Connections int       `json:"connections"`
	Bare        figures   `json:"bare"`
	Protected   figures   `json:"protected"`
	Rate        quartiles `json:"requestsRatio"`
	CPU         quartiles `json:"cpuRatio"`
}

type figures struct {
	Requests  int     `json:"requests"`
	PerSecond float64 `json:"requestsPerSecond"` // the median of the rounds
	P50       float64 `json:"p50"`
	P90       float64 `json:"p90"`
	P99       float64 `json:"p99"`
	CPU       float64 `json:"cpuPerRequest"` // of the server alone; 0 where the system does not say
}

type quartiles struct {
	Low    float64 `json:"q1"`
	Median float64 `json:"median"`
	High   float64 `json:"q3"`
}

func summarize(s scenario, bare, protected []sample) summary {
	out := summary{Name: s.Name, Connections: s.Connections, Bare: figuresOf(bare), Protected: figuresOf(protected)}
	var rates, cpus []float64
	for i := range bare {
		rates = append(rates, ratio(protected[i].perSecond(), bare[i].perSecond()))
		cpus = append(cpus, ratio(protected[i].cpuPerRequest(), bare[i].cpuPerRequest()))
	}
	out.Rate, out.CPU = quartilesOf(rates), quartilesOf(cpus)
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

func figuresOf(samples []sample) figures {
	var f figures
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
	f.PerSecond = quartilesOf(rates).Median
	f.CPU = ratio(micros(cpu), float64(f.Requests))
	return f
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

func quartilesOf(v []float64) quartiles {
	v = slices.Sorted(slices.Values(v))
	at := func(p float64) float64 { // between the two nearest
		x := p * float64(len(v)-1)
		i := int(x)
		if i+1 == len(v) {
			return v[i]
		}
		return v[i] + (x-float64(i))*(v[i+1]-v[i])
	}
	return quartiles{at(0.25), at(0.5), at(0.75)}
}

func (r *report) write(w io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "\t")
		return encoder.Encode(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ridesvc on loopback, bare and behind the middleware: %s, %s, %d cores for load and server, %d rounds of %s each\n\n", r.Go, r.OS, r.Cores, r.Rounds, r.Round)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "load\tconnections\t\trequests/s\tp50 µs\tp90 µs\tp99 µs\tserver CPU µs\trequests/s, ratio (quartiles)\tCPU, ratio (quartiles)\t\n")
	for _, s := range r.Scenarios {
		for _, row := range []struct {
			name  string
			f     figures
			after string
		}{{"bare", s.Bare, "\t\t"}, {"protected", s.Protected, s.Rate.String() + "\t" + s.CPU.String() + "\t"}} {
			fmt.Fprintf(table, "%s\t%d\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.1f\t%s\n", s.Name, s.Connections, row.name, row.f.PerSecond, row.f.P50, row.f.P90, row.f.P99, row.f.CPU, row.after)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (q quartiles) String() string { return fmt.Sprintf("%.3f (%.3f-%.3f)", q.Median, q.Low, q.High) }
