package sigv4auth

import "github.com/wildgate/wildgate/sigv4auth/diagnosis"

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
func (via *relayed) clientInWords(u diagnosis.Untold) string {
	if u == "" {
		return ""
	}
	header := ""
	if via != nil {
		header = via.clientHeader
	}
	return "the client's address is not known, and with it aws:SourceIp: " + untoldInWords(u, header)
}

// schemeInWords is the same for the client's scheme, which is known where no trusted proxy stands
// between.
func (via *relayed) schemeInWords() string {
	if via == nil || via.schemeUntold == "" {
		return ""
	}
	return "the client's scheme is not known, and with it aws:SecureTransport: " + untoldInWords(via.schemeUntold, via.schemeHeader)
}
