package forwarded_test

import (
	"strings"
	"testing"
)

// TestForwarded: the element that counts is the first one from the end whose caller is no trusted
// proxy, and an element that is malformed ends the walk: threats 119, 120 and 235.
func TestForwarded(t *testing.T) {
	t.Parallel()
	hops := func(n int) string { return strings.Repeat(", for=192.0.2.9;proto=https", n) }
	for _, tt := range []struct {
		name                 string
		lines                []string
		client, scheme, host string
	}{
		{"one", []string{"for=198.51.100.1;host=example.com;proto=https"}, "198.51.100.1", "https", "example.com"},
		{
			"quoted, in another order and case",
			[]string{`Proto="HTTP"; HOST="example.com:80" ;FOR="[2001:db8:2::1]:80"`},
			"2001:db8:2::1", "http", "example.com:80",
		},
		{"an address with colons that is not quoted", []string{"for=[2001:db8:2::1];proto=http"}, "2001:db8:2::1", "http", ""},
		{
			"threat 120: what the client wrote before it",
			[]string{"for=6.6.6.6;proto=https;host=x, for=198.51.100.1;proto=http, for=192.0.2.7;proto=https;host=y"},
			"198.51.100.1", "http", "",
		},
		{"threat 120: in a line of its own", []string{"for=6.6.6.6;proto=https;host=x", "for=198.51.100.1;proto=http"}, "198.51.100.1", "http", ""},
		{"threat 120: an open quote before it", []string{`for="x, for=198.51.100.1;proto=http`}, "198.51.100.1", "http", ""},
		{"threat 120: an open quote in the line before it", []string{`for="x`, `for=198.51.100.1;proto="http"`}, "198.51.100.1", "http", ""},
		{"threat 119: malformed behind it", []string{"for=198.51.100.1;proto=https, for, for=192.0.2.7"}, "malformed", "malformed", ""},
		{"an empty element at the end", []string{"for=198.51.100.1;proto=https,"}, "malformed", "malformed", ""},
		{"an obfuscated caller", []string{"for=6.6.6.6, for=_x;proto=https;host=h"}, "malformed", "https", "h"},
		{"an unknown caller", []string{"for=6.6.6.6, for=unknown;proto=https;host=h"}, "malformed", "https", "h"},
		{"no caller", []string{"for=6.6.6.6, proto=https;host=h"}, "malformed", "https", "h"},
		{"threat 121: brackets around IPv4 are no address", []string{"for=6.6.6.6, for=[192.0.2.7];proto=https"}, "malformed", "https", ""},
		{"threat 121: an IPv4-mapped proxy", []string{`for=198.51.100.1;proto=http, for="[::ffff:192.0.2.7]:80";proto=https`}, "198.51.100.1", "http", ""},
		{"no scheme", []string{"for=198.51.100.1"}, "198.51.100.1", "missing", ""},
		{"another scheme", []string{"for=198.51.100.1;proto=wss"}, "198.51.100.1", "malformed", ""},
		{"a host that is none", []string{`for=198.51.100.1;proto=http;host="a b"`}, "198.51.100.1", "http", ""},
		{"separators in quotes", []string{`for=6.6.6.6, ext="a,b;for=6.6.6.6";;for=198.51.100.1;proto="https"`}, "198.51.100.1", "https", ""},
		{"threat 235: missing", nil, "missing", "missing", ""},
		{"threat 235: empty", []string{""}, "malformed", "malformed", ""},
		{"threat 235: proxies alone", []string{"for=192.0.2.8;proto=https;host=h, for=192.0.2.7;proto=https"}, "proxies-only", "proxies-only", "h"},
		{"extensions alone", []string{"by=_x;secret=y"}, "malformed", "malformed", ""},
		{"a parameter twice", []string{"for=198.51.100.1;FOR=198.51.100.1"}, "malformed", "malformed", ""},
		{"an extension twice", []string{"for=198.51.100.1;proto=http;by=a;by=b"}, "198.51.100.1", "http", ""},
		{"a backslash", []string{`for=198.51.100.1;by="\a"`}, "malformed", "malformed", ""},
		{"a quote in a value", []string{`for=198.51.100.1;by=a"b"`}, "malformed", "malformed", ""},
		{"a space around the equal sign", []string{"for =198.51.100.1"}, "malformed", "malformed", ""},
		{"as many as are looked at", []string{"for=198.51.100.1;proto=http" + hops(63)}, "198.51.100.1", "http", ""},
		{"threat 119: one more", []string{"for=198.51.100.1;proto=http" + hops(64)}, "malformed", "malformed", ""},
		{"threat 119: without end", []string{"for=198.51.100.1" + hops(100_000)}, "malformed", "malformed", ""},
		{"junk without end before the client", []string{strings.Repeat(`",`, 100_001) + "for=198.51.100.1;proto=https"}, "198.51.100.1", "https", ""},
	} {
		o := read(standard, map[string][]string{"Forwarded": tt.lines, "X-Forwarded-For": {"6.6.6.6"}, "X-Forwarded-Host": {"x"}})
		client, scheme := text(o)
		host := strings.Join(o.Hosts[1:], " ")
		if client != tt.client || scheme != tt.scheme || host != tt.host {
			t.Errorf("%s: %s, %s, %q; want %s, %s, %q", tt.name, client, scheme, host, tt.client, tt.scheme, tt.host)
		}
		unbelieved := len(tt.lines) > 0 && tt.client == "malformed" && tt.scheme == "malformed" || tt.name == "a host that is none"
		if (o.Fault == "Forwarded") != unbelieved {
			t.Errorf("%s: fault %q", tt.name, o.Fault)
		}
	}
	// Where it is not asked for, what it holds is nobody's fault.
	if o := read(xForwarded, map[string][]string{"Forwarded": {"junk"}}); o.Fault != "" {
		t.Errorf("fault %q", o.Fault)
	}
}
