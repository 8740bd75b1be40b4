// Package measure times things beside each other, so that what differs from machine to machine and
// from minute to minute cancels out.
package measure

import (
	"math"
	"slices"
)

// Quartiles are those of a sample: half of its values lie between Lower and Upper. The zero value
// is that of an empty sample.
type Quartiles struct {
	Lower  float64 `json:"lower"`
	Median float64 `json:"median"`
	Upper  float64 `json:"upper"`
}

// QuartilesOf returns the quartiles of v, which it sorts. Between two values they are interpolated
// linearly.
func QuartilesOf(v []float64) Quartiles {
	if len(v) == 0 {
		return Quartiles{}
	}
	slices.Sort(v)
	at := func(q float64) float64 {
		place := q * float64(len(v)-1)
		below := int(math.Floor(place))
		above := min(below+1, len(v)-1)
		return v[below] + (place-float64(below))*(v[above]-v[below])
	}
	return Quartiles{Lower: at(0.25), Median: at(0.5), Upper: at(0.75)}
}
