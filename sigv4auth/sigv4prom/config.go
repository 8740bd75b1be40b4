package sigv4prom

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aws/smithy-go/metrics"
	"github.com/prometheus/client_golang/prometheus"
)

// Config says where metrics are registered, and how. [New] copies it.
type Config struct {
	_ [0]func()

	// Registerer is where metrics are registered when an instrument is made: a registry,
	// prometheus.DefaultRegisterer, or one that prometheus.WrapRegistererWith returns. It is
	// required.
	Registerer prometheus.Registerer

	// Labels are the properties of a measurement that become labels. A label whose values come from
	// requests makes a series for each of them: name only those that come from a fixed set, as
	// those of package sigv4auth do. nil: "outcome" and "route". Empty: none.
	Labels []string

	// Buckets are the upper bounds of a histogram's buckets, in increasing order, by the name of
	// the instrument, such as "sigv4auth.duration". Others, and nil: bounds from 10 µs to 10 s for
	// those in seconds, on both sides of 0 for sigv4auth.clock_skew, and prometheus.DefBuckets.
	// Where a metric is registered already, its own buckets stay.
	Buckets map[string][]float64
}

// New returns a meter provider for sigv4auth's Observe.Meter. Its error names every mistake in cfg.
// What it returns is safe for concurrent use.
func New(cfg Config) (metrics.MeterProvider, error) {
	var mistakes []error
	mistake := func(field, format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("sigv4prom: Config."+field+" "+format, args...))
	}
	if cfg.Registerer == nil {
		mistake("Registerer", "is required")
	}
	if cfg.Labels == nil {
		cfg.Labels = []string{"outcome", "route"}
	}
	m := &meter{registerer: cfg.Registerer, buckets: map[string][]float64{}}
	for i, l := range cfg.Labels {
		name := wordOf(l)
		switch {
		case name == "" || name == "le" || name == "quantile" || len(name) > 1 && name[:2] == "__":
			mistake(fmt.Sprintf("Labels[%d]", i), "cannot be the name of a label: %q", l)
		case slices.Contains(m.names, name):
			mistake(fmt.Sprintf("Labels[%d]", i), "is named before: %q", l)
		}
		m.keys, m.names = append(m.keys, l), append(m.names, name)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Buckets)) {
		if b := cfg.Buckets[name]; !increasing(b) {
			mistake(fmt.Sprintf("Buckets[%q]", name), "must be finite numbers in increasing order: %v", b)
		}
		m.buckets[name] = slices.Clone(cfg.Buckets[name])
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return m, nil
}

// increasing reports whether b can be the bounds of buckets.
func increasing(b []float64) bool {
	for i := range b {
		if math.IsNaN(b[i]) || math.IsInf(b[i], 0) || i > 0 && b[i] <= b[i-1] {
			return false
		}
	}
	return len(b) > 0
}

// meter makes instruments, whatever the scope.
type meter struct {
	registerer prometheus.Registerer
	keys       []string // of the properties that become labels
	names      []string // of these labels
	buckets    map[string][]float64
}

// Meter returns the one meter: scopes are no part of names.
func (m *meter) Meter(string, ...metrics.MeterOption) metrics.Meter { return m }
