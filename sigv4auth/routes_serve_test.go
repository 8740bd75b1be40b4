package sigv4auth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/aws/smithy-go/metrics"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// rideTable is a table for API Gateway's mapping.
func rideTable(h http.Handler) sigv4auth.Routes {
	return sigv4auth.Routes{
		"POST /prod/ride": {Handler: h}, "GET /prod/rides": {Handler: h}, "GET /prod/rides/": {Handler: h},
		"DELETE /prod/ride/{id}": {Handler: h, Context: map[string]string{"rides:Id": "{id}"}},
		"GET /healthz":           {Open: true, Handler: h},
		"POST /prod/hook":        {Authorize: bearer, Handler: h},
	}
}

// TestRoutesWithTarget: API Gateway's mapping names what a request asks for, whether or not a route
// matches. Who is not allowed cannot tell; who is allowed gets what a ServeMux answers. In
// report-only mode all who sign are let through, and nobody else.
func TestRoutesWithTarget(t *testing.T) {
	t.Parallel()
	const some = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke",
		"Resource":["arn:aws:execute-api:*:*:*/prod/POST/*","arn:aws:execute-api:*:*:*/prod/GET/rid*"]},
		{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*","Condition":{"StringEquals":{"rides:Id":"7"}}}]}`
	tests := []struct {
		name           string
		reportOnly     bool
		signed         bool
		method, target string
		status         int // 204 exactly where a route's handler runs
		route          string
		resource       string // behind the stage
		location       string
	}{
		{"allowed", false, true, "POST", "/prod/ride", 204, "POST /prod/ride", "POST/ride", ""},
		{"HEAD is a method of its own", false, true, "HEAD", "/prod/rides", 403, "GET /prod/rides", "HEAD/rides", ""},
		{"by its condition key", false, true, "DELETE", "/prod/ride/7", 204, "DELETE /prod/ride/{id}", "DELETE/ride/7", ""},
		{"not by its condition key", false, true, "DELETE", "/prod/ride/8", 403, "DELETE /prod/ride/{id}", "DELETE/ride/8", ""},
		{"allowed and not there", false, true, "POST", "/prod/nothing", 404, "", "POST/nothing", ""},
		{"allowed, and another method", false, true, "GET", "/prod/ride", 405, "", "GET/ride", ""},
		{"not allowed and not there", false, true, "PUT", "/prod/nothing", 403, "", "PUT/nothing", ""},
		{"unsigned and not there", false, false, "POST", "/prod/nothing", 403, "", "", ""},
		{"open", false, false, "GET", "/healthz", 204, "GET /healthz", "", ""},
		{"threat 12: custom, with a signature that would be allowed", false, true, "POST", "/prod/hook", 403, "POST /prod/hook", "POST/hook", ""},
		{"report only: denied", true, true, "DELETE", "/prod/ride/8", 204, "DELETE /prod/ride/{id}", "DELETE/ride/8", ""},
		{"report only: not there", true, true, "DELETE", "/nothing", 404, "", "", ""},
		{"report only: unsigned", true, false, "DELETE", "/prod/ride/8", 403, "DELETE /prod/ride/{id}", "", ""},
		{"report only: custom", true, true, "POST", "/prod/hook", 403, "POST /prod/hook", "POST/hook", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var handler spy
			cfg := withPolicy(t, some, rideTable(&handler))
			cfg.Target, cfg.ResourceAccount, cfg.ReportOnly = testAPI.Target, sigv4auth.AccountInARN, tt.reportOnly
			h, e, events := serveRoutes(t, cfg, nil)
			w, r := httptest.NewRecorder(), request(tt.method, tt.target, "")
			if tt.signed {
				r = sign(t, r, signing{})
			}
			h.ServeHTTP(w, r)
			if w.Code != tt.status || (handler.ran == 1) != (tt.status == 204) {
				t.Errorf("%d %s; the handler ran %d times", w.Code, w.Body, handler.ran)
			}
			resource := ""
			if tt.resource != "" {
				resource = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/" + tt.resource
			}
			if *events != 1 || e.Route != tt.route || e.Resource != resource || (e.Outcome == sigv4auth.Admitted) == (tt.status == 403) {
				t.Errorf("%d events: %+v", *events, e)
			}
		})
	}

	t.Run("the redirect of a ServeMux", func(t *testing.T) {
		t.Parallel()
		var handler spy
		cfg := withPolicy(t, some, sigv4auth.Routes{"GET /prod/rides/": {Handler: &handler}})
		cfg.Target, cfg.ResourceAccount = testAPI.Target, sigv4auth.AccountInARN
		h, e, _ := serveRoutes(t, cfg, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, sign(t, request("GET", "/prod/rides", ""), signing{}))
		if w.Code != http.StatusTemporaryRedirect || w.Header().Get("Location") != "/prod/rides/" || handler.ran != 0 || e.Route != "" {
			t.Errorf("%d %q, event %+v", w.Code, w.Header().Get("Location"), e)
		}
	})
}

// TestRoutesDetail: the operator reads of a denied request what the caller does not: what was asked
// for, and why it is refused.
func TestRoutesDetail(t *testing.T) {
	t.Parallel()
	const user = "User: arn:aws:iam::111122223333:user/alice is not authorized to "
	for _, tt := range []struct{ name, method, target, detail, cause string }{
		{
			"explicitly denied", "GET", "/orders/9",
			user + "perform: orders:Get on resource: arn:acme:orders:eu-1:********3333:order/9 with an explicit deny", "",
		},
		{"no route", "GET", "/nothing", "no route matches the request", ""},
		{"custom", "POST", "/customers/7/addresses", "the route has no action", "no token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var handler spy
			var refused *sigv4auth.Error
			h, _, _ := serveRoutes(t, withPolicy(t, ordersPolicy, ordersTable(&handler)), func(c *sigv4auth.Config) {
				c.Denied = func(_ http.ResponseWriter, _ *http.Request, err error) { refused = sigv4auth.AsError(err) }
			})
			r := sign(t, request(tt.method, tt.target, ""), signing{})
			h.ServeHTTP(httptest.NewRecorder(), r)
			cause := ""
			if refused.Cause != nil {
				cause = refused.Cause.Error()
			}
			if refused.Message != user+"access this resource" || refused.Detail != tt.detail || cause != tt.cause || handler.ran != 0 {
				t.Errorf("message %q, detail %q, cause %q", refused.Message, refused.Detail, cause)
			}
		})
	}
}

// TestRoutesCheck: a handler may ask about another request by the same table; what no route matched
// and what came through another router is denied.
func TestRoutesCheck(t *testing.T) {
	t.Parallel()
	var z, foreign *sigv4auth.Authorizer
	var id sigv4auth.Identity
	answers := map[string]error{}
	table := ordersTable(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id, _ = sigv4auth.IdentityFrom(r.Context())
		for _, target := range []string{"/orders/7", "/orders/9", "/nothing", "/healthz", "/orders//7"} {
			other := request("GET", target, "").WithContext(r.Context())
			answers[target] = z.Check(other, id)
			if other.Pattern != "" || other.PathValue("id") != "" {
				t.Error("Check has changed the request")
			}
		}
		answers["itself"] = z.Check(r, id)
		answers["by another table"] = foreign.Check(r, id)
		if r.Pattern != "GET /orders/{id}" || r.PathValue("id") != "8" {
			t.Error("Check has changed the request")
		}
	}))
	z, err := sigv4auth.NewAuthorizer(withPolicy(t, ordersPolicy, table))
	if err != nil {
		t.Fatal(err)
	}
	if foreign, err = sigv4auth.NewAuthorizer(withPolicy(t, ordersPolicy, table)); err != nil {
		t.Fatal(err)
	}
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
	a.Routes(z).ServeHTTP(httptest.NewRecorder(), sign(t, request("GET", "/orders/8", ""), signing{}))
	for target, allowed := range map[string]bool{
		"itself": true, "/orders/7": true, "/orders/9": false, "/nothing": false, "/healthz": false, "/orders//7": false,
		"by another table": false,
	} {
		if err, asked := answers[target]; !asked || (err == nil) != allowed {
			t.Errorf("%s: %v; want it to be allowed: %t", target, err, allowed)
		}
	}
	if n != 1 || e.Resource != orderARN+"order/8" {
		t.Errorf("%d events, the last %+v", n, e)
	}

	var handler spy
	w := httptest.NewRecorder()
	a.Require(z.Check)(&handler).ServeHTTP(w, sign(t, request("GET", "/orders/8", ""), signing{}))
	if w.Code != 403 || handler.ran != 0 || e.Reason != sigv4auth.ErrAccessDenied {
		t.Errorf("through another router: %d, event %+v", w.Code, e)
	}
	mapped, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)),
		Target:   testAPI.Target, Routes: rideTable(&handler), ResourceAccount: sigv4auth.AccountInARN,
	})
	if err != nil {
		t.Fatal(err)
	}
	w = httptest.NewRecorder()
	a.Require(mapped.Check)(&handler).ServeHTTP(w, sign(t, ride(), signing{}))
	if w.Code != 403 || handler.ran != 0 {
		t.Errorf("through another router, with a Target: %d", w.Code)
	}
	refused := sigv4auth.AsError(z.Check(request("GET", "/orders/8", ""), id))
	if refused == nil || !strings.Contains(refused.Detail, "Authenticator.Routes") {
		t.Errorf("through no Authenticator: %+v", refused)
	}
}

// TestRoutesWithoutSignature: what holds for handlers behind signatures holds for open routes too:
// the bound on bodies, the headers that they do not see, the source in the event, and that a hook
// that panics refuses.
func TestRoutesWithoutSignature(t *testing.T) {
	t.Parallel()
	t.Run("threat 220: the body is bounded", func(t *testing.T) {
		t.Parallel()
		var failed error
		h, _, _ := serveRoutes(t, withPolicy(t, ordersPolicy, ordersTable(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, failed = io.ReadAll(r.Body)
		}))), func(c *sigv4auth.Config) { c.MaxBodyBytes = 4 })
		for body, ok := range map[string]bool{"1234": true, "12345": false} {
			failed = nil
			h.ServeHTTP(httptest.NewRecorder(), request("POST", "/hooks/a", body))
			if _, tooLarge := errors.AsType[*http.MaxBytesError](failed); tooLarge == ok {
				t.Errorf("%q: %v", body, failed)
			}
		}
	})
	t.Run("headers are stripped", func(t *testing.T) {
		t.Parallel()
		var handler spy
		h, _, _ := serveRoutes(t, withPolicy(t, ordersPolicy, ordersTable(&handler)), func(c *sigv4auth.Config) {
			c.StripHeaders = []string{"X-Remote-User", "Authorization"}
		})
		r := with(with(request("POST", "/customers/7/addresses", ""), "X-Remote-User", "root"), "Authorization", "Bearer good")
		h.ServeHTTP(httptest.NewRecorder(), r)
		if handler.ran != 1 || handler.r.Header.Get("X-Remote-User") != "" || handler.r.Header.Get("Authorization") != "" {
			t.Errorf("the handler ran %d times, with %v", handler.ran, handler.r.Header)
		}
	})
	t.Run("the source", func(t *testing.T) {
		t.Parallel()
		for _, own := range []bool{false, true} {
			var handler spy
			cfg := withPolicy(t, ordersPolicy, ordersTable(&handler))
			want := "203.0.113.7"
			if own {
				want = "198.51.100.1"
				cfg.ClientIP = func(*http.Request) (netip.Addr, bool) { return netip.MustParseAddr(want), true }
			}
			h, e, _ := serveRoutes(t, cfg, func(c *sigv4auth.Config) {
				c.Proxies.Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
				c.Proxies.ClientHeader = "X-Forwarded-For"
			})
			h.ServeHTTP(httptest.NewRecorder(), with(request("GET", "/healthz", ""), "X-Forwarded-For", "203.0.113.7"))
			if handler.ran != 1 || e.Source.String() != want || e.SourceUntold != "" {
				t.Errorf("source %v (%v); want %s", e.Source, e.SourceUntold, want)
			}
		}
	})
	for name, change := range map[string]func(*sigv4auth.Config, *sigv4auth.AuthorizerConfig){
		"threat 218: the audit hook panics": func(c *sigv4auth.Config, _ *sigv4auth.AuthorizerConfig) {
			c.Observe.Audit = func(context.Context, sigv4auth.Event) { panic("x") }
		},
		"threat 227: ClientIP panics": func(_ *sigv4auth.Config, z *sigv4auth.AuthorizerConfig) {
			z.ClientIP = func(*http.Request) (netip.Addr, bool) { panic("x") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var handler spy
			cfg := withPolicy(t, ordersPolicy, ordersTable(&handler))
			var also func(*sigv4auth.Config)
			change(&sigv4auth.Config{}, &cfg)
			also = func(c *sigv4auth.Config) { change(c, &sigv4auth.AuthorizerConfig{}) }
			h, _, _ := serveRoutes(t, cfg, also)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, request("GET", "/healthz", ""))
			if w.Code != 500 || handler.ran != 0 {
				t.Errorf("%d; the handler ran %d times", w.Code, handler.ran)
			}
		})
	}
}

// routeMeter notes the labels of each count of requests.
type routeMeter struct {
	metrics.NopMeterProvider
	seen map[string]int
}

func (m *routeMeter) Meter(scope string, opts ...metrics.MeterOption) metrics.Meter {
	return &routeRecorder{m.NopMeterProvider.Meter(scope, opts...), m}
}

type routeRecorder struct {
	metrics.Meter
	m *routeMeter
}

func (r *routeRecorder) Int64Counter(name string, _ ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	return &routeCounter{name, r.m}, nil
}

type routeCounter struct {
	name string
	m    *routeMeter
}

func (c *routeCounter) Add(_ context.Context, _ int64, opts ...metrics.RecordMetricOption) {
	var o metrics.RecordMetricOptions
	for _, f := range opts {
		f(&o)
	}
	route, _ := o.Properties.Get("route").(string)
	outcome, _ := o.Properties.Get("outcome").(string)
	c.m.seen[c.name+" "+route+" "+outcome]++
}

// TestRoutesMetrics: metrics are by route pattern. However many paths callers ask for, there are no
// more series than patterns and reasons (threat 215).
func TestRoutesMetrics(t *testing.T) {
	t.Parallel()
	var handler spy
	m := &routeMeter{seen: map[string]int{}}
	h, _, _ := serveRoutes(t, withPolicy(t, ordersPolicy, ordersTable(&handler)), func(c *sigv4auth.Config) { c.Observe.Meter = m })
	serve := func(r *http.Request) { h.ServeHTTP(httptest.NewRecorder(), r) }
	for name := range strings.SplitSeq(strings.Repeat("abc", 10), "") {
		serve(sign(t, request("GET", "/orders/"+name, ""), signing{}))
		serve(request("GET", "/orders/"+name, ""))
		serve(request("GET", "/nothing/"+name, ""))
		serve(request("POST", "/hooks/"+name, ""))
	}
	want := map[string]int{
		"sigv4auth.requests GET /orders/{id} admitted": 30, "sigv4auth.requests GET /orders/{id} MissingAuthenticationToken": 30,
		"sigv4auth.requests  MissingAuthenticationToken": 30, "sigv4auth.requests POST /hooks/{name} admitted": 30,
	}
	if len(m.seen) != len(want) {
		t.Errorf("%v; want %v", m.seen, want)
	}
	for k, n := range want {
		if m.seen[k] != n {
			t.Errorf("%s: %d; want %d", k, m.seen[k], n)
		}
	}
}

// TestRoutesInLogs: the event's text names the route, and how it was decided where that is not by
// IAM.
func TestRoutesInLogs(t *testing.T) {
	t.Parallel()
	var handler spy
	h, e, _ := serveRoutes(t, withPolicy(t, ordersPolicy, ordersTable(&handler)), nil)
	for _, tt := range []struct {
		r    *http.Request
		want string
		is   bool
	}{
		{request("GET", "/healthz", ""), `"route":"GET /healthz","authorization":"none"`, true},
		{sign(t, request("GET", "/orders/7", ""), signing{}), `"route":"GET /orders/{id}"`, true},
		{sign(t, request("GET", "/orders/7", ""), signing{}), `"authorization"`, false},
		{request("GET", "/nothing", ""), `"route"`, false},
	} {
		h.ServeHTTP(httptest.NewRecorder(), tt.r)
		if got := inLog(e); strings.Contains(got, tt.want) != tt.is {
			t.Errorf("%s; want %s in it: %t", got, tt.want, tt.is)
		}
	}
}

// TestRoutesReadOneState: a request for a route is decided by the state of the store that its
// credential is of, like any other (threat 234).
func TestRoutesReadOneState(t *testing.T) {
	t.Parallel()
	var handler spy
	allow := parsePolicy(t, iampolicy.IdentityPolicy, ordersPolicy)
	asked := 0
	cfg := sigv4auth.AuthorizerConfig{Routes: ordersTable(&handler), Policies: policyFunc(
		func(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
			if asked++; asked == 1 {
				return iampolicy.Set{}, "", sigv4auth.ErrRevisionGone
			}
			return iampolicy.Set{Identity: []*iampolicy.Policy{allow}}, "r2", nil
		},
	)}
	h, e, events := serveRoutes(t, cfg, nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, sign(t, request("GET", "/orders/7", ""), signing{}))
	if w.Code != 204 || asked != 2 || *events != 1 || e.PolicyRevision != "r2" {
		t.Errorf("%d, asked %d times, %d events, revision %q", w.Code, asked, *events, e.PolicyRevision)
	}
}
