package sigv4auth_test

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
)

// peerNetwork holds the peer of every request that httptest makes.
var peerNetwork = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}

// rides is a request without a body, on which tests of headers sign what they like.
func rides() *http.Request { return request("GET", "/prod/rides?limit=10", "") }

// TestRelayed: what a proxy changed or hid is put back for the signature where its peer is trusted,
// and nowhere else.
func TestRelayed(t *testing.T) {
	t.Parallel()
	byHost := sigv4auth.TrustedProxies{Networks: peerNetwork, HostHeader: "X-Forwarded-Host"}
	byForwarded := sigv4auth.TrustedProxies{Networks: peerNetwork, HostHeader: "Forwarded"}
	byPrefix := sigv4auth.TrustedProxies{Networks: peerNetwork, PathPrefix: "/prod"}
	byEncoding := sigv4auth.TrustedProxies{
		Networks:        peerNetwork,
		RestoredHeaders: map[string]string{"accept-encoding": "x-original-accept-encoding"},
	}
	// The proxy calls the backend by another name, and says what the client called.
	backend := func(header string, values ...string) func(*http.Request) {
		return func(r *http.Request) {
			r.Host = "backend:8080"
			r.Header[header] = values
		}
	}
	stripped := func(prefix string) func(*http.Request) {
		return func(r *http.Request) { r.RequestURI = strings.TrimPrefix(r.RequestURI, prefix) }
	}
	encoded := func() *http.Request {
		r := rides()
		r.Header.Set("Accept-Encoding", "identity")
		return r
	}
	// The SDK's signer leaves Accept-Encoding out where net/http would set it, and signs what it
	// finds.
	reencoded := func(original ...string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Accept-Encoding", "gzip")
			if original != nil {
				r.Header["X-Original-Accept-Encoding"] = original
			}
		}
	}
	stranger := func(change func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			change(r)
			r.RemoteAddr = "203.0.113.9:4711"
		}
	}
	const mismatch, notServed = sigv4auth.ErrSignatureMismatch, sigv4auth.ErrHostNotAllowed
	only := func(hosts ...string) func(*sigv4auth.Config) {
		return func(c *sigv4auth.Config) { c.Hosts = hosts }
	}
	tests := []struct {
		name    string
		proxies sigv4auth.TrustedProxies
		config  func(*sigv4auth.Config)
		r       func() *http.Request
		arrives func(*http.Request)
		want    sigv4auth.Reason // "": admitted
		detail  string           // part of the Detail
	}{
		{"nothing was changed", byHost, nil, rides, func(*http.Request) {}, "", ""},
		{
			"the zero value trusts nobody",
			sigv4auth.TrustedProxies{},
			nil, rides, backend("X-Forwarded-Host", "example.com"), mismatch,
			"the request came through a proxy, and its peer is not one of Config.Proxies",
		},
		{"threat 123: the host that the proxy says", byHost, nil, rides, backend("X-Forwarded-Host", "example.com"), "", ""},
		{"threat 123: a stranger's header", byHost, nil, rides, stranger(backend("X-Forwarded-Host", "example.com")), mismatch, "came through a proxy"},
		{"threat 120: another header than the configured one", byHost, nil, rides, backend("X-Host", "example.com"), mismatch, ""},
		{"threat 120: Forwarded where X-Forwarded-Host is configured", byHost, nil, rides, backend("Forwarded", "host=example.com"), mismatch, ""},
		{"threat 39: the proxy took the port away and says it", byHost, nil, func() *http.Request {
			r := rides()
			r.Host = "example.com:8443"
			return r
		}, backend("X-Forwarded-Host", "example.com:8443"), "", ""},
		{"threat 39: the proxy took the port away and does not say", byHost, nil, func() *http.Request {
			r := rides()
			r.Host = "example.com:8443"
			return r
		}, backend("X-Forwarded-Host", "example.com"), mismatch, ""},
		{"threat 123: three hosts", byHost, nil, rides, backend("X-Forwarded-Host", "a.example.org, b.example.org", "example.com"), "", ""},
		{
			"threat 123: a fourth host, and none is believed", byHost, nil, rides, backend("X-Forwarded-Host", "example.com, a, b, c"),
			mismatch, "X-Forwarded-Host is malformed",
		},
		{
			"threat 123: one of the hosts is none, and none is believed", byHost, nil, rides,
			backend("X-Forwarded-Host", "example.com, a/b"), mismatch, "X-Forwarded-Host is malformed",
		},
		{"threat 123: an empty host among them", byHost, nil, rides, backend("X-Forwarded-Host", "example.com,"), mismatch, "X-Forwarded-Host is malformed"},
		{"the header is empty", byHost, nil, rides, backend("X-Forwarded-Host", ""), mismatch, ""},
		{"a line feed in the host", byHost, nil, rides, backend("X-Forwarded-Host", "example.com\nx-amz-date:1"), mismatch, "X-Forwarded-Host is malformed"},
		{
			"threat 80: the host that was signed is served", byHost, only("example.com"), rides,
			backend("X-Forwarded-Host", "a.example.org, example.com"), "", "",
		},
		{
			"threat 80: the host that was signed is not served, another one is", byHost, only("a.example.org"), rides,
			backend("X-Forwarded-Host", "a.example.org, example.com"), mismatch, "",
		},
		{
			"threat 80: the backend's name is served, the host that was signed is not", byHost, only("backend:8080"), rides,
			backend("X-Forwarded-Host", "example.com"), mismatch, "",
		},
		{"threat 80: no host is served", byHost, only("example.org"), rides, backend("X-Forwarded-Host", "example.com"), notServed, ""},
		{
			"threat 80: a stranger names a host that is served", byHost, only("example.com"), rides,
			stranger(backend("X-Forwarded-Host", "example.com")), notServed, "",
		},

		{"Forwarded", byForwarded, nil, rides, backend("Forwarded", `for=198.51.100.1;host="example.com";proto=https`), "", ""},
		{"Forwarded, of two proxies", byForwarded, nil, rides, backend("Forwarded", `for=198.51.100.1;host=example.com, for=192.0.2.7;host=inner`), "", ""},
		{
			"threat 120: Forwarded, an element that the client wrote", byForwarded, nil, rides,
			backend("Forwarded", `for=192.0.2.8;host=example.com`, `for=198.51.100.1;host=b.example.org`), mismatch, "",
		},
		{
			"threat 120: Forwarded, a quote that the client left open", byForwarded, nil, rides,
			backend("Forwarded", `for="x, for=198.51.100.1;host=example.com`), "", "",
		},
		{"Forwarded, of trusted proxies alone", byForwarded, nil, rides, backend("Forwarded", `for=192.0.2.7;host=example.com`), "", ""},
		{"Forwarded, nothing but an extension", byForwarded, nil, rides, backend("Forwarded", `by=_x`), mismatch, "Forwarded is malformed"},
		{"Forwarded, malformed", byForwarded, nil, rides, backend("Forwarded", `host=example.com;host=example.com`), mismatch, "Forwarded is malformed"},

		{"threat 125: the prefix that the proxy took off", byPrefix, nil, rides, stripped("/prod"), "", ""},
		{"threat 125: more than the prefix was taken off", byPrefix, nil, rides, stripped("/prod/rides"), sigv4auth.ErrMalformedRequest, ""},
		{"threat 125: nothing was taken off", byPrefix, nil, rides, func(*http.Request) {}, mismatch, ""},
		{"threat 125: a stranger without the prefix", byPrefix, nil, rides, stranger(stripped("/prod")), mismatch, ""},
		{"threat 125: a stranger with the prefix", byPrefix, nil, rides, stranger(func(*http.Request) {}), "", ""},
		{"threat 125: an absolute target", byPrefix, nil, rides, func(r *http.Request) { r.RequestURI = "http://example.com/rides?limit=10" }, "", ""},
		{
			"threat 125: dots behind the prefix", byPrefix, nil, rides, func(r *http.Request) { r.RequestURI = "/../prod/rides?limit=10" },
			sigv4auth.ErrMalformedRequest, "",
		},

		{
			"threat 124: a signed header that the proxy rewrote",
			sigv4auth.TrustedProxies{Networks: peerNetwork},
			nil, encoded,
			reencoded(), mismatch, "signed headers that proxies commonly rewrite: accept-encoding",
		},
		{"threat 124: the proxy passes what the client sent", byEncoding, nil, encoded, reencoded("identity"), "", ""},
		{"threat 124: the proxy passes something else", byEncoding, nil, encoded, reencoded("br"), mismatch, ""},
		{"threat 124: the proxy passes nothing", byEncoding, nil, encoded, reencoded(), mismatch, "accept-encoding"},
		{"threat 124: two values to restore", byEncoding, nil, encoded, reencoded("identity", "identity"), mismatch, "X-Original-Accept-Encoding is malformed"},
		{"threat 124: the proxy dropped the header", byEncoding, nil, encoded, func(r *http.Request) {
			r.Header.Del("Accept-Encoding")
			r.Header.Set("X-Original-Accept-Encoding", "identity")
		}, "", ""},
		{"threat 124: a stranger restores", byEncoding, nil, encoded, stranger(reencoded("identity")), mismatch, "accept-encoding"},
		{
			"threat 124: what the proxy passes counts, not what arrived", byEncoding, nil, encoded,
			func(r *http.Request) { r.Header.Set("X-Original-Accept-Encoding", "gzip") }, mismatch, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range []signing{{}, {keyID: "AKIAUNKNOWN"}} {
				var handler spy
				var refused *sigv4auth.Error
				a := newAuthenticator(t, func(c *sigv4auth.Config) {
					c.Proxies = tt.proxies
					c.Denied = func(w http.ResponseWriter, r *http.Request, err error) { refused = sigv4auth.AsError(err) }
					if tt.config != nil {
						tt.config(c)
					}
				})
				r := sign(t, tt.r(), s)
				tt.arrives(r)
				host, header := r.Host, r.Header.Clone()
				a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
				if s.keyID != "" {
					if handler.ran != 0 {
						t.Error("an unknown key is admitted")
					}
					continue
				}
				if (handler.ran == 1) != (tt.want == "") || tt.want != "" && !errors.Is(refused, tt.want) {
					t.Fatalf("ran %d times, %v; want %v", handler.ran, refused, tt.want)
				}
				if tt.detail != "" && !strings.Contains(refused.Detail, tt.detail) ||
					tt.want != "" && tt.detail == "" && strings.Contains(refused.Detail, "commonly") {
					t.Errorf("detail %q; want %q", refused.Detail, tt.detail)
				}
				if refused != nil && (strings.Contains(refused.Detail, "example") || strings.Contains(refused.Message, "proxy")) {
					t.Errorf("threat 124: the refusal tells too much: %q, %q", refused.Detail, refused.Message)
				}
				if handler.ran == 1 &&
					(handler.r.Host != host || len(handler.r.Header) != len(header) ||
						handler.r.Header.Get("Accept-Encoding") != header.Get("Accept-Encoding")) {
					t.Error("threat 231: the handler sees another host or header than arrived")
				}
			}
		})
	}
}

// TestNoProxyIsBlamed: where nothing points at a proxy, the operator is not told of one.
func TestNoProxyIsBlamed(t *testing.T) {
	t.Parallel()
	_, err := newAuthenticator(t, nil).Verify(sign(t, rides(), signing{secret: "x"}))
	if e := sigv4auth.AsError(err); e.Reason != sigv4auth.ErrSignatureMismatch || e.Detail != "" {
		t.Errorf("%v, %q", err, e.Detail)
	}
}

// TestRelayedIdentity: the identity does not vouch for what a proxy rewrote, and VerifiedHeader
// returns what was signed.
func TestRelayedIdentity(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Proxies = sigv4auth.TrustedProxies{
			Networks: peerNetwork, HostHeader: "X-Forwarded-Host",
			RestoredHeaders: map[string]string{"Accept-Encoding": "X-Original-Accept-Encoding", "User-Agent": "X-Original-User-Agent"},
		}
	})
	r := rides()
	r.Header.Set("Accept-Encoding", "identity")
	r = sign(t, r, signing{})
	r.Host = "backend"
	r.Header.Set("X-Forwarded-Host", "example.com")
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("X-Original-Accept-Encoding", "identity")
	r.Header.Set("X-Original-User-Agent", "x") // the client did not sign its own
	var handler spy
	a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
	if handler.ran != 1 {
		t.Fatal("refused")
	}
	id, _ := sigv4auth.IdentityFrom(handler.r.Context())
	for name, want := range map[string]bool{
		"Accept-Encoding": false, "accept-encoding": false, "X-Original-Accept-Encoding": false, "User-Agent": false, "Host": false,
		"host": false, "X-Amz-Date": true,
	} {
		if got := id.Signed(name); got != want {
			t.Errorf("Signed(%q) is %t", name, got)
		}
	}
	kept := sign(t, rides(), signing{})
	kept.Header.Set("X-Forwarded-Host", "another.example")
	if id, err := a.Verify(kept); err != nil || !id.Signed("Host") {
		t.Errorf("Signed(\"Host\") is false of the host that arrived and was signed; %v", err)
	}
	// A policy about aws:UserAgent is about what the client sent.
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",` +
		`"Condition":{"StringEquals":{"aws:UserAgent":"x"}}}]}`
	if err := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, policy))}).Check(r,
		id); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"Host": "example.com", "accept-encoding": "identity", "User-Agent": ""} {
		if got, err := sigv4auth.VerifiedHeader(handler.r, name); got != want || (err == nil) != (want != "") {
			t.Errorf("VerifiedHeader(%q) is %q, %v; want %q", name, got, err, want)
		}
	}
}

// TestRelayedConditions: aws:SourceIp, aws:SecureTransport and the event's source come from the
// trusted proxy alone: threats 119 to 122 and 180.
func TestRelayedConditions(t *testing.T) {
	t.Parallel()
	all := sigv4auth.TrustedProxies{Networks: peerNetwork, ClientHeader: "X-Forwarded-For", SchemeHeader: "X-Forwarded-Proto"}
	realIP := sigv4auth.TrustedProxies{Networks: peerNetwork, ClientHeader: "x-real-ip"}
	forwarded := sigv4auth.TrustedProxies{Networks: peerNetwork, ClientHeader: "Forwarded", SchemeHeader: "forwarded"}
	socket := sigv4auth.TrustedProxies{UnixSocket: true, ClientHeader: "X-Forwarded-For", SchemeHeader: "X-Forwarded-Proto"}
	many := strings.Repeat("192.0.2.9, ", 100)
	const missing, malformed, proxies, peer = diagnosis.UntoldMissing, diagnosis.UntoldMalformed, diagnosis.UntoldProxies,
		diagnosis.UntoldPeer
	tests := []struct {
		name     string
		proxies  sigv4auth.TrustedProxies
		peer     string // "": 192.0.2.1
		tls      bool
		header   http.Header
		client   diagnosis.Untold // or the address
		scheme   diagnosis.Untold // or http or https
		overUnix bool
	}{
		{
			"no proxy is trusted",
			sigv4auth.TrustedProxies{},
			"", false,
			http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"}},
			"192.0.2.1", "http", false,
		},
		{"a trusted proxy", all, "", false, http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"}}, "198.51.100.1", "https", false},
		{
			"threat 119: a stranger", all, "203.0.113.9:1", false,
			http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"}},
			"203.0.113.9", "http", false,
		},
		{"threat 122: a stranger over TLS", all, "203.0.113.9:1", true, http.Header{"X-Forwarded-Proto": {"http"}}, "203.0.113.9", "https", false},
		{"threat 122: the client did not use TLS, the proxy does", all, "", true, http.Header{"X-Forwarded-Proto": {"http"}}, missing, "http", false},
		{"threat 122: the proxy does not say", all, "", true, nil, missing, missing, false},
		{"threat 122: all hops used TLS", all, "", false, http.Header{"X-Forwarded-Proto": {"HTTPS , https", "https"}}, missing, "https", false},
		{"threat 122: one hop did not", all, "", false, http.Header{"X-Forwarded-Proto": {"https, http"}}, missing, "http", false},
		{"threat 122: a list with nothing in it", all, "", false, http.Header{"X-Forwarded-Proto": {"https,"}}, missing, malformed, false},
		{"threat 122: another scheme", all, "", false, http.Header{"X-Forwarded-Proto": {"https2"}}, missing, malformed, false},
		{"threat 122: the scheme is not asked for", realIP, "", true, http.Header{"X-Forwarded-Proto": {"http"}}, missing, "https", false},
		{
			"threat 120: X-Real-IP is configured", realIP, "", false,
			http.Header{"X-Real-Ip": {"198.51.100.1"}, "X-Forwarded-For": {"6.6.6.6"}, "Cf-Connecting-Ip": {"6.6.6.6"}},
			"198.51.100.1",
			"http", false,
		},
		{"threat 120: X-Real-IP is not", all, "", false, http.Header{"X-Real-Ip": {"6.6.6.6"}, "Forwarded": {"for=6.6.6.6"}}, missing, missing, false},
		{
			"threat 119: a malformed element stops the walk", all, "", false,
			http.Header{"X-Forwarded-For": {"198.51.100.1, junk, 192.0.2.7"}},
			malformed, missing, false,
		},
		{
			"threat 119: before the client's element anything may stand", all, "", false,
			http.Header{"X-Forwarded-For": {"junk, 198.51.100.1, 192.0.2.7"}},
			"198.51.100.1", missing, false,
		},
		{"threat 119: a list without end", all, "", false, http.Header{"X-Forwarded-For": {"198.51.100.1, " + many + "192.0.2.7"}}, malformed, missing, false},
		{
			"threat 121: an IPv4-mapped peer and element", all, "[::ffff:192.0.2.1]:1", false,
			http.Header{"X-Forwarded-For": {"::ffff:198.51.100.1"}},
			"198.51.100.1", missing, false,
		},
		{"threat 121: zone, port and brackets", all, "", false, http.Header{"X-Forwarded-For": {"[fe80::1%eth0]:443"}}, "fe80::1", missing, false},
		{"threat 121: brackets without a port", all, "", false, http.Header{"X-Forwarded-For": {"[2001:db8::1]"}}, "2001:db8::1", missing, false},
		{"threat 121: brackets around IPv4", all, "", false, http.Header{"X-Forwarded-For": {"[198.51.100.1]"}}, malformed, missing, false},
		{
			"threat 121: a trusted Unix socket", socket, "@", false,
			http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"}},
			"198.51.100.1", "https", true,
		},
		{"threat 121: a trusted Unix socket and no header", socket, "@", false, nil, missing, missing, true},
		{
			"threat 121: a Unix socket that is not trusted", all, "@", false,
			http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"}},
			peer, "http", true,
		},
		{
			"threat 121: an address that other middleware wrote is no Unix socket", socket, "198.51.100.7", false,
			http.Header{"X-Forwarded-For": {"6.6.6.6"}, "X-Forwarded-Proto": {"https"}},
			peer, "http", false,
		},
		{"Forwarded", forwarded, "", false, http.Header{"Forwarded": {`for="[2001:db8::1]:4711";proto=https;by=_x`}}, "2001:db8::1", "https", false},
		{
			"Forwarded, of two proxies: the client's own connection counts", forwarded, "", false,
			http.Header{"Forwarded": {`for=198.51.100.1;proto=https, for=192.0.2.7; proto=http`}},
			"198.51.100.1", "https", false,
		},
		{
			"threat 119: Forwarded, spoofed before it", forwarded, "", false,
			http.Header{"Forwarded": {`for=6.6.6.6;proto=https`, `For=198.51.100.1;Proto=http`}},
			"198.51.100.1", "http", false,
		},
		{
			"Forwarded, an obfuscated client", forwarded, "", false,
			http.Header{"Forwarded": {`for=6.6.6.6;proto=http, for=_hidden;proto=https`}},
			malformed, "https", false,
		},
		{"Forwarded, without an address", forwarded, "", false, http.Header{"Forwarded": {`for=6.6.6.6, proto=https`}}, malformed, "https", false},
		{"threat 235: nothing is said", all, "", false, nil, missing, missing, false},
		{"threat 235: X-Real-IP is not said", realIP, "", false, http.Header{"X-Forwarded-For": {"198.51.100.1"}}, missing, "http", false},
		{"threat 235: a header without lines", all, "", false, http.Header{"X-Forwarded-For": {}, "X-Forwarded-Proto": {}}, missing, missing, false},
		{"threat 235: an empty header", all, "", false, http.Header{"X-Forwarded-For": {""}, "X-Forwarded-Proto": {""}}, malformed, malformed, false},
		{
			"threat 235: a proxy farther out did not say", all, "", false,
			http.Header{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"http"}},
			proxies, "http", false,
		},
		{
			"threat 235: two proxies farther out did not say", all, "", false,
			http.Header{"X-Forwarded-For": {"192.0.2.8", "192.0.2.7"}, "X-Forwarded-Proto": {"http"}},
			proxies, "http", false,
		},
		{
			"threat 235: an empty element before those of proxies", all, "", false,
			http.Header{"X-Forwarded-For": {", 192.0.2.7"}, "X-Forwarded-Proto": {"http"}},
			malformed, "http", false,
		},
		{
			"threat 235: a trusted Unix socket, and a proxy farther out did not say",
			sigv4auth.TrustedProxies{UnixSocket: true, Networks: peerNetwork, ClientHeader: "X-Forwarded-For"},
			"@", false,
			http.Header{"X-Forwarded-For": {"192.0.2.7"}},
			proxies, "http", true,
		},
		{
			"threat 235: a trusted Unix socket, and no header is configured",
			sigv4auth.TrustedProxies{UnixSocket: true},
			"@", false,
			http.Header{"X-Forwarded-For": {"198.51.100.1"}},
			peer, "http", true,
		},
		{
			"threat 235: neither a proxy nor an address",
			sigv4auth.TrustedProxies{},
			"@", false,
			http.Header{"X-Forwarded-For": {"198.51.100.1"}},
			peer, "http", true,
		},
		{
			"no header is configured",
			sigv4auth.TrustedProxies{Networks: peerNetwork},
			"", false,
			http.Header{"X-Forwarded-For": {"198.51.100.1"}},
			"192.0.2.1", "http", false,
		},
		{
			"threat 235: a scheme that is none, in a list with http", all, "", false,
			http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"http, x"}},
			"198.51.100.1", malformed, false,
		},
		{"threat 235: Forwarded, missing", forwarded, "", true, nil, missing, missing, false},
		{
			"threat 235: Forwarded, of proxies alone", forwarded, "", false,
			http.Header{"Forwarded": {"for=192.0.2.8;proto=https, for=192.0.2.7;proto=https"}},
			proxies, proxies, false,
		},
		{"threat 235: Forwarded, without a scheme", forwarded, "", true, http.Header{"Forwarded": {"for=198.51.100.1"}}, "198.51.100.1", missing, false},
		{
			"threat 235: Forwarded, another scheme", forwarded, "", true,
			http.Header{"Forwarded": {"for=198.51.100.1;proto=wss"}},
			"198.51.100.1", malformed, false,
		},
		{"Forwarded, empty", forwarded, "", false, http.Header{"Forwarded": {""}}, malformed, malformed, false},
		{
			"Forwarded, a parameter twice", forwarded, "", false,
			http.Header{"Forwarded": {"for=198.51.100.1;proto=http;proto=https"}},
			malformed, malformed, false,
		},
		{"Forwarded, a backslash", forwarded, "", false, http.Header{"Forwarded": {`for=198.51.100.1;proto="http\s"`}}, malformed, malformed, false},
		{
			"Forwarded, a separator in quotes", forwarded, "", false,
			http.Header{"Forwarded": {`for=6.6.6.6, ext="a,b;c";;for=198.51.100.1;proto="https"`}},
			"198.51.100.1", "https", false,
		},
		{"Forwarded, no equal sign", forwarded, "", false, http.Header{"Forwarded": {"for;proto=https"}}, malformed, malformed, false},
		{
			"Forwarded, an extension without a value", forwarded, "", false,
			http.Header{"Forwarded": {"for=198.51.100.1;proto=https;secure"}},
			malformed, malformed, false,
		},
		{"Forwarded, a space before the value", forwarded, "", false, http.Header{"Forwarded": {"for= 198.51.100.1;proto=https"}}, malformed, malformed, false},
		{
			"Forwarded, a space in an extension's value", forwarded, "", false,
			http.Header{"Forwarded": {"for=198.51.100.1;proto=https;by=a b"}},
			malformed, malformed, false,
		},
		{"Forwarded, a name that is none", forwarded, "", false, http.Header{"Forwarded": {"for=198.51.100.1;proto=https;a b=c"}}, malformed, malformed, false},
		{"Forwarded, an empty name", forwarded, "", false, http.Header{"Forwarded": {"for=198.51.100.1;proto=https;=c"}}, malformed, malformed, false},
		{"Forwarded, an empty value", forwarded, "", false, http.Header{"Forwarded": {"for=198.51.100.1;proto=https;host="}}, malformed, malformed, false},
		{
			"Forwarded, an empty value in quotes", forwarded, "", false,
			http.Header{"Forwarded": {`for=198.51.100.1;proto=https;host=""`}},
			malformed, malformed, false,
		},
		{
			"Forwarded, a quote that is not closed", forwarded, "", false,
			http.Header{"Forwarded": {`for=198.51.100.1;proto=https;host="a`}},
			malformed, malformed, false,
		},
		{"Forwarded, extensions alone", forwarded, "", false, http.Header{"Forwarded": {"by=_x"}}, malformed, malformed, false},
		{"Forwarded, no pair", forwarded, "", false, http.Header{"Forwarded": {"https"}}, malformed, malformed, false},
		{
			"Forwarded, a list without end", forwarded, "", false,
			http.Header{"Forwarded": {"for=198.51.100.1;proto=https, " + strings.Repeat("for=192.0.2.9;proto=https, ", 100) +
				"for=192.0.2.7;proto=https"}},
			malformed, malformed, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var event sigv4auth.Event
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.Proxies = tt.proxies
				c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { event = e }
			})
			arrived := func(s signing) *http.Request {
				r := sign(t, request("GET", "/prod/ride", ""), s)
				if tt.peer != "" {
					r.RemoteAddr = tt.peer
				}
				if tt.tls {
					r.TLS = &tls.ConnectionState{}
				}
				maps.Copy(r.Header, tt.header)
				if tt.overUnix {
					r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey,
						net.Addr(&net.UnixAddr{Net: "unix", Name: "/run/x"})))
				}
				return r
			}
			client, clientUntold := string(tt.client), diagnosis.Untold("")
			if _, err := netip.ParseAddr(client); err != nil {
				client, clientUntold = "", tt.client
			}
			schemeUntold := tt.scheme
			if tt.scheme == "http" || tt.scheme == "https" {
				schemeUntold = ""
			}
			// What each condition says: that it holds, that it does not, or nothing.
			says := map[string]string{
				`"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`:          unlessUntold(clientUntold, strings.HasPrefix(client, "192.0.2.")),
				`"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`:     unlessUntold(clientUntold, !strings.HasPrefix(client, "203.0.113.")),
				`"IpAddressIfExists":{"aws:SourceIp":"192.0.2.0/24"}`:  unlessUntold(clientUntold, strings.HasPrefix(client, "192.0.2.")),
				`"Null":{"aws:SourceIp":"false"}`:                      unlessUntold(clientUntold, true),
				`"Null":{"aws:SourceIp":"true"}`:                       unlessUntold(clientUntold, false),
				`"StringEquals":{"aws:SourceIp":"` + client + `"}`:     unlessUntold(clientUntold, true),
				`"StringNotLike":{"aws:SourceIp":"*"}`:                 unlessUntold(clientUntold, false),
				`"Bool":{"aws:SecureTransport":"true"}`:                unlessUntold(schemeUntold, tt.scheme == "https"),
				`"Bool":{"aws:SecureTransport":"false"}`:               unlessUntold(schemeUntold, tt.scheme == "http"),
				`"BoolIfExists":{"aws:SecureTransport":"false"}`:       unlessUntold(schemeUntold, tt.scheme == "http"),
				`"StringNotEquals":{"aws:SecureTransport":"true"}`:     unlessUntold(schemeUntold, tt.scheme == "http"),
				`"Null":{"aws:SecureTransport":"false"}`:               unlessUntold(schemeUntold, true),
				`"ForAllValues:StringLike":{"aws:SecureTransport":""}`: unlessUntold(schemeUntold, false),
			}
			// Also where Verify and Check are called one by one.
			r := arrived(signing{})
			id, err := a.Verify(r)
			if err != nil {
				t.Fatal(err)
			}
			for condition, said := range says {
				for effect, admitted := range map[string]bool{"Allow": said == "holds", "Deny": said == "does not"} {
					policy := `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"*","Resource":"*",` +
						`"Condition":{` + condition + `}}`
					if effect == "Deny" {
						policy += `,{"Effect":"Allow","Action":"*","Resource":"*"}`
					}
					z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, policy+
						"]}"))})
					var handler spy
					a.Require(z.Check)(&handler).ServeHTTP(httptest.NewRecorder(), arrived(signing{}))
					if (handler.ran == 1) != admitted {
						t.Errorf("%s %s: the handler ran %d times", effect, condition, handler.ran)
					}
					if err := z.Check(r, id); (err == nil) != admitted {
						t.Errorf("%s %s: Check after Verify: %v", effect, condition, err)
					} else if detail := sigv4auth.AsError(err); err != nil {
						want := ""
						if untold := map[bool]diagnosis.Untold{
							true:  clientUntold,
							false: schemeUntold,
						}[strings.Contains(condition, "SourceIp")]; untold != "" {
							want = " is not known, and with it aws:S"
						}
						if strings.Contains(detail.Detail, "not known") != (want != "") || !strings.Contains(detail.Detail, want) ||
							strings.Contains(detail.Message, "known") {
							t.Errorf("%s %s: %q, and for the caller %q", effect, condition, detail.Detail, detail.Message)
						}
					}
				}
			}
			z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached()})
			for _, s := range []signing{{}, {secret: "x"}} {
				r := arrived(s)
				d := a.Diagnose(r)
				a.Require(z.Check)(&spy{}).ServeHTTP(httptest.NewRecorder(), r)
				if got := event.Source; got.IsValid() != (client != "") || got.IsValid() && got.String() != client {
					t.Errorf("%+v: the event's source is %v; want %q", s, got, client)
				}
				if event.SourceUntold != clientUntold || event.SchemeUntold != schemeUntold {
					t.Errorf("%+v: the event says %q and %q; want %q and %q", s, event.SourceUntold, event.SchemeUntold, clientUntold,
						schemeUntold)
				}
				if d.SourceUntold != clientUntold || d.SchemeUntold != schemeUntold {
					t.Errorf("%+v: the diagnosis says %q and %q; want %q and %q", s, d.SourceUntold, d.SchemeUntold, clientUntold,
						schemeUntold)
				}
				for what, untold := range map[string]diagnosis.Untold{
					"the client's address is not known, and with it aws:SourceIp: ":       clientUntold,
					"the client's scheme is not known, and with it aws:SecureTransport: ": schemeUntold,
				} {
					if strings.Contains(d.String(), what) != (untold != "") {
						t.Errorf("%+v: %q, %q:\n%s", s, what, untold, d)
					}
				}
				if header := tt.proxies.ClientHeader; header != "" && clientUntold != "" && clientUntold != peer &&
					!strings.Contains(strings.ToLower(d.String()), ": "+strings.ToLower(header)+", which config.proxies names,") {
					t.Errorf("the diagnosis does not name %s:\n%s", header, d)
				}
			}
		})
	}
}

// unlessUntold is what a condition says that holds or does not, or nothing, where its key's value
// is not known.
func unlessUntold(u diagnosis.Untold, holds bool) string {
	switch {
	case u != "":
		return "nothing"
	case holds:
		return "holds"
	}
	return "does not"
}

// TestUnixSocketIsTold: threat 121. A peer without an address came through a Unix socket only where
// net/http's server says so.
func TestUnixSocketIsTold(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Proxies = sigv4auth.TrustedProxies{UnixSocket: true, HostHeader: "X-Forwarded-Host"}
	})
	for name, tt := range map[string]struct {
		local any
		want  bool
	}{
		"a Unix socket": {&net.UnixAddr{Net: "unix", Name: "/run/x"}, true},
		"TCP":           {&net.TCPAddr{IP: net.IPv4(192, 0, 2, 100), Port: 80}, false},
		"no address":    {"unix", false},
		"nothing":       {nil, false},
	} {
		r := sign(t, rides(), signing{})
		r.RemoteAddr, r.Host = "@", "backend"
		r.Header.Set("X-Forwarded-Host", "example.com")
		if _, err := a.Verify(r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, tt.local))); (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		} else if err != nil && !errors.Is(err, sigv4auth.ErrSignatureMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestClientIPWins: an Authorizer's own ClientIP is asked also where a trusted proxy tells.
func TestClientIPWins(t *testing.T) {
	t.Parallel()
	var event sigv4auth.Event
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Proxies = sigv4auth.TrustedProxies{Networks: peerNetwork, ClientHeader: "X-Real-IP"}
		c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { event = e }
	})
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(), ClientIP: func(*http.Request) (netip.Addr, bool) {
		return netip.MustParseAddr("198.51.100.77"), true
	}})
	r := sign(t, ride(), signing{})
	r.Header.Set("X-Real-Ip", "198.51.100.1")
	a.Require(z.Check)(&spy{}).ServeHTTP(httptest.NewRecorder(), r)
	if event.Source.String() != "198.51.100.77" {
		t.Error(event.Source)
	}
}

// TestTrustedProxiesRefused: what would trust everyone, nobody, or let a header mean two things.
func TestTrustedProxiesRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		field   string
		proxies sigv4auth.TrustedProxies
	}{
		{"Config.Proxies", sigv4auth.TrustedProxies{ClientHeader: "X-Forwarded-For"}},
		{"Config.Proxies", sigv4auth.TrustedProxies{HostHeader: "X-Forwarded-Host"}},
		{"Config.Proxies", sigv4auth.TrustedProxies{SchemeHeader: "X-Forwarded-Proto"}},
		{"Config.Proxies", sigv4auth.TrustedProxies{PathPrefix: "/api"}},
		{"Config.Proxies", sigv4auth.TrustedProxies{RestoredHeaders: map[string]string{"Accept-Encoding": "X"}}},
		{"Config.Proxies.Networks[0]", sigv4auth.TrustedProxies{Networks: []netip.Prefix{{}}}},
		{"Config.Proxies.Networks[0]", sigv4auth.TrustedProxies{Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}},
		{"Config.Proxies.Networks[1]", sigv4auth.TrustedProxies{Networks: []netip.Prefix{peerNetwork[0], netip.MustParsePrefix("::/0")}}},
		{"Config.Proxies.Networks[0]", sigv4auth.TrustedProxies{Networks: []netip.Prefix{netip.MustParsePrefix("::ffff:0.0.0.0/96")}}},
		{"Config.Proxies.ClientHeader", sigv4auth.TrustedProxies{UnixSocket: true, ClientHeader: "X Y"}},
		{"Config.Proxies.ClientHeader", sigv4auth.TrustedProxies{UnixSocket: true, ClientHeader: "X-Amz-Source"}},
		{"Config.Proxies.HostHeader", sigv4auth.TrustedProxies{UnixSocket: true, HostHeader: "host"}},
		{"Config.Proxies.SchemeHeader", sigv4auth.TrustedProxies{UnixSocket: true, SchemeHeader: "authorization"}},
		{"Config.Proxies.PathPrefix", sigv4auth.TrustedProxies{UnixSocket: true, PathPrefix: "api"}},
		{"Config.Proxies.PathPrefix", sigv4auth.TrustedProxies{UnixSocket: true, PathPrefix: "/"}},
		{"Config.Proxies.PathPrefix", sigv4auth.TrustedProxies{UnixSocket: true, PathPrefix: "/api/"}},
		{"Config.Proxies.PathPrefix", sigv4auth.TrustedProxies{UnixSocket: true, PathPrefix: "/a//b"}},
		{"Config.Proxies.PathPrefix", sigv4auth.TrustedProxies{UnixSocket: true, PathPrefix: "/a/../b"}},
		{"Config.Proxies.PathPrefix", sigv4auth.TrustedProxies{UnixSocket: true, PathPrefix: "/a%zz"}},
		{"Config.Proxies.PathPrefix", sigv4auth.TrustedProxies{UnixSocket: true, PathPrefix: "/a?b"}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"Host": "X-Host"}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"authorization": "X-A"}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"date": "X-Date"}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"x-amz-security-token": "X-Token"}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"content-type": "X-Type"}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"Content-Length": "X-Length"}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"Transfer-Encoding": "X-Te"}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"trailer": "X-Trailer"}}},
		// required
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"X-Trace": "X-Original-Trace"}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"User-Agent": "user-agent"}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"User-Agent": ""}}},
		{"Config.Proxies.RestoredHeaders", sigv4auth.TrustedProxies{UnixSocket: true, RestoredHeaders: map[string]string{"User-Agent": "X-Amz-Agent"}}},
	}
	for _, tt := range tests {
		cfg := testConfig()
		cfg.Proxies, cfg.RequiredHeaders = tt.proxies, []string{"x-trace"}
		_, err := sigv4auth.New(cfg)
		if e, ok := errors.AsType[*sigv4auth.ConfigError](err); !ok || e.Field != tt.field {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}
