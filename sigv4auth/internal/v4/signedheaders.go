package v4

// The headers that nearly every request signs, as indices into [UsualHeaders].
const (
	ContentLength = iota
	ContentType
	XAmzContentSHA256
	XAmzDate
	XAmzSecurityToken
	usualHeaders

	hostHeader = usualHeaders
	unusual    = usualHeaders + 1
)

// UsualHeaders holds the values of the headers that nearly every request signs. Who has them at hand spares looking each up.
type UsualHeaders [usualHeaders][]string

// SignedHeaders is a list of signed headers, taken apart. Its zero value is the empty list. It may be set again; its memory is then
// used again.
type SignedHeaders struct {
	list  []byte
	names []signedName
}

// signedName holds offsets into SignedHeaders.list, and what the name there is: an index into UsualHeaders, hostHeader or unusual.
type signedName struct{ start, end, header int }

// Set takes a list apart as it was sent: lower-case names, sorted, joined with ';'. It keeps a copy.
func (h *SignedHeaders) Set(list string) {
	h.list, h.names = append(h.list[:0], list...), h.names[:0]
	for start, end := 0, 0; end <= len(list); end++ {
		if end == len(list) || list[end] == ';' {
			h.names = append(h.names, signedName{start, end, headerOf(list[start:end])})
			start = end + 1
		}
	}
}

// Is reports whether list is what was set.
func (h *SignedHeaders) Is(list string) bool { return string(h.list) == list && len(h.names) > 0 }

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

// toMIMEKey makes of name, a lower-case token, the form in which net/http keeps it: x-amz-date becomes X-Amz-Date.
func toMIMEKey(name []byte) {
	upper := true
	for i, c := range name {
		if upper && 'a' <= c && c <= 'z' {
			name[i] = c - ('a' - 'A')
		}
		upper = c == '-'
	}
}
