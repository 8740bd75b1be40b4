package sigv4auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/tracing"
	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// meter counts what is recorded, by instrument and outcome.
type meter struct {
	metrics.NopMeterProvider
	counts map[string]int
}

func (m *meter) Meter(scope string, opts ...metrics.MeterOption) metrics.Meter {
	return &recorder{m.NopMeterProvider.Meter(scope, opts...), m}
}

type recorder struct {
	metrics.Meter
	m *meter
}

func (r *recorder) Int64Counter(name string, _ ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	return &instrument{name, r.m}, nil
}

func (r *recorder) Float64Histogram(name string, _ ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	return &instrument{name, r.m}, nil
}

type instrument struct {
	name string
	m    *meter
}

func (i *instrument) record(opts []metrics.RecordMetricOption) {
	var o metrics.RecordMetricOptions
	for _, f := range opts {
		f(&o)
	}
	outcome, _ := o.Properties.Get("outcome").(string)
	i.m.counts[i.name+" "+outcome]++
}

func (i *instrument) Add(_ context.Context, _ int64, opts ...metrics.RecordMetricOption) {
	i.record(opts)
}

func (i *instrument) Record(_ context.Context, _ float64, opts ...metrics.RecordMetricOption) {
	i.record(opts)
}

// TestTelemetry: one count, one duration and one span for each request, by outcome, and no label
// that a request chose (threat 215).
func TestTelemetry(t *testing.T) {
	t.Parallel()
	m := &meter{counts: map[string]int{}}
	spans := &tracer{}
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Meter, c.Observe.Tracer = m, spans })
	_, _ = a.Verify(sign(t, ride(), signing{}))
	_, _ = a.Verify(sign(t, ride(), signing{keyID: "AKIAUNKNOWN"}))
	_, _ = a.Verify(ride())
	want := map[string]int{
		"sigv4auth.requests admitted": 1, "sigv4auth.requests UnrecognizedClient": 1, "sigv4auth.requests MissingAuthenticationToken": 1,
		"sigv4auth.duration admitted": 1, "sigv4auth.duration UnrecognizedClient": 1, "sigv4auth.duration MissingAuthenticationToken": 1,
		"sigv4auth.clock_skew ": 2,
	}
	for k, n := range want {
		if m.counts[k] != n {
			t.Errorf("%s: %d; want %d", k, m.counts[k], n)
		}
	}
	if len(m.counts) != len(want) {
		t.Errorf("recorded %v", m.counts)
	}
	if len(spans.outcomes) != 3 || spans.outcomes[0] != "admitted" || spans.ended != 3 {
		t.Errorf("spans %+v", spans)
	}
	// Each is set once: to OpenTelemetry, Ok is the last word.
	statuses := []tracing.SpanStatus{tracing.SpanStatusOK, tracing.SpanStatusError, tracing.SpanStatusError}
	if diff := cmp.Diff(statuses, spans.statuses); diff != "" {
		t.Error(diff)
	}
}

// definitions notes what instruments are made of, by name.
type definitions struct {
	instruments
	made map[string]string
}

func (d *definitions) Meter(string, ...metrics.MeterOption) metrics.Meter { return d }

func (d *definitions) note(kind, name string, opts []metrics.InstrumentOption) {
	var o metrics.InstrumentOptions
	for _, f := range opts {
		f(&o)
	}
	d.made[name] = fmt.Sprintf("| `%s` | %s | `%s` | ", name, kind, o.UnitLabel)
}

func (d *definitions) Int64Counter(name string, opts ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	d.note("counter", name, opts)
	return d.instruments.Int64Counter(name, opts...)
}

func (d *definitions) Float64Histogram(name string, opts ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	d.note("histogram", name, opts)
	return d.instruments.Float64Histogram(name, opts...)
}

// TestTelemetryIsDocumented: docs/telemetry.md lists every instrument with its kind and unit, and
// no other.
func TestTelemetryIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	d := &definitions{metrics.NopMeterProvider{}.Meter(""), map[string]string{}}
	newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Meter = d })
	for name, row := range d.made {
		if strings.Count(string(page), "\n"+row) != 1 {
			t.Errorf("docs/telemetry.md has no row %s of %s", row, name)
		}
	}
	if n := strings.Count(string(page), "\n| `sigv4auth."); n != len(d.made) {
		t.Errorf("docs/telemetry.md lists %d instruments; there are %d", n, len(d.made))
	}
}

type tracer struct {
	outcomes []any
	statuses []tracing.SpanStatus
	ended    int
}

func (tr *tracer) Tracer(string, ...tracing.TracerOption) tracing.Tracer { return tr }

func (tr *tracer) StartSpan(ctx context.Context, _ string, _ ...tracing.SpanOption) (context.Context, tracing.Span) {
	_, nop := tracing.NopTracerProvider{}.Tracer("").StartSpan(ctx, "")
	return ctx, &span{nop, tr}
}

type span struct {
	tracing.Span
	tr *tracer
}

func (s *span) SetProperty(_, v any) { s.tr.outcomes = append(s.tr.outcomes, v) }
func (s *span) SetStatus(status tracing.SpanStatus) {
	s.tr.statuses = append(s.tr.statuses, status)
}
func (s *span) End() { s.tr.ended++ }

// TestOwnReasonsAreOneLabel: a Check that puts what a request brought into its reason makes no
// series of it (threat 215).
func TestOwnReasonsAreOneLabel(t *testing.T) {
	t.Parallel()
	m := &meter{counts: map[string]int{}}
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Meter = m })
	h := a.Require(func(r *http.Request, _ sigv4auth.Identity) error { return sigv4auth.Reason("no " + r.RequestURI) })(&spy{})
	for _, path := range []string{"/prod/ride", "/prod/rides"} {
		h.ServeHTTP(httptest.NewRecorder(), sign(t, request("GET", path, ""), signing{}))
	}
	if m.counts["sigv4auth.requests Other"] != 2 {
		t.Errorf("%v", m.counts)
	}
}

// tracingKey is where nestedTracer keeps the span that a context is in.
type tracingKey struct{}

// nestedTracer puts each span's name into the context that it is started in.
type nestedTracer struct{ tracer }

func (tr *nestedTracer) Tracer(string, ...tracing.TracerOption) tracing.Tracer { return tr }

func (tr *nestedTracer) StartSpan(ctx context.Context, name string, opts ...tracing.SpanOption) (context.Context, tracing.Span) {
	ctx, span := tr.tracer.StartSpan(ctx, name, opts...)
	return context.WithValue(ctx, tracingKey{}, name), span
}

// TestSpanEndsBeforeTheHandler: stores and the audit hook are called in the span of the
// verification. The handler is in its server's span again: what is written to a span that has ended
// is lost, and what the handler does is no part of a verification.
func TestSpanEndsBeforeTheHandler(t *testing.T) {
	t.Parallel()
	spans := &nestedTracer{}
	at := map[string]any{}
	seen := func(where string, ctx context.Context) { at[where] = ctx.Value(tracingKey{}) }
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Tracer = spans
		c.Observe.Audit = func(ctx context.Context, _ sigv4auth.Event) { seen("audit", ctx) }
		keys := c.Credentials
		c.Credentials = sigv4test.StoreFunc(func(ctx context.Context, id, token string) (sigv4auth.Credential, error) {
			seen("credentials", ctx)
			return keys.Credential(ctx, id, token)
		})
	})
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
		Policies: policyFunc(func(ctx context.Context, _ sigv4auth.Identity) (iampolicy.Set, string, error) {
			seen("policies", ctx)
			return attached(parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)).Policies(ctx, sigv4auth.Identity{})
		}),
	})
	var id sigv4auth.Identity
	requestID := ""
	h := a.Require(z.Check)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen("handler", r.Context())
		id, _ = sigv4auth.IdentityFrom(r.Context())
		requestID, _ = sigv4auth.RequestIDFrom(r.Context())
	}))
	r := sign(t, ride(), signing{})
	r = r.WithContext(context.WithValue(r.Context(), tracingKey{}, "GET /prod/ride"))
	h.ServeHTTP(httptest.NewRecorder(), r)
	const span = "sigv4auth.Verify"
	want := map[string]any{"credentials": span, "policies": span, "audit": span, "handler": "GET /prod/ride"}
	if diff := cmp.Diff(want, at); diff != "" {
		t.Error(diff)
	}
	if id.Principal.ARN != userPrincipal.ARN || requestID == "" {
		t.Errorf("the handler finds %v and request %q", id.Principal, requestID)
	}
}

// TestContextWithAMeterAlone: where there is no tracer, the handler's context is the server's.
func TestContextWithAMeterAlone(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Meter = metrics.NopMeterProvider{} })
	var found any
	h := a.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { found = r.Context().Value(tracingKey{}) }))
	r := sign(t, ride(), signing{})
	h.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithValue(r.Context(), tracingKey{}, "the server's")))
	if found != "the server's" {
		t.Errorf("found %v", found)
	}
}

// TestTelemetryOfBodies: a body in a streaming mode is counted when reading ends, once, and however
// it ends. A meter that panics then does no harm.
func TestTelemetryOfBodies(t *testing.T) {
	t.Parallel()
	m := &meter{counts: map[string]int{}}
	a := newAuthenticator(t, func(c *sigv4auth.Config) { streamingConfig(c); c.Observe.Meter = m })
	for _, body := range []func(string) string{nil, func(s string) string { return s + "x" }} {
		for _, copied := range []bool{false, true} {
			r := upload{mode: modeSigned, data: "hello", body: body}.request(t)
			if _, err := a.Verify(r); err != nil {
				t.Fatal(err)
			}
			if copied {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			_, _ = io.ReadAll(r.Body)
			_, _ = io.ReadAll(r.Body)
		}
	}
	if m.counts["sigv4auth.streamed_bodies verified"] != 2 || m.counts["sigv4auth.streamed_bodies MalformedRequest"] != 2 ||
		m.counts["sigv4auth.requests admitted"] != 4 {
		t.Errorf("counted: %v", m.counts)
	}
	r := upload{mode: modeSigned, data: "hello"}.request(t)
	if _, err := a.Verify(r); err != nil {
		t.Fatal(err)
	}
	m.counts = nil // writing to it panics
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
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

// failingMeter fails to make one instrument, after the next left ones.
type failingMeter struct {
	instruments
	left int
}

type instruments = metrics.Meter

func (m *failingMeter) Meter(string, ...metrics.MeterOption) metrics.Meter { return m }

func (m *failingMeter) fails() error {
	if m.left--; m.left == -1 {
		return errors.New("no instrument")
	}
	return nil
}

func (m *failingMeter) Int64Counter(name string, opts ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	if err := m.fails(); err != nil {
		return nil, err
	}
	return m.instruments.Int64Counter(name, opts...)
}

func (m *failingMeter) Float64Histogram(name string, opts ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	if err := m.fails(); err != nil {
		return nil, err
	}
	return m.instruments.Float64Histogram(name, opts...)
}

// TestMeterFails: a meter that cannot make an instrument is a mistake of the configuration, and not
// a meter less.
func TestMeterFails(t *testing.T) {
	t.Parallel()
	const instruments = 4
	for n := range instruments + 1 {
		cfg := testConfig()
		cfg.Observe.Meter = &failingMeter{instruments: metrics.NopMeterProvider{}.Meter(""), left: n}
		if _, err := sigv4auth.New(cfg); (err == nil) != (n == instruments) {
			t.Errorf("a meter that makes %d instruments: %v", n, err)
		}
	}
}

var _ metrics.MeterProvider = (*meter)(nil)
