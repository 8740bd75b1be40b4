package sigv4auth

import (
	"io"
	"net/http"
	"net/netip"
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
	return a.wrap(nil, true, next)
}

// Require returns a middleware that passes only verified requests for which check returns nil. It
// panics if check is nil: that would admit every request with a right signature, which is what
// [Authenticator.Handler] is for.
func (a *Authenticator) Require(check Check) func(next http.Handler) http.Handler {
	if check == nil {
		panic("sigv4auth: Require needs a Check; Handler verifies without one")
	}
	return func(next http.Handler) http.Handler { return a.wrap(check, true, next) }
}

// RequireUnsigned returns a middleware for requests whose callers show something else than a
// signature, such as a token of an identity provider: it passes those to next for which check
// returns nil. Nobody has verified the request when check runs, which MUST find out who calls and
// whether they may. An [Authorizer] helps with the second: check gives it the identity that it was
// given, with the Principal, which may be an iampolicy.IdentityProvider, and what else it found
// out, as [Identity.WithSession]. Credentials are not looked at. What check reads of the body, next
// does not get.
//
// Each request is one [Event], with AuthorizationCustom. [IdentityFrom] is not ok for next. It
// panics if check is nil.
func (a *Authenticator) RequireUnsigned(check Check) func(next http.Handler) http.Handler {
	if check == nil {
		panic("sigv4auth: RequireUnsigned needs a Check: without one it admits everybody")
	}
	return func(next http.Handler) http.Handler { return a.wrap(check, false, next) }
}

// ClientIP returns the address of a request's client: the peer's, or what Config.Proxies tells. It
// reports false if that is not known.
func (a *Authenticator) ClientIP(r *http.Request) (netip.Addr, bool) {
	if via := a.original(r); via != nil {
		return via.Client, via.Client.IsValid()
	}
	return PeerIP(r)
}

// vouch lets check decide about a request that is not signed.
func (a *Authenticator) vouch(r *http.Request, rec *record, check Check) *Error {
	e, now := &rec.event, a.now()
	via := a.original(r)
	e.Time, e.Authorization = now, AuthorizationCustom
	if via != nil {
		e.Source, e.SourceUntold, e.SchemeUntold, rec.sourced = via.Client, via.ClientUntold, via.SchemeUntold, true
	}
	return runCheck(check, r, Identity{
		Scope: Scope{Date: now.UTC().Format("20060102"), Region: a.region, Service: a.service}, VerifiedAt: now, original: via,
		vouched: true,
	})
}

// wrap returns the handler that passes to next what check admits. signed is false for requests that
// carry no signature.
func (a *Authenticator) wrap(check Check, signed bool, next http.Handler) http.Handler {
	if next == nil {
		panic("sigv4auth: the handler to protect is nil")
	}
	routes, _ := next.(*routeTable) // nil => check and next are for all requests
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, measured, refused := a.telemetry.start(r.Context())
		rec, received, length := &record{
			Context: r.Context(), auth: a, measured: measured, audited: a.audit != nil,
		}, r.Body, r.ContentLength
		outer := r
		r = r.WithContext(rec)
		switch {
		case refused != nil:
		case routes != nil:
			r, refused = routes.decide(a, ctx, check, r, rec)
			outer.Pattern = r.Pattern // where a ServeMux puts it, for what wraps it
		case !signed:
			refused = a.vouch(r, rec, check)
		default:
			refused = a.verify(ctx, r, rec, &rec.identity, check)
		}
		if rec.spooled() != nil {
			defer rec.discard() // guard 48b
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
		if rec.body != nil && rec.body.coded {
			if !copied {
				header = r.Header.Clone()
			}
			removeChunkedCoding(header)
		}
		r.Header = header
		if a.stripsQuery {
			stripQuery(r)
		}
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
