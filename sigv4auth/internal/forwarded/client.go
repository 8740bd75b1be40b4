package forwarded

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
)

// walk returns the client's address from a list of addresses, each appended by the proxy that was
// called from it, last by the trusted one that is the peer. Otherwise the client is unknown
// (threat 119), and never taken for a proxy: that the list is missing, or holds proxies alone, is
// what is left where one of them dropped the header because the client asked for it (threat 235).
func (p *Proxies) walk(lines []string) (netip.Addr, diagnosis.Untold) {
	if len(lines) == 0 {
		return netip.Addr{}, diagnosis.UntoldMissing
	}
	count := 0
	for _, line := range slices.Backward(lines) {
		for rest, more := line, true; more; {
			var element string
			if i := strings.LastIndexByte(rest, ','); i >= 0 {
				rest, element = rest[:i], rest[i+1:]
			} else {
				rest, element, more = "", rest, false
			}
			a, ok := parseNode(strings.Trim(element, " \t"))
			if count++; !ok || count > maxElements { // guard 119c
				return netip.Addr{}, diagnosis.UntoldMalformed
			}
			if !p.trusts(a) { // guard 119b
				return a, ""
			}
		}
	}
	return netip.Addr{}, diagnosis.UntoldProxies // guard 235a
}

// parseNode parses an address, which some proxies write with a port, and IPv6 in brackets (threat
// 121).
func parseNode(s string) (netip.Addr, bool) {
	if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
		a, err := netip.ParseAddr(s[1 : n-1])
		if err != nil || !a.Is6() {
			return netip.Addr{}, false
		}
		return CanonicalAddr(a), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		a = ap.Addr()
	}
	return CanonicalAddr(a), true
}
