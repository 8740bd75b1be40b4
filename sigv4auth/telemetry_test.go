package sigv4auth_test

import (
	"context"
	"io"
	"testing"

	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// meter counts what is recorded, by instrument and outcome.
type meter struct {
	metrics.NopMeterProvider
	counts map[string]int
}

func (m *meter) Meter(scope string, opts ...metrics.MeterOption) metrics.Meter {
	return &recorder{m.NopMeterProvider.Meter(scope, opts...), m}
}

type recorder struct {
	metrics.Meter
	m *meter
}

func (r *recorder) Int64Counter(name string, _ ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	return &instrument{name, r.m}, nil
}

func (r *recorder) Float64Histogram(name string, _ ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	return &instrument{name, r.m}, nil
}

type instrument struct {
	name string
	m    *meter
}

func (i *instrument) record(opts []metrics.RecordMetricOption) {
	var o metrics.RecordMetricOptions
	for _, f := range opts {
		f(&o)
	}
	outcome, _ := o.Properties.Get("outcome").(string)
	i.m.counts[i.name+" "+outcome]++
}

func (i *instrument) Add(_ context.Context, _ int64, opts ...metrics.RecordMetricOption) {
	i.record(opts)
}

func (i *instrument) Record(_ context.Context, _ float64, opts ...metrics.RecordMetricOption) {
	i.record(opts)
}

// TestTelemetry: one count, one duration and one span for each request, by outcome, and no label
// that a request chose (threat 215).
func TestTelemetry(t *testing.T) {
	t.Parallel()
	m := &meter{counts: map[string]int{}}
	spans := &tracer{}
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Meter, c.Observe.Tracer = m, spans })
	_, _ = a.Verify(sign(t, ride(), signing{}))
	_, _ = a.Verify(sign(t, ride(), signing{keyID: "AKIAUNKNOWN"}))
	_, _ = a.Verify(ride())
	want := map[string]int{
		"sigv4auth.requests admitted": 1, "sigv4auth.requests UnrecognizedClient": 1, "sigv4auth.requests MissingAuthenticationToken": 1,
		"sigv4auth.duration admitted": 1, "sigv4auth.duration UnrecognizedClient": 1, "sigv4auth.duration MissingAuthenticationToken": 1,
		"sigv4auth.clock_skew ": 2,
	}
	for k, n := range want {
		if m.counts[k] != n {
			t.Errorf("%s: %d; want %d", k, m.counts[k], n)
		}
	}
	if len(m.counts) != len(want) {
		t.Errorf("recorded %v", m.counts)
	}
	if len(spans.outcomes) != 3 || spans.outcomes[0] != "admitted" || spans.ended != 3 {
		t.Errorf("spans %+v", spans)
	}
}

type tracer struct {
	outcomes []any
	ended    int
}

func (tr *tracer) Tracer(string, ...tracing.TracerOption) tracing.Tracer { return tr }

func (tr *tracer) StartSpan(ctx context.Context, _ string, _ ...tracing.SpanOption) (context.Context, tracing.Span) {
	_, nop := tracing.NopTracerProvider{}.Tracer("").StartSpan(ctx, "")
	return ctx, &span{nop, tr}
}

type span struct {
	tracing.Span
	tr *tracer
}

func (s *span) SetProperty(_, v any) { s.tr.outcomes = append(s.tr.outcomes, v) }
func (s *span) End()                 { s.tr.ended++ }

// TestTelemetryOfBodies: a body in a streaming mode is counted when reading ends, once, and however
// it ends. A meter that panics then does no harm.
func TestTelemetryOfBodies(t *testing.T) {
	t.Parallel()
	m := &meter{counts: map[string]int{}}
	a := newAuthenticator(t, func(c *sigv4auth.Config) { streamingConfig(c); c.Observe.Meter = m })
	for _, body := range []func(string) string{nil, func(s string) string { return s + "x" }} {
		for _, copied := range []bool{false, true} {
			r := upload{mode: modeSigned, data: "hello", body: body}.request(t)
			if _, err := a.Verify(r); err != nil {
				t.Fatal(err)
			}
			if copied {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			_, _ = io.ReadAll(r.Body)
			_, _ = io.ReadAll(r.Body)
		}
	}
	if m.counts["sigv4auth.streamed_bodies verified"] != 2 || m.counts["sigv4auth.streamed_bodies MalformedRequest"] != 2 || m.counts["sigv4auth.requests admitted"] != 4 {
		t.Errorf("counted: %v", m.counts)
	}
	r := upload{mode: modeSigned, data: "hello"}.request(t)
	if _, err := a.Verify(r); err != nil {
		t.Fatal(err)
	}
	m.counts = nil // writing to it panics
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
	}
}
