package sigv4auth

import (
	"context"

	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"
)

// Observe says who is told of requests, and how much. Its zero value tells nobody.
type Observe struct {
	_ struct{} // fields are named, so that more can be added

	// Audit is called once for each request, admitted or refused, before the handler runs or the
	// refusal is written. It is called on the request's goroutine and should not block. If it
	// panics, the request is refused. nil: none.
	//
	// It is called a second time, with the same RequestID and the outcome BodyRefused, if the body
	// of an admitted request in a streaming mode turns out wrong while the handler reads it; then
	// on the goroutine that reads.
	Audit func(ctx context.Context, e Event)

	// DiagnosesPerMinute is how many refused requests a minute are diagnosed for Audit, which finds
	// the answer in Event.Diagnosis; the first that are refused in each minute are, whenever they
	// began. While Now is behind a minute that it has told before, that minute goes on. 0: none. At
	// most 600.
	//
	// A diagnosis costs about a hundred times what a verification does (BenchmarkDiagnose), before
	// the refusal is written, for what anybody can send: see [Authenticator.Diagnose]. The Audit
	// hook MUST keep it from callers.
	DiagnosesPerMinute int

	// Meter receives the metrics that the package documentation lists. nil: none.
	Meter metrics.MeterProvider

	// Tracer receives a span for each verification. nil: none.
	Tracer tracing.TracerProvider
}
