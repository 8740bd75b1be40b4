package sigv4auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestRoutesMistakes: each mistake in a table is told, by its pattern, and all at once (threat
// 142).
func TestRoutesMistakes(t *testing.T) {
	t.Parallel()
	var h spy
	ask := func(*http.Request) (context.Context, error) { return nil, nil }
	do := func(resource string) sigv4auth.Route {
		return sigv4auth.Route{Action: "orders:Do", Resource: resource, Handler: &h}
	}
	keys := func(kv ...string) sigv4auth.Route {
		r := do(orderARN + "order")
		r.Context = map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			r.Context[kv[i]] = kv[i+1]
		}
		return r
	}
	target := func(c *sigv4auth.AuthorizerConfig) {
		c.Target, c.ResourceAccount = testAPI.Target, sigv4auth.AccountInARN
	}
	tests := []struct {
		name   string
		routes sigv4auth.Routes
		change func(*sigv4auth.AuthorizerConfig)
		want   []string // field: a part of the problem
	}{
		{"neither Target nor Routes", nil, nil, []string{"Target: is required, or Routes"}},
		{"empty", sigv4auth.Routes{}, nil, []string{"Routes: is empty"}},
		{
			"object paths",
			sigv4auth.Routes{"/": {Open: true, Handler: &h}},
			func(c *sigv4auth.AuthorizerConfig) { c.InsecureObjectPaths = true },
			[]string{"InsecureObjectPaths: cannot be had with Routes"},
		},
		{"all at once", sigv4auth.Routes{
			"GET /a/{x}": {Action: "Do", Resource: "order/{y}"},
			"GET /b":     {},
			"GET c":      {Open: true, Handler: &h},
		}, nil, []string{
			`Routes["GET /a/{x}"].Handler: is required`, `Routes["GET /a/{x}"].Action: must be service:name`,
			`Routes["GET /a/{x}"].Resource: names {y}, which the pattern does not have`, `Routes["GET /b"].Handler: is required`,
			`Routes["GET /b"]: needs an Action and a Resource, or Open, or Authorize`, `Routes["GET c"]: host/path missing /`,
		}},
		{"a nil HandlerFunc", sigv4auth.Routes{"/": {Open: true, Handler: http.HandlerFunc(nil)}}, nil, []string{`Routes["/"].Handler: is required`}},
		{
			"patterns in each other's way",
			sigv4auth.Routes{"/a/{x}": do("*"), "/{y}/b": do("*")},
			func(c *sigv4auth.AuthorizerConfig) { c.ResourceAccount = testAccount },
			[]string{`Routes["/{y}/b"]: cannot be routed: pattern "/{y}/b" conflicts with pattern "/a/{x}": `},
		},
		{"two ways", sigv4auth.Routes{"/": {Open: true, Authorize: ask, Handler: &h}}, nil, []string{`Routes["/"]: is Open and has an Authorize`}},
		{"open with an action", sigv4auth.Routes{"/": {Open: true, Action: "a:b", Handler: &h}}, nil, []string{`Routes["/"]: has an Action`}},
		{
			"open and spooled",
			sigv4auth.Routes{"/": {Open: true, Body: sigv4auth.BodySpooled, Handler: &h}},
			nil,
			[]string{`Routes["/"].Body: is for requests that are signed`},
		},
		{
			"custom and streamed",
			sigv4auth.Routes{"/": {Authorize: ask, Body: sigv4auth.BodyStreamed, Handler: &h}},
			nil,
			[]string{`Routes["/"].Body: is for requests that are signed`},
		},
		{
			"no delivery",
			sigv4auth.Routes{"/": {Action: "a:b", Resource: orderARN + "x", Body: sigv4auth.BodySpooled + 1, Handler: &h}},
			nil,
			[]string{`Routes["/"].Body: is not a BodyDelivery: 3`},
		},
		{
			"custom with a key",
			sigv4auth.Routes{"/": {Authorize: ask, Context: map[string]string{"a:b": "c"}, Handler: &h}},
			nil,
			[]string{`Routes["/"]: has an Action, a Resource or a Context`},
		},
		{"no resource", sigv4auth.Routes{"/": {Action: "a:b", Handler: &h}}, nil, []string{`Routes["/"].Resource: must be an ARN`}},
		{"no action", sigv4auth.Routes{"/": {Resource: orderARN + "x", Handler: &h}}, nil, []string{`Routes["/"].Action: must be service:name`}},
		{
			"an action that is a pattern",
			sigv4auth.Routes{"/": {Action: "a:*", Resource: orderARN + "x", Handler: &h}},
			nil,
			[]string{`Routes["/"].Action: must be`},
		},
		{
			"a resource that is a pattern",
			sigv4auth.Routes{"/": do(orderARN + "order/*")},
			nil,
			[]string{`Routes["/"].Resource: is what one request asks for, and no pattern`},
		},
		{"no ARN", sigv4auth.Routes{"/": do("order")}, nil, []string{`Routes["/"].Resource: must be an ARN`}},
		{
			"threat 145: a path value before the fifth colon",
			sigv4auth.Routes{"/{a}": do("arn:acme:orders:eu-1:{a}:order")},
			nil,
			[]string{`Routes["/{a}"].Resource: has text behind {a}`},
		},
		{
			"threat 145: a path value in the account",
			sigv4auth.Routes{"/{a}/{b}": do("arn:acme:orders:eu-1:{a}/{b}:order")},
			nil,
			[]string{`Routes["/{a}/{b}"].Resource: has text behind {b}`},
		},
		{
			"threat 145: a path value where the account ends",
			sigv4auth.Routes{"/{a}": do("arn:acme:orders:eu-1:1{a}")},
			nil,
			[]string{`Routes["/{a}"].Resource: must be an ARN, with no wildcard before its fifth colon`},
		},
		{
			"threat 145: path values that run into each other",
			sigv4auth.Routes{"/{a}/{b}": do(orderARN + "{a}:{b}")},
			nil,
			[]string{`Routes["/{a}/{b}"].Resource: has text behind {a} that does not begin with '/'`},
		},
		{
			"threat 145: segments before a path value",
			sigv4auth.Routes{"/{a}/{b...}": do(orderARN + "{b}/{a}")},
			nil,
			[]string{`Routes["/{a}/{b...}"].Resource: has text behind {b}, which matches several segments`},
		},
		{"an open brace", sigv4auth.Routes{"/{a}": do(orderARN + "{a")}, nil, []string{`Routes["/{a}"].Resource: has a '{' without a '}'`}},
		{"a closing brace", sigv4auth.Routes{"/{a}": do(orderARN + "a}")}, nil, []string{`Routes["/{a}"].Resource: has a '}' without a '{'`}},
		{"{$} is no value", sigv4auth.Routes{"/a/{$}": do(orderARN + "{$}")}, nil, []string{`Routes["/a/{$}"].Resource: names {$}`}},
		{"nobody's", sigv4auth.Routes{"/": do("arn:acme:orders:::order")}, nil, []string{`Routes["/"].Resource: names no account`}},
		{"no resource, and nobody's", sigv4auth.Routes{"/": do("*")}, nil, []string{`Routes["/"].Resource: names no account`}},
		{
			"nobody's, where every resource is said to name its account",
			sigv4auth.Routes{"/": do("*")},
			func(c *sigv4auth.AuthorizerConfig) { c.ResourceAccount = sigv4auth.AccountInARN },
			[]string{`Routes["/"].Resource: names no account`},
		},
		{
			"whose what Target names is",
			sigv4auth.Routes{"/": {Handler: &h}},
			func(c *sigv4auth.AuthorizerConfig) { c.Target = testAPI.Target },
			[]string{"ResourceAccount: is required with a Target"},
		},
		{"no condition key", sigv4auth.Routes{"/": keys("id", "x")}, nil, []string{`Routes["/"].Context["id"]: is no condition key`}},
		{
			"threat 179: keys that are the server's",
			sigv4auth.Routes{"/": keys("aws:SourceIP", "x", "AWS:PrincipalTag/a", "x")},
			nil,
			[]string{
				`Routes["/"].Context["AWS:PrincipalTag/a"]: is a key that the server`,
				`Routes["/"].Context["aws:SourceIP"]: is a key that the server`,
			},
		},
		{"a key twice", sigv4auth.Routes{"/": keys("a:b", "x", "A:B", "y")}, nil, []string{`Routes["/"].Context["a:b"]: is there twice`}},
		{"a key's value", sigv4auth.Routes{"/": keys("a:b", "{c}")}, nil, []string{`Routes["/"].Context["a:b"]: names {c}`}},
		{
			"Target names the action",
			sigv4auth.Routes{"/": do(orderARN + "x")},
			target,
			[]string{`Routes["/"]: has an Action or a Resource: AuthorizerConfig.Target`},
		},

		{"right", ordersTable(&h), nil, nil},
		{
			"right, with the account in the configuration",
			sigv4auth.Routes{"/": do("arn:acme:orders:::order"), "/x": do("*")},
			func(c *sigv4auth.AuthorizerConfig) { c.ResourceAccount = testAccount }, nil,
		},
		{"right, with Target", sigv4auth.Routes{"/": {Handler: &h}, "/a": {Open: true, Handler: &h}}, target, nil},
		{"right, with a pattern for everything", sigv4auth.Routes{"/{a...}": {Open: true, Handler: &h}}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := sigv4auth.AuthorizerConfig{Policies: attached(), Routes: tt.routes}
			if tt.change != nil {
				tt.change(&cfg)
			}
			_, err := sigv4auth.NewAuthorizer(cfg)
			var got []error
			if joined, ok := err.(interface{ Unwrap() []error }); ok {
				got = joined.Unwrap()
			}
			if len(got) != len(tt.want) || err != nil && got == nil {
				t.Fatalf("%v\nwant %d mistakes", err, len(tt.want))
			}
			for i, err := range got {
				field, problem, _ := strings.Cut(tt.want[i], ": ")
				e, ok := errors.AsType[*sigv4auth.ConfigError](err)
				if !ok || e.Field != "AuthorizerConfig."+field || !strings.Contains(e.Problem, problem) ||
					strings.Contains(e.Problem, ".go:") { // of the file that registered it
					t.Errorf("%v\nwant %s", err, tt.want[i])
				}
			}
		})
	}
}

// TestRoutesAreCopied: a table that is changed later changes nothing.
func TestRoutesAreCopied(t *testing.T) {
	t.Parallel()
	var handler spy
	table := ordersTable(&handler)
	h, _, _ := serveRoutes(t, withPolicy(t, ordersPolicy, table), nil)
	table["GET /orders/{id}"] = sigv4auth.Route{Open: true, Handler: &handler}
	delete(table, "GET /healthz")
	for _, tt := range []struct {
		target string
		status int
	}{{"/orders/7", 403}, {"/healthz", 204}} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request("GET", tt.target, ""))
		if w.Code != tt.status {
			t.Errorf("%s: %d", tt.target, w.Code)
		}
	}
}

// TestRoutesPanics: what has no routes to serve is a mistake in the program, and told at its start.
func TestRoutesPanics(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	for _, z := range []*sigv4auth.Authorizer{nil, newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached()})} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			a.Routes(z)
		}()
	}
}

// TestRoutesKeys: the condition keys of a route hold the path values as data, and the
// configuration's Context comes after them.
func TestRoutesKeys(t *testing.T) {
	t.Parallel()
	const doc = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"orders:Cancel","Resource":"*",
		"Condition":{"StringEquals":{"orders:OrderId":["7","${*}","b/c"],"orders:Kind":"cancel"}}}]}`
	for _, tt := range []struct {
		name, target string
		context      func(*http.Request, sigv4auth.Identity, *iampolicy.Context) error
		status       int
	}{
		{"the value", "/o/7", nil, 204},
		{"another value", "/o/8", nil, 403},
		{"threat 145: a star", "/o/*", nil, 204},
		{"threat 145: a variable", "/o/$%7Baws:username%7D", nil, 403},
		{"segments", "/o/b/c", nil, 204},
		{"the configuration has a word", "/o/8", func(r *http.Request, _ sigv4auth.Identity, c *iampolicy.Context) error {
			if v, _, ok := c.Get("orders:OrderId"); !ok || !slices.Equal(v, []string{"8"}) || r.PathValue("id") != "8" {
				return errors.New("the route's keys are not there")
			}
			c.Set("orders:OrderId", "7")
			return nil
		}, 204},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var handler spy
			cfg := withPolicy(t, doc, sigv4auth.Routes{"POST /o/{id...}": {
				Action: "orders:Cancel", Resource: orderARN + "order", Handler: &handler,
				Context: map[string]string{"orders:OrderId": "{id}", "orders:Kind": "cancel"},
			}})
			cfg.Context = tt.context
			h, _, _ := serveRoutes(t, cfg, nil)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, sign(t, request("POST", tt.target, ""), signing{}))
			if w.Code != tt.status || (handler.ran == 1) != (tt.status == 204) {
				t.Errorf("%d %s; the handler ran %d times", w.Code, w.Body, handler.ran)
			}
		})
	}
}

// TestRoutesOfAnOldMux: where GODEBUG makes a ServeMux take patterns as Go 1.21 did, to which
// GET /a is a path, a table is a mistake.
func TestRoutesOfAnOldMux(t *testing.T) {
	const godebug = "httpmuxgo121=1"
	if os.Getenv("GODEBUG") != godebug {
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestRoutesOfAnOldMux$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG="+godebug)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestRoutesOfAnOldMux") {
			t.Fatalf("%v: %s", err, out)
		}
		return
	}
	var h spy
	_, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{Policies: attached(), Routes: ordersTable(&h)})
	if err == nil || !strings.Contains(err.Error(), "httpmuxgo121") {
		t.Errorf("%v", err)
	}
}
