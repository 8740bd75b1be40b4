package sigv4auth

import (
	"context"
	"net/http"

	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"
)

// finish concludes a request: it completes the one event, and hands the outcome to the meter, the
// tracer and the audit hook. It returns the final verdict: one of them that panics refuses the
// request, since what cannot be recorded must not happen (threats 218 and 227). answers says that a
// refusal is answered here, with the request's ID.
func (a *Authenticator) finish(ctx context.Context, r *http.Request, rec *record, m *measurement, refused *Error, answers bool) *Error {
	rec.event.setOutcome(refused)
	if m != nil {
		refused = a.callHook(rec, refused, func() { a.telemetry.end(ctx, m, &rec.event) })
	}
	if a.audit != nil || answers && refused != nil {
		rec.event.RequestID = newRequestID()
	}
	if a.audit != nil {
		rec.event.fillFrom(r, rec.sourced)
		if refused != nil {
			rec.event.Detail = forLog(refused.Detail)
		}
		if refused != nil && diagnosable(refused.Reason) {
			refused = a.callHook(rec, refused, func() { a.diagnoseEvent(ctx, r, &rec.event) })
		}
		refused = a.callHook(rec, refused, func() { a.audit(ctx, rec.event) }) // guard 218
	}
	rec.finished = true
	m.leave()
	if refused == nil && rec.body != nil {
		a.watchBody(ctx, rec)
	}
	return refused
}

// watchBody makes the body of an admitted request report how it ends, which is later than the
// event: to the meter in any case, and to the audit hook, as a second event of the request, if it
// does not verify. A hook that panics there changes nothing: the handler gets its error.
func (a *Authenticator) watchBody(ctx context.Context, rec *record) {
	if a.audit == nil && a.telemetry.bodies == nil {
		return
	}
	event := rec.event // of its own: a lone Verify's record is gone by then
	rec.body.ended = func(refused *Error) {
		if a.telemetry.bodies != nil {
			callQuietly(func() { a.telemetry.body(ctx, event.Route, refused) })
		}
		if refused != nil && a.audit != nil {
			event.Outcome, event.Reason, event.Detail = BodyRefused, refused.Reason, forLog(refused.Detail)
			callQuietly(func() { a.audit(ctx, event) })
		}
	}
}

// callQuietly runs a hook and ignores its panic.
func callQuietly(hook func()) {
	defer func() { _ = recover() }()
	hook()
}

// callHook runs a hook. Its panic becomes a refusal.
func (a *Authenticator) callHook(rec *record, refused *Error, hook func()) (final *Error) {
	final = refused
	defer func() {
		if v := recover(); v != nil {
			final = panicked(v) // guard 227d
			rec.event.setOutcome(final)
		}
	}()
	hook()
	return final
}

// setOutcome says what became of the request.
func (e *Event) setOutcome(refused *Error) {
	if refused == nil {
		e.Outcome = Admitted // Reason may hold what report-only mode would have refused it for
		return
	}
	e.Outcome, e.Reason, e.ReportOnly = Refused, refused.Reason, false
}

// Observe says who is told of requests, and how much. Its zero value tells nobody.
type Observe struct {
	_ struct{} // fields are named, so that more can be added

	// Audit is called once for each request, admitted or refused, before the handler runs or the
	// refusal is written. It is called on the request's goroutine and should not block. If it
	// panics, the request is refused. nil: none. [LogTo] makes one of a logger of package slog.
	//
	// It is called a second time, with the same RequestID and the outcome BodyRefused, if the body
	// of an admitted request turns out wrong while the handler reads it as it arrives; then on the
	// goroutine that reads.
	Audit func(ctx context.Context, e Event)

	// DiagnosesPerMinute is how many refused requests a minute are diagnosed for Audit, which finds
	// the answer in Event.Diagnosis: the first ones that are refused in each minute, whenever they
	// began. If Now goes backwards, the current minute continues. 0: none. At most 600.
	//
	// A diagnosis costs about a hundred times what a verification does (BenchmarkDiagnose), and
	// anybody can cause one; it is made before the refusal is written. See
	// [Authenticator.Diagnose]. The Audit hook MUST keep it from callers.
	DiagnosesPerMinute int

	// Meter receives the metrics that the package documentation lists. The modules sigv4otel and
	// sigv4prom, beside this package, have one for OpenTelemetry and one for Prometheus. nil: none.
	Meter metrics.MeterProvider

	// Tracer receives a span for each verification. The module sigv4otel, beside this package, has
	// one for OpenTelemetry. nil: none.
	Tracer tracing.TracerProvider
}
