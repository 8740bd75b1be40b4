package sigv4prom

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/smithy-go/metrics"
	"github.com/prometheus/client_golang/prometheus"
)

// asked is an instrument whose callback is called when the registry is scraped.
type asked struct {
	m    *meter
	desc *prometheus.Desc
	kind prometheus.ValueType
	ask  func(observe func(n float64, opts []metrics.RecordMetricOption))
	stop sync.Once
}

// Describe tells the registry the name, of which there can be one.
func (a *asked) Describe(descs chan<- *prometheus.Desc) { descs <- a.desc }

// Collect asks the callback. What it says of one set of labels last counts. A panic is an error of
// the scrape: on the registry's goroutine it would end the process.
func (a *asked) Collect(found chan<- prometheus.Metric) {
	defer func() {
		if v := recover(); v != nil {
			found <- prometheus.NewInvalidMetric(a.desc, fmt.Errorf("sigv4prom: a callback panicked with a value of type %T", v))
		}
	}()
	var mu sync.Mutex
	last := map[string]prometheus.Metric{}
	a.ask(func(n float64, opts []metrics.RecordMetricOption) {
		values := a.m.values(opts)
		metric, err := prometheus.NewConstMetric(a.desc, a.kind, n, values...)
		if err != nil {
			return // unreachable: the values are text, and as many as the labels
		}
		mu.Lock()
		defer mu.Unlock()
		last[strings.Join(values, "\x00")] = metric
	})
	mu.Lock()
	defer mu.Unlock()
	for _, metric := range last {
		found <- metric
	}
}

// Stop takes the instrument out of the registry. It may be called more than once.
func (a *asked) Stop() {
	a.stop.Do(func() { a.m.registerer.Unregister(a) }) // by its name, which may be another's later
}

func (m *meter) async(
	name string, kind prometheus.ValueType, opts []metrics.InstrumentOption,
	ask func(observe func(n float64, opts []metrics.RecordMetricOption)),
) (metrics.AsyncInstrument, error) {
	o := described(opts)
	counts := kind == prometheus.CounterValue
	a := &asked{m: m, kind: kind, ask: ask, desc: prometheus.NewDesc(metricName(name, o.UnitLabel, counts), o.Description, m.names, nil)}
	if err := m.registerer.Register(a); err != nil { // another's callback cannot stand for this one
		return nil, fmt.Errorf("sigv4prom: %s: %w", name, err)
	}
	return a, nil
}

type observer[N int64 | float64] func(n float64, opts []metrics.RecordMetricOption)

func (o observer[N]) Observe(_ context.Context, n N, opts ...metrics.RecordMetricOption) {
	o(float64(n), opts)
}

func (m *meter) asyncInt64(
	name string, kind prometheus.ValueType, f metrics.Int64Callback, opts []metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	return m.async(name, kind, opts, func(observe func(float64, []metrics.RecordMetricOption)) {
		f(context.Background(), observer[int64](observe))
	})
}

func (m *meter) asyncFloat64(
	name string, kind prometheus.ValueType, f metrics.Float64Callback, opts []metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	return m.async(name, kind, opts, func(observe func(float64, []metrics.RecordMetricOption)) {
		f(context.Background(), observer[float64](observe))
	})
}

func (m *meter) Int64AsyncCounter(name string, f metrics.Int64Callback, opts ...metrics.InstrumentOption) (metrics.AsyncInstrument, error) {
	return m.asyncInt64(name, prometheus.CounterValue, f, opts)
}

func (m *meter) Int64AsyncUpDownCounter(
	name string, f metrics.Int64Callback, opts ...metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	return m.asyncInt64(name, prometheus.GaugeValue, f, opts)
}

func (m *meter) Int64AsyncGauge(name string, f metrics.Int64Callback, opts ...metrics.InstrumentOption) (metrics.AsyncInstrument, error) {
	return m.asyncInt64(name, prometheus.GaugeValue, f, opts)
}

func (m *meter) Float64AsyncCounter(
	name string, f metrics.Float64Callback, opts ...metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	return m.asyncFloat64(name, prometheus.CounterValue, f, opts)
}

func (m *meter) Float64AsyncUpDownCounter(
	name string, f metrics.Float64Callback, opts ...metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	return m.asyncFloat64(name, prometheus.GaugeValue, f, opts)
}

func (m *meter) Float64AsyncGauge(
	name string, f metrics.Float64Callback, opts ...metrics.InstrumentOption,
) (metrics.AsyncInstrument, error) {
	return m.asyncFloat64(name, prometheus.GaugeValue, f, opts)
}
