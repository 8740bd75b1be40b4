package sigv4auth

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
)

// PeerIP returns the address of the connection's other end, without zone and with IPv4-mapped
// addresses as IPv4. It reports false if there is none, as with a Unix socket. It reads no header.
func PeerIP(r *http.Request) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	return forwarded.CanonicalAddr(ap.Addr()), true // guard 121b
}

// clientIP returns the client's address, or why it is not known.
func (z *Authorizer) clientIP(r *http.Request, id *Identity) (netip.Addr, diagnosis.Untold) {
	switch {
	case z.cfg.ClientIP != nil:
		if addr, ok := z.cfg.ClientIP(r); ok && addr.IsValid() {
			return forwarded.CanonicalAddr(addr), "" // guard 121c
		}
		return netip.Addr{}, diagnosis.UntoldClientIP
	case id.original != nil:
		return id.original.Client, id.original.ClientUntold
	}
	if addr, ok := PeerIP(r); ok {
		return addr, ""
	}
	return netip.Addr{}, diagnosis.UntoldPeer
}

// untoldDetail says, for the operator, what of a denied request is not known that the policies
// may have looked at.
func untoldDetail(id *Identity, used iampolicy.KeyFilter, client diagnosis.Untold) string {
	var said []string
	if client != "" && used.MayUse("aws:SourceIp") {
		said = append(said, clientInWords(id.original, client))
	}
	if text := schemeInWords(id.original); text != "" && used.MayUse("aws:SecureTransport") {
		said = append(said, text)
	}
	return strings.Join(said, "; ")
}

// untoldInWords says why something is not known, and what to do. header is the one that should have
// told. It is for operators.
func untoldInWords(u diagnosis.Untold, header string) string {
	switch u {
	case diagnosis.UntoldMissing:
		return header + ", which Config.Proxies names, did not arrive from the trusted proxy: " +
			"let the proxy set it for every request, and not obey the Connection header of clients that name it"
	case diagnosis.UntoldMalformed:
		return header + ", which Config.Proxies names, is malformed: " +
			"let every trusted proxy set it in place of what the client sent, or append to it"
	case diagnosis.UntoldProxies:
		return header + ", which Config.Proxies names, holds addresses of trusted proxies alone: " +
			"a proxy farther out did not set it, or Config.Proxies.Networks holds more than proxies"
	case diagnosis.UntoldPeer:
		return "the peer has no address, and no header is configured that tells the client's"
	case diagnosis.UntoldClientIP:
		return "AuthorizerConfig.ClientIP does not tell it"
	}
	return "" // unreachable: it is known
}

// clientInWords says why the client's address is not known, "" where it is. via may be nil: no
// trusted proxy.
func clientInWords(via *forwarded.Original, u diagnosis.Untold) string {
	if u == "" {
		return ""
	}
	header := ""
	if via != nil {
		header = via.ClientHeader
	}
	return "the client's address is not known, and with it aws:SourceIp: " + untoldInWords(u, header)
}

// schemeInWords is the same for the client's scheme, which is known where no trusted proxy stands
// between.
func schemeInWords(via *forwarded.Original) string {
	if via == nil || via.SchemeUntold == "" {
		return ""
	}
	return "the client's scheme is not known, and with it aws:SecureTransport: " + untoldInWords(via.SchemeUntold, via.SchemeHeader)
}
