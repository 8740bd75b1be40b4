package sigv4auth_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestRefusedCoverage: signatures that leave out what matters, or name what they cannot cover:
// section B.
func TestRefusedCoverage(t *testing.T) {
	t.Parallel()
	runAll(t, []refusalTest{
		{
			name: "threat 17: an x-amz-* header that is not signed", change: setHeader("X-Amz-Meta-Note", "x"),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "not signed: x-amz-meta-note",
		},
		{
			name:   "threat 17: an x-amz-* header in another spelling beside the signed one",
			change: func(r *http.Request) { r.Header["x-amz-date"] = []string{"x"} },
			code:   sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 18: an x-amz-content-sha256 that is not signed", change: setHeader("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 19: host is not signed", change: authorization("host;", ""),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "'Host' or ':authority' must be a " +
				"'SignedHeader' in the AWS Authorization.",
		},
		{
			name: "threat 20: the date is not signed", change: authorization(";x-amz-date", ""),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{name: "threat 20: a Date header that is not signed", change: func(r *http.Request) {
			r.Header.Set("Date", testNow.Format(http.TimeFormat))
			delHeader("X-Amz-Date")(r)
		}, code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "'Date' must be"},
		{
			name:   "threat 21: a required header that is not signed",
			config: func(c *sigv4auth.Config) { c.RequiredHeaders = []string{"X-Trace"} }, change: setHeader("X-Trace", "1"),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "'x-trace' must be",
		},
		{
			name: "threat 22: a signed header that did not arrive", change: delHeader("Content-Type"),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "'content-type' did not arrive",
		},
		{
			name: "threat 23: SignedHeaders in upper case", change: authorization("content-type", "Content-Type"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 23: SignedHeaders not sorted", change: authorization("content-type;host", "host;content-type"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 23: SignedHeaders with a repeat", change: authorization("host;", "host;host;"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 23: SignedHeaders with an empty element", change: authorization("host;", "host;;"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 24: SignedHeaders names authorization", change: authorization("SignedHeaders=", "SignedHeaders=authorization;"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 25: a second value of a signed header", change: addHeader("Content-Type", "text/plain"),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 27: the date in the query and in a header", r: rides, s: presigned,
			change: setHeader("X-Amz-Date", "20260102T030405Z"),
			code:   sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 27: the token in the query and in a header", r: rides, s: signing{
				keyID: tempKeyID, token: testToken, presign: time.Minute,
			}, change: setHeader("X-Amz-Security-Token", testToken),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 27: X-Amz-Date twice", change: addHeader("X-Amz-Date", "20260102T030405Z"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name:   "threat 22: a signed header that is there without values",
			change: func(r *http.Request) { r.Header["Content-Type"] = nil }, code: sigv4auth.ErrHeaderNotSigned, status: 403,
			typ: invalidSignature, text: "did not arrive",
		},
		{name: "threat 27: the digest twice, both signed", r: func() *http.Request {
			r := ride()
			r.Header["X-Amz-Content-Sha256"] = []string{strings.Repeat("0", 64), strings.Repeat("0", 64)}
			return r
		}, code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "more than once"},
		{name: "threat 27: presigned, the digest twice", r: rides, s: presigned, change: func(r *http.Request) {
			r.Header["X-Amz-Content-Sha256"] = []string{"x", "x"}
		}, code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "more than once"},
		{
			name: "threat 27: another parameter of a presigned URL as a header too", r: rides, s: presigned,
			change: setHeader("X-Amz-Expires", "60"), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 27: the digest in the header and in the query",
			r:    func() *http.Request { return request("POST", "/prod/ride?X-Amz-Content-Sha256=x", rideBody) },
			s:    signing{digestHeader: true}, code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "both",
		},
		{name: "order: host not signed before a bad date", change: func(r *http.Request) {
			authorization("host;", "")(r)
			setHeader("X-Amz-Date", "x")(r)
		}, code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "'Host' or ':authority'"},
	})
}

// TestSignedHeadersMemory: a list that was good for one request is no better for the next, whatever
// came in between.
func TestSignedHeadersMemory(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	for range 3 {
		if _, err := a.Verify(sign(t, ride(), temporary())); err != nil {
			t.Fatal(err)
		}
		more := sign(t, ride(), temporary())
		more.Header.Set("X-Amz-Meta-Note", "x")
		if _, err := a.Verify(more); !errors.Is(err, sigv4auth.ErrHeaderNotSigned) {
			t.Fatalf("a header more than the list names: %v", err)
		}
		fewer := sign(t, ride(), temporary())
		fewer.Header.Del("X-Amz-Security-Token")
		if _, err := a.Verify(fewer); !errors.Is(err, sigv4auth.ErrHeaderNotSigned) {
			t.Fatalf("a header less than the list names: %v", err)
		}
		for _, old := range []string{"host;", "content-type;"} {
			bad := sign(t, ride(), temporary())
			authorization(old, "")(bad)
			if _, err := a.Verify(bad); err == nil {
				t.Fatalf("without %s: admitted", old)
			}
		}
		empty := sign(t, ride(), temporary())
		authorization("SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token", "SignedHeaders=")(empty)
		if _, err := a.Verify(empty); !errors.Is(err, sigv4auth.ErrIncompleteSignature) {
			t.Fatalf("an empty list: %v", err)
		}
		if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), signing{})); err != nil {
			t.Fatal(err)
		}
	}
}
