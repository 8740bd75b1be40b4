package sigv4auth

import (
	"fmt"
	"net/http"
	"strings"
)

// VerifiedTrailer returns the value of the trailer called name, in any case, of a body in a
// streaming mode: the checksum, in base64, that the body has been found to have. It fails if r was
// not admitted, if its body has not been read to io.EOF, and if it ended in no such trailer. Under
// InsecureStreamingUnsignedTrailer, the checksum is right and may have been sent by anyone.
//
// r.Trailer is something else: HTTP trailers, which no signature covers.
func VerifiedTrailer(r *http.Request, name string) (string, error) {
	rec := recordFrom(r.Context())
	if rec == nil || !rec.admitted {
		return "", fmt.Errorf("sigv4auth: trailer %q of a request that was not verified", name)
	}
	if rec.body == nil || !strings.EqualFold(rec.body.trailer, name) {
		return "", fmt.Errorf("sigv4auth: the body was announced without the trailer %q", name)
	}
	value, ok := rec.body.reader.Trailer()
	if !ok {
		return "", fmt.Errorf("sigv4auth: trailer %q of a body that has not been read to its end", name)
	}
	return value, nil
}
