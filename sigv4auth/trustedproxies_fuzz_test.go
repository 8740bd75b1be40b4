package sigv4auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// FuzzClientsClaims puts any text in front of what a trusted proxy appends to X-Forwarded-For and
// to Forwarded. What is believed stays what the proxy said.
func FuzzClientsClaims(f *testing.F) {
	var event sigv4auth.Event
	newBehind := func(header string) *sigv4auth.Authenticator {
		return newAuthenticator(f, func(c *sigv4auth.Config) {
			c.Proxies = sigv4auth.TrustedProxies{
				Networks: peerNetwork, ClientHeader: header, HostHeader: "Forwarded",
				SchemeHeader: "Forwarded",
			}
			c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { event = e }
		})
	}
	byList, byForwarded := newBehind("X-Forwarded-For"), newBehind("Forwarded")
	fresh := func(tb testing.TB) *http.Request {
		r := sign(tb, request("GET", "/prod/rides", ""), signing{})
		r.Host = "backend"
		return r
	}
	good := fresh(f)
	for _, seed := range []string{
		"", "198.51.100.9", "192.0.2.9", "junk,", `for="`, `for="x\`, "for=192.0.2.9;host=example.com;proto=https", `;"`, "for=192.0.2.9,",
		"\x00",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, claim string, sameLine bool) {
		for _, a := range []*sigv4auth.Authenticator{byList, byForwarded} {
			r := good.Clone(t.Context())
			for key, said := range map[string]string{
				"X-Forwarded-For": "198.51.100.1, 192.0.2.7",
				"Forwarded":       `for=198.51.100.1;host="example.org";proto=http, for=192.0.2.7;host=inner;proto=https`,
			} {
				if sameLine {
					r.Header[key] = []string{claim + ", " + said}
				} else {
					r.Header[key] = []string{claim, said}
				}
			}
			var handler spy
			a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
			if event.Source.String() != "198.51.100.1" {
				t.Fatalf("%q: the client is taken for %v", claim, event.Source)
			}
			// The client signed for example.com, and called example.org: nothing that it writes
			// changes that.
			if handler.ran != 0 {
				t.Fatalf("%q: the handler ran for another host", claim)
			}
		}
	})
}
