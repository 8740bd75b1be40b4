package forwarded_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
)

// The proxies of all tests are in these networks, and the peer is one of them.
var (
	networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8:1::/48")}
	peer     = netip.MustParseAddr("192.0.2.1")
)

// xForwarded believes the X-Forwarded-* headers, and standard RFC 7239.
var (
	xForwarded = &forwarded.Proxies{Networks: networks, Client: "X-Forwarded-For", Host: "X-Forwarded-Host", Scheme: "X-Forwarded-Proto"}
	standard   = &forwarded.Proxies{Networks: networks, Client: "Forwarded", Host: "Forwarded", Scheme: "Forwarded"}
)

// read is what a proxy says of a request for the host backend, without TLS.
func read(p *forwarded.Proxies, header map[string][]string) *forwarded.Original {
	return p.Read(forwarded.Request{Peer: peer, Host: "backend", Header: header})
}

// text is what is known of a client's address and scheme, or why it is not.
func text(o *forwarded.Original) (client, scheme string) {
	if client = string(o.ClientUntold); client == "" {
		client = o.Client.String()
	}
	switch {
	case o.SchemeUntold != "":
		scheme = string(o.SchemeUntold)
	case o.Secure:
		scheme = "https"
	default:
		scheme = "http"
	}
	return client, scheme
}

// TestReadTrusts: threat 120. Of a peer that is no proxy nothing is read.
func TestReadTrusts(t *testing.T) {
	t.Parallel()
	socket := &forwarded.Proxies{UnixSocket: true}
	for _, tt := range []struct {
		name string
		p    *forwarded.Proxies
		peer string // "": none
		unix bool
		want bool
	}{
		{"a proxy", xForwarded, "192.0.2.255", false, true},
		{"a proxy by IPv6", xForwarded, "2001:db8:1::1", false, true},
		{"threat 120: a stranger", xForwarded, "198.51.100.1", false, false},
		{"threat 120: a stranger beside the network", xForwarded, "192.0.3.1", false, false},
		{"threat 120: no address", xForwarded, "", false, false},
		{"threat 120: a Unix socket that is not trusted", xForwarded, "", true, false},
		{"a trusted Unix socket", socket, "", true, true},
		{"threat 120: no address, and no Unix socket", socket, "", false, false},
		{"threat 120: an address where sockets alone are trusted", socket, "192.0.2.1", false, false},
		{"threat 120: an address that a Unix socket cannot have", socket, "192.0.2.1", true, false},
		{"threat 120: nobody is trusted", &forwarded.Proxies{}, "192.0.2.1", false, false},
	} {
		r := forwarded.Request{UnixSocket: tt.unix, Host: "backend"}
		if tt.peer != "" {
			r.Peer = netip.MustParseAddr(tt.peer)
		}
		if got := tt.p.Read(r); (got != nil) != tt.want {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// TestReadWithoutHeaders: where no header is configured, the peer and its connection count.
func TestReadWithoutHeaders(t *testing.T) {
	t.Parallel()
	p := &forwarded.Proxies{Networks: networks, UnixSocket: true}
	said := map[string][]string{"Forwarded": {"for=6.6.6.6;host=x;proto=https"}, "X-Forwarded-For": {"6.6.6.6"}, "": {"6.6.6.6"}}
	for _, tls := range []bool{false, true} {
		o := p.Read(forwarded.Request{Peer: peer, Host: "backend", TLS: tls, Header: said})
		if o.Client != peer || o.Secure != tls || o.ClientUntold != "" || o.SchemeUntold != "" ||
			!slices.Equal(o.Hosts, []string{"backend"}) || o.Fault != "" {
			t.Errorf("%+v", o)
		}
	}
	if o := p.Read(forwarded.Request{UnixSocket: true, Host: "backend"}); o.Client.IsValid() || o.ClientUntold != diagnosis.UntoldPeer {
		t.Errorf("threat 121: over a Unix socket: %+v", o)
	}
}

// TestReadHosts: threat 123. The host that arrived is always among those that are tried, and what a
// header adds is all of it or nothing.
func TestReadHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		lines []string
		want  string
		fault bool
	}{
		{"missing", nil, "backend", false},
		{"empty", []string{""}, "backend", false},
		{"one", []string{"example.com"}, "backend example.com", false},
		{"three", []string{"a, b\t", " c"}, "backend a b c", false},
		{"threat 123: four", []string{"a,b,c,d"}, "backend", true},
		{"threat 123: four lines", []string{"a", "b", "c", "d"}, "backend", true},
		{"threat 123: without end", []string{strings.Repeat("a,", 100_000)}, "backend", true},
		{"threat 123: one that is none", []string{"a", "b c"}, "backend", true},
		{"threat 123: an empty one", []string{"a,"}, "backend", true},
		{"threat 123: a line feed", []string{"a\nhost:b"}, "backend", true},
		{"a line without a host between", []string{"a", "", "b"}, "backend a b", false},
	} {
		o := read(xForwarded, map[string][]string{"X-Forwarded-Host": tt.lines})
		if got := strings.Join(o.Hosts, " "); got != tt.want || (o.Fault == "X-Forwarded-Host") != tt.fault || o.Received != "backend" {
			t.Errorf("%s: %q, fault %q", tt.name, got, o.Fault)
		}
	}
}

// TestReadScheme: threat 122. The client used TLS where every proxy says so; where one says
// something else than a scheme, it is not known.
func TestReadScheme(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lines []string
		want  string
	}{
		{nil, "missing"},
		{[]string{}, "missing"},
		{[]string{"https"}, "https"},
		{[]string{"HTTPS\t, https", " https"}, "https"},
		{[]string{"http"}, "http"},
		{[]string{"https, http"}, "http"},
		{[]string{"http", "https"}, "http"},
		{[]string{""}, "malformed"},
		{[]string{"https,"}, "malformed"},
		{[]string{"https", ""}, "malformed"},
		{[]string{"http, wss"}, "malformed"},
		{[]string{"https;q=1"}, "malformed"},
		{[]string{"\u017fhttp"}, "malformed"},
	} {
		if _, got := text(read(xForwarded, map[string][]string{"X-Forwarded-Proto": tt.lines})); got != tt.want {
			t.Errorf("threat 122: %q: %s; want %s", tt.lines, got, tt.want)
		}
	}
}

// TestRestrict: of the hosts only those that are allowed are tried, and the one that arrived is
// still known.
func TestRestrict(t *testing.T) {
	t.Parallel()
	o := read(xForwarded, map[string][]string{"X-Forwarded-Host": {"a, b"}})
	if !o.Restrict(func(h string) bool { return h != "backend" }) || !slices.Equal(o.Hosts, []string{"a", "b"}) ||
		o.FirstHost("backend") != "a" || o.Received != "backend" {
		t.Errorf("%+v", o)
	}
	if o.Restrict(func(string) bool { return false }) || len(o.Hosts) != 0 {
		t.Errorf("%+v", o)
	}
}

// TestRestored: threat 124. A header that the proxies rewrite has the value that came in the other
// one, once; the header that arrived is not changed.
func TestRestored(t *testing.T) {
	t.Parallel()
	p := &forwarded.Proxies{Networks: networks, Restored: []forwarded.RestoredHeader{
		{Key: "Accept-Encoding", From: "X-Original-Accept-Encoding"}, {Key: "User-Agent", From: "X-Original-User-Agent"},
	}}
	for _, tt := range []struct {
		name    string
		arrived map[string][]string
		want    map[string][]string
		fault   string
	}{
		{"nothing is passed", map[string][]string{"Accept-Encoding": {"gzip"}}, nil, ""},
		{
			"one is passed",
			map[string][]string{"Accept-Encoding": {"gzip"}, "X-Original-Accept-Encoding": {"br"}},
			map[string][]string{"Accept-Encoding": {"br"}},
			"",
		},
		{
			"of one that was dropped",
			map[string][]string{"X-Original-User-Agent": {""}},
			map[string][]string{"User-Agent": {""}},
			"",
		},
		{
			"one of several values",
			map[string][]string{"Accept-Encoding": {"a", "b"}, "X-Original-Accept-Encoding": {"br"}},
			map[string][]string{"Accept-Encoding": {"br"}},
			"",
		},
		{
			"threat 124: two values are passed",
			map[string][]string{"Accept-Encoding": {"gzip"}, "X-Original-Accept-Encoding": {"br", "br"}},
			nil, "X-Original-Accept-Encoding",
		},
	} {
		before := maps.Clone(tt.arrived)
		o := read(p, tt.arrived)
		want := maps.Clone(tt.arrived)
		maps.Copy(want, tt.want)
		if got := o.Header(tt.arrived); !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("threat 124: %s: %q; want %q", tt.name, got, want)
		}
		if o.Fault != tt.fault || !maps.EqualFunc(tt.arrived, before, slices.Equal) {
			t.Errorf("threat 124: %s: fault %q; what arrived is %q now", tt.name, o.Fault, tt.arrived)
		}
		for _, name := range []string{"Accept-Encoding", "accept-encoding", "USER-AGENT", "X-Original-Accept-Encoding", "", "a b"} {
			value, ok := o.RestoredValue(name)
			values, restored := tt.want[map[string]string{
				"Accept-Encoding": "Accept-Encoding", "accept-encoding": "Accept-Encoding", "USER-AGENT": "User-Agent",
			}[name]]
			if ok != restored || ok && value != values[0] {
				t.Errorf("threat 124: %s: %s: %q, %t; want %q", tt.name, name, value, ok, values)
			}
		}
	}
}

// TestPath: threat 125. What the proxies take off the path is put back.
func TestPath(t *testing.T) {
	t.Parallel()
	o := read(&forwarded.Proxies{Networks: networks, Prefix: "/prod"}, nil)
	if got := o.Path("/rides"); got != "/prod/rides" {
		t.Errorf("threat 125: %q", got)
	}
	if got := read(xForwarded, nil).Path("/rides"); got != "/rides" {
		t.Errorf("threat 125: without a prefix: %q", got)
	}
}

// TestNotRelayed: of a request that came straight from its client, all is as it arrived.
func TestNotRelayed(t *testing.T) {
	t.Parallel()
	var o *forwarded.Original
	header := map[string][]string{"A": {"b"}}
	if _, ok := o.RestoredValue("A"); ok || o.FirstHost("h") != "h" || o.Path("/p") != "/p" ||
		fmt.Sprintf("%p", o.Header(header)) != fmt.Sprintf("%p", header) {
		t.Error("something is restored")
	}
}
