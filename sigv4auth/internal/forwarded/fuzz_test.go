package forwarded_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// FuzzRead hands any lists over as what a proxy says. What comes out is bounded, valid and
// canonical, or says why it is not known; the client is the one that a slow reading of the list
// finds; and what is put before a list never changes what is believed of it: threats 119 to 123.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", ",", "198.51.100.1", "6.6.6.6, 192.0.2.7", "[2001:db8::1]:80, ::ffff:192.0.2.7", "fe80::1%eth0", "a, b,c,d", "https, HTTP",
		`for="[2001:db8::1]:80";host=a;proto=https, for=192.0.2.7`, `for="x`, `for=[192.0.2.7];;by=_a`, `"`, `;"`, "\x00",
		strings.Repeat("192.0.2.9,", 70) + "192.0.2.9", strings.Repeat("for=192.0.2.9,", 70) + "for=192.0.2.9",
	} {
		f.Add(seed, "6.6.6.6", true)
		f.Add("198.51.100.1;for=", seed, false)
	}
	f.Fuzz(func(t *testing.T, list, before string, sameLine bool) {
		behind := func(list string) []string {
			if sameLine {
				return []string{before + "," + list}
			}
			return []string{before, list}
		}
		for _, p := range []*forwarded.Proxies{xForwarded, standard} {
			said := func(lines []string) *forwarded.Original {
				o := read(p, map[string][]string{
					"X-Forwarded-For": lines, "X-Forwarded-Host": lines, "X-Forwarded-Proto": lines,
					"Forwarded": lines,
				})
				check(t, o)
				return o
			}
			o, longer := said([]string{list}), said(behind(list))
			if strings.Count(list, `"`)%2 == 0 && o.ClientUntold == "" && (longer.Client != o.Client || longer.ClientUntold != "") {
				t.Fatalf("%q is the client of %q, and with %q before it %q", o.Client, list, before, longer.Client)
			}
			if p == xForwarded {
				if want := slowClient(behind(list)); string(longer.ClientUntold) != want && longer.Client.String() != want {
					t.Fatalf("%q: %v, %q; want %s", behind(list), longer.Client, longer.ClientUntold, want)
				}
				if longer.Secure && !o.Secure {
					t.Fatalf("%q before %q makes it secure", before, list)
				}
			}
		}
		// Behind what a client writes stands what the proxies say, and that alone counts.
		o := read(xForwarded, map[string][]string{"X-Forwarded-For": behind(list + ", 198.51.100.1, 192.0.2.7")})
		if o.Client.String() != "198.51.100.1" {
			t.Fatalf("%q: the client is taken for %v", behind(list), o.Client)
		}
		const said = `, for=198.51.100.1;host="example.org";proto=http, for=192.0.2.7;host=inner;proto=https`
		o = read(standard, map[string][]string{"Forwarded": behind(list + said)})
		if o.Client.String() != "198.51.100.1" || o.Secure || o.SchemeUntold != "" ||
			!slices.Equal(o.Hosts, []string{"backend", "example.org"}) {
			t.Fatalf("%q: %+v", behind(list), o)
		}
	})
}

// check holds what is known of a request against what may be known of one.
func check(t *testing.T, o *forwarded.Original) {
	t.Helper()
	trusted := slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(o.Client) })
	if o.Client.IsValid() != (o.ClientUntold == "") || trusted || o.Client != forwarded.CanonicalAddr(o.Client) {
		t.Fatalf("the client is %v, untold %q", o.Client, o.ClientUntold)
	}
	if o.SchemeUntold != "" && o.Secure {
		t.Fatalf("secure, and untold %q", o.SchemeUntold)
	}
	for _, u := range []diagnosis.Untold{o.ClientUntold, o.SchemeUntold} {
		if !slices.Contains([]diagnosis.Untold{"", diagnosis.UntoldMissing, diagnosis.UntoldMalformed, diagnosis.UntoldProxies}, u) {
			t.Fatalf("untold %q", u)
		}
	}
	if len(o.Hosts) < 1 || len(o.Hosts) > 4 || o.Hosts[0] != "backend" {
		t.Fatalf("the hosts are %q", o.Hosts)
	}
	for _, h := range o.Hosts {
		if !v4.ValidHost(h) {
			t.Fatalf("%q is no host", h)
		}
	}
}

// slowClient reads a list of addresses as one text, and takes its elements one by one from the
// back.
func slowClient(lines []string) string {
	elements := strings.Split(strings.Join(lines, ","), ",")
	slices.Reverse(elements)
	for i, e := range elements {
		e = strings.Trim(e, " \t")
		addr, err := netip.ParseAddr(e)
		for _, withPort := range []string{e, e + ":0"} {
			if ap, bad := netip.ParseAddrPort(withPort); err != nil && bad == nil {
				addr, err = ap.Addr(), nil
			}
		}
		if err != nil || i == 64 {
			return "malformed"
		}
		addr = addr.Unmap().WithZone("")
		if !slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) }) {
			return addr.String()
		}
	}
	return "proxies-only"
}
