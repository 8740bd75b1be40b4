package sigv4auth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// frontRequest is a request through a front.
type frontRequest struct {
	uri    string // http://HOST or https://HOST, where HOST stands for the name of the test
	header http.Header
	want   sigv4auth.Reason // "": admitted
	detail string           // part of the Detail; "": it has none
}

// frontTest is one configuration of a front, and the backend behind it.
type frontTest struct {
	name     string // of the server, under .test
	outside  string // what the configuration holds beside the server
	location string // and inside it; BACKEND is the server behind
	config   func(*sigv4auth.Config)
	requests []frontRequest
}

// throughFront sends all requests over HTTP/1.1 and, with TLS, over HTTP/2.
func throughFront(t *testing.T, front *frontend, tests []frontTest, backends []*backend) {
	clients := map[string]*http.Client{"HTTP/1.1": front.client(t, false, "127.0.0.1"), "HTTP/2.0": front.client(t, true, "127.0.0.1")}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, q := range tt.requests {
				for proto, client := range clients {
					uri := strings.Replace(q.uri, "HOST", tt.name+".test", 1)
					if strings.HasPrefix(uri, "http:") && proto == "HTTP/2.0" {
						continue
					}
					got := backends[i].call(t, client, http.MethodPost, uri, rideBody, q.header, nil)
					if got.proto != proto || got.code != q.want || (got.status == 200) != (q.want == "") || q.want == "" && got.body != rideBody {
						t.Errorf("%s: %v; want %q", uri, got, q.want)
					}
					if !strings.Contains(got.detail, q.detail) || q.detail == "" && got.detail != "" {
						t.Errorf("%s: detail %q; want %q", uri, got.detail, q.detail)
					}
					if h2 := strings.HasPrefix(tt.name, "http-2"); q.want == "" && (got.backend == "HTTP/2.0") != h2 {
						t.Errorf("%s: the server was called over %s", uri, got.backend)
					}
				}
			}
		})
	}
}

// toldTest is a front that tells the client's address and scheme.
type toldTest struct {
	name, location string
	proxies        sigv4auth.TrustedProxies
	told           bool // the server believes it
}

// tells calls each front from 127.0.0.2, with and without TLS, also with headers in which the
// client lies, and with a Connection header that asks for what the front says to be dropped
// (threat 235). The policies want that address, and one of them TLS, the other none. start is
// given pairs of servers: PROTOCOL.NAME.test for backend, with location.
func tells(t *testing.T, tests []toldTest, start func(servers [][3]string) *frontend) {
	t.Helper()
	var authorizers []*sigv4auth.Authorizer
	for _, secure := range []string{"true", "false"} {
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.2"},"Bool":{"aws:SecureTransport":"` + secure + `"}}}]}`
		authorizers = append(authorizers, newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, policy))}))
	}
	var servers [][3]string
	var backends [][2]*backend
	for _, tt := range tests {
		trust := func(c *sigv4auth.Config) { c.Proxies = tt.proxies }
		pair := [2]*backend{newBackend(t, "", authorizers[0], trust), newBackend(t, "", authorizers[1], trust)}
		backends = append(backends, pair)
		servers = append(servers, [3]string{"secure." + tt.name + ".test", pair[0].address, tt.location}, [3]string{"plain." + tt.name + ".test", pair[1].address, tt.location})
	}
	front := start(servers)
	modern, old := front.client(t, true, "127.0.0.2"), front.client(t, false, "127.0.0.2") // HTTP/2 has no Connection
	lies := func(r *http.Request) {
		r.Header.Set("X-Forwarded-For", "6.6.6.6")
		r.Header.Set("X-Real-Ip", "6.6.6.6")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("Forwarded", `for=6.6.6.6;proto=https, for="`)
	}
	drops := func(r *http.Request) {
		lies(r)
		r.Header.Set("Connection", "close, X-Forwarded-For, x-forwarded-proto, X-Real-IP, Forwarded")
	}
	for i, tt := range tests {
		for _, sent := range []struct {
			client *http.Client
			change func(*http.Request)
		}{{modern, nil}, {modern, lies}, {old, drops}} {
			for _, c := range []struct {
				b      *backend
				uri    string
				admits bool
			}{
				{backends[i][0], "https://secure.", true},
				{backends[i][0], "http://secure.", false},
				{backends[i][1], "https://plain.", false},
				{backends[i][1], "http://plain.", true},
			} {
				got := c.b.call(t, sent.client, http.MethodGet, c.uri+tt.name+".test/prod/ride", "", nil, sent.change)
				source := map[bool]string{true: "127.0.0.2", false: "127.0.0.1"}[tt.told]
				if (got.status == 200) != (c.admits && tt.told) || got.event.Source.String() != source || got.status != 200 && got.code != sigv4auth.ErrAccessDenied {
					t.Errorf("%s%s: from %v, %v; want %t", c.uri, tt.name, got.event.Source, got, c.admits && tt.told)
				}
			}
		}
	}
}
