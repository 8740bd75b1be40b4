package forwarded

import (
	"maps"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// maxHosts bounds for how many hosts one signature is tried (threat 123). It is what a request
// costs more, at most.
const maxHosts = 4

// Original is a request as the trusted proxy that it came through says the client sent it. nil: it
// came straight from its client, and is taken as it arrived. It is not changed once the request is
// verified.
type Original struct {
	Client netip.Addr // canonical; not valid: unknown
	Secure bool       // the client used TLS

	// Why Client is not valid, and why Secure tells nothing.
	ClientUntold, SchemeUntold diagnosis.Untold
	// The keys of the headers that should have told, "" if none is configured.
	ClientHeader, SchemeHeader string

	Hosts    []string // what the client may have called: the host that arrived, and what the proxy says; at most maxHosts
	Host     string   // the one of Hosts that was signed; whoever finds that out sets it
	Received string   // the host that arrived, also where Restrict has taken it out of Hosts
	Fault    string   // the key of a header that said nothing which could be believed, for the operator

	Restored map[string][]string // the headers that arrived with other values than the client signed, with these; may be nil
	prefix   string              // what the proxy took off the path
}

// Read returns what the peer of r tells of it, nil if the peer is not trusted. Nothing in it is
// believed to be right: a signature or a policy has yet to say so.
func (p *Proxies) Read(r Request) *Original {
	if !p.trustsPeer(&r) { // guard 120
		return nil
	}
	o := &Original{
		Client: r.Peer, Secure: r.TLS, Received: r.Host, prefix: p.Prefix,
		ClientHeader: p.Client, SchemeHeader: p.Scheme,
	}
	o.Hosts = append(make([]string, 0, maxHosts), r.Host)
	e, untold := p.elementThatCounts(r.Header[HeaderKey])
	if untold == diagnosis.UntoldMalformed {
		o.Fault = HeaderKey
	}
	switch p.Client {
	case "":
		if !r.Peer.IsValid() {
			o.ClientUntold = diagnosis.UntoldPeer
		}
	case HeaderKey:
		if o.Client, o.ClientUntold = e.node, untold; untold == "" {
			o.Client, o.ClientUntold = p.clientOf(e)
		}
	default:
		o.Client, o.ClientUntold = p.walk(r.Header[p.Client])
	}
	switch p.Scheme {
	case "":
	case HeaderKey:
		if o.Secure, o.SchemeUntold = false, untold; untold == "" {
			o.Secure, o.SchemeUntold = p.schemeOf(e)
		}
	default:
		o.Secure, o.SchemeUntold = allHTTPS(r.Header[p.Scheme])
	}
	switch p.Host {
	case "":
	case HeaderKey:
		o.addHosts(p.Host, e.host)
	default:
		o.addHosts(p.Host, r.Header[p.Host]...)
	}
	for _, h := range p.Restored {
		switch values := r.Header[h.From]; len(values) {
		case 0: // the client did not send it
		case 1:
			if o.Restored == nil {
				o.Restored = make(map[string][]string, len(p.Restored))
			}
			o.Restored[h.Key] = values
		default:
			o.Fault = h.From
		}
	}
	return o
}

// addHosts adds what the lines of a header say, all of it or nothing: a client that could add to
// the list must not choose what is left out.
func (o *Original) addHosts(header string, lines ...string) {
	all := o.Hosts
	for _, line := range lines {
		for rest, more := line, line != ""; more; {
			var host string
			host, rest, more = v4.Cut(rest, ',')
			host = strings.Trim(host, " \t")
			if !v4.ValidHost(host) || len(all) == maxHosts { // guard 123a, 123b
				o.Fault = header
				return
			}
			all = append(all, host)
		}
	}
	o.Hosts = all
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

// Restrict leaves the hosts that are allowed, and reports whether there are any.
func (o *Original) Restrict(allowed func(host string) bool) bool {
	o.Hosts = slices.DeleteFunc(o.Hosts, func(h string) bool { return !allowed(h) })
	return len(o.Hosts) > 0
}

// FirstHost returns the host for which the canonical request is built: of a request that was not
// relayed, the one that arrived.
func (o *Original) FirstHost(received string) string {
	if o == nil {
		return received
	}
	return o.Hosts[0]
}

// Path returns the path that the client signed.
func (o *Original) Path(received string) string {
	if o == nil || o.prefix == "" {
		return received
	}
	return o.prefix + received
}

// Header returns the header that the client signed: the one that arrived, which is not changed, or
// a copy.
func (o *Original) Header(received map[string][]string) map[string][]string {
	if o == nil || o.Restored == nil {
		return received
	}
	h := maps.Clone(received)
	maps.Copy(h, o.Restored)
	return h
}

// RestoredValue reports whether the value of the header called name that was verified is another
// than the one which arrived under that name, and returns it.
func (o *Original) RestoredValue(name string) (string, bool) {
	if o == nil || o.Restored == nil {
		return "", false
	}
	values := o.Restored[textproto.CanonicalMIMEHeaderKey(name)]
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}
