// Package runner runs the work on the contenders: it checks each before it is timed, times them
// beside each other, and keeps what came out.
package runner

import (
	"github.com/wildgate/wildgate/bench/e2e"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/workload"
)

// Results are those of one run, as -json prints them.
type Results struct {
	Machine measure.Machine `json:"machine"`
	Quick   bool            `json:"quick"`
	Rows    []Row           `json:"rows"`
	Cores   []Scaling       `json:"cores"`
	Service *e2e.Report     `json:"service,omitempty"` // a whole service, where that was measured too
}

// Row is what was measured of one case.
type Row struct {
	Group   workload.Group   `json:"group"`
	Case    string           `json:"case"`
	X       float64          `json:"x,omitempty"`     // its place on the group's axis: bytes, keys, statements
	Bytes   int64            `json:"bytes,omitempty"` // of the body, decoded
	Base    string           `json:"base"`            // what the ratios are to
	Samples []measure.Sample `json:"samples"`         // the first is the base
	Cannot  []Cannot         `json:"cannot,omitempty"`
}

// Name is that of a case.
type Name struct {
	Group workload.Group `json:"group"`
	Case  string         `json:"case"`
}

// Name returns the name of the row's case.
func (r *Row) Name() Name { return Name{r.Group, r.Case} }

// Cannot says why a contender was not timed.
type Cannot struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Scaling is how many times the work of one worker several did in the same time.
type Scaling struct {
	Name    string              `json:"name"`
	Workers []int               `json:"workers"`
	Times   []measure.Quartiles `json:"times"`
}

// Row returns the row of a case, nil if it was not measured.
func (r *Results) Row(n Name) *Row {
	for i := range r.Rows {
		if r.Rows[i].Name() == n {
			return &r.Rows[i]
		}
	}
	return nil
}

// Ours returns what was measured of Wildgate: of its verifier or of its engine.
func (r *Row) Ours() (measure.Sample, bool) {
	if s, ok := r.Sample("wildgate"); ok {
		return s, true
	}
	return r.Sample("iampolicy")
}

// Sample returns what was measured of the contender of that name.
func (r *Row) Sample(name string) (measure.Sample, bool) {
	for _, s := range r.Samples {
		if s.Name == name {
			return s, true
		}
	}
	return measure.Sample{}, false
}
