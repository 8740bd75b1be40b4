// Package forwarded reads what a trusted proxy says of a request: from which address, for which
// host and by which scheme the client called, and with which path and headers, where the proxy had
// to change them.
//
// A proxy appends to a list that its caller sent, so the beginning of any list may be the client's
// own work, and as long as the client likes. Lists are walked from their end, over elements that
// trusted proxies account for, at most 64 of them; what is not known is told with the reason.
// Nothing that this package returns is right because it says so: a signature or a policy has yet to
// be held against it.
//
// It knows requests as texts: no HTTP, no clock, no context.
package forwarded

import (
	"net/netip"
	"slices"
)

// Proxies are those of the service's own, and what is believed of what they say. It MUST NOT be
// changed once it is used, and is then safe for concurrent use.
type Proxies struct {
	Networks   []netip.Prefix // each of which [CanonicalPrefix] has returned
	UnixSocket bool           // whoever connects through a Unix socket is a proxy

	// Client, Host and Scheme are the keys of the headers that tell them, as net/http spells them;
	// "" if none is believed.
	Client, Host, Scheme string

	Prefix   string // what the proxies take off the path
	Restored []RestoredHeader
}

// RestoredHeader holds the key of a header that the proxies rewrite, and of the one in which they
// pass what the client sent.
type RestoredHeader struct{ Key, From string }

// Request is a request as it arrived, as far as a proxy has a say in it.
type Request struct {
	Peer       netip.Addr // as [CanonicalAddr] returns it; not valid if the peer has none
	UnixSocket bool       // it came through a Unix socket
	Host       string
	TLS        bool
	Header     map[string][]string
}

// trustsPeer reports whether r came from a proxy.
func (p *Proxies) trustsPeer(r *Request) bool {
	if r.Peer.IsValid() {
		return p.trusts(r.Peer)
	}
	return p.UnixSocket && r.UnixSocket
}

// trusts reports whether addr is a proxy's.
func (p *Proxies) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(p.Networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// CanonicalAddr returns the one form of an address that others are compared with: without a zone,
// and as IPv4 if it is an IPv4-mapped one (threat 121).
func CanonicalAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") } // guard 121a

// CanonicalPrefix returns the form of a prefix that canonical addresses are held against: one of
// IPv4-mapped addresses becomes one of IPv4. It is not valid if p is not.
func CanonicalPrefix(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).Masked()
	}
	return p.Masked()
}
