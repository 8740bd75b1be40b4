package sigv4auth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestAdmitted: what is signed as AWS's own signer signs is admitted, and the handler sees who called and the very body.
func TestAdmitted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		r       *http.Request
		s       signing
		arn     string
		place   sigv4auth.Place
		session bool
	}{
		{"header, long-term key", ride(), signing{}, userPrincipal.ARN, sigv4auth.InHeader, false},
		{"header, session token", ride(), temporary(), rolePrincipal.ARN, sigv4auth.InHeader, true},
		{"header, declared digest", ride(), signing{digestHeader: true}, userPrincipal.ARN, sigv4auth.InHeader, false},
		{"header, no body", request("GET", "/prod/rides?limit=10&status=a%20b", ""), signing{}, userPrincipal.ARN, sigv4auth.InHeader, false},
		{"presigned", request("GET", "/prod/rides?limit=10", ""), signing{presign: time.Minute}, userPrincipal.ARN, sigv4auth.InQuery, false},
		{"presigned, session token", request("GET", "/prod/rides", ""), signing{keyID: tempKeyID, token: testToken, presign: time.Minute}, rolePrincipal.ARN, sigv4auth.InQuery, true},
		{"presigned, body", ride(), signing{presign: time.Minute}, userPrincipal.ARN, sigv4auth.InQuery, false},
		{"threat 100: HEAD", request("HEAD", "/prod/rides", ""), signing{}, userPrincipal.ARN, sigv4auth.InHeader, false},
		{"threat 133: OPTIONS is a method like any other", request("OPTIONS", "/prod/rides", ""), signing{}, userPrincipal.ARN, sigv4auth.InHeader, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, nil)
			body, length := rideBody, int64(len(rideBody))
			if tt.r.ContentLength == 0 {
				body, length = "", 0
			}
			r := sign(t, tt.r, tt.s)
			var handler spy
			w := httptest.NewRecorder()
			a.Handler(&handler).ServeHTTP(w, r)
			if handler.ran != 1 {
				t.Fatalf("refused: %d %s", w.Code, w.Body)
			}
			if handler.body != body || handler.r.ContentLength != length {
				t.Errorf("the handler read %q, Content-Length %d; want %q, %d", handler.body, handler.r.ContentLength, body, length)
			}
			id, ok := sigv4auth.IdentityFrom(handler.r.Context())
			if !ok {
				t.Fatal("the handler's context has no identity")
			}
			if id.Principal.ARN != tt.arn || id.Place != tt.place || !id.VerifiedAt.Equal(testNow) || !id.SignedAt.Equal(testNow) || id.PayloadMode != sigv4auth.PayloadDigest {
				t.Errorf("identity %+v", id)
			}
			if want := (sigv4auth.Scope{Date: "20260102", Region: testRegion, Service: testService}); id.Scope != want {
				t.Errorf("scope %v; want %v", id.Scope, want)
			}
			if _, ok := id.Session(); ok != tt.session {
				t.Errorf("a session: %t; want %t", ok, tt.session)
			}
			if !id.Signed("Host") || id.Signed("X-Not-Sent") || id.Signed("") {
				t.Error("Signed does not tell what was signed")
			}
		})
	}
}

// refusalTest changes a rightly signed request, or its signing, and says how it has to be refused.
type refusalTest struct {
	name   string
	config func(*sigv4auth.Config)
	r      func() *http.Request
	s      signing
	change func(*http.Request)
	code   sigv4auth.ErrorCode
	status int
	typ    string
	text   string // in the body
}

func setHeader(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }

func addHeader(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Add(k, v) } }
func delHeader(k string) func(*http.Request)    { return func(r *http.Request) { r.Header.Del(k) } }

// authorization rewrites the Authorization header.
func authorization(old, with string) func(*http.Request) {
	return func(r *http.Request) {
		v := r.Header.Get("Authorization")
		changed := strings.Replace(v, old, with, 1)
		if v == changed {
			panic("the Authorization header does not hold " + old)
		}
		r.Header.Set("Authorization", changed)
	}
}

// target rewrites the request target.
func target(old, with string) func(*http.Request) {
	return func(r *http.Request) {
		changed := strings.Replace(r.RequestURI, old, with, 1)
		if changed == r.RequestURI {
			panic("the target does not hold " + old)
		}
		r.RequestURI = changed
	}
}

func body(s string) func(*http.Request) {
	return func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(s)) }
}

const (
	invalidSignature = "InvalidSignatureException"
	incomplete       = "IncompleteSignatureException"
	unrecognized     = "UnrecognizedClientException"
)

func (tt refusalTest) run(t *testing.T) {
	t.Parallel()
	var event sigv4auth.Event
	events := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Audit = auditInto(&event, &events)
		if tt.config != nil {
			tt.config(c)
		}
	})
	make := func() *http.Request {
		r := ride()
		if tt.r != nil {
			r = tt.r()
		}
		r = sign(t, r, tt.s)
		if tt.change != nil {
			tt.change(r)
		}
		return r
	}
	if _, err := a.Verify(make()); !errors.Is(err, tt.code) {
		t.Errorf("Verify: %v; want %v", err, tt.code)
	}
	events = 0
	var handler spy
	w := httptest.NewRecorder()
	a.Handler(&handler).ServeHTTP(w, make())
	if handler.ran != 0 {
		t.Fatal("the handler ran")
	}
	if w.Code != tt.status {
		t.Errorf("status %d; want %d", w.Code, tt.status)
	}
	if got := w.Header().Get("x-amzn-ErrorType"); got != tt.typ {
		t.Errorf("x-amzn-ErrorType %q; want %q", got, tt.typ)
	}
	if !strings.Contains(w.Body.String(), tt.text) {
		t.Errorf("body %s; want %q in it", w.Body, tt.text)
	}
	if w.Header().Get("x-amzn-RequestId") == "" || w.Header().Get("Date") == "" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", w.Header())
	}
	if events != 1 || event.Outcome != sigv4auth.Refused || event.ErrorCode != tt.code || event.RequestID != w.Header().Get("x-amzn-RequestId") || event.Principal != "" {
		t.Errorf("%d events, the last %+v", events, event)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	presigned := signing{presign: time.Minute}
	rides := func() *http.Request { return request("GET", "/prod/rides?limit=10", "") }
	tests := []refusalTest{
		// A. Finding and parsing the credentials
		{
			name: "threat 1: no credentials", change: func(r *http.Request) { r.Header = http.Header{} },
			code: sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException", text: `{"message":"Missing Authentication Token"}`,
		},
		{
			name: "threat 2: an OPTIONS request without credentials", r: func() *http.Request { return request("OPTIONS", "/prod/ride", "") }, change: func(r *http.Request) { r.Header = http.Header{} },
			code: sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException",
		},
		{name: "threat 99: a browser's POST upload", change: func(r *http.Request) {
			r.Header = http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}
		}, code: sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException"},
		{
			name: "threat 3: header and query credentials together", r: rides, s: presigned, change: setHeader("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 3: a header signature and one query parameter of a presigned URL", change: target("/ride", "/ride?X-Amz-Signature=00"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 4: query credentials without a signature", r: rides, s: presigned, change: target("X-Amz-Signature", "X-Signature"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "must include 'X-Amz-Signature'. Re-examine",
		},
		{
			name: "threat 5: two Authorization lines", change: addHeader("Authorization", "Bearer x"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 6: Credential twice", change: authorization("Credential=", "Credential=x/20260102/us-east-1/execute-api/aws4_request, Credential="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 6: Signature twice", change: authorization("Signature=", "Signature=00, Signature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 6: SignedHeaders twice", change: authorization("SignedHeaders=", "SignedHeaders=host, SignedHeaders="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 7: an unknown field", change: authorization("Signature=", "Extra=1, Signature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "unknown field",
		},
		{
			name: "threat 7: a field in lower case", change: authorization("Signature=", "signature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 7: an element that is no field", change: authorization("Signature=", "x, Signature="),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Invalid key=value pair (missing equal-sign)",
		},
		{
			name: "threat 7: a comma at the end", change: func(r *http.Request) { r.Header.Set("Authorization", r.Header.Get("Authorization")+",") },
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "threat 8: the scheme's name with something behind it", change: authorization("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256X "),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{
			name: "threat 8: the scheme in lower case", change: authorization("AWS4-HMAC-SHA256 ", "aws4-hmac-sha256 "),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "threat 9: SHA-1", change: authorization("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{
			name: "threat 9: SigV4A", change: authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{
			name: "threat 9: another algorithm in the query", r: rides, s: presigned, change: target("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256-PAYLOAD"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{name: "threat 10: an upper-case signature", change: func(r *http.Request) {
			v := r.Header.Get("Authorization")
			i := strings.Index(v, "Signature=") + len("Signature=")
			r.Header.Set("Authorization", v[:i]+strings.ToUpper(v[i:]))
		}, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete},
		{name: "threat 10: an empty signature", change: func(r *http.Request) {
			v := r.Header.Get("Authorization")
			r.Header.Set("Authorization", v[:strings.Index(v, "Signature=")+len("Signature=")])
		}, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Authorization header requires 'Signature' parameter. (Hashed"},
		{name: "threat 10: a signature that is too short", change: func(r *http.Request) {
			v := r.Header.Get("Authorization")
			r.Header.Set("Authorization", v[:len(v)-2])
		}, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete},
		{
			name: "threat 11: SigV2 in the header", change: setHeader("Authorization", "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg="),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. (Hashed",
		},
		{name: "threat 11: SigV2 in the query", r: rides, change: func(r *http.Request) {
			r.Header = http.Header{}
			r.RequestURI = "/prod/rides?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=9999999999"
		}, code: sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException"},
		{
			name: "threat 12: a bearer token", change: setHeader("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Invalid key=value pair",
		},
		{
			name: "threat 12: a bearer token without a date", change: func(r *http.Request) { r.Header = http.Header{"Authorization": {"Basic dXNlcjpwdw=="}} },
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed",
		},
		{
			name: "threat 13: a slash in the access key ID", change: authorization(testKeyID, "a/"+testKeyID),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "exactly 5",
		},
		{
			name: "threat 13: four elements", change: authorization("/aws4_request", ""),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "exactly 5",
		},
		{
			name: "threat 14: an access key ID with a quote", change: authorization(testKeyID, "AKIA'OR'1"),
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 14: an access key ID that is too long", change: authorization(testKeyID, strings.Repeat("A", 129)),
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 15: an empty access key ID", change: authorization(testKeyID, ""),
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},

		// B. Coverage of the signature
		{
			name: "threat 17: an x-amz-* header that is not signed", change: setHeader("X-Amz-Meta-Note", "x"),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "not signed: x-amz-meta-note",
		},
		{
			name: "threat 16: an x_amz_* header that is not signed", change: func(r *http.Request) { r.Header["X_amz_target"] = []string{"x"} },
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 17: an x-amz-* header in another spelling beside the signed one", change: func(r *http.Request) { r.Header["x-amz-date"] = []string{"x"} },
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 18: an x-amz-content-sha256 that is not signed", change: setHeader("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 94: an x-amz-* header that is not signed, presigned", r: rides, s: presigned, change: setHeader("X-Amz-Acl", "public-read"),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 19: host is not signed", change: authorization("host;", ""),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
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
			name: "threat 21: a required header that is not signed", config: func(c *sigv4auth.Config) { c.RequiredHeaders = []string{"X-Trace"} }, change: setHeader("X-Trace", "1"),
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
			name: "threat 27: the date in the query and in a header", r: rides, s: presigned, change: setHeader("X-Amz-Date", "20260102T030405Z"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 27: the token in the query and in a header", r: rides, s: signing{keyID: tempKeyID, token: testToken, presign: time.Minute}, change: setHeader("X-Amz-Security-Token", testToken),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 27: X-Amz-Date twice", change: addHeader("X-Amz-Date", "20260102T030405Z"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},

		// C. Canonicalisation
		{
			name: "threat 29: another method", change: func(r *http.Request) { r.Method = "PUT" },
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature, text: "The request signature we calculated does not match",
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

		// D. Payload
		{
			name: "threat 47: another body", change: body(strings.Replace(rideBody, "47", "48", 1)),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 48: another body under a declared digest", s: signing{digestHeader: true}, change: body(strings.Replace(rideBody, "47", "48", 1)),
			code: sigv4auth.ErrPayloadMismatch, status: 403, typ: invalidSignature, text: "x-amz-content-sha256",
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
			name: "threat 53: s3 without x-amz-content-sha256", config: func(c *sigv4auth.Config) { c.Service = "s3" }, s: signing{service: "s3-object-lambda"}, change: authorization("s3-object-lambda", "s3"),
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
			name: "threat 220: a Content-Length beyond the limit", config: func(c *sigv4auth.Config) { c.MaxBodyBytes = 10 }, change: func(r *http.Request) { r.Body = io.NopCloser(errReader{errors.New("the body was read")}) },
			code: sigv4auth.ErrRequestTooLarge, status: 413, typ: "RequestEntityTooLargeException",
		},
		{
			name: "threat 220: a chunked body beyond the limit", config: func(c *sigv4auth.Config) { c.MaxBodyBytes = 10 }, change: func(r *http.Request) { r.ContentLength = -1 },
			code: sigv4auth.ErrRequestTooLarge, status: 413, typ: "RequestEntityTooLargeException",
		},

		// E. Time and scope
		{
			name: "threat 67: signed too long ago", s: signing{at: testNow.Add(-5*time.Minute - time.Second)},
			code: sigv4auth.ErrRequestExpired, status: 403, typ: invalidSignature, text: "Signature expired: 20260102T025904Z is now earlier than 20260102T025905Z (20260102T030405Z - 5 min.)",
		},
		{
			name: "threat 68: signed in the future", s: signing{at: testNow.Add(5*time.Minute + time.Second)},
			code: sigv4auth.ErrRequestNotYetCurrent, status: 403, typ: invalidSignature, text: "Signature not yet current: 20260102T030906Z is still later than 20260102T030905Z (20260102T030405Z + 5 min.)",
		},
		{
			name: "threat 70: neither X-Amz-Date nor Date", change: delHeader("X-Amz-Date"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
		},
		{
			name: "threat 71: a date in the extended format", change: setHeader("X-Amz-Date", "2026-01-02T03:04:05Z"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Date must be in ISO-8601 'basic format'",
		},
		{
			name: "threat 72: the scope of another day", change: authorization("/20260102/", "/20260101/"),
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature, text: "Date in Credential scope does not match YYYYMMDD",
		},
		{
			name: "threat 73: another region", s: signing{region: "ap-northeast-1"},
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature, text: `{"message":"Credential should be scoped to a valid region, not 'ap-northeast-1'. "}`,
		},
		{
			name: "threat 73: another service", s: signing{service: "s3"},
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature, text: `{"message":"Credential should be scoped to correct service: 'execute-api'. "}`,
		},
		{
			name: "threat 73: another terminator", change: authorization("aws4_request", "aws5_request"),
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature, text: "valid terminator: 'aws4_request', not 'aws5_request'. ",
		},
		{
			name: "threat 80: a host that is not served", config: func(c *sigv4auth.Config) { c.Hosts = []string{"api.example.com"} },
			code: sigv4auth.ErrHostNotAllowed, status: 403, typ: invalidSignature,
		},

		// F. Presigned URLs
		{
			name: "threat 88: one second after the expiry", r: rides, s: signing{presign: time.Minute, at: testNow.Add(-61 * time.Second)},
			code: sigv4auth.ErrRequestExpired, status: 403, typ: invalidSignature, text: "Signature expired: 20260102T030404Z",
		},
		{
			name: "threat 89: not yet valid", r: rides, s: signing{presign: time.Minute, at: testNow.Add(5*time.Minute + time.Second)},
			code: sigv4auth.ErrRequestNotYetCurrent, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 90: the key expires before the URL", r: rides, s: signing{keyID: tempKeyID, token: testToken, presign: 24 * time.Hour, at: testNow.Add(-time.Hour)},
			config: func(c *sigv4auth.Config) { c.Now = func() time.Time { return testNow.Add(time.Hour) } },
			code:   sigv4auth.ErrExpiredToken, status: 403, typ: "ExpiredTokenException", text: `{"message":"The security token included in the request is expired"}`,
		},
		{
			name: "threat 91: a parameter twice", r: rides, s: presigned, change: target("X-Amz-Date=", "X-Amz-Date=20260102T030405Z&X-Amz-Date="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 91: a parameter in another case", r: rides, s: presigned, change: target("X-Amz-Date=", "x-amz-date="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 91: a twin in another case", r: rides, s: presigned, change: target("X-Amz-Date=", "x-amz-date=20260102T030405Z&X-Amz-Date="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 91: a twin that is escaped", r: rides, s: presigned, change: target("X-Amz-Date=", "X%2DAmz%2DDate=20260102T030405Z&X-Amz-Date="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 91: another X-Amz-* parameter twice", r: rides, s: presigned, change: target("limit=10", "X-Amz-Foo=1&x-amz-foo=2"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 92: the token is appended after signing", r: rides, s: signing{keyID: tempKeyID, presign: time.Minute}, change: target("limit=10", "limit=10&X-Amz-Security-Token="+strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(testToken)),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 93: a presigned URL with another method", r: rides, s: presigned, change: func(r *http.Request) { r.Method = "DELETE" },
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 95: a parameter is added to a presigned URL", r: rides, s: presigned, change: target("limit=10", "limit=10&response-content-type=text%2Fhtml"),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 96: presigned URLs are off by default", config: func(c *sigv4auth.Config) { c.MaxPresignExpiry = 0 }, r: rides, s: presigned,
			code: sigv4auth.ErrNotEnabled, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 96: a longer expiry than is configured", config: func(c *sigv4auth.Config) { c.MaxPresignExpiry = 59 * time.Second }, r: rides, s: presigned,
			code: sigv4auth.ErrNotEnabled, status: 403, typ: invalidSignature,
		},

		// G. Credentials
		{
			name: "an unknown key", s: signing{keyID: "AKIAUNKNOWN"},
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized, text: `{"message":"The security token included in the request is invalid."}`,
		},
		{
			name: "the wrong secret", s: signing{secret: "x"},
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 102: a temporary key without its token", s: signing{keyID: tempKeyID},
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 102: another token", s: signing{keyID: tempKeyID, token: testToken[1:]},
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 102: a token with a long-term key", s: signing{token: testToken},
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 102: the token is not signed", s: signing{keyID: tempKeyID}, change: setHeader("X-Amz-Security-Token", testToken),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{
			name: "an empty token", change: setHeader("X-Amz-Security-Token", ""),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{name: "threat 101: an expired session", s: temporary(), config: func(c *sigv4auth.Config) {
			c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
				AccessKeyID: tempKeyID, Secret: sigv4auth.NewSecret(testSecret), SessionToken: sigv4auth.NewSecret(testToken), Expires: testNow, Principal: rolePrincipal,
			})
		}, code: sigv4auth.ErrExpiredToken, status: 403, typ: "ExpiredTokenException"},

		// Found in review.
		{name: "threat 6: a field twice, the first empty", change: authorization("Signature=", "Signature=, Signature="), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice"},
		{name: "threat 6: Credential twice, the first empty", change: authorization("Credential=", "Credential=, Credential="), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice"},
		{name: "threat 6: SignedHeaders twice, the first empty", change: authorization("SignedHeaders=", "SignedHeaders=, SignedHeaders="), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice"},
		{name: "threat 8: the right fields under another scheme", change: authorization("AWS4-HMAC-SHA256 ", "Bearer x=1, "), code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "requires 'Credential' parameter"},
		{name: "threat 7: a tab before a field", change: authorization(" Signature=", "\tSignature="), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete},
		{name: "threat 219: many fields", change: authorization("Signature=", strings.Repeat("a=1,", 20)+"Signature="), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete},
		{name: "threat 22: a signed header that is there without values", change: func(r *http.Request) { r.Header["Content-Type"] = nil }, code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "did not arrive"},
		{name: "threat 27: another parameter of a presigned URL as a header too", r: rides, s: presigned, change: setHeader("X-Amz-Expires", "60"), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete},
		{name: "threat 27: the digest in the header and in the query", r: func() *http.Request { return request("POST", "/prod/ride?X-Amz-Content-Sha256=x", rideBody) }, s: signing{digestHeader: true}, code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "both"},
		{name: "threat 39: a host that is two", change: func(r *http.Request) { r.Host = "example.com, evil.example" }, code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete},
		{name: "threat 41: a delete character in a long signed value", change: setHeader("Content-Type", "application/\x7fjson; charset=utf-8"), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete},
		{name: "threat 46: an absolute form of another scheme", change: target("/prod", "ftp://example.com/prod"), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete},
		{name: "threat 71: a date with a slash for a digit", change: setHeader("X-Amz-Date", "2026/102T030405Z"), code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Got '2026/102T030405Z'"},
		{name: "threat 80: a host that begins like one that is served", r: func() *http.Request {
			r := ride()
			r.Host = "example.com.evil.example"
			return r
		}, config: func(c *sigv4auth.Config) { c.Hosts = []string{"example.com"} }, code: sigv4auth.ErrHostNotAllowed, status: 403, typ: invalidSignature},
		{name: "threat 102: an empty token, presigned", r: rides, s: presigned, change: target("limit=10", "limit=10&X-Amz-Security-Token="), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete},
		{name: "threat 219: a long X-Amz-* parameter", r: rides, change: target("limit=10", "X-Amz-"+strings.Repeat("a", 200)+"=1"), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete},
		{name: "a lone parameter of a presigned URL is no credential", r: rides, change: func(r *http.Request) {
			r.Header = http.Header{}
			r.RequestURI = "/prod/rides?X-Amz-Expires=1"
		}, code: sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException"},
		{name: "order: host not signed before a bad date", change: func(r *http.Request) {
			authorization("host;", "")(r)
			setHeader("X-Amz-Date", "x")(r)
		}, code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "'Host' or ':authority'"},
		{name: "order: an old date before a malformed credential", s: signing{at: testNow.Add(-time.Hour)}, change: authorization("/aws4_request", ""), code: sigv4auth.ErrRequestExpired, status: 403, typ: invalidSignature},
		{name: "order: a malformed credential before its scope", s: signing{region: "eu-west-1"}, change: authorization(testKeyID, "a/"+testKeyID), code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete},
		{name: "order: the scope before the payload mode", s: signing{region: "eu-west-1", digestHeader: true}, change: setHeader("X-Amz-Content-Sha256", "x"), code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature},
		{
			name: "order: an expired session before its signature", s: signing{keyID: tempKeyID, token: testToken, secret: "x", at: testNow.Add(time.Hour)}, config: func(c *sigv4auth.Config) { c.Now = func() time.Time { return testNow.Add(time.Hour) } },
			code: sigv4auth.ErrExpiredToken, status: 403, typ: "ExpiredTokenException",
		},

		// O. Limits
		{
			name: "threat 219: a long target", change: target("/ride", "/"+strings.Repeat("a", 32<<10)),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
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
			name: "threat 219: many X-Amz-* parameters", r: rides, s: presigned, change: target("limit=10", strings.ReplaceAll(manyNames("X-Amz-", 51), ";", "=1&")),
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
		{
			name: "a request that no server received", change: func(r *http.Request) { r.RequestURI = "" },
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestExpires pins what X-Amz-Expires may be: threats 83 to 87.
func TestExpires(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"0", "-1", "604801", "1000000", "+5", "%2B5", "%205", "5%20", "007", "1.0", "1e3", "0x10", "9223372036854775808", "18446744073709551617", "", "%EF%BC%95", "5,5"} {
		refusalTest{
			r: func() *http.Request { return request("GET", "/prod/rides", "") }, s: signing{presign: time.Minute}, change: target("X-Amz-Expires=60", "X-Amz-Expires="+v),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		}.runNamed(t, "X-Amz-Expires="+v)
	}
	refusalTest{
		r: func() *http.Request { return request("GET", "/prod/rides", "") }, s: signing{presign: time.Minute}, change: target("X-Amz-Expires=60", "X-Expires=60"),
		code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "must include 'X-Amz-Expires'",
	}.runNamed(t, "missing")
}

func (tt refusalTest) runNamed(t *testing.T, name string) { t.Run(name, tt.run) }

// TestWindows pins both bounds of each window (threats 69 and 88): these are the last instants that are admitted. TestRefused
// has the first that are refused.
func TestWindows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		s    signing
		now  time.Time
	}{
		{"five minutes ago", signing{at: testNow.Add(-5 * time.Minute)}, testNow},
		{"in five minutes", signing{at: testNow.Add(5 * time.Minute)}, testNow},
		{"presigned, at its expiry", signing{presign: time.Minute, at: testNow.Add(-time.Minute)}, testNow},
		{"presigned, five minutes before its date", signing{presign: time.Minute, at: testNow.Add(5 * time.Minute)}, testNow},
		{"presigned, for a week", signing{presign: 7 * 24 * time.Hour, at: testNow.Add(-7 * 24 * time.Hour)}, testNow},
		{"a nanosecond before the key expires", temporary(), testNow.Add(time.Hour - time.Nanosecond)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := tt.s
			if s.at.IsZero() {
				s.at = tt.now.Truncate(time.Second)
			}
			a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Now = func() time.Time { return tt.now } })
			if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), s)); err != nil {
				t.Error(err)
			}
		})
	}
}

func manyNames(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(prefix + string(rune('a'+i/26)) + string(rune('a'+i%26)) + ";")
	}
	return b.String()
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// TestSignedHeadersMemory: a list that was good for one request is no better for the next, whatever came in between.
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
