package sigv4auth

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// maxHosts bounds for how many hosts one signature is tried (threat 123). It is what a request
// costs more, at most.
const maxHosts = 4

// relayed is what a trusted proxy tells of the request that reached it. nil: the request came
// straight from its client, and is taken as it arrived. It is not changed once the request is
// verified.
type relayed struct {
	client netip.Addr // not valid: unknown
	secure bool       // the client used TLS
	// Why client is not valid, and why secure tells nothing.
	clientUntold, schemeUntold diagnosis.Untold
	clientHeader, schemeHeader string // that should have told, "" if none is configured

	hosts    []string // what the client may have called: r.Host, and what the proxy says; at most maxHosts
	host     string   // the one of hosts that was signed
	received string   // r.Host, also where Config.Hosts has taken it out of hosts
	prefix   string   // what the proxy took off the path
	restored http.Header
	fault    string // which header said nothing that could be believed, for the operator
}

// read returns what the peer of r tells of it, nil if the peer is not trusted. Nothing in it is
// believed to be right: a signature or a policy has yet to say so.
func (p *proxies) read(r *http.Request) *relayed {
	if p == nil {
		return nil
	}
	peer, trusted := p.trustsPeer(r)
	if !trusted { // guard 120
		return nil
	}
	via := &relayed{client: peer, secure: r.TLS != nil, received: r.Host, prefix: p.prefix, clientHeader: p.client, schemeHeader: p.scheme}
	via.hosts = append(make([]string, 0, maxHosts), r.Host)
	var told forwardedElement
	untold := diagnosis.UntoldMissing // of Forwarded
	believed := p.client == forwardedHeader || p.host == forwardedHeader || p.scheme == forwardedHeader
	if forwarded := r.Header[forwardedHeader]; believed && len(forwarded) > 0 {
		var ok bool
		if told, ok = p.believedElement(forwarded); ok {
			untold = ""
		} else {
			via.fault, untold = forwardedHeader, diagnosis.UntoldMalformed
		}
	}
	switch p.client {
	case "":
		if !peer.IsValid() {
			via.clientUntold = diagnosis.UntoldPeer
		}
	case forwardedHeader:
		if via.client, via.clientUntold = told.node, untold; untold == "" {
			via.client, via.clientUntold = p.clientOf(told)
		}
	default:
		via.client, via.clientUntold = p.walk(r.Header[p.client])
	}
	switch p.scheme {
	case "":
	case forwardedHeader:
		if via.secure, via.schemeUntold = false, untold; untold == "" {
			via.secure, via.schemeUntold = p.schemeOf(told)
		}
	default:
		via.secure, via.schemeUntold = allHTTPS(r.Header[p.scheme])
	}
	switch p.host {
	case "":
	case forwardedHeader:
		via.addHosts(p.host, told.host)
	default:
		via.addHosts(p.host, r.Header[p.host]...)
	}
	for _, h := range p.restored {
		switch values := r.Header[h.from]; len(values) {
		case 0: // the client did not send it
		case 1:
			if via.restored == nil {
				via.restored = make(http.Header, len(p.restored))
			}
			via.restored[h.key] = values
		default:
			via.fault = h.from
		}
	}
	return via
}

// addHosts adds what the lines of a header say, all of it or nothing: a client that could add to
// the list must not choose what is left out.
func (via *relayed) addHosts(header string, lines ...string) {
	all := via.hosts
	for _, line := range lines {
		for rest, more := line, line != ""; more; {
			var host string
			host, rest, more = v4.Cut(rest, ',')
			host = strings.Trim(host, " \t")
			if !v4.ValidHost(host) || len(all) == maxHosts { // guard 123a, 123b
				via.fault = header
				return
			}
			all = append(all, host)
		}
	}
	via.hosts = all
}

// allHTTPS reports whether every element of a list of schemes is https. A client that could add
// to the list could only make itself less trusted.
func allHTTPS(lines []string) (bool, diagnosis.Untold) {
	if len(lines) == 0 {
		return false, diagnosis.UntoldMissing
	}
	all := true
	for _, line := range lines {
		for rest, more := line, true; more; {
			var scheme string
			scheme, rest, more = v4.Cut(rest, ',')
			https, untold := isHTTPS(strings.Trim(scheme, " \t"))
			if untold != "" {
				return false, untold
			}
			all = all && https
		}
	}
	return all, ""
}

// isHTTPS reports whether a scheme is https, where it is one of the two.
func isHTTPS(scheme string) (bool, diagnosis.Untold) {
	https := strings.EqualFold(scheme, "https")
	if !https && !strings.EqualFold(scheme, "http") {
		return false, diagnosis.UntoldMalformed
	}
	return https, ""
}

// restrict leaves the hosts that are allowed.
func (via *relayed) restrict(allowed func(host string) bool) {
	via.hosts = slices.DeleteFunc(via.hosts, func(h string) bool { return !allowed(h) })
}

// firstHost returns the host for which the canonical request is built, r.Host where nothing was
// relayed.
func (via *relayed) firstHost(r *http.Request) string {
	if via == nil {
		return r.Host
	}
	return via.hosts[0]
}

// path returns the path that the client signed.
func (via *relayed) path(received string) string {
	if via == nil || via.prefix == "" {
		return received
	}
	return via.prefix + received
}

// header returns the header that the client signed.
func (via *relayed) header(received http.Header) http.Header {
	if via == nil || via.restored == nil {
		return received
	}
	h := maps.Clone(received)
	maps.Copy(h, via.restored)
	return h
}

// restores reports whether the value of the header called name that was verified is another than
// the one which arrived under that name, and returns it.
func (via *relayed) restores(name string) (string, bool) {
	if via == nil || via.restored == nil {
		return "", false
	}
	values := via.restored[http.CanonicalHeaderKey(name)]
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}
