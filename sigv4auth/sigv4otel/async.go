package sigv4otel

import (
	"context"

	"github.com/aws/smithy-go/metrics"
	"go.opentelemetry.io/otel/metric"
)

func (m meter) Int64AsyncCounter(name string, f metrics.Int64Callback, opts ...metrics.InstrumentOption) (metrics.AsyncInstrument, error) {
	o := described(opts)
	i, err := m.m.Int64ObservableCounter(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return m.observeInt64(i, f, err)
}

func (m meter) Int64AsyncUpDownCounter(
	name string, f metrics.Int64Callback, opts ...metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	o := described(opts)
	i, err := m.m.Int64ObservableUpDownCounter(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return m.observeInt64(i, f, err)
}

func (m meter) Int64AsyncGauge(name string, f metrics.Int64Callback, opts ...metrics.InstrumentOption) (metrics.AsyncInstrument, error) {
	o := described(opts)
	i, err := m.m.Int64ObservableGauge(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return m.observeInt64(i, f, err)
}

func (m meter) Float64AsyncCounter(
	name string, f metrics.Float64Callback, opts ...metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	o := described(opts)
	i, err := m.m.Float64ObservableCounter(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return m.observeFloat64(i, f, err)
}

func (m meter) Float64AsyncUpDownCounter(
	name string, f metrics.Float64Callback, opts ...metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	o := described(opts)
	i, err := m.m.Float64ObservableUpDownCounter(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return m.observeFloat64(i, f, err)
}

func (m meter) Float64AsyncGauge(
	name string, f metrics.Float64Callback, opts ...metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	o := described(opts)
	i, err := m.m.Float64ObservableGauge(name, metric.WithUnit(o.UnitLabel), metric.WithDescription(o.Description))
	return m.observeFloat64(i, f, err)
}

// observeInt64 has the instrument observed by f, unless it could not be made.
func (m meter) observeInt64(i metric.Int64Observable, f metrics.Int64Callback, err error) (metrics.AsyncInstrument, error) {
	if err != nil {
		return nil, err
	}
	r, err := m.m.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		f(ctx, int64Observer{o, i})
		return nil
	}, i)
	if err != nil {
		return nil, err
	}
	return registration{r}, nil
}

// observeFloat64 is as observeInt64.
func (m meter) observeFloat64(i metric.Float64Observable, f metrics.Float64Callback, err error) (metrics.AsyncInstrument, error) {
	if err != nil {
		return nil, err
	}
	r, err := m.m.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		f(ctx, float64Observer{o, i})
		return nil
	}, i)
	if err != nil {
		return nil, err
	}
	return registration{r}, nil
}

type int64Observer struct {
	o metric.Observer
	i metric.Int64Observable
}

func (o int64Observer) Observe(_ context.Context, n int64, opts ...metrics.RecordMetricOption) {
	o.o.ObserveInt64(o.i, n, labels(opts))
}

type float64Observer struct {
	o metric.Observer
	i metric.Float64Observable
}

func (o float64Observer) Observe(_ context.Context, n float64, opts ...metrics.RecordMetricOption) {
	o.o.ObserveFloat64(o.i, n, labels(opts))
}

// registration ends with Stop, which may be called more than once.
type registration struct{ r metric.Registration }

func (r registration) Stop() { _ = r.r.Unregister() } // the SDK's never fails; nobody could be told
