package sigv4auth

import "net/http"

// DecodedPath returns a handler that passes requests on to a router with one spelling of their
// path: r.URL.RawPath is empty, so that r.URL.Path alone tells what is asked for. It is for routers
// that match RawPath where there is one, such as those of chi and echo: of /notes/a%21b they hand
// a%21b to the handler, where an [Authorizer] has decided about a!b.
//
// It may stand in front of the middleware or behind it. A path that has no one meaning, such as one
// with an escaped slash, it leaves as it is; an Authorizer refuses that. Do not put it in front of
// a proxy whose backend verifies signatures: what the proxy sends on has another spelling.
//
// It panics if next is nil.
func DecodedPath(next http.Handler) http.Handler {
	if next == nil {
		panic("sigv4auth: the handler behind DecodedPath is nil")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawPath != "" && checkRoutedPath(r) == nil {
			decoded := *r.URL
			decoded.RawPath = ""
			r = r.WithContext(r.Context())
			r.URL = &decoded
		}
		next.ServeHTTP(w, r)
	})
}
