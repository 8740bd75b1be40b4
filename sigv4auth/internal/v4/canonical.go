package v4

import (
	"crypto/sha256"
)

// Request holds the parts of a request that its canonical form is made of.
type Request struct {
	Method    string
	Path      string // as on the request line; CheckPath has returned nil for it
	Style     PathStyle
	PlainPath bool // Path stands for itself, as the function PlainPath reports
	Query     *Query
	Omit      string // the query parameter that is left out: X-Amz-Signature where it stands in the query, else ""
	Host      string // the authority as received

	// Header is the request's header, keyed as net/http keys it. It holds no Host.
	Header map[string][]string

	// Usual holds the headers that nearly every request signs, as they stand in Header.
	Usual *UsualHeaders
	// PlainHeaders has the bit of an index into UsualHeaders set if the header's only value is known to stand for itself, as [IsPlain] would report.
	PlainHeaders uint8

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
	if r.PlainPath {
		dst = append(dst, r.Path...)
	} else {
		dst = AppendPath(dst, r.Path, r.Style)
	}
	dst = append(dst, '\n')
	dst = r.Query.AppendCanonical(dst, r.Omit)
	budget := MaxHeaderBytes
	names := r.SignedHeaders.names
	for i := range names {
		n := &names[i]
		var values []string
		switch n.header {
		case hostHeader:
			dst = append(dst, "\nhost:"...)
			dst = append(dst, r.Host...)
			continue
		case unusual:
			values = r.Header[string(n.key)] // a map is looked up by converted bytes without an allocation
		default:
			values = r.Usual[n.header]
		}
		if len(values) == 0 {
			return dst, &MissingHeaderError{Name: n.name()}
		}
		for _, v := range values {
			if budget -= len(v) + 1; budget < 0 {
				return dst, ErrHeaderBytes
			}
		}
		dst = append(dst, n.begin...)
		// Most values hold neither white space nor control characters, and session tokens are long: a value is looked over eight bytes at
		// a time, and byte by byte only where that finds something.
		var err error
		switch {
		case len(values) > 1:
			dst, err = AppendValues(dst, values)
		case r.PlainHeaders&(1<<n.header) != 0 || IsPlain(values[0]):
			dst = append(dst, values[0]...)
		default:
			dst, err = appendFolded(dst, values[0])
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, r.SignedHeaders.end...), nil
}

// AppendStringToSign appends the string to sign: IAM User Guide, "Create a signed AWS
// API request", step 3. The time is in the form of [TimeFormat]; the scope ends in [Terminator], and that of SigV4A has no region.
func AppendStringToSign(dst []byte, algorithm, time, scope string, canonicalRequest []byte) []byte {
	dst = append(dst, algorithm...)
	dst = append(dst, '\n')
	dst = append(dst, time...)
	dst = append(dst, '\n')
	dst = append(dst, scope...)
	dst = append(dst, '\n')
	sum := sha256.Sum256(canonicalRequest)
	return AppendDigest(dst, &sum)
}
