package sigv4auth

// Untold says why the address or the scheme of a request's client is not known: somebody should
// have told it, and has not. It is "" where it is known. The condition key, aws:SourceIp or
// aws:SecureTransport, then has a value that is not known: every Deny that looks at it applies,
// and no Allow does. The texts are stable: alarms and dashboards can group by them.
type Untold string

const (
	// UntoldMissing: the peer is a proxy of Config.Proxies, and the header that is named there
	// did not arrive, or not with what was to be in it. A proxy that obeys "Connection:
	// X-Forwarded-For" drops the header for whoever asks for it (CVE-2022-31813, CVE-2025-48865).
	UntoldMissing Untold = "missing"
	// UntoldMalformed: the header holds an element that is no address, or no scheme, or has more
	// elements than are looked at.
	UntoldMalformed Untold = "malformed"
	// UntoldProxies: the header holds addresses of proxies of Config.Proxies alone, so that one
	// of them was not told by whom it was called.
	UntoldProxies Untold = "proxies-only"
	// UntoldPeer: the peer has no address, as on a Unix socket, and nothing else tells the
	// client's.
	UntoldPeer Untold = "no-peer-address"
	// UntoldClientIP: AuthorizerConfig.ClientIP does not tell it.
	UntoldClientIP Untold = "client-ip"
)

// inWords says why, and what to do. header is the one that should have told. It is for operators.
func (u Untold) inWords(header string) string {
	switch u {
	case UntoldMissing:
		return header + ", which Config.Proxies names, did not arrive from the trusted proxy: " +
			"let the proxy set it for every request, and not obey the Connection header of clients that name it"
	case UntoldMalformed:
		return header + ", which Config.Proxies names, is malformed: " +
			"let every trusted proxy set it in place of what the client sent, or append to it"
	case UntoldProxies:
		return header + ", which Config.Proxies names, holds addresses of trusted proxies alone: " +
			"a proxy farther out did not set it, or Config.Proxies.Networks holds more than proxies"
	case UntoldPeer:
		return "the peer has no address, and no header is configured that tells the client's"
	case UntoldClientIP:
		return "AuthorizerConfig.ClientIP does not tell it"
	}
	return "" // unreachable: it is known
}

// clientInWords says why the client's address is not known, "" where it is. via may be nil: no
// trusted proxy.
func (via *relayed) clientInWords(u Untold) string {
	if u == "" {
		return ""
	}
	header := ""
	if via != nil {
		header = via.clientHeader
	}
	return "the client's address is not known, and with it aws:SourceIp: " + u.inWords(header)
}

// schemeInWords is the same for the client's scheme, which is known where no trusted proxy stands
// between.
func (via *relayed) schemeInWords() string {
	if via == nil || via.schemeUntold == "" {
		return ""
	}
	return "the client's scheme is not known, and with it aws:SecureTransport: " + via.schemeUntold.inWords(via.schemeHeader)
}
