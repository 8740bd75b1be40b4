package sigv4auth

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// PeerIP returns the address of the connection's other end, without zone and with IPv4-mapped addresses as IPv4. It is
// not ok where there is none, as with a Unix socket. No header is believed.
func PeerIP(r *http.Request) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	return canonicalAddr(ap.Addr()), true
}

// FromTrustedProxies returns a function for [AuthorizerConfig.ClientIP] that believes the X-Forwarded-For header of the
// proxies in cidrs, and of nobody else. It walks the header from its end: an address of a trusted proxy is
// passed over, and the first other one is the client's. If all are trusted the first in the header counts; an
// element that is not an address leaves the client unknown, so that aws:SourceIp is absent.
//
// Each trusted proxy MUST append its peer's address to the header. One that lets the header
// through as it came lets every client choose its address.
func FromTrustedProxies(cidrs ...netip.Prefix) func(*http.Request) (netip.Addr, bool) {
	trusted := make([]netip.Prefix, 0, len(cidrs))
	for _, c := range cidrs {
		trusted = append(trusted, canonicalPrefix(c))
	}
	isTrusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return func(r *http.Request) (netip.Addr, bool) {
		addr, ok := PeerIP(r)
		if !ok || !isTrusted(addr) {
			return addr, ok
		}
		lines := r.Header.Values("X-Forwarded-For")
		for _, line := range slices.Backward(lines) {
			for rest, more := line, true; more; {
				var element string
				if i := strings.LastIndexByte(rest, ','); i >= 0 {
					rest, element = rest[:i], rest[i+1:]
				} else {
					rest, element, more = "", rest, false
				}
				a, err := parseForwarded(strings.TrimSpace(element))
				if err != nil {
					return netip.Addr{}, false
				}
				if addr = a; !isTrusted(addr) {
					return addr, true
				}
			}
		}
		return addr, true
	}
}

// parseForwarded parses an element of X-Forwarded-For: an address, which some proxies write with a port.
func parseForwarded(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, err
		}
		a = ap.Addr()
	}
	return canonicalAddr(a), nil
}

func canonicalAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func canonicalPrefix(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
}
