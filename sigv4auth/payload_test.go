package sigv4auth_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestRefusedPayload: bodies that are not what was signed, and modes that are off: section D.
func TestRefusedPayload(t *testing.T) {
	t.Parallel()
	runAll(t, []refusalTest{
		{
			name: "threat 47: another body", change: body(strings.Replace(rideBody, "47", "48", 1)),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 48: another body under a declared digest", s: signing{digestHeader: true},
			change: body(strings.Replace(rideBody, "47", "48", 1)),
			code:   sigv4auth.ErrPayloadMismatch, status: 403, typ: invalidSignature, text: "x-amz-content-sha256",
		},
		{name: "threat 50: UNSIGNED-PAYLOAD", change: func(r *http.Request) {
			setHeader("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")(r)
			authorization("host;", "host;x-amz-content-sha256;")(r)
		}, r: rides, code: sigv4auth.ErrNotEnabled, status: 403, typ: invalidSignature},
		{name: "threat 52: a streaming mode", change: func(r *http.Request) {
			setHeader("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")(r)
			authorization("host;", "host;x-amz-content-sha256;")(r)
		}, code: sigv4auth.ErrNotEnabled, status: 403, typ: invalidSignature},
		{
			name: "threat 53: s3 without x-amz-content-sha256", config: func(c *sigv4auth.Config) { c.Service = "s3" },
			s: signing{service: "s3-object-lambda"}, change: authorization("s3-object-lambda", "s3"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "Missing required header",
		},
		{name: "threat 54: a digest in upper case", s: signing{digestHeader: true}, change: func(r *http.Request) {
			setHeader("X-Amz-Content-Sha256", strings.ToUpper(r.Header.Get("X-Amz-Content-Sha256")))(r)
		}, code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete},
		{
			name: "threat 54: part of a digest", s: signing{digestHeader: true}, change: setHeader("X-Amz-Content-Sha256", "e3b0"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 55: another body, presigned", s: presigned, change: body(strings.Replace(rideBody, "47", "48", 1)),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 57: a body shorter than its Content-Length", change: body(rideBody[:10]),
			code: sigv4auth.ErrIncompleteBody, status: 400, typ: "IncompleteBody",
		},
		{name: "threat 57: a body that breaks off", change: func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(rideBody[:10]), errReader{io.ErrUnexpectedEOF}))
		}, code: sigv4auth.ErrIncompleteBody, status: 400, typ: "IncompleteBody"},
		{
			name: "threat 66: a nil body where one is announced", change: func(r *http.Request) { r.Body = nil },
			code: sigv4auth.ErrIncompleteBody, status: 400, typ: "IncompleteBody",
		},
		{
			name: "threat 220: a Content-Length beyond the limit", config: func(c *sigv4auth.Config) { c.MaxBodyBytes = 10 },
			change: func(r *http.Request) {
				r.Body = io.NopCloser(errReader{
					errors.New("the body was read"),
				})
			},
			code: sigv4auth.ErrRequestTooLarge, status: 413, typ: "RequestEntityTooLargeException",
		},
		{
			name: "threat 220: a chunked body beyond the limit", config: func(c *sigv4auth.Config) { c.MaxBodyBytes = 10 },
			change: func(r *http.Request) { r.ContentLength = -1 },
			code:   sigv4auth.ErrRequestTooLarge, status: 413, typ: "RequestEntityTooLargeException",
		},
	})
}

// TestUnsignedPayload: UNSIGNED-PAYLOAD is admitted where it is switched on, and the identity says
// so: threat 50. A presigned URL of service s3 needs no header for it.
func TestUnsignedPayload(t *testing.T) {
	t.Parallel()
	on := func(c *sigv4auth.Config) {
		c.Payloads, c.Service, c.Path = sigv4auth.InsecureUnsigned, "s3", sigv4auth.PathS3
	}
	header := ride()
	header.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	for name, r := range map[string]*http.Request{
		"in the header": signUnsigned(header, 0), "presigned": signUnsigned(request("GET", "/key", ""), time.Minute),
	} {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("anything")), -1
		id, err := newAuthenticator(t, on).Verify(r)
		if err != nil || id.PayloadMode != sigv4auth.InsecureUnsigned {
			t.Errorf("%s: %v, %v", name, id.PayloadMode, err)
		}
	}
}
