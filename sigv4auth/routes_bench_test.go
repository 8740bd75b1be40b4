package sigv4auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// quiet is a ResponseWriter that allocates nothing.
type quiet struct {
	header http.Header
	status int
}

func (w *quiet) Header() http.Header         { return w.header }
func (w *quiet) Write(b []byte) (int, error) { return len(b), nil }
func (w *quiet) WriteHeader(status int)      { w.status = status }

var noContent = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })

// The routes of the Wild Rydes service, each with a request.
var wildRydes = []struct{ pattern, method, target, resource string }{
	{"POST /prod/ride", "POST", "/prod/ride", "ride"},
	{"GET /prod/rides", "GET", "/prod/rides", "rides"},
	{"GET /prod/ride/{id}", "GET", "/prod/ride/7", "ride/{id}"},
	{"DELETE /prod/ride/{id}", "DELETE", "/prod/ride/7", "ride/{id}"},
	{"GET /prod/users/{user}/rides/{id}", "GET", "/prod/users/alice/rides/7", "user/{user}/ride/{id}"},
}

// rydes returns the handlers of the service's routes: a ServeMux behind Require, the table with the
// same Target, and the table with actions and resources of its own.
func rydes(tb testing.TB, a *sigv4auth.Authenticator) map[string]http.Handler {
	tb.Helper()
	everything := attached(parsePolicy(tb, iampolicy.IdentityPolicy,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`))
	mux, mapped, own := http.NewServeMux(), sigv4auth.Routes{}, sigv4auth.Routes{}
	for _, w := range wildRydes {
		mux.Handle(w.pattern, noContent)
		mapped[w.pattern] = sigv4auth.Route{Handler: noContent}
		own[w.pattern] = sigv4auth.Route{Action: "rides:Do", Resource: "arn:acme:rides:eu-1:111122223333:" + w.resource, Handler: noContent}
	}
	routes := func(cfg sigv4auth.AuthorizerConfig) http.Handler {
		z, err := sigv4auth.NewAuthorizer(cfg)
		if err != nil {
			tb.Fatal(err)
		}
		return a.Routes(z)
	}
	return map[string]http.Handler{
		"require": a.Require(newAuthorizer(tb, sigv4auth.AuthorizerConfig{Policies: everything}).Check)(mux),
		"target":  routes(sigv4auth.AuthorizerConfig{Policies: everything, Routes: mapped, Target: testAPI.Target, ResourceAccount: sigv4auth.AccountInARN}),
		"table":   routes(sigv4auth.AuthorizerConfig{Policies: everything, Routes: own}),
	}
}

// TestRoutesAllocateNoMore: a request to the Wild Rydes routes allocates no more often through a
// table than through Require and a ServeMux. It does not run in parallel: it counts allocations.
func TestRoutesAllocateNoMore(t *testing.T) {
	handlers := rydes(t, newAuthenticator(t, nil))
	for _, route := range wildRydes {
		r := sign(t, request(route.method, route.target, ""), signing{})
		w := &quiet{header: http.Header{}}
		count := func(name string) float64 {
			return testing.AllocsPerRun(200, func() {
				handlers[name].ServeHTTP(w, r)
				if w.status != http.StatusNoContent {
					t.Fatal(w.status)
				}
			})
		}
		require, target, table := count("require"), count("target"), count("table")
		t.Logf("%s: Require %v, with Target %v, with a table %v", route.pattern, require, target, table)
		if (target > require || table > require) && !raceDetector {
			t.Errorf("%s: %v and %v allocations; Require has %v", route.pattern, target, table, require)
		}
	}
}

// BenchmarkRoutes measures a request through Require and a ServeMux beside one through a table.
func BenchmarkRoutes(b *testing.B) {
	handlers := rydes(b, newAuthenticator(b, nil))
	for _, name := range []string{"require", "target", "table"} {
		for _, route := range []int{0, 3, 4} {
			b.Run(fmt.Sprintf("type=%s/values=%d", name, []int{0: 0, 3: 1, 4: 2}[route]), func(b *testing.B) {
				r := sign(b, request(wildRydes[route].method, wildRydes[route].target, ""), signing{})
				w := &quiet{header: http.Header{}}
				b.ReportAllocs()
				for b.Loop() {
					handlers[name].ServeHTTP(w, r)
				}
				if w.status != http.StatusNoContent {
					b.Fatal(w.status)
				}
			})
		}
	}
}

// manyRoutes returns a table of n open routes of as many collections, and one that wants a
// signature.
func manyRoutes(tb testing.TB, n int) http.Handler {
	tb.Helper()
	table := sigv4auth.Routes{"GET /v1/users/{id}/items/{item}": {
		Action: "items:Get", Resource: "arn:acme:items:eu-1:111122223333:{item}", Handler: noContent,
	}}
	for i := range n {
		table[fmt.Sprintf("GET /v1/c%d/{id}/items/{item}", i)] = sigv4auth.Route{Open: true, Handler: noContent}
	}
	a := newAuthenticator(tb, nil)
	z, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{Policies: attached(), Routes: table})
	if err != nil {
		tb.Fatal(err)
	}
	return a.Routes(z)
}

// BenchmarkRoutesLookup measures how the lookup grows with the table: open routes, where nothing
// else is done, and the refusal of a request that is not signed, for what is there and what is not.
func BenchmarkRoutesLookup(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		h := manyRoutes(b, n)
		for _, at := range []struct{ name, target string }{
			{"open", fmt.Sprintf("/v1/c%d/7/items/8", n/2)},
			{"refused", "/v1/users/7/items/8"},
			{"refused-and-not-there", "/v1/nobody/7/items/8"},
			{"refused-for-its-method", "/v1/users/7/items/8"},
		} {
			b.Run(fmt.Sprintf("routes=%d/request=%s", n, at.name), func(b *testing.B) {
				method := http.MethodGet
				if at.name == "refused-for-its-method" {
					method = http.MethodPut
				}
				r, w := request(method, at.target, ""), &quiet{header: http.Header{}}
				b.ReportAllocs()
				for b.Loop() {
					h.ServeHTTP(w, r)
				}
			})
		}
	}
}

// TestRoutesLookupsDoNotGrow: a request among 5,000 routes takes about as long as among 50, and
// allocates as often. The least of several tries is taken.
func TestRoutesLookupsDoNotGrow(t *testing.T) {
	least := func(n int) time.Duration {
		h := manyRoutes(t, n)
		r, w := request("GET", fmt.Sprintf("/v1/c%d/7/items/8", n/2), ""), httptest.NewRecorder()
		best := time.Hour
		for range 20 {
			begin := time.Now()
			for range 200 {
				h.ServeHTTP(w, r)
			}
			best = min(best, time.Since(begin))
		}
		return best
	}
	few, many := least(50), least(5000)
	for range 3 { // another program may have had the machine
		if many > 10*few {
			few, many = min(few, least(50)), min(many, least(5000))
		}
	}
	if t.Logf("%v among 50, %v among 5,000", few, many); many > 10*few {
		t.Errorf("%v among 50 routes, %v among 5,000", few, many)
	}
}

// TestRoutesMissIsLikeMatch: to refuse what is not there is about the work of refusing what is, for
// a method too, whose path a ServeMux would have to answer with a list of others (threat 135).
// It does not run in parallel: it counts allocations.
func TestRoutesMissIsLikeMatch(t *testing.T) {
	h, w := manyRoutes(t, 50), &quiet{header: http.Header{}}
	count := func(method, target string) float64 {
		r := request(method, target, "")
		return testing.AllocsPerRun(200, func() { h.ServeHTTP(w, r) })
	}
	there := count("GET", "/v1/users/7/items/8")
	for _, at := range []struct{ method, target string }{{"PUT", "/v1/users/7/items/8"}, {"GET", "/v1/nobody/7/items/8"}} {
		if n := count(at.method, at.target); n > there+8 && !raceDetector {
			t.Errorf("%s %s: %v allocations, and %v for what is there", at.method, at.target, n, there)
		}
	}
}
