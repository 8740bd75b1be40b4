package scalar

import (
	"net/netip"
	"strings"
)

// ParseAddress reads an IP address of a request. An IPv4 address in IPv6 form
// is the IPv4 address; a zone has no meaning to a policy, and netip refuses
// octets with leading zeros, which some read as octal (threat 188).
func ParseAddress(s string) (netip.Addr, bool) {
	if len(s) > maxAddressBytes || strings.IndexByte(s, '%') >= 0 {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap(), err == nil
}

const maxAddressBytes = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")

// ParsePrefix reads an address or a CIDR block of a policy. Bits of the host
// are allowed, as in the user guide's own 203.0.113.0/24 written 203.0.113.7/24.
func ParsePrefix(s string) (netip.Prefix, bool) {
	if strings.IndexByte(s, '/') < 0 {
		addr, ok := ParseAddress(s)
		return netip.PrefixFrom(addr, addr.BitLen()), ok
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	// A block of IPv4 addresses in IPv6 form is that block.
	if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), true
}
