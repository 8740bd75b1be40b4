package sigv4auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
)

// TestClientIP: who is believed to be the client: threats 119 to 121.
func TestClientIP(t *testing.T) {
	t.Parallel()
	var event sigv4auth.Event
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Proxies = sigv4auth.TrustedProxies{ClientHeader: "X-Forwarded-For", Networks: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::ffff:192.168.0.0/112"), netip.MustParsePrefix("fd00::1/64"),
		}}
		c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { event = e }
	})
	tests := []struct {
		name, peer string
		forwarded  []string
		peerIP     string
		client     string
	}{
		{"no proxy", "203.0.113.9:1", nil, "203.0.113.9", "203.0.113.9"},
		{"threat 119: an untrusted peer's header", "203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9", "203.0.113.9"},
		{"one proxy", "10.0.0.1:1", []string{"198.51.100.1"}, "10.0.0.1", "198.51.100.1"},
		{"a spoofed element before the client's", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1"}, "10.0.0.1", "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1, 10.9.9.9"}, "10.0.0.1", "198.51.100.1"},
		{"two lines", "10.0.0.1:1", []string{"1.2.3.4", "198.51.100.1, 10.9.9.9"}, "10.0.0.1", "198.51.100.1"},
		{"a line of proxies alone", "10.0.0.1:1", []string{"198.51.100.1", "10.9.9.9"}, "10.0.0.1", "198.51.100.1"},
		{"threat 235: all trusted", "10.0.0.1:1", []string{"10.1.1.1, 10.2.2.2"}, "10.0.0.1", ""},
		{"threat 235: no header", "10.0.0.1:1", nil, "10.0.0.1", ""},
		{"threat 235: a header without lines", "10.0.0.1:1", []string{}, "10.0.0.1", ""},
		{"threat 119: a malformed element stops the walk", "10.0.0.1:1", []string{"198.51.100.1, junk, 10.2.2.2"}, "10.0.0.1", ""},
		{"an empty element", "10.0.0.1:1", []string{""}, "10.0.0.1", ""},
		{"threat 121: an IPv4-mapped peer", "[::ffff:10.0.0.1]:1", []string{"198.51.100.1"}, "10.0.0.1", "198.51.100.1"},
		{"threat 121: a mapped prefix", "192.168.3.4:1", []string{"198.51.100.1"}, "192.168.3.4", "198.51.100.1"},
		{"threat 121: a zone", "[fe80::1%eth0]:1", nil, "fe80::1", "fe80::1"},
		{"threat 121: ports in the header", "10.0.0.1:1", []string{"198.51.100.1:4711"}, "10.0.0.1", "198.51.100.1"},
		{"IPv6 in the header", "[fd00::5]:1", []string{"2001:db8::1, [fd00::7]:80"}, "fd00::5", "2001:db8::1"},
		{"threat 121: a Unix socket", "@", nil, "", ""},
	}
	for _, tt := range tests {
		r := rides()
		r.RemoteAddr = tt.peer
		r.Header = http.Header{"X-Forwarded-For": tt.forwarded, "X-Real-Ip": {"6.6.6.6"}, "Forwarded": {"for=6.6.6.6"}}
		text := func(a netip.Addr, ok bool) string {
			if !ok {
				return ""
			}
			return a.String()
		}
		if got := text(sigv4auth.PeerIP(r)); got != tt.peerIP {
			t.Errorf("%s: peer %q; want %q", tt.name, got, tt.peerIP)
		}
		a.Handler(&spy{}).ServeHTTP(httptest.NewRecorder(), r)
		if got := text(event.Source, event.Source.IsValid()); got != tt.client {
			t.Errorf("%s: client %q; want %q", tt.name, got, tt.client)
		}
	}
}

// TestClientIPIsCanonical: whatever form a ClientIP gives an address, aws:SourceIp and the event
// hold one form: threat 121. Where it does not know, the peer's is in neither, and what is not
// known denies: threat 235.
func TestClientIPIsCanonical(t *testing.T) {
	t.Parallel()
	deny := parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["fe80::/10","10.0.0.0/8"]}}}]}`)
	for text, refused := range map[string]bool{
		"fe80::1%eth0": true, "::ffff:10.0.0.1": true, "10.0.0.1": true, "192.0.2.1": false,
		"": true, "zero": true,
	} {
		var e sigv4auth.Event
		n := 0
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(deny), ClientIP: func(*http.Request) (netip.Addr, bool) {
			switch text {
			case "":
				return netip.MustParseAddr("10.0.0.1"), false
			case "zero":
				return netip.Addr{}, true
			}
			return netip.MustParseAddr(text), true
		}})
		var handler spy
		a.Require(z.Check)(&handler).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
		if (handler.ran == 0) != refused {
			t.Errorf("%q: the handler ran %d times", text, handler.ran)
		}
		if unknown := text == "" || text == "zero"; unknown {
			if e.Source.IsValid() || e.SourceUntold != diagnosis.UntoldClientIP {
				t.Errorf("%q: the event's source is %v, %q", text, e.Source, e.SourceUntold)
			}
		} else if e.SourceUntold != "" || e.Source.Zone()+e.Source.String() != netip.MustParseAddr(text).Unmap().WithZone("").String() {
			t.Errorf("%q: the event's source is %v", text, e.Source)
		}
	}
}

// TestProxyThatObeysConnection: threat 235, CVE-2022-31813, CVE-2025-48865. A real proxy that
// drops the header which tells the client's address, because the client asks for it, does not
// make the client one on the proxy's own network: an Allow for that network, and a Deny for all
// others, hold for the client as for a stranger.
func TestProxyThatObeysConnection(t *testing.T) {
	t.Parallel()
	const inside = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",` +
		`"Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}}]}`
	const notOutside = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny",` +
		`"Action":"*","Resource":"*","Condition":{"NotIpAddressIfExists":{"aws:SourceIp":["127.0.0.0/8","198.51.100.7"]}}}]}`
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	byConfig := func(header string) func(*sigv4auth.Config, *sigv4auth.AuthorizerConfig) {
		return func(c *sigv4auth.Config, _ *sigv4auth.AuthorizerConfig) {
			c.Proxies = sigv4auth.TrustedProxies{Networks: loopback, ClientHeader: header}
		}
	}
	byFunction := func(_ *sigv4auth.Config, z *sigv4auth.AuthorizerConfig) {
		z.ClientIP = func(r *http.Request) (netip.Addr, bool) {
			client, _, two := strings.Cut(r.Header.Get("X-Forwarded-For"), ", ")
			addr, err := netip.ParseAddr(client)
			return addr, two && err == nil
		}
	}
	tests := []struct {
		name, header, value string // what the proxy says
		trust               func(*sigv4auth.Config, *sigv4auth.AuthorizerConfig)
		untold              diagnosis.Untold
	}{
		{"X-Forwarded-For", "X-Forwarded-For", "198.51.100.7", byConfig("X-Forwarded-For"), diagnosis.UntoldProxies},
		{"X-Real-IP", "X-Real-Ip", "198.51.100.7", byConfig("X-Real-IP"), diagnosis.UntoldMissing},
		{"Forwarded", "Forwarded", "for=198.51.100.7", byConfig("Forwarded"), diagnosis.UntoldMissing},
		{"a ClientIP function", "X-Forwarded-For", "198.51.100.7", byFunction, diagnosis.UntoldClientIP},
	}
	for _, tt := range tests {
		for _, policy := range []string{inside, notOutside} {
			var event sigv4auth.Event
			cfg := sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, policy))}
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.Now = time.Now
				c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { event = e }
				tt.trust(c, &cfg)
			})
			server := httptest.NewServer(a.Require(newAuthorizer(t, cfg).Check)(&spy{}))
			defer server.Close()
			behind, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			// Hop-by-hop headers are taken away after the Director, which is why Go's
			// documentation advises against it. To X-Forwarded-For the proxy then adds its
			// client, which stands for a second proxy here: that one is left alone in the list.
			//lint:ignore SA1019 A proxy that still has a Director is what this is about.
			proxy := httptest.NewServer(&httputil.ReverseProxy{Director: func(r *http.Request) {
				r.URL.Scheme, r.URL.Host = behind.Scheme, behind.Host
				r.Header[tt.header] = []string{tt.value}
			}})
			defer proxy.Close()
			for connection, want := range map[string]struct {
				status int
				source string
				untold diagnosis.Untold
			}{
				"":                                     {map[bool]int{true: 403, false: 204}[policy == inside], "198.51.100.7", ""},
				tt.header:                              {403, "invalid IP", tt.untold},
				strings.ToUpper(tt.header) + ", close": {403, "invalid IP", tt.untold},
			} {
				r := sign(t, request("GET", "/prod/ride", ""), signing{at: time.Now()})
				sent, err := http.NewRequestWithContext(t.Context(), r.Method, proxy.URL+"/prod/ride", nil)
				if err != nil {
					t.Fatal(err)
				}
				sent.Header, sent.Host = r.Header, r.Host
				if connection != "" {
					sent.Header.Set("Connection", connection)
				}
				res, err := http.DefaultClient.Do(sent)
				if err != nil {
					t.Fatal(err)
				}
				_ = res.Body.Close()
				if res.StatusCode != want.status || event.Source.String() != want.source || event.SourceUntold != want.untold {
					t.Errorf("%s, Connection %q, %s: %d, from %v, untold %q; want %+v", tt.name, connection, policy, res.StatusCode,
						event.Source, event.SourceUntold, want)
				}
			}
		}
	}
}

// TestServicesUnknownKeys: a service's own key whose value is not known denies, and cannot stand
// for one of the server's: threats 179 and 252.
func TestServicesUnknownKeys(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	r := sign(t, request("GET", "/prod/rides", ""), signing{})
	id, err := a.Verify(r)
	if err != nil {
		t.Fatal(err)
	}
	for condition, admitted := range map[string]bool{
		`"StringNotEquals":{"rides:owner":"mallory"}`: false,
		`"StringEquals":{"aws:username":"alice"}`:     true,
	} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
				`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+condition+`}}}`)),
			Context: func(_ *http.Request, _ sigv4auth.Identity, c *iampolicy.Context) error {
				c.SetUnknown("rides:owner")
				c.SetUnknown("AWS:Username")
				return nil
			},
		})
		if err := z.Check(r, id); (err == nil) != admitted {
			t.Errorf("%s: %v", condition, err)
		}
	}
}
