package sigv4auth_test

import (
	"net/http"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestRefusedForm: what has no canonical form, or another than was signed: section C, and the hosts
// of section H.
func TestRefusedForm(t *testing.T) {
	t.Parallel()
	runAll(t, []refusalTest{
		{
			name: "threat 29: another method", change: func(r *http.Request) { r.Method = "PUT" },
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature, text: "The request signature we calculated " +
				"does not match",
		},
		{
			name: "threat 29: another path", change: target("/ride", "/rides"),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 29: a query is added", change: target("/ride", "/ride?x=1"),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 30: a bad escape in the query", r: rides, change: target("limit=10", "limit=%1"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "incomplete trailing escape",
		},
		{
			name: "threat 30: a bad escape in the path", change: target("/ride", "/ri%zzde"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "illegal hex character",
		},
		{
			name: "threat 37: an empty segment", change: target("/prod/", "/prod//"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 37: dot segments", change: target("/prod/", "/prod/x/../"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 38: NUL in the path", change: target("/ride", "/ride%00"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "control character",
		},
		{
			name: "threat 39: another host", change: func(r *http.Request) { r.Host = "example.org" },
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 39: the host with a port", change: func(r *http.Request) { r.Host += ":80" },
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 41: a line feed in a signed value", change: setHeader("Content-Type", "application/json\nx-amz-date:1"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 46: the asterisk form", r: func() *http.Request { return request("OPTIONS", "/", "") }, change: target("/", "*"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 46: the authority form", change: func(r *http.Request) { r.Method, r.RequestURI = "CONNECT", "example.com:80" },
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 46: an absolute form for another host", change: target("/prod", "http://example.org/prod"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 131: no host", change: func(r *http.Request) { r.Host = "" },
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 127: a Host header that differs from the authority", change: setHeader("Host", "example.org"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 39: a host that is two", change: func(r *http.Request) { r.Host = "example.com, evil.example" },
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name:   "threat 41: a delete character in a long signed value",
			change: setHeader("Content-Type", "application/\x7fjson; charset=utf-8"), code: sigv4auth.ErrMalformedRequest, status: 400,
			typ: incomplete,
		},
		{
			name: "threat 46: an absolute form of another scheme", change: target("/prod", "ftp://example.com/prod"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{name: "threat 128: a signed header under a key that another server made", change: func(r *http.Request) {
			r.Header["content-type"] = r.Header["Content-Type"]
			delete(r.Header, "Content-Type")
		}, code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "did not arrive"},
		{name: "threat 128: an x-amz-* header under a key that another server made", change: func(r *http.Request) {
			r.Header["x-amz-date"] = r.Header["X-Amz-Date"]
			delete(r.Header, "X-Amz-Date")
		}, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete},
		{name: "threat 128: an x-amz-* header under a key with capitals", change: func(r *http.Request) {
			r.Header["X-AMZ-Target"] = []string{"x"}
		}, code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "canonical spelling"},
		{name: "threat 128: an x-amz-* header under a key that begins a word small", change: func(r *http.Request) {
			r.Header["X-Amz-target"] = []string{"x"}
		}, code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "canonical spelling"},
		{name: "threat 128: an x-amz-* header under a key that is no name", change: func(r *http.Request) {
			r.Header["X-Amz-A b"] = []string{"x"}
		}, code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "canonical spelling"},
		{
			name: "threat 232: an adaptor that lost the request line", change: func(r *http.Request) { r.RequestURI = "" },
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name:   "threat 232: an adaptor that decoded the request line",
			r:      func() *http.Request { return request("GET", "/prod/rides/a%20b", "") },
			change: func(r *http.Request) { r.RequestURI = r.URL.Path }, code: sigv4auth.ErrSignatureMismatch, status: 403,
			typ: invalidSignature,
		},
	})
}
