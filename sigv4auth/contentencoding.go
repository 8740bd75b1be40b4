package sigv4auth

import (
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
)

// chunkedCoding is the content coding of bodies in chunks. S3 does not insist that it is named, and
// neither do we: what counts is X-Amz-Content-Sha256, which is signed.
const chunkedCoding = "aws-chunked"

// chunkedCodings counts how often the values of Content-Encoding name aws-chunked.
func chunkedCodings(values []string) (n int) {
	for _, value := range values {
		for coding := range strings.SplitSeq(value, ",") {
			if ascii.EqualFold(strings.Trim(coding, " \t"), chunkedCoding) {
				n++
			}
		}
	}
	return n
}

// removeChunkedCoding takes aws-chunked out of Content-Encoding: the body that the handler reads is
// not coded so any more, and what it stores must not say that it is. Other codings stay, in their
// order.
func removeChunkedCoding(h http.Header) {
	values := h["Content-Encoding"]
	if chunkedCodings(values) == 0 {
		return
	}
	var kept []string
	for _, value := range values {
		for coding := range strings.SplitSeq(value, ",") {
			if coding = strings.Trim(coding, " \t"); coding != "" && !ascii.EqualFold(coding, chunkedCoding) {
				kept = append(kept, coding)
			}
		}
	}
	if len(kept) == 0 {
		delete(h, "Content-Encoding")
		return
	}
	h["Content-Encoding"] = []string{strings.Join(kept, ", ")}
}
