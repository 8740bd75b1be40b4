package forwarded_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
)

// TestClientList: a list is walked from its end over trusted proxies, and the first other address
// is the client's: threats 119, 121 and 235.
func TestClientList(t *testing.T) {
	t.Parallel()
	proxies := func(n int) string { return strings.Repeat(", 192.0.2.9", n) }
	for _, tt := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"one", []string{"198.51.100.1"}, "198.51.100.1"},
		{"spaces and tabs", []string{" \t198.51.100.1\t "}, "198.51.100.1"},
		{"threat 119: what the client wrote before it", []string{"6.6.6.6, 198.51.100.1, 192.0.2.7"}, "198.51.100.1"},
		{"threat 119: in a line of its own", []string{"6.6.6.6", "198.51.100.1", "192.0.2.7"}, "198.51.100.1"},
		{"threat 119: a trusted proxy behind a stranger", []string{"6.6.6.6, 192.0.2.8, 198.51.100.1, 192.0.2.7"}, "198.51.100.1"},
		{"threat 119: junk before it", []string{"\x00, \", 198.51.100.1, 192.0.2.7"}, "198.51.100.1"},
		{"threat 119: junk behind it", []string{"198.51.100.1, junk, 192.0.2.7"}, "malformed"},
		{"threat 119: junk at the end", []string{"198.51.100.1,"}, "malformed"},
		{"an empty line at the end", []string{"198.51.100.1", ""}, "malformed"},
		{"IPv6", []string{"2001:db8:2::1, 2001:db8:1::1"}, "2001:db8:2::1"},
		{"threat 121: brackets", []string{"[2001:db8:2::1]"}, "2001:db8:2::1"},
		{"threat 121: ports", []string{"198.51.100.1:4711, [2001:db8:1::1]:80, 192.0.2.7:80"}, "198.51.100.1"},
		{"threat 121: IPv4-mapped, also of a proxy", []string{"::ffff:198.51.100.1, [::ffff:192.0.2.7]:80"}, "198.51.100.1"},
		{"threat 121: a zone, also of a proxy", []string{"fe80::1%eth0, 2001:db8:1::1%eth0"}, "fe80::1"},
		{"threat 121: a zone of an IPv4-mapped one", []string{"::ffff:198.51.100.1%eth0"}, "198.51.100.1"},
		{"threat 121: brackets around IPv4", []string{"[198.51.100.1]"}, "malformed"},
		{"threat 121: brackets around IPv4, with a port", []string{"[198.51.100.1]:80"}, "malformed"},
		{"threat 121: empty brackets", []string{"[]"}, "malformed"},
		{"threat 121: a bracket", []string{"["}, "malformed"},
		{"threat 121: a bracket that is not closed", []string{"[2001:db8:2::1"}, "malformed"},
		{"threat 121: a bracket that is not opened", []string{"2001:db8:2::1]"}, "malformed"},
		{"threat 121: leading zeros", []string{"198.051.100.1"}, "malformed"},
		{"threat 121: a number", []string{"3325256705"}, "malformed"},
		{"threat 121: a port that is none", []string{"198.51.100.1:65536"}, "malformed"},
		{"a name", []string{"localhost"}, "malformed"},
		{"a network", []string{"198.51.100.0/24"}, "malformed"},
		{"a space inside", []string{"198.51.100. 1"}, "malformed"},
		{"threat 235: missing", nil, "missing"},
		{"threat 235: no lines", []string{}, "missing"},
		{"threat 235: empty", []string{""}, "malformed"},
		{"threat 235: proxies alone", []string{"192.0.2.7, 192.0.2.8", "2001:db8:1::1"}, "proxies-only"},
		{"threat 235: the peer itself", []string{"192.0.2.1"}, "proxies-only"},
		{"as many as are looked at", []string{"198.51.100.1" + proxies(63)}, "198.51.100.1"},
		{"threat 119: one more", []string{"198.51.100.1" + proxies(64)}, "malformed"},
		{"proxies alone, as many as are looked at", []string{"192.0.2.9" + proxies(63)}, "proxies-only"},
		{"threat 119: proxies alone, one more", []string{"192.0.2.9" + proxies(64)}, "malformed"},
		{"threat 119: proxies without end", []string{"198.51.100.1" + proxies(100_000)}, "malformed"},
		{"junk without end before the client", []string{strings.Repeat("x,", 100_000) + "198.51.100.1"}, "198.51.100.1"},
	} {
		if got, _ := text(read(xForwarded, map[string][]string{"X-Forwarded-For": tt.lines})); got != tt.want {
			t.Errorf("%s: %s; want %s", tt.name, got, tt.want)
		}
	}
}

// TestCanonical: threat 121. One address has one form, and a network the form in which it holds
// those.
func TestCanonical(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"198.51.100.1": "198.51.100.1", "::ffff:198.51.100.1": "198.51.100.1", "::ffff:198.51.100.1%eth0": "198.51.100.1",
		"2001:db8::1": "2001:db8::1", "fe80::1%eth0": "fe80::1", "::198.51.100.1": "::c633:6401",
	} {
		if got := forwarded.CanonicalAddr(netip.MustParseAddr(text)); got.String() != want || forwarded.CanonicalAddr(got) != got {
			t.Errorf("threat 121: %s: %v; want %s", text, got, want)
		}
	}
	if forwarded.CanonicalAddr(netip.Addr{}).IsValid() {
		t.Error("threat 121: the zero address became one")
	}
	for text, want := range map[string]string{
		"10.1.2.3/8": "10.0.0.0/8", "::ffff:192.168.1.1/112": "192.168.0.0/16", "::ffff:0.0.0.0/96": "0.0.0.0/0",
		"::ffff:0.0.0.0/95": "::fffe:0:0/95", "fd00::1/64": "fd00::/64",
	} {
		if got := forwarded.CanonicalPrefix(netip.MustParsePrefix(text)); got.String() != want {
			t.Errorf("threat 121: %s: %v; want %s", text, got, want)
		}
	}
	if forwarded.CanonicalPrefix(netip.Prefix{}).IsValid() || forwarded.CanonicalPrefix(netip.PrefixFrom(peer, 33)).IsValid() {
		t.Error("threat 121: a network that is none became one")
	}
}
