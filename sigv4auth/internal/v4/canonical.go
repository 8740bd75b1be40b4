package v4

import (
	"crypto/sha256"
	"errors"
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
	Common *CommonHeaders
	// PlainHeaders has the bit of an index into CommonHeaders set if the header's only value is
	// known to stand for itself, as [IsPlain] would report.
	PlainHeaders uint8

	SignedHeaders *SignedHeaders

	// Missing is the name of the signed header that did not arrive, once AppendCanonical has
	// returned [ErrHeaderMissing]. It is SignedHeaders' own.
	Missing []byte
}

// ErrHeaderMissing says that a header is listed as signed but did not arrive.
// Taking it as empty would let any intermediary drop it.
var ErrHeaderMissing = errors.New("a signed header did not arrive")

// AppendCanonical appends the canonical request up to its last line: IAM User Guide, "Create a
// signed AWS API request", step 1. The caller appends that line: the hexadecimal SHA-256 of the
// payload, or the literal in its place.
func (r *Request) AppendCanonical(dst []byte) ([]byte, error) {
	dst = append(dst, r.Method...) // guard 100
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
			values = r.Header[string(n.key)] // a map is looked up by converted bytes without an allocation; guard 43
		default:
			values = r.Common[n.header]
		}
		if len(values) == 0 {
			r.Missing = n.name()
			return dst, ErrHeaderMissing // guard 42
		}
		if len(values) > 1 {
			var err error
			if dst, budget, err = appendSeveral(append(dst, n.begin...), values, budget); err != nil {
				return dst, err
			}
			continue
		}
		value := values[0]
		if budget -= len(value) + 1; budget < 0 {
			return dst, ErrHeaderBytes
		}
		dst = append(dst, n.begin...)
		// Most values hold neither white space nor control characters, and session tokens are long:
		// a value is looked over eight bytes at a time, and byte by byte only where that finds
		// something.
		if r.PlainHeaders&(1<<n.header) != 0 || IsPlain(value) {
			dst = append(dst, value...)
			continue
		}
		var err error
		if dst, err = appendFolded(dst, value); err != nil {
			return dst, err
		}
	}
	return append(dst, r.SignedHeaders.end...), nil
}

// appendSeveral appends a header that arrived more than once, and returns what is left of the
// budget.
func appendSeveral(dst []byte, values []string, budget int) ([]byte, int, error) {
	for _, v := range values {
		if budget -= len(v) + 1; budget < 0 {
			return dst, budget, ErrHeaderBytes
		}
	}
	dst, err := AppendValues(dst, values)
	return dst, budget, err
}

// AppendStringToSign appends the string to sign: IAM User Guide, "Create a signed AWS API request",
// step 3. The time is in the form of [TimeFormat]; the scope is a day and what follows it, which
// ends in [Terminator] and of SigV4A has no region.
func AppendStringToSign(dst []byte, algorithm, time, day, scopeEnd string, canonicalRequest []byte) []byte {
	dst = append(dst, algorithm...)
	dst = append(dst, '\n')
	dst = append(dst, time...)
	dst = append(dst, '\n')
	dst = append(dst, day...)
	dst = append(dst, scopeEnd...)
	dst = append(dst, '\n')
	sum := sha256.Sum256(canonicalRequest)
	return AppendDigest(dst, &sum)
}
