package sigv4auth_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestRefusedLimits: more of anything than a request may have: section O.
func TestRefusedLimits(t *testing.T) {
	t.Parallel()
	runAll(t, []refusalTest{
		{
			name: "threat 219: many fields", change: authorization("Signature=", strings.Repeat("a=1,", 20)+"Signature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 219: a long X-Amz-* parameter", r: rides, change: target("limit=10", "X-Amz-"+strings.Repeat("a", 200)+"=1"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 219: a long target", change: target("/ride", "/"+strings.Repeat("a", 32<<10)),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 219: a host of 256 bytes", r: hosted(strings.Repeat("a", 256)), code: sigv4auth.ErrMalformedRequest, status: 400,
			typ: incomplete, text: "no valid host",
		},
		{
			name: "threat 219: a long Authorization header", change: authorization("Signature=", strings.Repeat(" ", 8<<10)+"Signature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 219: many signed headers", change: authorization("host;", "host;"+manyNames("i", 99)),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "more than 100",
		},
		{
			name: "threat 219: many query parameters", change: target("/ride", "/ride?"+strings.Repeat("a=1&", 1001)),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 219: many X-Amz-* parameters", r: rides, s: presigned, change: target("limit=10",
				strings.ReplaceAll(manyNames("X-Amz-", 51), ";", "=1&")),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 219: long signed values", change: setHeader("Content-Type", strings.Repeat("a", 64<<10)),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 219: a long session token", s: signing{keyID: tempKeyID, token: strings.Repeat("a", 16<<10+1)},
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
	})
	if _, err := newAuthenticator(t, nil).Verify(sign(t, hosted(strings.Repeat("a", 255))(), signing{})); err != nil {
		t.Errorf("a host of 255 bytes: %v", err)
	}
}

// hosted makes requests to a host.
func hosted(host string) func() *http.Request {
	return func() *http.Request {
		r := rides()
		r.Host = host
		return r
	}
}

// TestTooLargeBeforeLookup: a body that is announced too large is refused before the store is
// asked.
func TestTooLargeBeforeLookup(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.MaxBodyBytes = 10
		c.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential, error) {
			t.Error("the store was asked")
			return sigv4auth.Credential{}, nil
		})
	})
	for _, s := range []signing{{}, {digestHeader: true}} {
		if _, err := a.Verify(sign(t, ride(), s)); !errors.Is(err, sigv4auth.ErrRequestTooLarge) {
			t.Error(err)
		}
	}
}
