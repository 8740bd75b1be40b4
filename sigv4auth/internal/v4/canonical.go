package v4

import (
	"crypto/sha256"
)

// Request holds the parts of a request that its canonical form is made of.
type Request struct {
	Method string
	Path   string // as on the request line; CheckPath has returned nil for it
	Style  PathStyle
	Query  *Query
	Omit   string // the query parameter that is left out: X-Amz-Signature where it stands in the query, else ""
	Host   string // the authority as received

	// Header is the request's header, keyed as net/http keys it. It holds no Host.
	Header map[string][]string

	// Usual holds the headers that nearly every request signs, as they stand in Header.
	Usual UsualHeaders

	SignedHeaders *SignedHeaders
}

// MissingHeaderError says that a header is listed as signed but did not arrive.
// Taking it as empty would let anyone on the way drop it.
type MissingHeaderError struct{ Name string }

func (e *MissingHeaderError) Error() string { return "the signed header " + e.Name + " did not arrive" }

// AppendCanonical appends the canonical request up to its last line: IAM User Guide, "Create a signed AWS API
// request", step 1. The caller appends that line: the hexadecimal SHA-256 of the payload, or the literal in its place.
func (r *Request) AppendCanonical(dst []byte) ([]byte, error) {
	dst = append(dst, r.Method...)
	dst = append(dst, '\n')
	dst = AppendPath(dst, r.Path, r.Style)
	dst = append(dst, '\n')
	dst = r.Query.AppendCanonical(dst, r.Omit)
	dst = append(dst, '\n')
	budget := MaxHeaderBytes
	signed := r.SignedHeaders
	for _, n := range signed.names {
		var err error
		if dst, err = r.appendHeader(dst, signed.list[n.start:n.end], n.header, &budget); err != nil {
			return dst, err
		}
	}
	dst = append(dst, '\n')
	dst = append(dst, signed.list...)
	return append(dst, '\n'), nil
}

// appendHeader appends the line of the header called name, whose values must fit into what is left of the budget.
func (r *Request) appendHeader(dst, name []byte, header int, budget *int) ([]byte, error) {
	var values []string
	switch header {
	case hostHeader:
		dst = append(dst, "host:"...)
		dst = append(dst, r.Host...)
		return append(dst, '\n'), nil
	case unusual:
		// The key is built behind dst and overwritten by the line: looking up a map by a
		// converted byte slice allocates nothing.
		built := append(dst, name...)
		toMIMEKey(built[len(dst):])
		values = r.Header[string(built[len(dst):])]
		dst = built[:len(dst)]
	default:
		values = r.Usual[header]
	}
	if len(values) == 0 {
		return dst, &MissingHeaderError{Name: string(name)}
	}
	for _, v := range values {
		if *budget -= len(v) + 1; *budget < 0 {
			return dst, ErrHeaderBytes
		}
	}
	return AppendHeader(dst, name, values)
}

// AppendStringToSign appends the string to sign: IAM User Guide, "Create a signed AWS
// API request", step 3. The time is in the form of [TimeFormat].
func AppendStringToSign(dst []byte, time string, s Scope, canonicalRequest []byte) []byte {
	dst = append(dst, Algorithm...)
	dst = append(dst, '\n')
	dst = append(dst, time...)
	dst = append(dst, '\n')
	dst = s.Append(dst)
	dst = append(dst, '\n')
	sum := sha256.Sum256(canonicalRequest)
	return AppendHex(dst, &sum)
}

// AppendHex appends a SHA-256 in lower-case hexadecimal.
func AppendHex(dst []byte, sum *[sha256.Size]byte) []byte {
	n := len(dst)
	dst = append(dst, EmptyPayload...) // the room
	text := (*[2 * sha256.Size]byte)(dst[n:])
	for i, b := range sum {
		digits := hexDigits[b]
		text[2*i], text[2*i+1] = byte(digits), byte(digits>>8)
	}
	return dst
}

// hexDigits holds the two digits of each byte, the first in the low half.
var hexDigits = func() (t [256]uint16) {
	const lowerHex = "0123456789abcdef"
	for b := range t {
		t[b] = uint16(lowerHex[b>>4]) | uint16(lowerHex[b&15])<<8
	}
	return t
}()
