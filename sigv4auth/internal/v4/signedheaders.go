package v4

import (
	"slices"
	"strings"
)

// The headers that nearly every request signs, as indices into [CommonHeaders].
const (
	ContentLength = iota
	ContentType
	XAmzContentSHA256
	XAmzDate
	XAmzSecurityToken
	commonHeaders

	hostHeader = commonHeaders
	unusual    = commonHeaders + 1
)

// CommonHeaders holds the values of the headers that nearly every request signs. Who has them at
// hand spares looking each up.
type CommonHeaders [commonHeaders][]string

// SignedHeaders is a list of signed headers, taken apart. Its zero value is the empty list. It may
// be set again; its memory is then used again.
type SignedHeaders struct {
	list  []byte
	names []signedName
	text  []byte // what names points into
	end   []byte // what ends the canonical headers: two line feeds, the list and a line feed
}

// signedName is one name of the list.
type signedName struct {
	begin  []byte // what begins the header's canonical line: a line feed, which ends the line before, the name and a colon
	key    []byte // the key under which net/http keeps the header
	header int    // an index into CommonHeaders, hostHeader or unusual
}

// Set takes a list apart as it was sent: lower-case names, sorted, joined with ';'. It keeps a
// copy.
func (h *SignedHeaders) Set(list string) {
	h.list, h.names = append(h.list[:0], list...), h.names[:0]
	// The room for each name twice, with three bytes to each: a line of text is never moved.
	h.text = slices.Grow(h.text[:0], 2*len(list)+3*(strings.Count(list, ";")+1))
	for start, end := 0, 0; end <= len(list); end++ {
		if end == len(list) || list[end] == ';' {
			h.add(list[start:end])
			start = end + 1
		}
	}
	h.end = append(h.end[:0], "\n\n"...)
	h.end = append(h.end, list...)
	h.end = append(h.end, '\n')
}

func (h *SignedHeaders) add(name string) {
	n := signedName{header: headerOf(name)}
	start := len(h.text)
	h.text = append(h.text, '\n')
	h.text = append(h.text, name...)
	h.text = append(h.text, ':')
	n.begin = h.text[start:]
	start = len(h.text)
	h.text = append(h.text, name...)
	n.key = h.text[start:]
	toMIMEKey(n.key)
	h.names = append(h.names, n)
}

// name returns the name alone.
func (n *signedName) name() []byte { return n.begin[len("\n") : len(n.begin)-len(":")] }

// Is reports whether list is what was set.
func (h *SignedHeaders) Is(list string) bool { return string(h.list) == list && len(h.names) > 0 }

// fewNames are compared faster one after the other.
const fewNames = 12

// Names reports whether key, spelled as net/http spells header names, is that of a header in the
// list, which is sorted. It looks at few names, since who sends the list can send as many headers
// to look for.
func (h *SignedHeaders) Names(key string) bool {
	if len(h.names) <= fewNames {
		for i := range h.names {
			if string(h.names[i].key) == key {
				return true
			}
		}
		return false
	}
	i, found := slices.BinarySearchFunc(h.names, key, func(n signedName, key string) int { return compareLower(n.name(), key) })
	return found && string(h.names[i].key) == key
}

// compareLower compares a name in lower case with a key in any case, as bytes.
func compareLower(name []byte, key string) int {
	for i := range min(len(name), len(key)) {
		c := key[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if name[i] != c {
			return int(name[i]) - int(c)
		}
	}
	return len(name) - len(key)
}

func headerOf(name string) int {
	switch name {
	case "content-length":
		return ContentLength
	case "content-type":
		return ContentType
	case "host":
		return hostHeader
	case "x-amz-content-sha256":
		return XAmzContentSHA256
	case "x-amz-date":
		return XAmzDate
	case "x-amz-security-token":
		return XAmzSecurityToken
	}
	return unusual
}

// toMIMEKey makes of name, a lower-case token, the form in which net/http keeps it: x-amz-date
// becomes X-Amz-Date.
func toMIMEKey(name []byte) {
	upper := true
	for i, c := range name {
		if upper && 'a' <= c && c <= 'z' {
			name[i] = c - ('a' - 'A')
		}
		upper = c == '-'
	}
}
