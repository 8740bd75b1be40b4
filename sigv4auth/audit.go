package sigv4auth

import (
	"context"
	"net/http"
)

// finish concludes a request: it completes the one event, and hands the outcome to the meter, the tracer and the audit hook. It returns the
// final verdict: one of them that panics refuses the request, since what cannot be recorded must not happen (threats 218 and 227). answers
// says that a refusal is answered here, with the request's ID.
func (a *Authenticator) finish(ctx context.Context, r *http.Request, rec *record, m measurement, refused *Error, answers bool) *Error {
	rec.event.conclude(refused)
	if m.watched {
		refused = a.recorded(rec, refused, func() { a.telemetry.end(ctx, m, &rec.event) })
	}
	if a.audit != nil || answers && refused != nil {
		rec.event.RequestID = newRequestID()
	}
	if a.audit != nil {
		rec.event.describe(r, rec.sourced)
		if refused != nil && diagnosable(refused.Code) && a.diagnoses.take(rec.event.Time) {
			d := a.diagnose(ctx, r, rec.event.Time, false)
			rec.event.Diagnosis = &d
		}
		refused = a.recorded(rec, refused, func() { a.audit(ctx, rec.event) })
	}
	rec.finished = true
	if refused == nil && rec.body != nil && a.audit != nil {
		rec.body.audited(ctx, a.audit, rec.event)
	}
	return refused
}

// recorded runs a hook, whose panic is a refusal.
func (a *Authenticator) recorded(rec *record, refused *Error, hook func()) (final *Error) {
	final = refused
	defer func() {
		if v := recover(); v != nil {
			final = panicked(v)
			rec.event.conclude(final)
		}
	}()
	hook()
	return final
}

// conclude says what became of the request.
func (e *Event) conclude(refused *Error) {
	if refused == nil {
		e.Outcome = Admitted // ErrorCode may hold what report-only mode would have refused it for
		return
	}
	e.Outcome, e.ErrorCode, e.ReportOnly = Refused, refused.Code, false
}
