package sigv4auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestNilErrorsDeny: an error that is not nil refuses, whatever it wraps. A typed nil is the
// mistake that Go makes easy.
func TestNilErrorsDeny(t *testing.T) {
	t.Parallel()
	var typed *sigv4auth.Error
	for _, err := range []error{typed, fmt.Errorf("quota exceeded: %w", typed), errors.Join(errors.New("tenant blocked"), typed)} {
		var handler spy
		w := httptest.NewRecorder()
		newAuthenticator(t, nil).Require(func(*http.Request, sigv4auth.Identity) error { return err })(&handler).ServeHTTP(w, sign(t, ride(), signing{}))
		if handler.ran != 0 || w.Code != 403 {
			t.Errorf("%#v: the handler ran %d times; %d", err, handler.ran, w.Code)
		}
	}
}

// TestTelemetryPanics: a meter or tracer that panics refuses the request: threat 227.
func TestTelemetryPanics(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sigv4auth.Config){
		"a tracer": func(c *sigv4auth.Config) { c.Observe.Tracer = panicTracer{} },
		"a meter":  func(c *sigv4auth.Config) { c.Observe.Meter = &meter{} }, // its map is nil
	} {
		var e sigv4auth.Event
		n := 0
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			change(c)
			c.Observe.Audit = auditInto(&e, &n)
		})
		if _, err := a.Verify(sign(t, ride(), signing{})); !errors.Is(err, sigv4auth.ErrInternalFailure) {
			t.Errorf("%s: Verify: %v", name, err)
		}
		var handler spy
		w := httptest.NewRecorder()
		a.Handler(&handler).ServeHTTP(w, sign(t, ride(), signing{}))
		if handler.ran != 0 || w.Code != 500 || n != 2 || e.Outcome != sigv4auth.Refused || e.Reason != sigv4auth.ErrInternalFailure {
			t.Errorf("%s: the handler ran %d times; %d; %d events, the last %+v", name, handler.ran, w.Code, n, e)
		}
	}
}

type panicTracer struct{}

func (panicTracer) Tracer(string, ...tracing.TracerOption) tracing.Tracer { return panicTracer{} }

func (panicTracer) StartSpan(context.Context, string, ...tracing.SpanOption) (context.Context, tracing.Span) {
	panic("x")
}

var _ metrics.MeterProvider = (*meter)(nil)

// TestPanicTellsNoSecret: what a store panicked with is in no text of the refusal: threat 116. What
// the runtime says is.
func TestPanicTellsNoSecret(t *testing.T) {
	t.Parallel()
	verify := func(value func()) *sigv4auth.Error {
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			c.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential, error) {
				value()
				return sigv4auth.Credential{}, nil
			})
		})
		_, err := a.Verify(sign(t, ride(), signing{}))
		return sigv4auth.AsError(err)
	}
	e := verify(func() { panic("dial postgres://u:hunter2@db") })
	if text := fmt.Sprint(e, e.Message, e.Detail); strings.Contains(text, "hunter2") || !strings.Contains(e.Detail, "string") {
		t.Errorf("%s", text)
	}
	e = verify(func() {
		list := strings.Fields("")
		list[len(list)] = "x"
	})
	if !strings.Contains(e.Detail, "index out of range") {
		t.Errorf("detail %q", e.Detail)
	}
	if _, ok := errors.AsType[runtime.Error](error(e)); !ok {
		t.Errorf("cause %v", e.Cause)
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

// TestClientIPIsCanonical: whatever form a ClientIP gives an address, aws:SourceIp and the event
// hold one form: threat 121. Where it does not know, the peer's is in neither, and what is not
// known denies: threat 235.
func TestClientIPIsCanonical(t *testing.T) {
	t.Parallel()
	deny := parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["fe80::/10","10.0.0.0/8"]}}}]}`)
	for text, refused := range map[string]bool{"fe80::1%eth0": true, "::ffff:10.0.0.1": true, "10.0.0.1": true, "192.0.2.1": false, "": true, "zero": true} {
		var e sigv4auth.Event
		n := 0
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(deny), ClientIP: func(*http.Request) (netip.Addr, bool) {
			switch text {
			case "":
				return netip.MustParseAddr("10.0.0.1"), false
			case "zero":
				return netip.Addr{}, true
			}
			return netip.MustParseAddr(text), true
		}})
		var handler spy
		a.Require(z.Check)(&handler).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
		if (handler.ran == 0) != refused {
			t.Errorf("%q: the handler ran %d times", text, handler.ran)
		}
		if unknown := text == "" || text == "zero"; unknown {
			if e.Source.IsValid() || e.SourceUntold != diagnosis.UntoldClientIP {
				t.Errorf("%q: the event's source is %v, %q", text, e.Source, e.SourceUntold)
			}
		} else if e.SourceUntold != "" || e.Source.Zone()+e.Source.String() != netip.MustParseAddr(text).Unmap().WithZone("").String() {
			t.Errorf("%q: the event's source is %v", text, e.Source)
		}
	}
}

// TestEventsTellTextsApart: bytes beyond ASCII are escaped, not lost.
func TestEventsTellTextsApart(t *testing.T) {
	t.Parallel()
	resources := map[string]bool{}
	for _, path := range []string{"/prod/%C3%BC", "/prod/%C3%B6"} {
		var e sigv4auth.Event
		n := 0
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
		r := request("GET", "/", "")
		r.RequestURI = path
		r.URL, _ = url.ParseRequestURI(path)
		a.Require(newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached()}).Check)(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, r, signing{}))
		resources[e.Resource] = true
	}
	if len(resources) != 2 || !resources[`arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/\xc3\xbc`] {
		t.Errorf("resources %v", resources)
	}
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

// TestLongBodies: a declared length claims no memory before bytes come (threat 221), and a limit of
// the server's own is a 413 too.
func TestLongBodies(t *testing.T) {
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.MaxBodyBytes = 1 << 30 })
	lying := sign(t, ride(), signing{})
	lying.ContentLength = 1 << 29
	lying.Header.Set("Content-Length", "536870912")
	bytes := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lying.Body = io.NopCloser(strings.NewReader(rideBody))
			if _, err := a.Verify(lying); err == nil {
				b.Fatal("admitted")
			}
		}
	}).AllocedBytesPerOp()
	if bytes > 200<<10 {
		t.Errorf("a request that announces 512 MiB and sends 80 bytes costs %d bytes of memory", bytes)
	}

	limited := sign(t, ride(), signing{})
	limited.Body = http.MaxBytesReader(httptest.NewRecorder(), limited.Body, 10)
	if _, err := a.Verify(limited); !errors.Is(err, sigv4auth.ErrRequestTooLarge) {
		t.Errorf("behind http.MaxBytesReader: %v", err)
	}

	big := strings.Repeat(rideBody, 20_000)
	r := sign(t, request("POST", "/prod/ride", big), signing{digestHeader: true})
	if _, err := a.Verify(r); err != nil {
		t.Errorf("a body of %d bytes: %v", len(big), err)
	}
	if got, _ := io.ReadAll(r.Body); string(got) != big || r.Body.Close() != nil {
		t.Error("the handler's body is not what was sent")
	}
	r = sign(t, request("POST", "/prod/ride", big), signing{})
	if _, err := a.Verify(r); err != nil {
		t.Error(err)
	}
	broken := errors.New("the disk is full")
	if _, err := r.Body.(io.WriterTo).WriteTo(writerFunc(func(p []byte) (int, error) { return 1, broken })); !errors.Is(err, broken) {
		t.Errorf("a writer that fails: %v", err)
	}
	if n, err := r.Body.(io.WriterTo).WriteTo(writerFunc(func(p []byte) (int, error) { return 1, nil })); n != 1 || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a writer that stops: %d, %v", n, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

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

// TestStoreIsNotAskedForMalformedIDs: threat 14, and the event does not repeat them.
func TestStoreIsNotAskedForMalformedIDs(t *testing.T) {
	t.Parallel()
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = auditInto(&e, &n)
		c.Credentials = sigv4test.StoreFunc(func(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
			t.Errorf("the store was asked for %q", id)
			return sigv4auth.Credential{}, nil
		})
	})
	for _, id := range []string{"AKIA'OR'1", strings.Repeat("A", 129), ""} {
		r := sign(t, ride(), signing{})
		authorization(testKeyID, id)(r)
		if _, err := a.Verify(r); !errors.Is(err, sigv4auth.ErrUnrecognizedClient) || e.AccessKeyID != "" {
			t.Errorf("%q: %v, %+v", id, err, e)
		}
	}
	// The longest there is.
	id := strings.Repeat("A", 128)
	a = newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{AccessKeyID: id, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal})
	})
	if _, err := a.Verify(sign(t, ride(), signing{keyID: id, secret: testSecret})); err != nil {
		t.Error(err)
	}
}

// TestOneInstantAndContext: the clock is asked once, and once more since a body was read, and what
// it said first is the instant (threat 74); the store gets the request's context, and nobody keeps
// what a store goes on changing.
func TestOneInstantAndContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	asked, got := 0, any(nil)
	session := &sigv4auth.Session{Policies: []*iampolicy.Policy{nil}}
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = auditInto(&e, &n)
		c.Now = func() time.Time { asked++; return testNow.Add(time.Duration(asked)) }
		c.Credentials = sigv4test.StoreFunc(func(ctx context.Context, id, _ string) (sigv4auth.Credential, error) {
			got = ctx.Value(key{})
			return sigv4auth.Credential{AccessKeyID: id, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal, Session: session}, nil
		})
	})
	r := sign(t, ride(), signing{})
	id, err := a.Verify(r.WithContext(context.WithValue(r.Context(), key{}, "here")))
	if err != nil || asked != 2 || got != "here" || !id.VerifiedAt.Equal(e.Time) {
		t.Errorf("%v; the clock was asked %d times; the store's context has %v; %v and %v", err, asked, got, id.VerifiedAt, e.Time)
	}
	session.Policies[0] = &iampolicy.Policy{}
	session.SourceIdentity = "changed"
	if s, _ := id.Session(); s.SourceIdentity != "" || s.Policies[0] != nil {
		t.Errorf("the identity's session changed with the store's: %+v", s)
	}
}

// TestWindowsOfAClockWithFractions: both bounds are inclusive to the whole second, as dates are.
func TestWindowsOfAClockWithFractions(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Now = func() time.Time { return testNow.Add(300 * time.Millisecond) }
	})
	for _, s := range []signing{{at: testNow.Add(-5 * time.Minute)}, {at: testNow.Add(5 * time.Minute)}, {presign: time.Minute, at: testNow.Add(-time.Minute)}} {
		if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), s)); err != nil {
			t.Error(err)
		}
	}
	for _, s := range []signing{{at: testNow.Add(-5*time.Minute - time.Second)}, {at: testNow.Add(5*time.Minute + time.Second)}, {presign: time.Minute, at: testNow.Add(-61 * time.Second)}} {
		if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), s)); err == nil {
			t.Errorf("%+v: admitted", s)
		}
	}
}

// TestHosts: those that are listed, without regard to case, and with their port.
func TestHosts(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Hosts = []string{"api.example.com", "LOCALHOST:8080"} })
	for host, want := range map[string]bool{"api.example.com": true, "API.example.com": true, "localhost:8080": true, "localhost": false, "api.example.com:80": false, "example.com": false} {
		r := request("GET", "/prod/rides", "")
		r.Host = host
		if _, err := a.Verify(sign(t, r, signing{})); (err == nil) != want {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// TestHTTPDate: the Date header counts where no X-Amz-Date came, if it is signed, in its one
// preferred form (threats 70 and 71).
func TestHTTPDate(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	for date, want := range map[string]bool{
		"Fri, 02 Jan 2026 03:04:05 GMT": true, "Sat, 02 Jan 2026 03:04:05 GMT": false, "fri, 02 jan 2026 3:04:05 GMT": false, "Fri, 02 Jan 2026 03:04:05.5 GMT": false,
		"Friday, 02-Jan-26 03:04:05 GMT": false, "Fri Jan  2 03:04:05 2026": false, "2026-01-02T03:04:05Z": false,
	} {
		r := request("GET", "/prod/rides", "")
		r.Header.Set("Date", date)
		if _, err := a.Verify(signWithDate(t, r)); (err == nil) != want {
			t.Errorf("%q: %v", date, err)
		}
	}
	// Beside an X-Amz-Date, a Date is a header like any other.
	r := request("GET", "/prod/rides", "")
	r.Header.Set("Date", "nonsense")
	if _, err := a.Verify(sign(t, r, signing{})); err != nil {
		t.Errorf("an X-Amz-Date beside a Date: %v", err)
	}
}

// TestResourceAccount: it owns the resources whose ARN names no account.
func TestResourceAccount(t *testing.T) {
	t.Parallel()
	everything := attached(parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`))
	a := newAuthenticator(t, nil)
	r := sign(t, request("GET", "/key", ""), signing{})
	id, err := a.Verify(r)
	if err != nil {
		t.Fatal(err)
	}
	for account, want := range map[string]bool{testAccount: true, "999999999999": false, "": false} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: everything, ResourceAccount: account, Target: func(*http.Request) (string, string) { return "s3:GetObject", "arn:aws:s3:::bucket/key" },
		})
		if err := z.Check(r, id); (err == nil) != want {
			t.Errorf("resources of %q: %v", account, err)
		}
	}
	// What is no ARN belongs to the configured account, and the answer holds it as it is.
	none := attached(parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`))
	for _, resource := range []string{"orders", "arn:aws:s3:us-east-1:111122223333", "a:b:c:d:111122223333"} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: none, ResourceAccount: testAccount, Target: func(*http.Request) (string, string) { return "s3:GetObject", resource },
		})
		if e := sigv4auth.AsError(z.Check(r, id)); e == nil || !strings.HasSuffix(e.Message, "on resource: "+resource+" with an explicit deny") {
			t.Errorf("%q: %v", resource, e)
		}
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
	if id == "" || w.Header().Get("X-Amzn-Requestid") != id || w.Header().Get("Date") != testNow.Format(http.TimeFormat) || w.Header().Get("X-Content-Type-Options") != "nosniff" {
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
