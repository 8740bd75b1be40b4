package forwarded

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// HeaderKey is the key of the header of RFC 7239.
const HeaderKey = "Forwarded"

// maxElements bounds how many elements of a list of proxies are looked at.
const maxElements = 64

// element is one element of Forwarded (RFC 7239, section 4): what one proxy says of the
// request that reached it.
type element struct {
	node        netip.Addr // "for"; not valid if it is no address: "unknown", an obfuscated identifier, missing
	host, proto string     // "" if it does not say
}

// elementThatCounts returns the element of Forwarded that is believed, or why there is none: the
// lines are missing, malformed, or nobody asks for them.
func (p *Proxies) elementThatCounts(lines []string) (element, diagnosis.Untold) {
	if p.Client != HeaderKey && p.Host != HeaderKey && p.Scheme != HeaderKey || len(lines) == 0 {
		return element{}, diagnosis.UntoldMissing
	}
	e, ok := p.believedElement(lines)
	if !ok {
		return element{}, diagnosis.UntoldMalformed
	}
	return e, ""
}

// believedElement walks Forwarded from its end: an element in which a trusted proxy was called by
// another one is passed over, and the one in which it was called by anybody else is what the first
// of them says of the client's own request. What stands before it the client may have written. It
// is not ok where there is no such element or it is malformed.
func (p *Proxies) believedElement(lines []string) (e element, ok bool) {
	count := 0
	for _, line := range slices.Backward(lines) {
		for rest, more := line, true; more; {
			if count++; count > maxElements {
				return element{}, false
			}
			var text string
			text, rest, more = cutLastElement(rest)
			if e, ok = parseElement(text); !ok || !p.trusts(e.node) {
				return e, ok
			}
		}
	}
	return e, ok
}

// clientOf returns the client's address that an element tells, which is the one that counts.
func (p *Proxies) clientOf(e element) (netip.Addr, diagnosis.Untold) {
	switch {
	case !e.node.IsValid():
		return netip.Addr{}, diagnosis.UntoldMalformed
	case p.trusts(e.node):
		return netip.Addr{}, diagnosis.UntoldProxies // see walk
	}
	return e.node, ""
}

// schemeOf is the same for the client's scheme: whether it used TLS.
func (p *Proxies) schemeOf(e element) (secure bool, untold diagnosis.Untold) {
	switch {
	case e.node.IsValid() && p.trusts(e.node):
		return false, diagnosis.UntoldProxies // what a proxy used to call another one
	case e.proto == "":
		return false, diagnosis.UntoldMissing
	}
	return isHTTPS(e.proto)
}

// cutLastElement cuts the last element off a list. Quotes are paired from the end: the last element
// is of a trusted proxy, and a quote which the client left open before it does not swallow it.
func cutLastElement(list string) (last, rest string, more bool) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case list[i] == '"':
			quoted = !quoted
		case list[i] == ',' && !quoted:
			return list[i+1:], list[:i], true
		}
	}
	return list, "", false
}

// parseElement takes one element apart. It is stricter than the RFC in one point, that a
// quoted value holds no backslash, which no address, host and scheme needs, and laxer in another,
// that addresses and hosts with colons may come unquoted.
func parseElement(text string) (e element, ok bool) {
	var seen [3]bool
	for rest, more := text, true; more; {
		var pair string
		if pair, rest, more = cutPair(rest); strings.Trim(pair, " \t") == "" {
			continue // RFC 7239 allows empty pairs between semicolons
		}
		name, value, found := strings.Cut(strings.Trim(pair, " \t"), "=")
		if !found || !v4.IsFieldName(name) {
			return element{}, false
		}
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		} else if strings.ContainsAny(value, " \t") {
			return element{}, false
		}
		if value == "" || strings.ContainsAny(value, `"\`) {
			return element{}, false
		}
		which := slices.Index([]string{"for", "host", "proto"}, strings.ToLower(name))
		if which < 0 {
			continue // "by" and extensions
		}
		if seen[which] {
			return element{}, false
		}
		seen[which] = true
		switch which {
		case 0:
			e.node, _ = parseNode(value)
		case 1:
			e.host = value
		case 2:
			e.proto = value
		}
	}
	return e, seen != [3]bool{}
}

// cutPair cuts the first pair off an element.
func cutPair(text string) (pair, rest string, more bool) {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ';' && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}
