package sigv4auth

import (
	"net/http"

	"github.com/wildgate/wildgate/iampolicy"
)

// target names what r asks for, whose record is rec: what its route says, or the configuration.
func (z *Authorizer) target(r *http.Request, rec *record) (action, resource string) {
	switch {
	case z.routes == nil:
		return z.cfg.Target(r)
	case rec.routes != z.routes:
		return "", "" // another router may serve something else than the table says
	case z.cfg.Target != nil:
		return z.cfg.Target(r)
	case rec.route == nil:
		return "", ""
	}
	return rec.route.action, rec.route.resource.expand(r) // of a route that is not by IAM, nothing
}

// unmapped says why target named nothing.
func (t *routeTable) unmapped(rec *record) string {
	switch {
	case rec.routes != t:
		return "the request did not come through Authenticator.Routes, which alone serves the routes of this Authorizer"
	case t.z.cfg.Target != nil:
		return "the request maps to no action or no resource"
	case rec.route == nil:
		return "no route matches the request"
	}
	return "the route has no action"
}

// another returns what Check goes by where it is asked about a request that is not being decided:
// one that a handler has made, or one that no Authenticator has seen. rec is what its context
// carries, nil if nothing.
func (t *routeTable) another(r *http.Request, rec *record) (*http.Request, *record) {
	if t == nil || rec == nil || rec.routes != t {
		return r, &record{}
	}
	r = r.WithContext(r.Context()) // matching sets its path values
	return r, &record{routes: t, route: t.match(r)}
}

// conceal makes one refusal of all that say that id is not allowed: what names an action tells that
// there is a route (threat 135). Where Target names it, that does so whether or not there is one.
func (t *routeTable) conceal(refused *Error, id Identity) *Error {
	if t == nil || refused == nil || refused.Reason != ErrAccessDenied || t.z.cfg.Target != nil {
		return refused
	}
	told := denied(id, "", "", "", refused.Detail)
	if refused.Message != told.Message {
		told.Detail = refused.Message
		if refused.Detail != "" {
			told.Detail += "; " + refused.Detail
		}
	}
	return told
}

// ownKeys returns the condition keys of rec's route.
func (z *Authorizer) ownKeys(rec *record) []routeKey {
	if z.routes == nil || rec.route == nil {
		return nil
	}
	return rec.route.context
}

// fillContext sets keys, whose values are of r, in c.
func fillContext(c *iampolicy.Context, r *http.Request, keys []routeKey) {
	for _, k := range keys {
		c.Set(k.key, k.value.expand(r))
	}
}
