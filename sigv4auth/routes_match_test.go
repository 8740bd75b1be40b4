package sigv4auth_test

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// wildcardNames are those of randomPattern.
var wildcardNames = [...]string{"a", "b", "c", "d"}

// served is what a handler of a random table found.
type served struct {
	pattern, of string // of the handler, and of the request
	values      [len(wildcardNames)]string
}

func (s *served) handler(pattern string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.pattern, s.of = pattern, r.Pattern
		for i, name := range wildcardNames {
			s.values[i] = r.PathValue(name)
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// pick returns one of the choices.
func pick(rnd *rand.Rand, choices ...string) string { return choices[rnd.IntN(len(choices))] }

// randomPattern returns a pattern of few words, so that patterns overlap and requests hit them.
func randomPattern(rnd *rand.Rand) string {
	var p strings.Builder
	p.WriteString(pick(rnd, "", "", "GET ", "GET ", "POST ", "HEAD ", "DELETE  ", "CONNECT "))
	p.WriteString(pick(rnd, "", "", "", "h.example", "i.example"))
	for i := range 1 + rnd.IntN(3) {
		p.WriteString("/" + pick(rnd, "x", "y", "x%20y", "é", "{"+wildcardNames[i]+"}", "{"+wildcardNames[i]+"}"))
	}
	return p.String() + pick(rnd, "", "", "/", "/{$}", "/{d...}")
}

// randomSegment returns a segment of a path, escaped in ways that a client may choose.
func randomSegment(rnd *rand.Rand) string {
	if rnd.IntN(16) == 0 { // what is refused
		return pick(rnd, ".", "..", "", "%2e", "a%2Fb", "a%5Cb", "%ff", "%00")
	}
	return pick(rnd, "x", "x", "y", "y", "x%20y", "%78", "%c3%a9", "*", "$%7Bx%7D", "a%252Fb", "a:b", "a%3Ab", "a;b", "a+b", "%7Ba%7D")
}

// randomTarget returns the target of a request, mostly one that pattern would match.
func randomTarget(rnd *rand.Rand, pattern string) string {
	var target strings.Builder
	_, path, _ := strings.Cut(pattern, "/")
	for segment := range strings.SplitSeq(path, "/") {
		switch {
		case segment == "{$}":
			segment = ""
		case segment == "{d...}":
			segment = randomSegment(rnd) + "/" + randomSegment(rnd)
		case segment == "" && rnd.IntN(2) == 0, segment != "" && segment[0] == '{', rnd.IntN(8) == 0:
			segment = randomSegment(rnd)
		}
		target.WriteString("/" + segment)
	}
	return target.String() + pick(rnd, "", "", "", "", "/", "?x=/y/")
}

// TestRoutesAreServeMuxes: 10,000 random tables, each with a request: the same pattern serves it
// as in a ServeMux of these patterns, with the same path values, and is the one that the event
// names and that the resource is made by. What a ServeMux would not serve is not served (threats
// 135 to 137 and 142).
func TestRoutesAreServeMuxes(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
	everything := withPolicy(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`, nil)
	hits, misses, ambiguous := 0, 0, 0
	for range 10_000 {
		var got, want served
		mux, table := http.NewServeMux(), sigv4auth.Routes{}
		for range 2 + rnd.IntN(8) {
			p := randomPattern(rnd)
			if !handled(mux, p, want.handler(p)) {
				continue // another one is in its way
			}
			var resource strings.Builder
			resource.WriteString(orderARN + "r")
			for _, name := range wildcardNames {
				if strings.Contains(p, "{"+name) {
					resource.WriteString("/{" + name + "}")
				}
			}
			table[p] = sigv4auth.Route{Action: "orders:Do", Resource: resource.String(), Handler: got.handler(p)}
			if rnd.IntN(4) == 0 {
				table[p] = sigv4auth.Route{Open: true, Handler: got.handler(p)}
			}
		}
		everything.Routes = table
		z, err := sigv4auth.NewAuthorizer(everything)
		if err != nil {
			t.Fatalf("%v: %v", slices.Sorted(maps.Keys(table)), err)
		}
		patterns := slices.Sorted(maps.Keys(table))
		method, target := pick(rnd, "GET", "GET", "HEAD", "POST", "PUT", "CONNECT"), randomTarget(rnd, pick(rnd, patterns...))
		host := pick(rnd, "h.example", "h.example:8080", "example.com")
		if path, _, _ := strings.Cut(target, "?"); strings.Contains(path, "//") && method == http.MethodConnect {
			method = http.MethodGet // ServeMux counts path values wrongly there, and PathValue panics
		}
		build := func() *http.Request {
			r := httptest.NewRequest("GET", "/", nil)
			r.Method, r.RequestURI, r.Host = method, target, host
			u, err := url.ParseRequestURI(target)
			if err != nil {
				t.Fatal(err)
			}
			r.URL = u
			return r
		}
		muxed := httptest.NewRecorder()
		mux.ServeHTTP(muxed, build())
		w, r := httptest.NewRecorder(), build()
		r = sign(t, r, signing{})
		a.Routes(z).ServeHTTP(w, r)
		switch {
		case got.pattern == "": // refused: no route, or a path that routers may take in two ways
			if w.Code == http.StatusBadRequest && e.Reason == sigv4auth.ErrMalformedRequest {
				ambiguous++
			} else if misses++; want.pattern != "" || w.Code != http.StatusForbidden || e.Route != "" {
				t.Fatalf("%s %s (%s) in %q: %d, %q; a ServeMux has %+v", method, target, host, patterns, w.Code, e.Route, want)
			}
		case got != want || e.Route != inEvent(r.Pattern) || e.Outcome != sigv4auth.Admitted:
			t.Fatalf("%s %s (%s) in %q: %+v, event %q; a ServeMux has %+v", method, target, host, patterns, got, e.Route, want)
		default:
			hits++
			if table[got.pattern].Open {
				break
			}
			var resource strings.Builder
			resource.WriteString(orderARN + "r")
			for i, name := range wildcardNames {
				if strings.Contains(got.pattern, "{"+name) {
					resource.WriteString("/" + want.values[i])
				}
			}
			if e.Resource != inEvent(resource.String()) {
				t.Fatalf("%s %s: the resource is %q; want %q", method, target, e.Resource, inEvent(resource.String()))
			}
		}
	}
	t.Logf("%d hits, %d misses, %d ambiguous paths", hits, misses, ambiguous)
	if hits < 1000 || misses < 1000 || ambiguous < 1000 {
		t.Error("the generator no longer makes all kinds")
	}
}

// handled registers a handler, unless another pattern is in the way.
func handled(mux *http.ServeMux, pattern string, h http.Handler) (ok bool) {
	defer func() { ok = recover() == nil }()
	mux.Handle(pattern, h)
	return true
}

// inEvent returns a text as it is in an event.
func inEvent(s string) string { return strings.ReplaceAll(s, "é", `\xc3\xa9`) }
