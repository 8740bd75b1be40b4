package sigv4auth_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestStripSpellings: threat 237. A header that is stripped is stripped in every spelling that a
// gateway behind the handler, such as CGI's, makes the same, and nothing else is.
func TestStripSpellings(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.StripHeaders = []string{"X-Remote-User", "x_client_cert", "Authorization", "Remote.Groups"}
	})
	gone := []string{
		"X-Remote-User", "X_Remote_User", "X-Remote_user", "X_remote-User", "x-remote_user", "X_REMOTE_USER", "x-remote-user",
		"X.Remote.User", "X!remote~user",
		"X-Client-Cert", "X_client_cert", "x_client_cert", "Remote-Groups", "Remote_groups", "Authorization",
	}
	kept := []string{
		"X-Remote-Users", "X-Remote", "X-Remoteuser", "X--Remote-User", "X-Remote-Usex", "Remote-User", "Xremote-User",
		"X_remote_users", "Content-Type", "X-Amz-Date",
	}
	r := sign(t, ride(), signing{})
	for _, key := range slices.Concat(gone, kept) {
		if r.Header[key] == nil {
			r.Header[key] = []string{"root"}
		}
	}
	before := r.Header.Clone()
	var handler spy
	a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
	if handler.ran != 1 {
		t.Fatal("refused")
	}
	want := r.Header.Clone()
	for _, key := range gone {
		delete(want, key)
	}
	if got := handler.r.Header; !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the handler sees %v; want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	if !maps.EqualFunc(r.Header, before, slices.Equal) {
		t.Error("the server's request was changed")
	}
}

// TestProxyHeaderSpellings: threat 237. What a proxy of the service's own says is read from the
// header that is configured alone. A client's other spelling of it, which the proxy does not know,
// has no effect on the verification, the event and the policies, and no handler sees it, from
// whatever peer it came.
func TestProxyHeaderSpellings(t *testing.T) {
	t.Parallel()
	via := sigv4auth.TrustedProxies{
		Networks: peerNetwork, ClientHeader: "X-Forwarded-For", HostHeader: "X-Forwarded-Host", SchemeHeader: "X-Forwarded-Proto",
		RestoredHeaders: map[string]string{"Accept-Encoding": "X-Original-Accept-Encoding"},
	}
	const client, host, scheme, restored = "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-Accept-Encoding"
	local := parsePolicy(t, iampolicy.IdentityPolicy,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
		"IpAddress":{"aws:SourceIp":"127.0.0.0/8"},"Bool":{"aws:SecureTransport":"true"}}}]}`)
	spellings := func(key string) []string {
		low := strings.ReplaceAll(key, "-", "_")
		return []string{
			low, strings.ToLower(low), http.CanonicalHeaderKey(low), strings.Replace(key, "-", "_", 1), strings.ReplaceAll(key, "-", "."),
		}
	}
	for name, tt := range map[string]struct {
		true  map[string]string // what the proxy says
		false map[string]string // in other spellings, what the client says
		code  sigv4auth.Reason
	}{
		"a client that claims to be local": {
			map[string]string{client: "198.51.100.7", scheme: "https"}, map[string]string{client: "127.0.0.1"}, sigv4auth.ErrAccessDenied,
		},
		"one that is": {
			map[string]string{client: "127.0.0.1", scheme: "https"}, map[string]string{client: "198.51.100.7", scheme: "http"}, "",
		},
		"TLS that was not used": {
			map[string]string{client: "127.0.0.1", scheme: "http"}, map[string]string{scheme: "https"}, sigv4auth.ErrAccessDenied,
		},
		"a host that was not called": {
			map[string]string{client: "127.0.0.1", scheme: "https", host: "other.example"},
			map[string]string{host: "example.com"},
			sigv4auth.ErrSignatureMismatch,
		},
		"a header that was not sent": {
			map[string]string{client: "127.0.0.1", scheme: "https"}, map[string]string{restored: "identity"}, "",
		},
	} {
		for _, byHook := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, ClientIP %t", name, byHook), func(t *testing.T) {
				t.Parallel()
				var e sigv4auth.Event
				a := newAuthenticator(t, func(c *sigv4auth.Config) {
					c.Proxies, c.Observe.Audit = via, func(_ context.Context, got sigv4auth.Event) { e = got }
				})
				cfg := sigv4auth.AuthorizerConfig{Policies: attached(local)}
				if byHook {
					cfg.ClientIP = func(r *http.Request) (netip.Addr, bool) {
						addr, err := netip.ParseAddr(r.Header.Get(client))
						return addr, err == nil
					}
				}
				r := sign(t, rides(), signing{})
				if tt.true[host] != "" {
					r.Host = "backend:8080"
				}
				for key, value := range tt.true {
					r.Header.Set(key, value)
				}
				var others []string
				for key, value := range tt.false {
					for _, other := range spellings(key) {
						r.Header[other] = []string{value}
						others = append(others, other)
					}
				}
				var handler spy
				a.Require(newAuthorizer(t, cfg).Check)(&handler).ServeHTTP(httptest.NewRecorder(), r)
				if e.Reason != tt.code || (handler.ran == 1) != (tt.code == "") {
					t.Fatalf("%q, the handler ran %d times; want %q", e.Reason, handler.ran, tt.code)
				}
				if want := netip.MustParseAddr(tt.true[client]); e.Source != want {
					t.Errorf("the event's source is %v; want %v", e.Source, want)
				}
				if handler.ran == 0 {
					return
				}
				for _, other := range others {
					if handler.r.Header[other] != nil {
						t.Errorf("the handler sees %s", other)
					}
				}
				for key, value := range tt.true {
					if handler.r.Header.Get(key) != value {
						t.Errorf("the handler does not see %s", key)
					}
				}
			})
		}
	}
	t.Run("from a stranger", func(t *testing.T) {
		t.Parallel()
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Proxies = via })
		r := sign(t, rides(), signing{})
		r.RemoteAddr = "203.0.113.9:4711"
		r.Header["X_forwarded_for"], r.Header["X-Forwarded-For"] = []string{"127.0.0.1"}, []string{"127.0.0.1"}
		var handler spy
		a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
		if handler.r.Header["X_forwarded_for"] != nil || handler.r.Header["X-Forwarded-For"] == nil {
			t.Errorf("the handler sees %v", handler.r.Header)
		}
	})
}

// TestStripCGI: threat 237. Behind net/http/cgi, which makes underscores of hyphens, a client's
// spelling of an identity header does not reach a program.
func TestStripCGI(t *testing.T) {
	t.Parallel()
	program := &cgi.Handler{Path: testneed.Program(t, "sh"), Args: []string{
		"-c",
		`printf 'Content-Type: text/plain\n\n%s;%s' "$HTTP_X_REMOTE_USER" "$HTTP_X_CLIENT_NAME"`,
	}}
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.StripHeaders = []string{"X-Remote-User"} })
	r := sign(t, request("GET", "/prod/rides", ""), signing{})
	r.Header.Set("X_Remote_User", "root")
	r.Header.Set("X-Remote_user", "root")
	r.Header.Set("X_Client_Name", "unicorn")
	w := httptest.NewRecorder()
	a.Handler(program).ServeHTTP(w, r)
	if w.Body.String() != ";unicorn" {
		t.Errorf("%d: the program sees %s", w.Code, w.Body)
	}
}

// TestStripNothingCostsNothing: where none of the headers that are stripped arrived, nothing is
// copied.
func TestStripNothingCostsNothing(t *testing.T) { // not in parallel: it counts allocations
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain := newAuthenticator(t, nil).Handler(nothing)
	strips := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.StripHeaders = []string{"X-Remote-User", "Remote-User"}
		proxy := netip.MustParsePrefix("203.0.113.0/24")
		c.Proxies = sigv4auth.TrustedProxies{Networks: []netip.Prefix{proxy}, ClientHeader: "X-Forwarded-For"}
	}).Handler(nothing)
	r := sign(t, rides(), signing{})
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	allocations := func(h http.Handler) float64 {
		return testing.AllocsPerRun(100, func() { h.ServeHTTP(nil, r) })
	}
	if with, without := allocations(strips), allocations(plain); with > without && !raceDetector {
		t.Errorf("%v allocations, and %v where nothing is to be stripped", with, without)
	}
}
