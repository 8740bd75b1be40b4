package sigv4auth

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// TrustedProxies says which peers are your own reverse proxies, and which of their headers are
// trusted. Its zero value trusts nobody: each request is then taken as it arrived, from its peer.
// For a peer that is not trusted, no field below has any effect.
//
// Every trusted proxy MUST set each header that is named here, in place of one that the client
// sent; to ClientHeader it may also append. A proxy that passes a client's own header on lets every
// client choose its address, claim TLS, or replay what was signed for another host. If a proxy
// drops the header because a client names it in Connection, that client's address or scheme is not
// known. PROXIES.md, beside this file, has recipes. Another spelling of such a header,
// X_Forwarded_For, has no effect, and handlers do not see it.
type TrustedProxies struct {
	_ [0]func()

	// Networks are the addresses of the proxies, as the server sees them. 0.0.0.0/0 and ::/0 are
	// refused.
	Networks []netip.Prefix

	// UnixSocket trusts whoever connects through a Unix socket. The permissions of its file and
	// folder then say who is a proxy.
	UnixSocket bool

	// ClientHeader is the header that holds the client's address, for aws:SourceIp and
	// Event.Source: X-Forwarded-For, X-Real-IP, CF-Connecting-IP, or Forwarded, of which the
	// parameter "for" is read (RFC 7239). A list is walked from its end: an address in Networks
	// is passed over, and the first other one is the client's. The client is not known where the
	// header is missing, holds an element that is no address, more than 64 elements, or addresses
	// in Networks alone: a proxy is never taken for the client. Event.SourceUntold then says why,
	// and what is not known denies: see [Untold]. Empty: the peer counts, which is the proxy.
	ClientHeader string

	// HostHeader is the header that holds the host which the client called, for proxies that do not
	// pass the Host header on unchanged: X-Forwarded-Host, or Forwarded, of which the parameter
	// "host" is read. The signature then has to be right for r.Host or for one of at most three
	// hosts in the header; Config.Hosts restricts them all. A header with more hosts, or with one
	// that is malformed, is ignored. Empty: r.Host alone counts.
	HostHeader string

	// SchemeHeader is the header that holds the scheme which the client used, for
	// aws:SecureTransport: X-Forwarded-Proto, or Forwarded, of which the parameter "proto" is read.
	// aws:SecureTransport is then true if every element is https, and false if one is http. Where
	// the header is missing, or holds something else, the scheme is not known: see [Untold]. Empty:
	// true if the connection to this server has TLS.
	SchemeHeader string

	// PathPrefix is the prefix that the proxies remove from the path, for instance "/api", without
	// a slash at its end: the client signed it. It is put back for verification alone; the handler,
	// the policies and the events have the path that arrived. Empty: nothing.
	PathPrefix string

	// RestoredHeaders maps the name of a header which the proxies rewrite, though clients sign it,
	// to that of the header in which they pass what the client sent: {"Accept-Encoding":
	// "X-Original-Accept-Encoding"}. Where the second arrives, once, its value is verified in place
	// of the first's. nil: none.
	//
	// The handler sees both headers as they came, and for the first [Identity.Signed] is false, as
	// its value is not the one that was signed; [VerifiedHeader] returns the signed value. Headers
	// of the protocol (Host, Authorization, Date, x-amz-*), those that tell how the body is read
	// (Content-*, Transfer-Encoding), and those in Config.RequiredHeaders cannot be restored.
	RestoredHeaders map[string]string
}

// newProxies compiles t, and tells of its mistakes. It returns nil for the zero value.
func newProxies(t TrustedProxies, required []string, mistake func(field, format string, args ...any)) *forwarded.Proxies {
	if len(t.Networks) == 0 && !t.UnixSocket {
		if t.ClientHeader != "" || t.HostHeader != "" || t.SchemeHeader != "" || t.PathPrefix != "" || len(t.RestoredHeaders) > 0 {
			mistake("Proxies", "trusts no peer: set Networks or UnixSocket")
		}
		return nil
	}
	p := &forwarded.Proxies{UnixSocket: t.UnixSocket, Prefix: t.PathPrefix}
	for i, n := range t.Networks {
		switch n = forwarded.CanonicalPrefix(n); {
		case !n.IsValid():
			mistake(fmt.Sprintf("Proxies.Networks[%d]", i), "is not a network: the zero Prefix, or one of more bits than the address has")
		case n.Bits() == 0:
			mistake(fmt.Sprintf("Proxies.Networks[%d]", i), "trusts everyone: %q", n)
		}
		p.Networks = append(p.Networks, n)
	}
	for _, h := range []struct {
		field, name string
		key         *string
	}{{"ClientHeader", t.ClientHeader, &p.Client}, {"HostHeader", t.HostHeader, &p.Host}, {"SchemeHeader", t.SchemeHeader, &p.Scheme}} {
		if h.name != "" && !ofProxies(h.name) {
			mistake("Proxies."+h.field, "is not the name of a header that proxies set: %q", h.name)
		}
		*h.key = http.CanonicalHeaderKey(h.name)
	}
	if x := t.PathPrefix; x != "" &&
		(v4.CheckPath(x) != nil || !v4.NormalPath(x) || strings.HasSuffix(x, "/") || strings.ContainsAny(x, "?#")) {
		mistake("Proxies.PathPrefix", "must be a path without a slash at its end, empty or dot segments: %q", x)
	}
	for _, name := range slices.Sorted(maps.Keys(t.RestoredHeaders)) {
		from := t.RestoredHeaders[name]
		if !restorable(name) || slices.ContainsFunc(required, func(r string) bool { return strings.EqualFold(r, name) }) {
			mistake("Proxies.RestoredHeaders", "holds a header that cannot be restored: %q", name)
		}
		if !ofProxies(from) || strings.EqualFold(name, from) {
			mistake("Proxies.RestoredHeaders", "restores %q from what is not the name of a header that proxies set: %q", name, from)
		}
		p.Restored = append(p.Restored, forwarded.RestoredHeader{Key: http.CanonicalHeaderKey(name), From: http.CanonicalHeaderKey(from)})
	}
	return p
}

// ofProxies reports whether a header called name can be one that proxies add: none of the
// protocol's own.
func ofProxies(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Authorization", "Date":
		return false
	}
	return v4.IsFieldName(name) && !v4.IsAmz(name)
}

// restorable reports whether another value than the one that the handler reads may be verified.
// Where a header decides what the request means, the two have to be one.
func restorable(name string) bool {
	key := http.CanonicalHeaderKey(name)
	return ofProxies(name) && key != "Transfer-Encoding" && key != "Trailer" && !strings.HasPrefix(key, "Content-")
}

// original returns what a trusted proxy says of r, nil if its peer is none.
func (a *Authenticator) original(r *http.Request) *forwarded.Original {
	if a.proxies == nil {
		return nil
	}
	peer, ok := PeerIP(r)
	return a.proxies.Read(forwarded.Request{
		Peer: peer,
		// That a peer has no address is not enough: other middleware may have written something
		// else into r.RemoteAddr.
		UnixSocket: !ok && onUnixSocket(r.Context()),
		Host:       r.Host,
		TLS:        r.TLS != nil,
		Header:     r.Header,
	})
}

// onUnixSocket reports whether net/http's server says that the request came through a Unix socket.
func onUnixSocket(ctx context.Context) bool {
	addr, ok := ctx.Value(http.LocalAddrContextKey).(net.Addr)
	return ok && addr.Network() == "unix"
}
