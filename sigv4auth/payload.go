package sigv4auth

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// payload is what a request says of how its signature covers its body.
type payload struct {
	mode PayloadMode
	// line is the last line of the canonical request: the hexadecimal SHA-256 that the request declares, or the name of a mode. Empty with
	// PayloadDigest: the request does not say, and the digest of the body that arrives is what the signature has to cover.
	line     string
	sum      [sha256.Size]byte // of PayloadDigest: line, decoded
	stream   *chunked.Payload  // of the streaming modes, and nil for all others
	checksum *headerChecksum   // what an X-Amz-Checksum-* header holds, nil if none came
}

// declaredPayload decides on the payload mode: the digest by default, other modes only where they are switched on (threats 50 to 54).
func (a *Authenticator) declaredPayload(r *http.Request, p *presented) (payload, *Error) {
	d := payload{mode: PayloadDigest}
	switch sha := p.contentSHA256; {
	case decodeDigest(&d.sum, sha):
		d.line = sha
		return d, nil
	case sha == v4.UnsignedPayload:
		return a.unsignedPayload()
	case strings.HasPrefix(sha, streamingPrefix):
		return a.streamingPayload(r, p)
	case sha != "":
		return payload{}, malformed("X-Amz-Content-Sha256 must be %d lower-case hexadecimal digits or the name of a payload mode", hexDigestLen)
	case a.service != "s3":
		return payload{mode: PayloadDigest}, nil
	case p.place == InQuery:
		// S3's presigned URLs are signed before anyone knows the body.
		return a.unsignedPayload()
	}
	return payload{}, malformed("Missing required header for this request: x-amz-content-sha256")
}

func (a *Authenticator) unsignedPayload() (payload, *Error) {
	if a.payloads&InsecureUnsigned == 0 {
		return payload{}, refusal(ErrNotEnabled, "Unsigned payloads are not accepted here; send the SHA-256 of the body")
	}
	return payload{mode: PayloadUnsigned, line: v4.UnsignedPayload}, nil
}

// appendLine appends the last line of the canonical request. The body counts only where the request declares nothing.
func (d *payload) appendLine(dst, body []byte) []byte {
	switch {
	case d.line != "":
		return append(dst, d.line...)
	case len(body) == 0:
		return append(dst, v4.EmptyPayload...)
	}
	sum := sha256.Sum256(body)
	return v4.AppendHex(dst, &sum)
}

func tooLarge() *Error { return refusal(ErrRequestTooLarge, "Request Too Long") }

// firstRead bounds the memory that a declared length alone can claim (threat 221).
const firstRead = 64 << 10

// readBody reads the body to its end, at most max bytes of it. What it returns belongs to the caller alone: it is
// handed to the handler, which may keep it.
func readBody(r *http.Request, max int64) ([]byte, *Error) {
	if r.Body == nil || r.Body == http.NoBody {
		if r.ContentLength > 0 {
			return nil, refusal(ErrIncompleteBody, "The body is shorter than its Content-Length")
		}
		return nil, nil
	}
	if r.ContentLength > max {
		return nil, tooLarge()
	}
	size := int64(512)
	if r.ContentLength >= 0 {
		size = min(r.ContentLength, firstRead)
	}
	// One byte more than is expected, so that the read that finds the end needs no room.
	body := make([]byte, 0, size+1)
	for {
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if int64(len(body)) > max {
			return nil, tooLarge()
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				return nil, tooLarge()
			}
			return nil, &Error{Code: ErrIncompleteBody, Message: "The body could not be read to its end", Cause: err}
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
	if r.ContentLength >= 0 && int64(len(body)) != r.ContentLength {
		return nil, refusal(ErrIncompleteBody, "The body is not as long as its Content-Length")
	}
	_ = r.Body.Close() // it has been read to its end, and nobody else will see it
	return body, nil
}

// plainBody makes the body of a request that does not stream the request's, and refuses one that is not what was declared. It has been read
// and set already where nothing was declared.
func (a *Authenticator) plainBody(r *http.Request, body []byte, d *payload) *Error {
	if d.line != "" {
		var refused *Error
		if body, refused = readBody(r, a.maxBody); refused != nil {
			return refused
		}
		setBody(r, body)
	}
	return d.checkBody(body)
}

// checkBody reports whether body has the digest and the checksum that were declared. It is called once.
func (d *payload) checkBody(body []byte) *Error {
	if d.mode == PayloadDigest && d.line != "" && sha256.Sum256(body) != d.sum {
		return refusal(ErrPayloadMismatch, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return d.checksum.check(body)
}

// verifiedBody is the body that the handler reads: bytes that have been verified. It is not
// pooled, as a handler may read on after it has closed the body.
type verifiedBody struct{ bytes.Reader }

func (*verifiedBody) Close() error { return nil }

// setBody makes body the request's.
func setBody(r *http.Request, body []byte) {
	r.ContentLength = int64(len(body))
	if len(body) == 0 {
		r.Body = http.NoBody
		return
	}
	b := &verifiedBody{}
	b.Reset(body)
	r.Body = b
}
