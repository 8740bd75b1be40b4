package sigv4prom

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/aws/smithy-go/metrics"
	"github.com/prometheus/client_golang/prometheus"
)

func described(opts []metrics.InstrumentOption) (o metrics.InstrumentOptions) {
	for _, f := range opts {
		f(&o)
	}
	return o
}

// register registers c, or returns what is registered in its place and counts the same.
func register[C prometheus.Collector](m *meter, name string, c C) (C, error) {
	err := m.registerer.Register(c)
	if err == nil {
		return c, nil
	}
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := there.ExistingCollector.(C); ok {
			return same, nil
		}
		err = fmt.Errorf("what is registered under its name is a %T", there.ExistingCollector)
	}
	return c, fmt.Errorf("sigv4prom: %s: %w", name, err)
}

func (m *meter) counter(name string, opts []metrics.InstrumentOption) (counter, error) {
	o := described(opts)
	vec, err := register(m, name, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: metricName(name, o.UnitLabel, true), Help: o.Description,
	}, m.names))
	return counter{m, vec}, err
}

func (m *meter) gauge(name string, opts []metrics.InstrumentOption) (gauge, error) {
	o := described(opts)
	vec, err := register(m, name, prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: metricName(name, o.UnitLabel, false), Help: o.Description,
	}, m.names))
	return gauge{m, vec}, err
}

func (m *meter) histogram(name string, opts []metrics.InstrumentOption) (histogram, error) {
	o := described(opts)
	vec, err := register(m, name, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: metricName(name, o.UnitLabel, false), Help: o.Description, Buckets: m.bounds(name, o.UnitLabel),
	}, m.names))
	return histogram{m, vec}, err
}

// bounds are those of a histogram's buckets.
func (m *meter) bounds(name, unit string) []float64 {
	switch own := m.buckets[name]; {
	case own != nil:
		return own
	case name == "sigv4auth.clock_skew":
		return []float64{-900, -300, -60, -30, -10, -5, -2, -1, 0, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86400}
	case unit == "s":
		return []float64{
			0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
			0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
		}
	}
	return prometheus.DefBuckets
}

type counter struct {
	m   *meter
	vec *prometheus.CounterVec
}

// add leaves out what would make a counter panic, or tell nothing for ever.
func (c counter) add(n float64, opts []metrics.RecordMetricOption) {
	if !(n >= 0) {
		return
	}
	if series, err := c.vec.GetMetricWithLabelValues(c.m.values(opts)...); err == nil { // nil: the values are text
		series.Add(n)
	}
}

type gauge struct {
	m   *meter
	vec *prometheus.GaugeVec
}

func (g gauge) add(n float64, opts []metrics.RecordMetricOption) {
	if series, err := g.vec.GetMetricWithLabelValues(g.m.values(opts)...); err == nil && !math.IsNaN(n) {
		series.Add(n)
	}
}

func (g gauge) set(n float64, opts []metrics.RecordMetricOption) {
	if series, err := g.vec.GetMetricWithLabelValues(g.m.values(opts)...); err == nil {
		series.Set(n)
	}
}

type histogram struct {
	m   *meter
	vec *prometheus.HistogramVec
}

func (h histogram) observe(n float64, opts []metrics.RecordMetricOption) {
	if series, err := h.vec.GetMetricWithLabelValues(h.m.values(opts)...); err == nil && !math.IsNaN(n) {
		series.Observe(n)
	}
}

type (
	counting[N int64 | float64]  struct{ counter }
	moving[N int64 | float64]    struct{ gauge }
	sampling[N int64 | float64]  struct{ gauge }
	measuring[N int64 | float64] struct{ histogram }
)

func (c counting[N]) Add(_ context.Context, n N, opts ...metrics.RecordMetricOption) {
	c.add(float64(n), opts)
}

func (g moving[N]) Add(_ context.Context, n N, opts ...metrics.RecordMetricOption) {
	g.add(float64(n), opts)
}

func (g sampling[N]) Sample(_ context.Context, n N, opts ...metrics.RecordMetricOption) {
	g.set(float64(n), opts)
}

func (h measuring[N]) Record(_ context.Context, n N, opts ...metrics.RecordMetricOption) {
	h.observe(float64(n), opts)
}

func (m *meter) Int64Counter(name string, opts ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	c, err := m.counter(name, opts)
	return counting[int64]{c}, err
}

func (m *meter) Int64UpDownCounter(name string, opts ...metrics.InstrumentOption) (metrics.Int64UpDownCounter, error) {
	g, err := m.gauge(name, opts)
	return moving[int64]{g}, err
}

func (m *meter) Int64Gauge(name string, opts ...metrics.InstrumentOption) (metrics.Int64Gauge, error) {
	g, err := m.gauge(name, opts)
	return sampling[int64]{g}, err
}

func (m *meter) Int64Histogram(name string, opts ...metrics.InstrumentOption) (metrics.Int64Histogram, error) {
	h, err := m.histogram(name, opts)
	return measuring[int64]{h}, err
}

func (m *meter) Float64Counter(name string, opts ...metrics.InstrumentOption) (metrics.Float64Counter, error) {
	c, err := m.counter(name, opts)
	return counting[float64]{c}, err
}

func (m *meter) Float64UpDownCounter(name string, opts ...metrics.InstrumentOption) (metrics.Float64UpDownCounter, error) {
	g, err := m.gauge(name, opts)
	return moving[float64]{g}, err
}

func (m *meter) Float64Gauge(name string, opts ...metrics.InstrumentOption) (metrics.Float64Gauge, error) {
	g, err := m.gauge(name, opts)
	return sampling[float64]{g}, err
}

func (m *meter) Float64Histogram(name string, opts ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	h, err := m.histogram(name, opts)
	return measuring[float64]{h}, err
}
