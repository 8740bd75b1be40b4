package sigv4auth

import (
	"context"
	"errors"
	"net/http"
	"sync"
)

// routeTable is a compiled Routes. It does not change, and is safe for concurrent use.
type routeTable struct {
	// mux has the routes, and "/" for what none of them matches: so that a miss is work like a
	// match, and not the listing of the methods that a path has (threat 135).
	mux *http.ServeMux
	// answers has the routes alone. Of it come 404, 405 and redirects, for those who are allowed
	// what is not there.
	answers *http.ServeMux
	z       *Authorizer // whose the table is
	matches sync.Pool
}

// route is one of a routeTable.
type route struct {
	pattern  string // safe for logs
	kind     Authorization
	action   string
	resource template
	context  []routeKey
	body     BodyDelivery
	ask      func(*http.Request) (context.Context, error) // nil unless kind is AuthorizationCustom
	handler  http.Handler
}

type routeKey struct {
	key   string
	value template
}

// match stands in for the ResponseWriter while a ServeMux matches: the route puts itself into it,
// and what the mux would answer by itself is thrown away. So the mux is asked once, the way it is
// asked to serve, and sets the path values that the handler reads.
type match struct {
	route  *route
	header http.Header
}

func (m *match) Header() http.Header {
	if m.header == nil {
		m.header = make(http.Header)
	}
	return m.header
}

func (m *match) Write(b []byte) (int, error) { return len(b), nil }

func (m *match) WriteHeader(int) {}

// ServeHTTP tells the match that rt is what the mux serves.
func (rt *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m, ok := w.(*match); ok {
		m.route = rt
		return
	}
	WriteAPIGatewayError(w, r, ErrInternalFailure) // unreachable: a route that is there was matched
}

// match returns the route that serves r, nil if none, and sets r's pattern and path values.
func (t *routeTable) match(r *http.Request) *route {
	m, ok := t.matches.Get().(*match)
	if !ok {
		m = new(match)
	}
	m.route = nil // the last request's, which a redirect would leave there
	t.mux.ServeHTTP(m, r)
	rt := m.route
	clear(m.header)
	t.matches.Put(m)
	if rt == nil || rt.handler == nil {
		r.Pattern = "" // "/", or where a redirect would lead
		return nil
	}
	return rt
}

// ServeHTTP serves a request that has been admitted: by its route, or by what a ServeMux answers
// where there is none.
func (t *routeTable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := recordFrom(r.Context())
	if rec == nil || rec.routes != t {
		WriteAPIGatewayError(w, r, ErrInternalFailure) // unreachable: wrap comes first
		return
	}
	if rec.route != nil {
		rec.route.handler.ServeHTTP(w, r)
		return
	}
	h, _ := t.answers.Handler(r)
	h.ServeHTTP(w, r)
}

// decide matches r, and decides whether it may proceed. It returns r as the handler gets it.
func (t *routeTable) decide(a *Authenticator, ctx context.Context, check Check, r *http.Request, rec *record) (*http.Request, *Error) {
	rt := t.match(r)
	rec.routes, rec.route = t, rt
	if rt != nil {
		rec.event.Route = rt.pattern
	}
	if rt == nil || rt.kind == AuthorizationIAM {
		return r, a.verify(ctx, r, rec, &rec.identity, check)
	}
	admitted, refused, hidden := t.admit(a, r, rec)
	if hidden == nil {
		return admitted, refused
	}
	// The caller learns what one does who asks for what is not there.
	refused = a.verify(ctx, r, rec, &rec.identity, check)
	if refused == nil {
		refused = denied(rec.identity, "", "", "", "the route's own authorization refused the request")
	}
	told := *refused
	if told.Cause == nil {
		told.Cause = hidden
	}
	return r, &told
}

// admit decides about a request whose route needs no signature. It returns r as the handler gets
// it, or why the request is refused: to be told, or hidden from the caller.
func (t *routeTable) admit(a *Authenticator, r *http.Request, rec *record) (admitted *http.Request, refused *Error, hidden error) {
	defer func() {
		if v := recover(); v != nil {
			admitted, refused, hidden = r, panicked(v), nil
		}
	}()
	if ambiguous := checkRoutedPath(r); ambiguous != nil {
		return r, nil, ambiguous
	}
	rec.event.Authorization = rec.route.kind
	rec.event.Time = a.now()
	if a.audit != nil {
		t.fillSource(a, r, rec)
	}
	if rec.route.ask == nil {
		return r, nil, nil
	}
	ctx, err := rec.route.ask(r)
	switch {
	case err != nil:
		_, isError := errors.AsType[*Error](err)
		_, isReason := errors.AsType[Reason](err)
		if refused := AsError(err); isError || isReason || refused.Reason != ErrAccessDenied {
			return r, refused, nil
		}
		return r, nil, err
	case ctx == nil:
		return r, nil, nil
	case recordFrom(ctx) != rec:
		return r, &Error{
			Reason: ErrInternalFailure, Message: messageInternal,
			Detail: "Route.Authorize returned a context that does not descend from the request's",
		}, nil
	}
	return r.WithContext(ctx), nil, nil
}

// fillSource fills in who sent a request whose signature nobody looks at.
func (t *routeTable) fillSource(a *Authenticator, r *http.Request, rec *record) {
	via := a.original(r)
	e := &rec.event
	if via != nil {
		e.SchemeUntold = via.SchemeUntold
	}
	e.Source, e.SourceUntold = t.z.clientIP(r, &Identity{original: via})
	rec.sourced = true
}
