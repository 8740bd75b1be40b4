package sigv4otel

import (
	"context"

	"github.com/aws/smithy-go/tracing"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Tracer returns a tracer provider for sigv4auth's Observe.Tracer that makes its spans with p. A
// span is a child of the one in the context that it is started with. Tracer panics if p is nil.
// What it returns is safe for concurrent use.
func Tracer(p trace.TracerProvider) tracing.TracerProvider {
	if p == nil {
		panic("sigv4otel: Tracer needs a TracerProvider")
	}
	return tracerProvider{p}
}

type tracerProvider struct{ p trace.TracerProvider }

func (t tracerProvider) Tracer(scope string, opts ...tracing.TracerOption) tracing.Tracer {
	var o tracing.TracerOptions
	for _, f := range opts {
		f(&o)
	}
	return tracer{t.p.Tracer(scope, trace.WithInstrumentationAttributes(attributes(&o.Properties)...))}
}

type tracer struct{ t trace.Tracer }

func (t tracer) StartSpan(ctx context.Context, name string, opts ...tracing.SpanOption) (context.Context, tracing.Span) {
	var o tracing.SpanOptions
	for _, f := range opts {
		f(&o)
	}
	ctx, s := t.t.Start(ctx, name, trace.WithSpanKind(kinds[o.Kind]), trace.WithAttributes(attributes(&o.Properties)...))
	return tracing.WithSpan(ctx, span{s, name}), span{s, name} // so that tracing.GetSpan finds it, too
}

// kinds has the zero value, which is that of a kind that OpenTelemetry makes internal, for others.
var kinds = map[tracing.SpanKind]trace.SpanKind{
	tracing.SpanKindInternal: trace.SpanKindInternal,
	tracing.SpanKindClient:   trace.SpanKindClient,
	tracing.SpanKindServer:   trace.SpanKindServer,
	tracing.SpanKindProducer: trace.SpanKindProducer,
	tracing.SpanKindConsumer: trace.SpanKindConsumer,
}

type span struct {
	s    trace.Span
	name string
}

func (s span) Name() string { return s.name }

func (s span) Context() tracing.SpanContext {
	c := s.s.SpanContext()
	if !c.IsValid() {
		return tracing.SpanContext{}
	}
	return tracing.SpanContext{TraceID: c.TraceID().String(), SpanID: c.SpanID().String(), IsRemote: c.IsRemote()}
}

func (s span) AddEvent(name string, opts ...tracing.EventOption) {
	var o tracing.EventOptions
	for _, f := range opts {
		f(&o)
	}
	s.s.AddEvent(name, trace.WithAttributes(attributes(&o.Properties)...))
}

func (s span) SetStatus(status tracing.SpanStatus) {
	switch status {
	case tracing.SpanStatusOK:
		s.s.SetStatus(codes.Ok, "")
	case tracing.SpanStatusError:
		s.s.SetStatus(codes.Error, "")
	default:
		s.s.SetStatus(codes.Unset, "")
	}
}

func (s span) SetProperty(k, v any) { s.s.SetAttributes(appendAttribute(nil, k, v)...) }

func (s span) End() { s.s.End() }
