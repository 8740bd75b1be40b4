package sigv4otel_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4otel"
)

func describe(unit, text string) metrics.InstrumentOption {
	return func(o *metrics.InstrumentOptions) { o.UnitLabel, o.Description = unit, text }
}

func label(k, v any) metrics.RecordMetricOption {
	return func(o *metrics.RecordMetricOptions) { o.Properties.Set(k, v) }
}

// newMeter returns a meter, and what reads it.
func newMeter() (metrics.Meter, *sdkmetric.ManualReader) {
	reader := sdkmetric.NewManualReader()
	provider := sigv4otel.Meter(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	return provider.Meter("scope", func(o *metrics.MeterOptions) { o.Properties.Set("of", "meter") }), reader
}

// collect returns the metrics of the one scope, by name.
func collect(t *testing.T, reader *sdkmetric.ManualReader) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	byName := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		of, _ := scope.Scope.Attributes.Value("of")
		if scope.Scope.Name != "scope" || of.AsString() != "meter" {
			t.Errorf("scope %v", scope.Scope)
		}
		for _, m := range scope.Metrics {
			byName[m.Name] = m
		}
	}
	return byName
}

// TestInstruments: every kind that smithy-go has, with unit, description and attributes.
func TestInstruments(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	m, reader := newMeter()
	ok := label("outcome", "ok")
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a, err := m.Int64Counter("a", describe("{request}", "A"))
	check(err)
	a.Add(ctx, 2, ok)
	b, err := m.Float64Counter("b", describe("By", "B"))
	check(err)
	b.Add(ctx, 2.5, ok)
	c, err := m.Int64UpDownCounter("c", describe("1", "C"))
	check(err)
	c.Add(ctx, -1, ok)
	d, err := m.Float64UpDownCounter("d", describe("1", "D"))
	check(err)
	d.Add(ctx, -0.5, ok)
	e, err := m.Int64Gauge("e", describe("1", "E"))
	check(err)
	e.Sample(ctx, 7, ok)
	f, err := m.Float64Gauge("f", describe("1", "F"))
	check(err)
	f.Sample(ctx, 7.5, ok)
	g, err := m.Int64Histogram("g", describe("s", "G"))
	check(err)
	g.Record(ctx, 1, ok)
	h, err := m.Float64Histogram("h", describe("1", "H"))
	check(err)
	h.Record(ctx, 1, ok)
	skew, err := m.Float64Histogram("sigv4auth.clock_skew", describe("s", "I"))
	check(err)
	skew.Record(ctx, -3, ok)
	int64s := func(ctx context.Context, o metrics.Int64Observer) { o.Observe(ctx, 3, ok) }
	float64s := func(ctx context.Context, o metrics.Float64Observer) { o.Observe(ctx, 3.5, ok) }
	var stops []metrics.AsyncInstrument
	keep := func(i metrics.AsyncInstrument, err error) { check(err); stops = append(stops, i) }
	keep(m.Int64AsyncCounter("j", int64s, describe("1", "J")))
	keep(m.Int64AsyncUpDownCounter("k", int64s, describe("1", "K")))
	keep(m.Int64AsyncGauge("l", int64s, describe("1", "L")))
	keep(m.Float64AsyncCounter("m", float64s, describe("1", "M")))
	keep(m.Float64AsyncUpDownCounter("n", float64s, describe("1", "N")))
	keep(m.Float64AsyncGauge("o", float64s, describe("1", "O")))

	got := collect(t, reader)
	for name, want := range map[string]string{
		"a": "sum up 2 {request} A", "b": "sum up 2.5 By B", "c": "sum -1 1 C", "d": "sum -0.5 1 D", "e": "gauge 7 1 E", "f": "gauge 7.5 1 F",
		"g": "histogram from 1e-05 to 10: 1 s G", "h": "histogram from 0 to 10000: 1 1 H",
		"sigv4auth.clock_skew": "histogram from -900 to 86400: -3 s I",
		"j":                    "sum up 3 1 J", "k": "sum 3 1 K", "l": "gauge 3 1 L", "m": "sum up 3.5 1 M", "n": "sum 3.5 1 N", "o": "gauge 3.5 1 O",
	} {
		if text := textOf(t, got[name].Data) + " " + got[name].Unit + " " + got[name].Description; text != want {
			t.Errorf("%s: %s; want %s", name, text, want)
		}
	}
	for _, s := range stops {
		s.Stop()
		s.Stop()
	}
	if got := collect(t, reader); len(got) != 9 {
		t.Errorf("after the callbacks were stopped: %d metrics", len(got))
	}
}

// textOf describes the one point of a metric, whose one attribute is outcome=ok.
func textOf(t *testing.T, data metricdata.Aggregation) string {
	t.Helper()
	one := func(set attribute.Set) {
		if v, ok := set.Value("outcome"); !ok || v.AsString() != "ok" || set.Len() != 1 {
			t.Errorf("attributes %v", set.Encoded(attribute.DefaultEncoder()))
		}
	}
	up := map[bool]string{true: "up "}
	between := func(bounds []float64) string {
		return fmt.Sprintf("histogram from %v to %v: ", bounds[0], bounds[len(bounds)-1])
	}
	switch d := data.(type) {
	case metricdata.Sum[int64]:
		one(d.DataPoints[0].Attributes)
		return "sum " + up[d.IsMonotonic] + fmt.Sprint(d.DataPoints[0].Value)
	case metricdata.Sum[float64]:
		one(d.DataPoints[0].Attributes)
		return "sum " + up[d.IsMonotonic] + fmt.Sprint(d.DataPoints[0].Value)
	case metricdata.Gauge[int64]:
		one(d.DataPoints[0].Attributes)
		return "gauge " + fmt.Sprint(d.DataPoints[0].Value)
	case metricdata.Gauge[float64]:
		one(d.DataPoints[0].Attributes)
		return "gauge " + fmt.Sprint(d.DataPoints[0].Value)
	case metricdata.Histogram[int64]:
		one(d.DataPoints[0].Attributes)
		return between(d.DataPoints[0].Bounds) + fmt.Sprint(d.DataPoints[0].Sum)
	case metricdata.Histogram[float64]:
		one(d.DataPoints[0].Attributes)
		return between(d.DataPoints[0].Bounds) + fmt.Sprint(d.DataPoints[0].Sum)
	}
	return fmt.Sprintf("%T", data)
}

// TestInstrumentErrors: an instrument that cannot be made is an error.
func TestInstrumentErrors(t *testing.T) {
	t.Parallel()
	m, _ := newMeter()
	const bad = "0 is no name"
	if _, err := m.Int64Counter(bad); err == nil {
		t.Error("a counter was made")
	}
	if i, err := m.Int64AsyncGauge(bad, func(context.Context, metrics.Int64Observer) {}); err == nil || i != nil {
		t.Error("an asynchronous gauge was made")
	}
	if i, err := m.Float64AsyncGauge(bad, func(context.Context, metrics.Float64Observer) {}); err == nil || i != nil {
		t.Error("an asynchronous gauge was made")
	}
}

// newTracer returns a tracer, and what it has traced.
func newTracer() (tracing.Tracer, *sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	tracer := sigv4otel.Tracer(provider).Tracer("scope", func(o *tracing.TracerOptions) { o.Properties.Set("of", "tracer") })
	return tracer, provider, exporter
}

// TestSpans: kind, status, attributes, events and parent arrive.
func TestSpans(t *testing.T) {
	t.Parallel()
	tracer, provider, exporter := newTracer()
	parentCtx, parent := provider.Tracer("").Start(t.Context(), "parent")
	for kind, want := range map[tracing.SpanKind]trace.SpanKind{
		tracing.SpanKindInternal: trace.SpanKindInternal, tracing.SpanKindClient: trace.SpanKindClient,
		tracing.SpanKindServer:   trace.SpanKindServer,
		tracing.SpanKindProducer: trace.SpanKindProducer, tracing.SpanKindConsumer: trace.SpanKindConsumer, 99: trace.SpanKindInternal,
	} {
		for status, wantStatus := range map[tracing.SpanStatus]codes.Code{
			tracing.SpanStatusUnset: codes.Unset, tracing.SpanStatusOK: codes.Ok, tracing.SpanStatusError: codes.Error, 99: codes.Unset,
		} {
			exporter.Reset()
			ctx, s := tracer.StartSpan(parentCtx, "name", func(o *tracing.SpanOptions) { o.Kind = kind; o.Properties.Set("at", "start") })
			s.SetProperty("outcome", sigv4auth.ErrAccessDenied)
			s.AddEvent("event", func(o *tracing.EventOptions) { o.Properties.Set("n", 7) })
			s.SetStatus(status)
			if found, ok := tracing.GetSpan(ctx); !ok || found != s {
				t.Error("tracing.GetSpan does not find the span")
			}
			c := s.Context()
			in := trace.SpanContextFromContext(ctx)
			if in.SpanID().String() != c.SpanID || in.TraceID().String() != c.TraceID || !c.IsValid() {
				t.Errorf("the context is in %v, and the span is %v", in, c)
			}
			if s.Name() != "name" {
				t.Errorf("name %q", s.Name())
			}
			s.End()
			spans := exporter.GetSpans()
			if len(spans) != 1 {
				t.Fatalf("%d spans", len(spans))
			}
			got := spans[0]
			attributes := []attribute.KeyValue{attribute.String("at", "start"), attribute.String("outcome", "AccessDenied")}
			if got.Name != "name" || got.SpanKind != want || got.Status.Code != wantStatus || !slices.Equal(got.Attributes, attributes) ||
				got.Parent.SpanID() != parent.SpanContext().SpanID() || len(got.Events) != 1 || got.Events[0].Name != "event" ||
				!slices.Equal(got.Events[0].Attributes, []attribute.KeyValue{attribute.Int("n", 7)}) ||
				got.InstrumentationScope.Name != "scope" {
				t.Errorf("%+v", got)
			}
		}
	}
}

// TestSpansThatAreNotSampled: they have no context that is valid.
func TestSpansThatAreNotSampled(t *testing.T) {
	t.Parallel()
	p := sigv4otel.Tracer(noop.NewTracerProvider())
	_, s := p.Tracer("").StartSpan(t.Context(), "x")
	if c := s.Context(); c.IsValid() {
		t.Errorf("%+v", c)
	}
	s.End()
}

type named string

type number int16

type silent struct{ secret string }

type worded struct{ p *int }

func (w worded) String() string { return fmt.Sprint(*w.p) }

// TestAttributes: each type becomes the kind that it is, and of what nobody knows nothing but the
// type is told (threat 116).
func TestAttributes(t *testing.T) {
	t.Parallel()
	n := 7
	tracer, _, exporter := newTracer()
	for _, tt := range []struct {
		value any
		want  attribute.Value
	}{
		{"text", attribute.StringValue("text")},
		{named("x"), attribute.StringValue("x")},
		{sigv4auth.ErrAccessDenied, attribute.StringValue("AccessDenied")},
		{true, attribute.BoolValue(true)},
		{7, attribute.Int64Value(7)},
		{number(7), attribute.Int64Value(7)},
		{uint32(7), attribute.Int64Value(7)},
		{uint64(math.MaxUint64), attribute.StringValue("18446744073709551615")},
		{2.5, attribute.Float64Value(2.5)},
		{float32(2.5), attribute.Float64Value(2.5)},
		{[]string{"a", "b"}, attribute.StringSliceValue([]string{"a", "b"})},
		{[]named{"a"}, attribute.StringSliceValue([]string{"a"})},
		{[]int{1}, attribute.Int64SliceValue([]int64{1})},
		{[]bool{true}, attribute.BoolSliceValue([]bool{true})},
		{[]float64{1}, attribute.Float64SliceValue([]float64{1})},
		{[]byte("hunter2"), attribute.StringValue("<[]uint8>")},
		{[]silent{{"hunter2"}}, attribute.StringValue("<[]sigv4otel_test.silent>")},
		{worded{&n}, attribute.StringValue("7")},
		{worded{}, attribute.StringValue("<sigv4otel_test.worded>")},
		{silent{"hunter2"}, attribute.StringValue("<sigv4otel_test.silent>")},
		{&silent{"hunter2"}, attribute.StringValue("<*sigv4otel_test.silent>")},
		{map[string]string{"a": "hunter2"}, attribute.StringValue("<map[string]string>")},
		{errors.New("hunter2"), attribute.StringValue("<*errors.errorString>")},
		{sigv4auth.NewSecret("hunter2"), attribute.StringValue("REDACTED")},
		{nil, attribute.Value{}},
		{(*worded)(nil), attribute.StringValue("<*sigv4otel_test.worded>")},
	} {
		exporter.Reset()
		_, s := tracer.StartSpan(t.Context(), "x")
		s.SetProperty("k", tt.value)
		s.End()
		got := exporter.GetSpans()[0].Attributes
		if tt.value == nil {
			if len(got) != 0 {
				t.Errorf("nil is %v", got)
			}
			continue
		}
		if len(got) != 1 || got[0].Key != "k" || got[0].Value.Type() != tt.want.Type() || got[0].Value.String() != tt.want.String() {
			t.Errorf("%T is %v; want %v", tt.value, got, tt.want.String())
		}
	}
	exporter.Reset()
	_, s := tracer.StartSpan(t.Context(), "x")
	for _, key := range []any{named("a"), 7, "", nil} {
		s.SetProperty(key, "v")
	}
	s.End()
	want := []attribute.KeyValue{attribute.String("a", "v"), attribute.String("7", "v")}
	if got := exporter.GetSpans()[0].Attributes; !slices.Equal(got, want) {
		t.Errorf("keys: %v", got)
	}
}

// TestNil: what cannot work is told at once.
func TestNil(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(){"Meter": func() { sigv4otel.Meter(nil) }, "Tracer": func() { sigv4otel.Tracer(nil) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s takes nil", name)
				}
			}()
			f()
		}()
	}
}

// TestAuthenticator: a refusal is a span whose status is Error, and a series of its own.
func TestAuthenticator(t *testing.T) {
	t.Parallel()
	reader, exporter := sdkmetric.NewManualReader(), tracetest.NewInMemoryExporter()
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "eu-1", Service: "orders", Credentials: sigv4auth.StaticCredentials(),
		Observe: sigv4auth.Observe{
			Meter:  sigv4otel.Meter(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))),
			Tracer: sigv4otel.Tracer(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := auth.Verify(httptest.NewRequest("GET", "/orders/7", nil)); err == nil {
		t.Fatal("admitted")
	}
	spans := exporter.GetSpans()
	if len(spans) != 1 || spans[0].Name != "sigv4auth.Verify" || spans[0].Status.Code != codes.Error ||
		!slices.Equal(spans[0].Attributes, []attribute.KeyValue{attribute.String("outcome", "MissingAuthenticationToken")}) {
		t.Errorf("%+v", spans)
	}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, m := range all.ScopeMetrics[0].Metrics {
		names = append(names, m.Name)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"sigv4auth.duration", "sigv4auth.requests"}) {
		t.Errorf("%v", names)
	}
}
