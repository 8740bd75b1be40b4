package sigv4auth_test

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// startCaddy starts the Caddy of this machine. Each server is a name, the server behind it, and the
// directives for the name.
func startCaddy(t *testing.T, servers [][3]string) *frontend {
	t.Helper()
	return startFront(t, "caddy", func(f *frontend) []string {
		var routes strings.Builder
		for _, s := range servers {
			id := "@" + strings.ReplaceAll(s[0], ".", "-")
			routes.WriteString(id + " host " + s[0] + "\nhandle " + id + " {\n" + strings.ReplaceAll(s[2], "BACKEND", s[1]) + "\n}\n")
		}
		port := func(address string) string {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				t.Fatal(err)
			}
			return port
		}
		f.write(t, "Caddyfile", "{\nadmin off\nauto_https off\n}\n(routes) {\nbind 127.0.0.1\n"+routes.String()+"}\nhttp://:"+
			port(f.plain)+" {\nimport routes\n}\n"+
			"https://:"+port(f.tls)+" {\ntls cert.pem key.pem\nimport routes\n}\n")
		return []string{"run", "--config", "Caddyfile", "--adapter", "caddyfile"}
	})
}

// TestCaddy sends what AWS's signer signs through a real Caddy.
func TestCaddy(t *testing.T) {
	trusting := func(p sigv4auth.TrustedProxies) func(*sigv4auth.Config) {
		p.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		return func(c *sigv4auth.Config) { c.Proxies = p }
	}
	const right, mismatch = sigv4auth.Reason(""), sigv4auth.ErrSignatureMismatch
	identity := http.Header{"Accept-Encoding": {"identity"}}
	encoded := func(c *sigv4auth.Config) { c.Path = sigv4auth.PathEncoded }
	prefixed := trusting(sigv4auth.TrustedProxies{PathPrefix: "/api"})
	tests := []frontTest{
		{"as-it-came", "", "reverse_proxy BACKEND", nil, []frontRequest{
			{"http://HOST/prod/ride?b=2&a=1", nil, right, ""},
			{"http://HOST:8080/prod/ride", nil, right, ""},
			{"https://HOST/prod/ride?x=%20+%2B", nil, right, ""},
			{"https://HOST:8443/prod/ride%2F%7e/%C3%A9/a%2Ab", identity, right, ""},
			{
				"https://HOST/prod/",
				http.Header{
					"Accept-Encoding": {"gzip"}, "User-Agent": {"x"}, "Accept": {"*/*"}, "Cookie": {"a=b; c=d"},
					"X-Amz-Meta-A": {"1"},
				},
				right, "",
			},
		}},
		{"target-as-it-came", "", "reverse_proxy BACKEND", encoded, []frontRequest{
			{"http://HOST/prod//a/../b/./ride", nil, right, ""},
			{"https://HOST/prod/a%2Fb//%72ide/?a=%2F&a=", nil, right, ""},
		}},
		{"host-without-port", "", "reverse_proxy BACKEND {\nheader_up Host {host}\n}", nil, []frontRequest{
			{"http://HOST/prod/ride", nil, right, ""},
			{"http://HOST:8080/prod/ride", nil, mismatch, "not one of Config.Proxies"},
		}},
		{"host-of-the-upstream", "", "reverse_proxy BACKEND {\nheader_up Host {upstream_hostport}\n}", nil, []frontRequest{
			{"http://HOST/prod/ride", nil, mismatch, "not one of Config.Proxies"},
		}},
		{
			"host-said", "", "reverse_proxy BACKEND {\nheader_up Host {upstream_hostport}\n}",
			trusting(sigv4auth.TrustedProxies{HostHeader: "X-Forwarded-Host"}),
			[]frontRequest{
				{"http://HOST/prod/ride", nil, right, ""},
				{"https://HOST:8443/prod/ride", nil, right, ""},
			},
		},
		{"prefix-taken-off", "", "handle_path /api/* {\nreverse_proxy BACKEND\n}", prefixed, []frontRequest{
			{"http://HOST/api/prod/ride?a=%2F", nil, right, ""},
			{"https://HOST/api/prod/a%2Fb/%C3%A9", nil, right, ""},
			{"https://HOST/api/prod/%72ide", nil, right, ""},
		}},
		// Threat 125: what takes a prefix off also merges slashes and resolves dots.
		{"prefix-taken-off-dots", "", "handle_path /api/* {\nreverse_proxy BACKEND\n}", func(c *sigv4auth.Config) { encoded(c); prefixed(c) }, []frontRequest{
			{"https://HOST/api/prod/ride/", nil, right, ""},
			{"https://HOST/api/prod//ride", nil, mismatch, ""},
			{"https://HOST/api/prod/a/../ride", nil, mismatch, ""},
			{"https://HOST/api/prod/a/./ride", nil, mismatch, ""},
		}},
		{"prefix-stripped", "", "uri strip_prefix /api\nreverse_proxy BACKEND", func(c *sigv4auth.Config) { encoded(c); prefixed(c) }, []frontRequest{
			{"https://HOST/api/prod/a%2Fb/%C3%A9/%72ide", nil, right, ""},
			{"https://HOST/api/prod//ride", nil, mismatch, ""},
		}},
		{"prefix-taken-off-unknown", "", "handle_path /api/* {\nreverse_proxy BACKEND\n}", nil, []frontRequest{
			{"http://HOST/api/prod/ride", nil, mismatch, "not one of Config.Proxies"},
		}},
		{"path-rewritten", "", "rewrite * /v1{path}\nreverse_proxy BACKEND", nil, []frontRequest{
			{"http://HOST/prod/ride", nil, mismatch, "not one of Config.Proxies"},
		}},
		{"encoding-dropped", "", "reverse_proxy BACKEND {\nheader_up -Accept-Encoding\n}", nil, []frontRequest{
			{"http://HOST/prod/ride", nil, right, ""},
			{"http://HOST/prod/ride", identity, mismatch, "commonly rewrite: accept-encoding"}, // Caddy asks for gzip where nobody says what for
		}},
		{"encoding-rewritten", "", "reverse_proxy BACKEND {\nheader_up Accept-Encoding gzip\n}", nil, []frontRequest{
			{"http://HOST/prod/ride", identity, mismatch, "commonly rewrite: accept-encoding"},
		}},
		{
			"encoding-restored", "", "reverse_proxy BACKEND {\nheader_up X-Original-Accept-Encoding {http.request.header.Accept-Encoding}\nheader_up " +
				"Accept-Encoding gzip\n}",
			trusting(sigv4auth.TrustedProxies{RestoredHeaders: map[string]string{"Accept-Encoding": "X-Original-Accept-Encoding"}}),
			[]frontRequest{
				{"http://HOST/prod/ride", nil, right, ""},
				{"https://HOST/prod/ride", identity, right, ""},
			},
		},
		{"encode", "", "encode gzip\nreverse_proxy BACKEND", nil, []frontRequest{{"https://HOST/prod/ride", identity, right, ""}}},
		{"http-2-behind", "", "reverse_proxy h2c://BACKEND", nil, []frontRequest{
			{"http://HOST:8080/prod/ride", nil, right, ""},
			{"https://HOST/prod/ride%2F%7e?b=2&a=1", nil, right, ""},
		}},
	}
	var servers [][3]string
	var backends []*backend
	for _, tt := range tests {
		b := newBackend(t, "", nil, tt.config)
		backends = append(backends, b)
		servers = append(servers, [3]string{tt.name + ".test", b.address, tt.location})
	}
	throughFront(t, startCaddy(t, servers), tests, backends)
}

// TestCaddyTells: the client's address and scheme, as Caddy says them unasked, whatever the client
// says: threats 119 to 122.
func TestCaddyTells(t *testing.T) {
	told := sigv4auth.TrustedProxies{
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, ClientHeader: "X-Forwarded-For", SchemeHeader: "X-Forwarded-Proto",
	}
	tells(t, []toldTest{
		{"x-forwarded-for", "reverse_proxy BACKEND", told, true},
		{"nothing-trusted", "reverse_proxy BACKEND", sigv4auth.TrustedProxies{}, false},
	}, func(servers [][3]string) *frontend { return startCaddy(t, servers) })
}
