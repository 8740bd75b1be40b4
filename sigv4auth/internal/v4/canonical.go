package v4

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
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

	// SignedHeaders is the list as it was sent: lower-case names, sorted, joined with ';'.
	SignedHeaders string
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
	for rest := r.SignedHeaders; rest != ""; {
		name := rest
		if i := strings.IndexByte(rest, ';'); i >= 0 {
			name, rest = rest[:i], rest[i+1:]
		} else {
			rest = ""
		}
		var err error
		if dst, err = r.appendHeader(dst, name, &budget); err != nil {
			return dst, err
		}
	}
	dst = append(dst, '\n')
	dst = append(dst, r.SignedHeaders...)
	return append(dst, '\n'), nil
}

// appendHeader appends the line of the header called name, whose values must fit into what is left of the budget.
func (r *Request) appendHeader(dst []byte, name string, budget *int) ([]byte, error) {
	if name == "host" {
		dst = append(dst, "host:"...)
		dst = append(dst, r.Host...)
		return append(dst, '\n'), nil
	}
	var values []string
	if key := usualKey(name); key != "" {
		values = r.Header[key]
	} else {
		// The key is built behind dst and overwritten by the line: looking up a map by a
		// converted byte slice allocates nothing.
		built := AppendMIMEKey(dst, name)
		values = r.Header[string(built[len(dst):])]
		dst = built[:len(dst)]
	}
	if len(values) == 0 {
		return dst, &MissingHeaderError{Name: name}
	}
	for _, v := range values {
		if *budget -= len(v) + 1; *budget < 0 {
			return dst, ErrHeaderBytes
		}
	}
	return AppendHeader(dst, name, values)
}

// usualKey is AppendMIMEKey for the headers that nearly every request signs. It returns "" for all others.
func usualKey(name string) string {
	switch name {
	case "content-length":
		return "Content-Length"
	case "content-type":
		return "Content-Type"
	case "x-amz-content-sha256":
		return "X-Amz-Content-Sha256"
	case "x-amz-date":
		return "X-Amz-Date"
	case "x-amz-security-token":
		return "X-Amz-Security-Token"
	}
	return ""
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
	return hex.AppendEncode(dst, sum[:])
}
