package sigv4auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

const orderARN = "arn:acme:orders:eu-1:111122223333:"

// ordersPolicy allows its principal what the tests of routes ask for, but for one order.
const ordersPolicy = `{"Version":"2012-10-17","Statement":[
	{"Sid":"Orders","Effect":"Allow","Action":"orders:*","Resource":"arn:acme:orders:eu-1:111122223333:*"},
	{"Sid":"Nine","Effect":"Deny","Action":"orders:*","Resource":"arn:acme:orders:eu-1:111122223333:order/9"}]}`

var errNoToken = errors.New("no token")

// claimsKey is the key of what bearer finds.
type claimsKey struct{}

// bearer is a Route.Authorize: the token "good" is one.
func bearer(r *http.Request) (context.Context, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !ok:
		return nil, errNoToken
	case token == "late":
		return nil, &sigv4auth.Error{Reason: sigv4auth.ErrExpiredToken, Message: "The token has expired"}
	case token == "scope":
		return nil, fmt.Errorf("wrapped: %w", &sigv4auth.Error{Reason: sigv4auth.ErrAccessDenied, Message: "The token lacks a scope"})
	case token == "down":
		return nil, sigv4auth.ErrServiceUnavailable
	case token == "slow":
		return nil, context.DeadlineExceeded
	case token == "lost":
		return context.Background(), nil
	case token == "panic":
		panic("x")
	case token == "plain":
		return nil, nil
	case token != "good":
		return nil, errors.New("bad token")
	}
	return context.WithValue(r.Context(), claimsKey{}, token), nil
}

// ordersTable is a table of all kinds of routes, each of which h serves.
func ordersTable(h http.Handler) sigv4auth.Routes {
	return sigv4auth.Routes{
		"POST /orders/{id}/cancel": {
			Action: "orders:Cancel", Resource: orderARN + "order/{id}", Context: map[string]string{"orders:OrderId": "{id}"}, Handler: h,
		},
		"GET /orders/{id}":               {Action: "orders:Get", Resource: orderARN + "order/{id}", Handler: h},
		"GET /orders/{$}":                {Action: "orders:List", Resource: orderARN + "order", Handler: h},
		"GET /reports/":                  {Action: "orders:Report", Resource: orderARN + "report", Handler: h},
		"GET /files/{dir}/{rest...}":     {Action: "orders:Read", Resource: orderARN + "file/{dir}/{rest}", Handler: h},
		"GET files.example.com/{name}":   {Action: "orders:Read", Resource: orderARN + "host/{name}", Handler: h},
		"GET /healthz":                   {Open: true, Handler: h},
		"POST /hooks/{name}":             {Open: true, Handler: h},
		"GET /docs/":                     {Open: true, Handler: h},
		"/any/{name}/{rest...}":          {Open: true, Handler: h},
		"POST /customers/{id}/addresses": {Authorize: bearer, Handler: h},
	}
}

// serveRoutes returns the handler of a table whose callers have policy, and what it tells the audit
// hook.
func serveRoutes(
	tb testing.TB, cfg sigv4auth.AuthorizerConfig, change func(*sigv4auth.Config),
) (h http.Handler, event *sigv4auth.Event, events *int) {
	tb.Helper()
	event, events = new(sigv4auth.Event), new(int)
	a := newAuthenticator(tb, func(c *sigv4auth.Config) {
		c.Observe.Audit = auditInto(event, events)
		if change != nil {
			change(c)
		}
	})
	z, err := sigv4auth.NewAuthorizer(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return a.Routes(z), event, events
}

// TestRoutesActions: the actions of a table are those that its routes ask for, each once.
func TestRoutesActions(t *testing.T) {
	t.Parallel()
	var h spy
	want := []string{"orders:Cancel", "orders:Get", "orders:List", "orders:Read", "orders:Report"}
	if got := ordersTable(&h).Actions(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := sigv4auth.Routes(nil).Actions(); len(got) != 0 {
		t.Errorf("of no routes: %q", got)
	}
	action, _ := testAPI.Target(ride())
	if got := testAPI.Actions(); !slices.Equal(got, []string{action}) {
		t.Errorf("API Gateway's: %q", got)
	}
}

func withPolicy(tb testing.TB, doc string, table sigv4auth.Routes) sigv4auth.AuthorizerConfig {
	tb.Helper()
	return sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(tb, iampolicy.IdentityPolicy, doc)), Routes: table}
}

func with(r *http.Request, header, value string) *http.Request {
	r.Header.Set(header, value)
	return r
}

// TestRoutes: what the table says of each request, what is asked of the policies, and what the
// handler and the one event get. What is refused reaches no handler.
func TestRoutes(t *testing.T) {
	t.Parallel()
	signed := func(method, target string) func(testing.TB) *http.Request {
		return func(tb testing.TB) *http.Request { return sign(tb, request(method, target, ""), signing{}) }
	}
	plain := func(method, target string) func(testing.TB) *http.Request {
		return func(testing.TB) *http.Request { return request(method, target, "") }
	}
	token := func(token string) func(testing.TB) *http.Request {
		return func(testing.TB) *http.Request {
			return with(request("POST", "/customers/7/addresses", "x"), "Authorization", "Bearer "+token)
		}
	}
	const (
		iam, none, custom  = sigv4auth.AuthorizationIAM, sigv4auth.AuthorizationNone, sigv4auth.AuthorizationCustom
		malformed, missing = sigv4auth.ErrMalformedRequest, sigv4auth.ErrMissingAuthenticationToken
		denied, incomplete = sigv4auth.ErrAccessDenied, sigv4auth.ErrIncompleteSignature
		customers          = "POST /customers/{id}/addresses"
	)
	tests := []struct {
		name             string
		r                func(testing.TB) *http.Request
		status           int
		reason           sigv4auth.Reason
		route            string
		kind             sigv4auth.Authorization
		action, resource string // without what all begin with
		values           string // path values that the handler finds
	}{
		{"path values", signed("POST", "/orders/7/cancel"), 204, "", "POST /orders/{id}/cancel", iam, "Cancel", "order/7", "id=7"},
		{"HEAD is served by GET's route", signed("HEAD", "/orders/7"), 204, "", "GET /orders/{id}", iam, "Get", "order/7", "id=7"},
		{"{$}", signed("GET", "/orders/"), 204, "", "GET /orders/{$}", iam, "List", "order", ""},
		{"a subtree", signed("GET", "/reports/2026/1"), 204, "", "GET /reports/", iam, "Report", "report", ""},
		{"{rest...}", signed("GET", "/files/a/b/c"), 204, "", "GET /files/{dir}/{rest...}", iam, "Read", "file/a/b/c", "dir=a rest=b/c"},
		{"an empty rest", signed("GET", "/files/a/"), 204, "", "GET /files/{dir}/{rest...}", iam, "Read", "file/a/", "dir=a"},
		{
			"a host", signed("GET", "http://files.example.com/x"), 204, "", "GET files.example.com/{name}", iam, "Read", "host/x",
			"name=x",
		},
		{"another host", signed("GET", "http://others.example.com/x"), 403, denied, "", iam, "", "", ""},
		{
			"escapes, as the handler sees them", signed("GET", "/orders/a%20b%25c%252F"), 204, "", "GET /orders/{id}", iam, "Get",
			`order/a b%c%2F`, "id=a b%c%2F",
		},
		{"threat 145: a star", signed("GET", "/orders/*"), 204, "", "GET /orders/{id}", iam, "Get", "order/*", "id=*"},
		{
			"threat 145: a variable", signed("GET", "/orders/$%7Baws:username%7D"), 204, "", "GET /orders/{id}", iam, "Get",
			"order/${aws:username}", "id=${aws:username}",
		},
		{"denied", signed("GET", "/orders/9"), 403, denied, "GET /orders/{id}", iam, "Get", "order/9", ""},
		{"threat 136: an escaped slash", signed("GET", "/orders/a%2Fb"), 400, malformed, "GET /orders/{id}", iam, "", "", ""},
		{"threat 136: an escaped dot segment", signed("GET", "/files/a/%2e%2e/b"), 400, malformed, "GET /files/{dir}/{rest...}", iam, "", "", ""},
		{"threat 1: unsigned", plain("GET", "/orders/7"), 403, missing, "GET /orders/{id}", iam, "", "", ""},
		{"threat 142: no route", signed("GET", "/nothing"), 403, denied, "", iam, "", "", ""},
		{"another method", signed("DELETE", "/orders/7"), 403, denied, "", iam, "", "", ""},
		{"what would be redirected", signed("GET", "/reports"), 403, denied, "", iam, "", "", ""},

		{"open", plain("GET", "/healthz"), 204, "", "GET /healthz", none, "", "", ""},
		{"open, with a path value", plain("POST", "/hooks/a"), 204, "", "POST /hooks/{name}", none, "", "", "name=a"},
		{"open to a signed request", signed("GET", "/healthz"), 204, "", "GET /healthz", none, "", "", ""},
		{
			"threat 238: open, whatever the credentials are",
			func(testing.TB) *http.Request {
				return with(request("GET", "/healthz", ""), "Authorization", "AWS4-HMAC-SHA256 x")
			},
			204, "", "GET /healthz", none, "", "", "",
		},
		{"open for its method alone", plain("POST", "/healthz"), 403, missing, "", iam, "", "", ""},
		{"open, and never a redirect", plain("GET", "/docs"), 403, missing, "", iam, "", "", ""},
		{"threat 136: open, with a dot segment", plain("GET", "/docs/%2e%2e/x"), 403, missing, "GET /docs/", iam, "", "", ""},
		{"threat 136: open, with an escaped slash", signed("GET", "/docs/a%2Fb"), 400, malformed, "GET /docs/", iam, "", "", ""},

		{"open to all methods", plain("CONNECT", "/any/a/b"), 204, "", "/any/{name}/{rest...}", none, "", "", "name=a rest=b"},
		{"threat 136: CONNECT, whose path no ServeMux cleans", plain("CONNECT", "/any//b"), 400, malformed, "/any/{name}/{rest...}", iam, "", "", ""},

		{"custom", token("good"), 204, "", customers, custom, "", "", "id=7 claims=good"},
		{"custom, without a context", token("plain"), 204, "", customers, custom, "", "", "id=7"},
		{"custom, refused as if it were not there", token("bad"), 403, incomplete, customers, custom, "", "", ""},
		{"custom, without a token", plain("POST", "/customers/7/addresses"), 403, missing, customers, custom, "", "", ""},
		{"threat 12: custom, with a signature", signed("POST", "/customers/7/addresses"), 403, denied, customers, custom, "", "", ""},
		{"custom, refused with an Error", token("late"), 403, sigv4auth.ErrExpiredToken, customers, custom, "", "", ""},
		{"custom, refused with a Reason", token("down"), 503, sigv4auth.ErrServiceUnavailable, customers, custom, "", "", ""},
		{"custom, without time", token("slow"), 503, sigv4auth.ErrServiceUnavailable, customers, custom, "", "", ""},
		{"custom, with a foreign context", token("lost"), 500, sigv4auth.ErrInternalFailure, customers, custom, "", "", ""},
		{"threat 227: custom, with a panic", token("panic"), 500, sigv4auth.ErrInternalFailure, customers, custom, "", "", ""},
		{
			"threat 12: a token for a route that wants a signature",
			func(testing.TB) *http.Request {
				return with(request("GET", "/orders/7", ""), "Authorization", "Bearer good")
			},
			403, incomplete, "GET /orders/{id}", iam, "", "", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ran, found, identified := 0, "", false
			table := ordersTable(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ran++
				for _, name := range []string{"id", "name", "dir", "rest"} {
					if v := r.PathValue(name); v != "" {
						found += " " + name + "=" + v
					}
				}
				if claims, ok := r.Context().Value(claimsKey{}).(string); ok {
					found += " claims=" + claims
				}
				_, identified = sigv4auth.IdentityFrom(r.Context())
				if id, ok := sigv4auth.RequestIDFrom(r.Context()); !ok || id == "" {
					t.Error("the handler finds no request ID")
				}
				w.WriteHeader(http.StatusNoContent)
			}))
			h, e, events := serveRoutes(t, withPolicy(t, ordersPolicy, table), nil)
			w, r := httptest.NewRecorder(), tt.r(t)
			h.ServeHTTP(w, r)
			if w.Code != tt.status || (ran == 1) != (tt.status == 204) || strings.TrimSpace(found) != tt.values {
				t.Errorf("%d %s; the handler ran %d times, with %q", w.Code, w.Body, ran, found)
			}
			if want := ran == 1 && tt.kind == iam; identified != want {
				t.Errorf("IdentityFrom is ok: %t; want %t", identified, want)
			}
			action, resource := "", ""
			if tt.action != "" {
				action, resource = "orders:"+tt.action, orderARN+tt.resource
			}
			if *events != 1 || e.Route != tt.route || e.Authorization != tt.kind || e.Reason != tt.reason ||
				e.Action != action || e.Resource != resource {
				t.Errorf("%d events: %+v", *events, e)
			}
			if !e.Time.Equal(testNow) && tt.reason != sigv4auth.ErrInternalFailure || e.RequestID == "" ||
				e.Source.String() != "192.0.2.1" {
				t.Errorf("time %v, request ID %q, source %v", e.Time, e.RequestID, e.Source)
			}
			if known := ran == 1 && tt.kind == iam || e.Reason == sigv4auth.ErrAccessDenied; known != (e.Principal != "") &&
				e.Reason != sigv4auth.ErrMalformedRequest {
				t.Errorf("principal %q", e.Principal)
			}
			if r.Pattern != tt.route {
				t.Errorf("what wraps the routes finds the pattern %q; want %q", r.Pattern, tt.route)
			}
		})
	}
}

// TestRoutesRevealNothing: who is refused gets one answer, whether the route is there, or its path
// with another method, or a path that a ServeMux would redirect, or nothing (threat 135). It is so
// for callers who do not sign, who sign wrongly and who sign and are not allowed.
func TestRoutesRevealNothing(t *testing.T) {
	t.Parallel()
	targets := []struct{ method, target string }{
		{"POST", "/orders/7/cancel"}, // is there
		{"POST", "/orders/9/cancel"}, // and is denied explicitly
		{"POST", "/nothing"},
		{"POST", "/"},
		{"GET", "/orders/7/cancel"},
		{"DELETE", "/orders/7/cancel"},
		{"BREW", "/orders/7/cancel"},
		{"OPTIONS", "/orders/7/cancel"},
		{"GET", "/orders/7"},
		{"GET", "/orders/7/"},
		{"GET", "/orders"},
		{"GET", "/orders/"},
		{"GET", "/reports"},
		{"GET", "/reports/"},
		{"GET", "/docs"},     // of an open subtree
		{"POST", "/docs/"},   // of open routes with another method
		{"POST", "/healthz"}, //
		{"GET", "/healthz/"},
		{"GET", "/Healthz"},
		{"POST", "/customers/7/addresses"}, // custom
		{"GET", "/customers/7/addresses"},
		{"GET", "http://files.example.com/x"},
	}
	callers := []struct {
		name string
		sign func(testing.TB, *http.Request) *http.Request
	}{
		{"unsigned", func(_ testing.TB, r *http.Request) *http.Request { return r }},
		{"malformed", func(_ testing.TB, r *http.Request) *http.Request {
			return with(r, "Authorization", "AWS4-HMAC-SHA256 x")
		}},
		{"another scheme", func(_ testing.TB, r *http.Request) *http.Request { return with(r, "Authorization", "Bearer bad") }},
		{"an unknown key", func(tb testing.TB, r *http.Request) *http.Request { return sign(tb, r, signing{keyID: "AKIAUNKNOWN"}) }},
		{"a wrong secret", func(tb testing.TB, r *http.Request) *http.Request { return sign(tb, r, signing{secret: "wrong"}) }},
		{"not allowed", func(tb testing.TB, r *http.Request) *http.Request { return sign(tb, r, signing{}) }},
		{"not allowed, with a header twice", func(tb testing.TB, r *http.Request) *http.Request {
			r = sign(tb, r, signing{})
			r.Header["Referer"] = []string{"a", "b"}
			return r
		}},
	}
	const denyNine = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"arn:acme:orders:*:*:order/9"}]}`
	stores := map[string]sigv4auth.PolicyStore{
		"nothing is allowed": attached(),
		"one is denied":      attached(parsePolicy(t, iampolicy.IdentityPolicy, denyNine)),
		"the store is down": policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
			return iampolicy.Set{}, "", errors.New("down")
		}),
	}
	for name, store := range stores {
		for _, caller := range callers {
			t.Run(name+"/"+caller.name, func(t *testing.T) {
				t.Parallel()
				var handler spy
				h, _, _ := serveRoutes(t, sigv4auth.AuthorizerConfig{Policies: store, Routes: ordersTable(&handler)}, nil)
				first := ""
				for _, at := range targets {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, caller.sign(t, request(at.method, at.target, "")))
					w.Header().Del("X-Amzn-Requestid")
					answer := fmt.Sprint(w.Code, w.Header(), w.Body)
					if first == "" {
						first = answer
					}
					if answer != first {
						t.Errorf("%s %s: %s\nwhere others get %s", at.method, at.target, answer, first)
					}
				}
				if handler.ran != 0 {
					t.Errorf("a handler ran %d times", handler.ran)
				}
				if !strings.HasPrefix(first, "4") && !strings.HasPrefix(first, "503") {
					t.Errorf("the answer is %s", first)
				}
			})
		}
	}
}

// TestRoutesForget: what one request matched is nothing to the next. A path that a ServeMux would
// redirect is refused, also right after an open route was served (threat 135).
func TestRoutesForget(t *testing.T) {
	t.Parallel()
	var handler spy
	h, e, _ := serveRoutes(t, withPolicy(t, ordersPolicy, ordersTable(&handler)), nil)
	for range 100 {
		for _, target := range []string{"/docs", "/docs//x", "/reports", "/nothing"} {
			h.ServeHTTP(httptest.NewRecorder(), request("GET", "/healthz", ""))
			ran, w := handler.ran, httptest.NewRecorder()
			r := request("GET", target, "")
			h.ServeHTTP(w, r)
			if w.Code/100 != 4 || handler.ran != ran || e.Route != "" || r.Pattern != "" {
				t.Fatalf("%s: %d, pattern %q, event %+v", target, w.Code, r.Pattern, e)
			}
		}
	}
}

// TestRoutesTellWhatAuthorizeSays: an Error that Authorize returns is answered as it is, one that
// denies too, and is the refusal of no other route.
func TestRoutesTellWhatAuthorizeSays(t *testing.T) {
	t.Parallel()
	var handler spy
	h, e, _ := serveRoutes(t, withPolicy(t, ordersPolicy, ordersTable(&handler)), nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, with(request("POST", "/customers/7/addresses", ""), "Authorization", "Bearer scope"))
	if w.Code != 403 || !strings.Contains(w.Body.String(), "The token lacks a scope") ||
		e.Reason != sigv4auth.ErrAccessDenied || handler.ran != 0 {
		t.Errorf("%d %s, event %+v", w.Code, w.Body, e)
	}
}
