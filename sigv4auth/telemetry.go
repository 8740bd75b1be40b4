package sigv4auth

import (
	"context"
	"time"

	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"
)

// telemetryScope is the name of the meter and of the tracer.
const telemetryScope = "github.com/wildgate/wildgate/sigv4auth"

// telemetry is what the operator's meter and tracer are told. No label holds what a request
// brought: the outcome is one of a few words (threat 215).
type telemetry struct {
	requests metrics.Int64Counter     // nil => no meter
	duration metrics.Float64Histogram // nil => no meter
	clock    metrics.Float64Histogram // nil => no meter
	bodies   metrics.Int64Counter     // nil => no meter
	tracer   tracing.Tracer           // nil => no tracer
}

func newTelemetry(mp metrics.MeterProvider, tp tracing.TracerProvider) (t telemetry, err error) {
	if mp != nil {
		m := mp.Meter(telemetryScope)
		describe := func(unit, text string) metrics.InstrumentOption {
			return func(o *metrics.InstrumentOptions) { o.UnitLabel, o.Description = unit, text }
		}
		if t.requests, err = m.Int64Counter("sigv4auth.requests", describe("{request}", "Requests by outcome")); err != nil {
			return t, err
		}
		if t.duration, err = m.Float64Histogram("sigv4auth.duration",
			describe("s", "Time until a request was admitted or refused")); err != nil {
			return t, err
		}
		if t.clock, err = m.Float64Histogram("sigv4auth.clock_skew", describe("s", "Server's clock less the request's date")); err != nil {
			return t, err
		}
		if t.bodies, err = m.Int64Counter("sigv4auth.streamed_bodies",
			describe("{body}", "Bodies that stream, read to their end or to an error, by outcome")); err != nil {
			return t, err
		}
	}
	if tp != nil {
		t.tracer = tp.Tracer(telemetryScope)
	}
	return t, nil
}

// measurement is one verification that is being watched.
type measurement struct {
	begin time.Time
	span  tracing.Span // nil => no tracer
}

// start begins a span and a measurement, which end ends; nil where nobody is watching. A tracer
// that panics is a refusal.
func (t *telemetry) start(parent context.Context) (ctx context.Context, m *measurement, refused *Error) {
	if t.tracer == nil && t.requests == nil {
		return parent, nil, nil
	}
	return t.watch(parent)
}

func (t *telemetry) watch(parent context.Context) (ctx context.Context, m *measurement, refused *Error) {
	defer func() {
		if v := recover(); v != nil {
			ctx, m, refused = parent, nil, panicked(v) // guard 227e
		}
	}()
	ctx, m = parent, new(measurement)
	if t.requests != nil {
		m.begin = time.Now()
	}
	if t.tracer != nil {
		ctx, m.span = t.tracer.StartSpan(ctx, "sigv4auth.Verify", func(o *tracing.SpanOptions) { o.Kind = tracing.SpanKindInternal })
	}
	return ctx, m, nil
}

func (t *telemetry) end(ctx context.Context, m *measurement, e *Event) {
	outcome := "admitted"
	if e.Outcome != Admitted {
		outcome = string(e.Reason) // guard 215
	}
	if t.requests != nil {
		label := labels(e.Route, outcome)
		t.requests.Add(ctx, 1, label)
		t.duration.Record(ctx, time.Since(m.begin).Seconds(), label)
	}
	if m.span != nil {
		m.span.SetProperty("outcome", outcome)
		if e.Route != "" {
			m.span.SetProperty("route", e.Route)
		}
		m.span.SetStatus(tracing.SpanStatusOK)
		if e.Outcome != Admitted {
			m.span.SetStatus(tracing.SpanStatusError)
		}
		m.span.End()
	}
}

// labels are those of a request's metrics. The route is a pattern of the table, and none where none
// matched: what requests ask for makes no series (threat 215).
func labels(route, outcome string) metrics.RecordMetricOption {
	return func(o *metrics.RecordMetricOptions) {
		o.Properties.Set("outcome", outcome)
		if route != "" {
			o.Properties.Set("route", route)
		}
	}
}

// body counts a body that streams. refused: nil if it is verified.
func (t *telemetry) body(ctx context.Context, route string, refused *Error) {
	outcome := "verified"
	if refused != nil {
		outcome = string(refused.Reason)
	}
	t.bodies.Add(ctx, 1, labels(route, outcome))
}
