package sigv4auth_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// FuzzRoutes sends any method, target and host to a table, unsigned and signed by a caller who may
// do everything with what is named 7 and nothing else. A handler runs only where an open route
// matches or the path value that it reads is 7; it is the one that a ServeMux of the same patterns
// runs. Whoever is refused is told nothing of routes: no redirect, no Allow, no 404. What Explain
// says was decided is what was.
func FuzzRoutes(f *testing.F) {
	for _, seed := range []struct{ method, target, host string }{
		{"GET", "/orders/7", "example.com"},
		{"HEAD", "/orders/7", "example.com"},
		{"POST", "/orders/7/cancel", "example.com"},
		{"GET", "/orders/7/../8", "example.com"},
		{"GET", "/orders/7%2F..%2F8", "example.com"},
		{"GET", "/orders/%2e%2e/orders/8", "example.com"},
		{"GET", "//orders/8", "example.com"},
		{"GET", "/orders", "example.com"},
		{"GET", "/docs/a/b", "example.com"},
		{"GET", "/docs", "example.com"},
		{"GET", "/docs/../orders/8", "example.com"},
		{"GET", "/files/7/..;/x", "example.com"},
		{"GET", "/7", "files.example.com:8080"},
		{"GET", "http://files.example.com/8", "example.com"},
		{"CONNECT", "/any/7//", "example.com"},
		{"CONNECT", "example.com:443", "example.com:443"},
		{"OPTIONS", "*", "example.com"},
		{"POST", "/hooks/x?y=/../", "example.com"},
		{"GET", "/healthz\\..\\orders", "example.com"},
	} {
		f.Add(seed.method, seed.target, seed.host)
	}

	var ran, pattern string // of the handler that ran
	names := []string{"id", "dir", "name"}
	record := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pattern, ran = r.Pattern, ""
		for _, name := range names {
			ran += r.PathValue(name)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	table := ordersTable(record)
	for _, p := range []string{"GET /orders/{$}", "GET /reports/"} {
		delete(table, p) // they have no path value
	}
	const seven = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":[
		"arn:acme:orders:*:*:order/7","arn:acme:orders:*:*:file/7/*","arn:acme:orders:*:*:host/7"]}]}`
	var e sigv4auth.Event
	events := 0
	a := newAuthenticator(f, func(c *sigv4auth.Config) {
		c.Path, c.Observe.Audit = sigv4auth.PathEncoded, auditInto(&e, &events) // which lets more paths through
	})
	var last asked
	cfg := withPolicy(f, seven, table)
	cfg.Policies = keeping(cfg.Policies, &last)
	z, err := sigv4auth.NewAuthorizer(cfg)
	if err != nil {
		f.Fatal(err)
	}
	routes, mux := a.Routes(z), http.NewServeMux()
	for p := range table {
		mux.Handle(p, record)
	}

	f.Fuzz(func(t *testing.T, method, target, host string) {
		build := func() *http.Request {
			text := method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
			if err != nil {
				return nil // no server receives it
			}
			r.RemoteAddr = "192.0.2.1:1"
			return r
		}
		for _, signed := range []bool{false, true} {
			r := build()
			if r == nil || signed && !signs(t, r) {
				return
			}
			ran, pattern, last = "", "", asked{}
			before := events
			w := httptest.NewRecorder()
			routes.ServeHTTP(w, r)
			got, by := ran, pattern
			if last.ctx != nil { // the policies were asked: an explanation asks them the same
				x, err := z.Explain(r.WithContext(last.ctx), last.id)
				if err == nil && x.Decision != e.Decision || err != nil && (e.Decision != (iampolicy.Decision{}) || e.Action != "") {
					t.Fatalf("signed %t: Explain %+v, %v; event %+v", signed, x.Decision, err, e)
				}
			}
			if events != before+1 {
				t.Fatalf("%d events", events-before)
			}
			if by == "" {
				told := w.Header().Get("Location") + w.Header().Get("Allow")
				if w.Code != 403 && w.Code != 400 && w.Code != 413 || told != "" {
					t.Fatalf("signed %t: %d %v %s", signed, w.Code, w.Header(), w.Body)
				}
				continue
			}
			if !table[by].Open && (!signed || got != "7" || table[by].Action == "") || e.Route != by || e.Outcome != sigv4auth.Admitted {
				t.Fatalf("signed %t: %q ran with %q, event %+v", signed, by, got, e)
			}
			mux.ServeHTTP(httptest.NewRecorder(), build())
			if ran != got || pattern != by {
				t.Fatalf("signed %t: %q ran with %q; a ServeMux runs %q with %q", signed, by, got, pattern, ran)
			}
		}
	})
}

// signs signs r, if a client can.
func signs(tb testing.TB, r *http.Request) (ok bool) {
	tb.Helper()
	defer func() { ok = recover() == nil }()
	sign(tb, r, signing{})
	return true
}
