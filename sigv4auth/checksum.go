package sigv4auth

import (
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/checksum"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// checksumKeyPrefix begins the keys of the headers that hold a checksum of the body: "Checking object integrity for data uploads in Amazon
// S3", S3 User Guide.
const checksumKeyPrefix = "X-Amz-Checksum-"

// headerChecksum is the checksum of the body that a header holds.
type headerChecksum struct {
	sum   *checksum.Sum
	value string // in base64
}

// check reports whether body has the checksum. It writes to the Sum, and is called once.
func (c *headerChecksum) check(body []byte) *Error {
	if c == nil {
		return nil
	}
	c.sum.Write(body)
	if !c.sum.Is(c.value) {
		return refusal(ErrChecksumMismatch, "The "+c.sum.Algorithm()+" you specified did not match the calculated checksum.")
	}
	return nil
}

// takeChecksum finds the header that holds a checksum of the body. Two are refused, and so is one of an algorithm that is not known here: a client
// who sends it trusts that it is checked.
func (d *payload) takeChecksum(r *http.Request, h *protocolHeaders, q *v4.Query) *Error {
	if h.checksum == "" {
		return nil
	}
	if r.Method == http.MethodPost && hasParameter(q, "uploadId") {
		return nil // CompleteMultipartUpload: the checksum is that of the object, not that of this body
	}
	for key, values := range r.Header {
		name := strings.ToLower(key)
		if !strings.HasPrefix(name, checksum.Prefix) || checksum.IsSetting(name) {
			continue
		}
		if d.checksum != nil {
			return malformed("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		value, refused := single(name, values)
		if refused != nil {
			return refused
		}
		sum, ok := checksum.New(name)
		if !ok {
			return malformed("The algorithm type you specified in x-amz-checksum- header is invalid.")
		}
		if !sum.Valid(value) {
			return malformed("Value for %s header is invalid.", name)
		}
		d.checksum = &headerChecksum{sum: sum, value: value}
	}
	if d.stream == nil || d.checksum == nil {
		return nil
	}
	if d.stream.Trailer != "" {
		return malformed("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	}
	d.stream.Sum, d.stream.Checksum = d.checksum.sum, d.checksum.value
	return nil
}

// hasParameter reports whether the query has the parameter called name.
func hasParameter(q *v4.Query, name string) bool {
	for i := range q.Len() {
		if n, _ := q.Pair(i); string(n) == name {
			return true
		}
	}
	return false
}
