package sigv4auth

import (
	"io"
	"net/http"
)

// Check decides whether a verified request may proceed: nil admits it. [Authorizer.Check] is one.
// An error refuses the request; [AsError] says how it is answered. r's context carries the audit
// record, to which an Authorizer adds its decision, so that one request is one [Event].
type Check func(r *http.Request, id Identity) error

// Handler returns a handler that passes only verified requests to next, whoever signed them. next
// finds the caller with [IdentityFrom].
//
// It MUST wrap the whole router, not single routes: otherwise the router's own answers tell an
// unauthenticated caller what exists, and its redirects change what was signed.
func (a *Authenticator) Handler(next http.Handler) http.Handler {
	return a.wrap(nil, next)
}

// Require returns a middleware that passes only verified requests for which check returns nil. It
// panics if check is nil: that would admit every request with a right signature, which is what
// [Authenticator.Handler] is for.
func (a *Authenticator) Require(check Check) func(next http.Handler) http.Handler {
	if check == nil {
		panic("sigv4auth: Require needs a Check; Handler verifies without one")
	}
	return func(next http.Handler) http.Handler { return a.wrap(check, next) }
}

func (a *Authenticator) wrap(check Check, next http.Handler) http.Handler {
	if next == nil {
		panic("sigv4auth: the handler to protect is nil")
	}
	routes, _ := next.(*routeTable) // nil => check and next are for all requests
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, measured, refused := a.telemetry.start(r.Context())
		rec, received, length := &record{Context: ctx, auth: a}, r.Body, r.ContentLength
		outer := r
		r = r.WithContext(rec)
		switch {
		case refused != nil:
		case routes != nil:
			r, refused = routes.decide(a, ctx, check, r, rec)
			outer.Pattern = r.Pattern // where a ServeMux puts it, for what wraps it
		default:
			refused = a.verify(ctx, r, rec, &rec.identity, check)
		}
		if refused = a.finish(ctx, r, rec, measured, refused, true); refused != nil {
			if rec.body == nil && r.Body != received {
				received = nil // it has been read whole
			}
			a.deny(w, r, refused, received, length)
			return
		}
		if rec.admitted = rec.event.Authorization == AuthorizationIAM; !rec.admitted && received != nil && received != http.NoBody {
			r.Body = http.MaxBytesReader(w, received, a.maxBody)
		}
		header, copied := a.strip.from(r.Header)
		if rec.body != nil {
			if !copied {
				header = r.Header.Clone()
			}
			removeChunkedCoding(header)
		}
		r.Header = header
		next.ServeHTTP(w, r)                           // guard 56
		if rec.body != nil && rec.body.failed != nil { // the handler has answered in the middle of the body
			d := a.drainOf(w, r, received, length)
			d.run()
		}
	})
}

// runCheck makes a panic of check a refusal.
func runCheck(check Check, r *http.Request, id Identity) (refused *Error) {
	defer func() {
		if v := recover(); v != nil {
			refused = panicked(v) // guard 227b
		}
	}()
	return AsError(check(r, id))
}

// deny answers a refused request, and reads what is left of its body.
func (a *Authenticator) deny(w http.ResponseWriter, r *http.Request, refused *Error, body io.Reader, length int64) {
	d := a.drainOf(w, r, body, length)
	a.answer(w, r, refused)
	d.run()
}

// answer writes the refusal. If the hook panics, the client gets a plain one: it may have been
// written to already, but the handler has not run and will not.
func (a *Authenticator) answer(w http.ResponseWriter, r *http.Request, refused *Error) {
	defer func() {
		if v := recover(); v != nil {
			WriteAPIGatewayError(w, r, panicked(v))
		}
	}()
	a.denied(w, r, refused)
}
