package sigv4auth

import (
	"context"
	"net/http"
)

// finish completes the request's one event and hands it to the audit hook. It returns the final verdict: a hook that panics
// refuses the request, since what cannot be recorded must not happen (threats 218 and 227).
func (a *Authenticator) finish(ctx context.Context, r *http.Request, rec *record, refused *Error) (final *Error) {
	e := &rec.event
	if refused != nil {
		e.ErrorCode = refused.Code
	} else {
		e.Outcome = Admitted
	}
	if refused != nil || a.audit != nil {
		e.RequestID = newRequestID()
	}
	if a.audit == nil {
		return refused
	}
	final = refused
	defer func() {
		if v := recover(); v != nil {
			final = panicked(v)
			e.Outcome, e.ErrorCode = Refused, final.Code
		}
	}()
	e.Principal = forLog(e.Principal)
	source := e.Source
	e.describe(r)
	if source.IsValid() {
		e.Source = source
	}
	a.audit(ctx, *e)
	return final
}
