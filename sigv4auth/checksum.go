package sigv4auth

import (
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/sigv4auth/internal/checksum"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// checksumKeyPrefix begins the keys of the headers that hold a checksum of the body: "Checking
// object integrity for data uploads in Amazon S3", S3 User Guide.
const checksumKeyPrefix = "X-Amz-Checksum-"

// declaredChecksum is the checksum of the body that a header holds, or of a presigned URL the
// query.
type declaredChecksum struct {
	sum   *checksum.Sum
	value string // in base64
	where string // for the client, if it does not match
}

// check reports whether body has the checksum. It writes to the Sum, and is called once.
func (c *declaredChecksum) check(body []byte) *Error {
	if c == nil {
		return nil
	}
	c.sum.Write(body)
	if !c.sum.Is(c.value) {
		return refusal(ErrChecksumMismatch, "The "+c.sum.Algorithm()+" you specified"+c.where+" did not match the calculated checksum.")
	}
	return nil
}

// takeChecksum finds the checksum of the body. A presigned URL has it in its query, where SDKs put
// the headers of the request that they presign: often that of an empty body, since no other was
// there when they did, and then the refusal has to say so (threat 98).
func (d *payload) takeChecksum(r *http.Request, h *protocolHeaders, q *v4.Query, p *authParams) *Error {
	if h.checksum == "" && !p.checksumInQuery {
		return nil
	}
	if r.Method == http.MethodPost && hasParameter(q, "uploadId") {
		return nil // CompleteMultipartUpload: the checksum is that of the object, not that of this body
	}
	if p.checksumInQuery {
		for i := range q.Len() {
			name, value := q.Pair(i)
			if !isChecksum(name) {
				continue
			}
			where := " in the query parameter " + forMessage(name) + " of the presigned URL"
			if refused := d.addChecksum(strings.ToLower(name), string(v4.AppendDecoded(nil, value)), where); refused != nil {
				return refused
			}
		}
	}
	if h.checksum != "" {
		for key, values := range r.Header {
			name := strings.ToLower(key)
			if !strings.HasPrefix(name, checksum.Prefix) {
				continue
			}
			value, refused := single(name, values)
			if refused == nil {
				refused = d.addChecksum(name, value, "")
			}
			if refused != nil {
				return refused
			}
		}
	}
	if d.stream == nil || d.checksum == nil {
		return nil
	}
	if d.stream.Trailer != "" {
		return malformed(messageChecksums)
	}
	d.stream.Sum, d.stream.Checksum = d.checksum.sum, d.checksum.value // guard 65
	return nil
}

const messageChecksums = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."

// addChecksum takes the checksum that the header or the parameter called name, in lower case,
// holds. A second one is refused, and so is one of an algorithm that is not known here: a client
// who sends it trusts that it is checked.
func (d *payload) addChecksum(name, value, where string) *Error {
	if checksum.IsSetting(name) {
		return nil
	}
	if d.checksum != nil {
		return malformed(messageChecksums)
	}
	sum, ok := checksum.New(name)
	if !ok {
		return malformed("The algorithm type you specified in x-amz-checksum- header is invalid.")
	}
	if !sum.Valid(value) {
		return malformed("Value for %s header is invalid.", name)
	}
	d.checksum = &declaredChecksum{sum: sum, value: value, where: where}
	return nil
}

// isChecksum reports whether name, of a parameter, is that of a header with a checksum of the body.
func isChecksum(name string) bool {
	return len(name) > len(checksum.Prefix) && ascii.EqualFold(name[:len(checksum.Prefix)], checksum.Prefix)
}

// hasParameter reports whether the query has the parameter called name.
func hasParameter(q *v4.Query, name string) bool {
	for i := range q.Len() {
		if n, _ := q.Pair(i); n == name {
			return true
		}
	}
	return false
}
