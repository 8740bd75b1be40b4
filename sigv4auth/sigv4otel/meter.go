package sigv4otel

import (
	"github.com/aws/smithy-go/metrics"
	"go.opentelemetry.io/otel/metric"
)

// Meter returns a meter provider for sigv4auth's Observe.Meter that makes its instruments with p.
// Meter panics if p is nil. What it returns is safe for concurrent use.
func Meter(p metric.MeterProvider) metrics.MeterProvider {
	if p == nil {
		panic("sigv4otel: Meter needs a MeterProvider")
	}
	return meterProvider{p}
}

type meterProvider struct{ p metric.MeterProvider }

func (m meterProvider) Meter(scope string, opts ...metrics.MeterOption) metrics.Meter {
	var o metrics.MeterOptions
	for _, f := range opts {
		f(&o)
	}
	return meter{m.p.Meter(scope, metric.WithInstrumentationAttributes(attributes(&o.Properties)...))}
}

type meter struct{ m metric.Meter }

func described(opts []metrics.InstrumentOption) (o metrics.InstrumentOptions) {
	for _, f := range opts {
		f(&o)
	}
	return o
}

func (m meter) Int64Counter(name string, opts ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	o := described(opts)
	i, err := m.m.Int64Counter(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return adding[int64]{i}, err
}

func (m meter) Int64UpDownCounter(name string, opts ...metrics.InstrumentOption) (metrics.Int64UpDownCounter, error) {
	o := described(opts)
	i, err := m.m.Int64UpDownCounter(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return adding[int64]{i}, err
}

func (m meter) Int64Gauge(name string, opts ...metrics.InstrumentOption) (metrics.Int64Gauge, error) {
	o := described(opts)
	i, err := m.m.Int64Gauge(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return recording[int64]{i}, err
}

func (m meter) Int64Histogram(name string, opts ...metrics.InstrumentOption) (metrics.Int64Histogram, error) {
	o := described(opts)
	options := []metric.Int64HistogramOption{metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description)}
	if b := bounds(name, o.UnitLabel); b != nil {
		options = append(options, metric.WithExplicitBucketBoundaries(b...))
	}
	i, err := m.m.Int64Histogram(name, options...)
	return recording[int64]{i}, err
}

func (m meter) Float64Counter(name string, opts ...metrics.InstrumentOption) (metrics.Float64Counter, error) {
	o := described(opts)
	i, err := m.m.Float64Counter(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return adding[float64]{i}, err
}

func (m meter) Float64UpDownCounter(name string, opts ...metrics.InstrumentOption) (metrics.Float64UpDownCounter, error) {
	o := described(opts)
	i, err := m.m.Float64UpDownCounter(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return adding[float64]{i}, err
}

func (m meter) Float64Gauge(name string, opts ...metrics.InstrumentOption) (metrics.Float64Gauge, error) {
	o := described(opts)
	i, err := m.m.Float64Gauge(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return recording[float64]{i}, err
}

func (m meter) Float64Histogram(name string, opts ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	o := described(opts)
	options := []metric.Float64HistogramOption{metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description)}
	if b := bounds(name, o.UnitLabel); b != nil {
		options = append(options, metric.WithExplicitBucketBoundaries(b...))
	}
	i, err := m.m.Float64Histogram(name, options...)
	return recording[float64]{i}, err
}

// bounds are those of a histogram's buckets, nil where the SDK's own are as good as any.
func bounds(name, unit string) []float64 {
	switch {
	case name == "sigv4auth.clock_skew":
		return []float64{-900, -300, -60, -30, -10, -5, -2, -1, 0, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86400}
	case unit == "s":
		return []float64{
			0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
			0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
		}
	}
	return nil
}
