package sigv4auth_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestCheckErrors: what a Check returns, and how it is answered.
func TestCheckErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		status int
		typ    string
	}{
		{"nil admits", nil, 204, ""},
		{"any error denies", errors.New("policy says no: hunter2"), 403, "AccessDeniedException"},
		{"a code", sigv4auth.ErrRequestTooLarge, 413, "RequestEntityTooLargeException"},
		{"a wrapped code", fmt.Errorf("db: %w", sigv4auth.ErrServiceUnavailable), 503, "ServiceUnavailableException"},
		{"an Error", &sigv4auth.Error{Reason: sigv4auth.ErrAccessDenied, Message: "no", Detail: "hunter2"}, 403, "AccessDeniedException"},
		{"an unknown code", &sigv4auth.Error{Reason: "Bogus"}, 500, "InternalFailure"},
		{"a cancelled context", fmt.Errorf("db: %w", context.Canceled), 503, "ServiceUnavailableException"},
		{"a timeout", fmt.Errorf("db: %w", context.DeadlineExceeded), 503, "ServiceUnavailableException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, nil)
			var handler spy
			w := httptest.NewRecorder()
			var ranIn context.Context
			a.Require(func(r *http.Request, id sigv4auth.Identity) error {
				ranIn = r.Context()
				if _, ok := sigv4auth.IdentityFrom(r.Context()); ok || id.Principal.ARN != userPrincipal.ARN {
					t.Errorf("the check got %+v, and the context an identity: %t", id, ok)
				}
				return tt.err
			})(&handler).ServeHTTP(w, sign(t, ride(), signing{}))
			if w.Code != tt.status || w.Header().Get("X-Amzn-Errortype") != tt.typ || (handler.ran == 1) != (tt.err == nil) {
				t.Errorf("%d %q; the handler ran %d times", w.Code, w.Header().Get("X-Amzn-Errortype"), handler.ran)
			}
			if strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("threat 217: the client is told %s", w.Body)
			}
			if _, ok := sigv4auth.IdentityFrom(ranIn); ok != (tt.err == nil) {
				t.Error("threat 229: a refused request's context has an identity")
			}
		})
	}
}

// TestPanics: a panic in any callback is a refusal, and the handler does not run: threat 227.
func TestPanics(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sigv4auth.Config){
		"Now": func(c *sigv4auth.Config) { c.Now = func() time.Time { panic("x") } },
		"Now, asked for the limit of diagnoses": func(c *sigv4auth.Config) {
			asked := 0
			c.Region, c.Observe.DiagnosesPerMinute, c.Observe.Audit = "eu-west-1", 1, func(context.Context, sigv4auth.Event) {}
			c.Now = func() time.Time {
				if asked++; asked > 1 {
					panic("x")
				}
				return testNow
			}
		},
		"Audit": func(c *sigv4auth.Config) { c.Observe.Audit = func(context.Context, sigv4auth.Event) { panic("x") } },
		"Denied": func(c *sigv4auth.Config) {
			c.Region, c.Denied = "eu-west-1", func(http.ResponseWriter, *http.Request, error) { panic("x") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var handler spy
			w := httptest.NewRecorder()
			newAuthenticator(t, change).Handler(&handler).ServeHTTP(w, sign(t, ride(), signing{}))
			if handler.ran != 0 || w.Code != 500 || w.Body.String() != `{"message":"Internal server error"}` {
				t.Errorf("%d %s; the handler ran %d times", w.Code, w.Body, handler.ran)
			}
		})
	}
	t.Run("Check", func(t *testing.T) {
		t.Parallel()
		var handler spy
		w := httptest.NewRecorder()
		newAuthenticator(t, nil).Require(func(*http.Request, sigv4auth.Identity) error { panic("x") })(&handler).ServeHTTP(w,
			sign(t, ride(), signing{}))
		if handler.ran != 0 || w.Code != 500 {
			t.Errorf("%d; the handler ran %d times", w.Code, handler.ran)
		}
	})
	t.Run("a panic of the handler is the server's to recover", func(t *testing.T) {
		t.Parallel()
		defer func() {
			if recover() != http.ErrAbortHandler {
				t.Error("the handler's panic was swallowed")
			}
		}()
		h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		newAuthenticator(t, nil).Handler(h).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	})
}

// TestStrip: what is stripped is stripped from the handler's copy alone, and what is not stays as
// it came: threats 147 and 231.
func TestStrip(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.StripHeaders = []string{"authorization", "X-Amz-Security-Token", "X-Remote-User"}
	})
	r := sign(t, ride(), temporary())
	r.Header.Set("X-Remote-User", "root")
	before := r.Header.Clone()
	var handler spy
	a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
	for _, name := range []string{"Authorization", "X-Amz-Security-Token", "X-Remote-User"} {
		if _, ok := handler.r.Header[name]; ok {
			t.Errorf("the handler sees %s", name)
		}
	}
	if handler.r.Header.Get("X-Amz-Date") == "" || handler.r.RequestURI != "/prod/ride" {
		t.Error("the handler's request is changed in other ways")
	}
	if fmt.Sprint(r.Header) != fmt.Sprint(before) {
		t.Errorf("the server's request was changed: %v; was %v", r.Header, before)
	}
}

func TestVerifiedHeader(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	r := ride()
	r.Header["X-Amz-Meta-Two"] = []string{"1", "2"}
	r = sign(t, r, signing{})
	r.Header.Set("X-Later", "x")
	if _, err := sigv4auth.VerifiedHeader(r, "Content-Type"); err == nil {
		t.Error("a header of a request that was not verified")
	}
	var handler spy
	a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
	for name, want := range map[string]string{
		"content-type": "application/json", "Host": "example.com", "X-Later": "",
		"X-Amz-Meta-Two": "",
	} {
		got, err := sigv4auth.VerifiedHeader(handler.r, name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}

// TestWriters pins the two other dialects.
func TestWriters(t *testing.T) {
	t.Parallel()
	const id = "0f8fad5b-d9cb-469f-a165-70867728950e"
	tests := []struct {
		name   string
		write  func(http.ResponseWriter, *http.Request, error)
		err    error
		status int
		body   string
	}{
		{
			"S3, mismatch", sigv4auth.WriteS3Error, sigv4auth.ErrSignatureMismatch, 403,
			`<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated`,
		},
		{
			"S3, escaping", sigv4auth.WriteS3Error, &sigv4auth.Error{Reason: sigv4auth.ErrAccessDenied, Message: "<&>"}, 403,
			`<Code>AccessDenied</Code><Message>&lt;&amp;&gt;</Message><Resource>/a&amp;b</Resource><RequestId>` + id +
				`</RequestId><HostId>` + id + `</HostId></Error>`,
		},
		{"S3, unavailable", sigv4auth.WriteS3Error, sigv4auth.ErrServiceUnavailable, 503, `<Code>ServiceUnavailable</Code>`},
		{
			"query, unknown key", sigv4auth.WriteQueryError, sigv4auth.ErrUnrecognizedClient, 403,
			`<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>The security token included in the request is ` +
				`invalid.</Message></Error><RequestId>` +
				id + `</RequestId></ErrorResponse>`,
		},
		{"query, panic", sigv4auth.WriteQueryError, sigv4auth.ErrInternalFailure, 500, `<Type>Receiver</Type><Code>InternalFailure</Code>`},
		{"API Gateway, nil", sigv4auth.WriteAPIGatewayError, nil, 500, `{"message":"Internal server error"}`},
		{
			"API Gateway, no HTML escaping", sigv4auth.WriteAPIGatewayError,
			&sigv4auth.Error{Reason: sigv4auth.ErrAccessDenied, Message: "<\"&>"}, 403, `{"Message":"<\"&>"}`,
		},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		w.Header().Set("X-Amzn-Requestid", id)
		tt.write(w, httptest.NewRequest("GET", "/a&b?X-Amz-Signature=secret", nil), tt.err)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) || strings.Contains(w.Body.String(), "secret") ||
			w.Header().Get("X-Amzn-Requestid") != id {
			t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
		}
	}
}

// TestRetryAfter: a 503 says how long to wait in HTTP's header, in seconds, and in the one that
// AWS's SDKs read, in milliseconds, in each dialect. No other answer does.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(http.ResponseWriter, *http.Request, error){
		"API Gateway": sigv4auth.WriteAPIGatewayError, "S3": sigv4auth.WriteS3Error, "query": sigv4auth.WriteQueryError,
	} {
		for code, want := range map[sigv4auth.Reason][2]string{
			sigv4auth.ErrServiceUnavailable: {"1", "1000"}, sigv4auth.ErrAccessDenied: {},
			sigv4auth.ErrInternalFailure: {}, sigv4auth.ErrRequestTooLarge: {},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				w := httptest.NewRecorder()
				write(w, httptest.NewRequest(method, "/", nil), code)
				got := [2]string{w.Header().Get("Retry-After"), w.Header().Get("X-Amz-Retry-After")}
				if got != want || (w.Code == 503) != (want != [2]string{}) {
					t.Errorf("%s, %s of %s: %d with %q; want %q", name, code, method, w.Code, got, want)
				}
			}
		}
	}
}

func TestErrorsAreSmithys(t *testing.T) {
	t.Parallel()
	_, err := newAuthenticator(t, nil).Verify(sign(t, ride(), signing{secret: "x"}))
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != invalidSignature || api.ErrorFault() != smithy.FaultClient ||
		!strings.HasPrefix(api.ErrorMessage(), "The request signature we calculated") {
		t.Errorf("%v", err)
	}
	if e := sigv4auth.AsError(fmt.Errorf("x: %w", err)); e.Reason != sigv4auth.ErrSignatureMismatch {
		t.Errorf("AsError: %v", e)
	}
	if sigv4auth.AsError(nil) != nil {
		t.Error("AsError(nil) is not nil")
	}
}

// TestRealServer: through net/http's own server. Expect: 100-continue is answered only once the
// header is found right (threat 130), a body beyond the limit is refused unread (threat 220).
func TestRealServer(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.MaxBodyBytes = 1 << 10 })
	server := httptest.NewServer(a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	})))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()

	exchange := func(t *testing.T, head string, body string) (continued bool, answer *http.Response, text string) {
		t.Helper()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, head); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode == http.StatusContinue {
			continued = true
			if _, err := io.WriteString(conn, body); err != nil {
				t.Fatal(err)
			}
			if res, err = http.ReadResponse(in, nil); err != nil {
				t.Fatal(err)
			}
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return continued, res, string(b)
	}
	head := func(r *http.Request, length int) string {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nExpect: 100-continue\r\nContent-Length: %d\r\n", r.Method, r.RequestURI, r.Host,
			length)
		r.Header.Del("Content-Length")
		_ = r.Header.Write(&b)
		return b.String() + "\r\n"
	}
	fresh := func(s signing) *http.Request {
		r := ride()
		r.Host = address
		return sign(t, r, s)
	}

	if continued, res, text := exchange(t, head(fresh(signing{}), len(rideBody)), rideBody); !continued || res.StatusCode != 200 ||
		text != rideBody {
		t.Errorf("a good request: continued %t, %d %s", continued, res.StatusCode, text)
	}
	for name, s := range map[string]signing{
		"another region": {region: "eu-west-1"}, "a wrong signature over a declared digest": {secret: "x", digestHeader: true},
	} {
		if continued, res, _ := exchange(t, head(fresh(s), len(rideBody)), rideBody); continued || res.StatusCode != 403 ||
			res.Header.Get("Date") == "" {
			t.Errorf("threat 130: %s: continued %t, %d", name, continued, res.StatusCode)
		}
	}
	if continued, res, _ := exchange(t, head(fresh(signing{}), 1<<40), ""); continued || res.StatusCode == 200 {
		t.Errorf("threat 220: continued %t, %d", continued, res.StatusCode)
	}
}

// TestClientsThatGiveUp: a client that goes away within its body leaves no goroutine behind (threat
// 226). It is not parallel, so that no other test's goroutines come and go meanwhile.
func TestClientsThatGiveUp(t *testing.T) {
	const clients = 20
	var refused atomic.Int32
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = func(context.Context, sigv4auth.Event) { refused.Add(1) }
	})
	server := httptest.NewServer(a.Handler(&spy{}))
	t.Cleanup(server.Close)
	before := runtime.NumGoroutine()
	for range clients {
		r := ride()
		r.Host = server.Listener.Addr().String()
		r = sign(t, r, signing{})
		conn, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Del("Content-Length")
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.Method, r.RequestURI, r.Host, len(rideBody))
		_ = r.Header.Write(&b)
		b.WriteString("\r\n" + rideBody[:len(rideBody)/2])
		if _, err := conn.Write(b.Bytes()); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
	deadline := time.Now().Add(10 * time.Second)
	for refused.Load() < clients || runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			t.Fatalf("%d requests, %d goroutines; %d before", refused.Load(), runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestConcurrent verifies good and bad requests from many goroutines; the race detector watches.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.KeyCacheSize = 2 })
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached()})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 50 {
				s := []signing{{}, temporary(), {secret: "x"}, {keyID: "AKIAUNKNOWN"}}[(i+j)%4]
				id, err := a.Verify(sign(t, ride(), s))
				if (err == nil) != ((i+j)%4 < 2) {
					t.Error(err)
				}
				if err == nil {
					_ = z.Check(ride(), id)
				}
			}
		})
	}
	group.Wait()
}

// TestNilErrorsDeny: an error that is not nil refuses, whatever it wraps. A typed nil is the
// mistake that Go makes easy.
func TestNilErrorsDeny(t *testing.T) {
	t.Parallel()
	var typed *sigv4auth.Error
	for _, err := range []error{typed, fmt.Errorf("quota exceeded: %w", typed), errors.Join(errors.New("tenant blocked"), typed)} {
		var handler spy
		w := httptest.NewRecorder()
		newAuthenticator(t, nil).Require(func(*http.Request, sigv4auth.Identity) error { return err })(&handler).ServeHTTP(w,
			sign(t, ride(), signing{}))
		if handler.ran != 0 || w.Code != 403 {
			t.Errorf("%#v: the handler ran %d times; %d", err, handler.ran, w.Code)
		}
	}
}

// TestCheckInHandler: a handler may ask the Authorizer again, for a second resource and from
// several goroutines. The race detector watches.
func TestCheckInHandler(t *testing.T) {
	t.Parallel()
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy))})
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id, _ := sigv4auth.IdentityFrom(r.Context())
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if err := z.Check(r, id); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	})
	a.Require(z.Check)(h).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	if n != 1 || e.Outcome != sigv4auth.Admitted {
		t.Errorf("%d events, the last %+v", n, e)
	}
}

// TestRequestIDWithoutAudit: a Denied hook can name the request though nothing audits, and the Date
// is the verifier's.
func TestRequestIDWithoutAudit(t *testing.T) {
	t.Parallel()
	var id string
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Denied = func(w http.ResponseWriter, r *http.Request, err error) {
			id, _ = sigv4auth.RequestIDFrom(r.Context())
			sigv4auth.WriteAPIGatewayError(w, r, err)
		}
	})
	w := httptest.NewRecorder()
	a.Handler(&spy{}).ServeHTTP(w, ride())
	if id == "" || w.Header().Get("X-Amzn-Requestid") != id || w.Header().Get("Date") != testNow.Format(http.TimeFormat) ||
		w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%q, %v", id, w.Header())
	}
	if _, ok := sigv4auth.RequestIDFrom(t.Context()); ok {
		t.Error("a context without a request has a request ID")
	}
	var handler spy
	a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	if id, ok := sigv4auth.RequestIDFrom(handler.r.Context()); ok || handler.ran != 1 {
		t.Errorf("an admitted request has the ID %q, which nobody else knows", id)
	}
}

// TestRareFaults: each of these is refused for its own reason, not for what it leads to.
func TestRareFaults(t *testing.T) {
	t.Parallel()
	verify := func(a *sigv4auth.Authenticator, r *http.Request) error {
		_, err := a.Verify(r)
		return err
	}
	presigned := func(old, with string) error {
		r := sign(t, request("GET", "/prod/rides", ""), signing{presign: 60e9})
		r.RequestURI = strings.Replace(r.RequestURI, old, with, 1)
		return verify(newAuthenticator(t, func(cfg *sigv4auth.Config) { cfg.MaxPresignExpiry = time.Hour }), r)
	}
	plain, streaming := newAuthenticator(t, nil), newAuthenticator(t, streamingConfig)
	for name, tt := range map[string]struct {
		want sigv4auth.Reason
		err  func() error
	}{
		"threat 23: a presigned URL that signs host twice": {sigv4auth.ErrMalformedRequest, func() error {
			return presigned("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host%3Bhost")
		}},
		"a presigned URL whose date is none": {sigv4auth.ErrIncompleteSignature, func() error { return presigned("X-Amz-Date=2", "X-Amz-Date=x") }},
		"a declared body that ends early": {sigv4auth.ErrIncompleteBody, func() error {
			r := sign(t, ride(), signing{digestHeader: true})
			r.Body = http.NoBody
			return verify(plain, r)
		}},
		"a scheme of other clients with too many fields": {sigv4auth.ErrMalformedRequest, func() error {
			r := ride()
			r.Header.Set("Authorization", "Digest "+strings.Repeat("a=b,", 16)+"a=b")
			return verify(plain, r)
		}},
		"two dates, and no X-Amz-Date": {sigv4auth.ErrMalformedRequest, func() error {
			r := sign(t, ride(), signing{})
			r.Header.Del("X-Amz-Date")
			r.Header["Date"] = []string{testNow.Format(http.TimeFormat), testNow.Format(http.TimeFormat)}
			return verify(plain, r)
		}},
		"signed headers with another separator": {sigv4auth.ErrMalformedRequest, func() error {
			r := sign(t, ride(), signing{})
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "host;", "host:", 1))
			return verify(plain, r)
		}},
		"threat 65: two announcements of a trailer": {sigv4auth.ErrMalformedRequest, func() error {
			r := upload{mode: modeSigned, data: rideBody}.request(t)
			r.Header["X-Amz-Trailer"] = []string{"x-amz-checksum-crc32", "x-amz-checksum-crc32"}
			r.Header.Set("Authorization",
				strings.Replace(r.Header.Get("Authorization"), "x-amz-decoded-content-length", "x-amz-decoded-content-length;"+
					"x-amz-trailer", 1))
			return verify(streaming, r)
		}},
		"a presigned request with chunks": {sigv4auth.ErrMalformedRequest, func() error {
			r := request("PUT", "/prod/upload", "")
			r.Header.Set("X-Amz-Content-Sha256", modeSigned)
			r.Header.Set("X-Amz-Decoded-Content-Length", "0")
			r = sign(t, r, signing{presign: 60e9})
			r.Header.Set("X-Amz-Content-Sha256", modeSigned)
			r.Header.Set("X-Amz-Decoded-Content-Length", "0")
			return verify(streaming, r)
		}},
	} {
		if err := tt.err(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
	}
}
