package sigv4auth

import (
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// checkHost refuses a request whose host is not served here. Of the hosts that a trusted proxy
// named, the others are left (threat 80).
func (a *Authenticator) checkHost(host string, via *forwarded.Original) *Error {
	if a.hosts == nil {
		return nil
	}
	if via != nil {
		if via.Restrict(a.servesHost) {
			return nil
		}
	} else if a.servesHost(host) {
		return nil
	}
	return refusal(ErrHostNotAllowed, "The request is signed for a host that is not served here")
}

func (a *Authenticator) servesHost(host string) bool {
	for _, h := range a.hosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// rewritten are the headers that clients sign and proxies commonly rewrite, drop or merge (threat
// 124).
var rewritten = map[string]bool{
	"accept": true, "accept-encoding": true, "cache-control": true, "connection": true, "cookie": true, "expect": true,
	"forwarded": true, "te": true, "user-agent": true, "via": true, "x-amzn-trace-id": true, "x-forwarded-for": true,
	"x-forwarded-host": true, "x-forwarded-proto": true, "x-real-ip": true, "x-request-id": true,
}

// mismatchDetail says what proxies may have to do with a signature that is not right, "" if nothing
// points at one. It names headers alone.
func mismatchDetail(r *http.Request, p *authParams, via *forwarded.Original) string {
	var b strings.Builder
	for rest, more := p.signedHeaders, true; more; {
		var name string
		name, rest, more = v4.Cut(rest, ';')
		if !rewritten[name] {
			continue
		}
		if _, restored := via.RestoredValue(name); restored {
			continue
		}
		if b.Len() == 0 {
			b.WriteString("signed headers that proxies commonly rewrite:")
		}
		b.WriteString(" " + name)
	}
	say := func(text string) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(text)
	}
	switch {
	case via == nil && throughProxy(r.Header):
		say("the request came through a proxy, and its peer is not one of Config.Proxies")
	case via != nil && via.Fault != "":
		say("what the proxy says in " + via.Fault + " is malformed, and was not believed")
	}
	return b.String()
}

// throughProxy reports whether headers are there that proxies add.
func throughProxy(h http.Header) bool {
	for _, key := range []string{"Via", forwarded.HeaderKey, "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"} {
		if len(h[key]) > 0 {
			return true
		}
	}
	return false
}
