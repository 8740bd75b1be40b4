package sigv4auth

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// payload is what a request says of how its signature covers its body.
type payload struct {
	mode PayloadMode
	// line is the last line of the canonical request: the hexadecimal SHA-256 that the request
	// declares, or the name of a mode. Empty with PayloadDigest: the request does not say, and the
	// digest of the body that arrives is what the signature has to cover.
	line     string
	digest   [sha256.Size]byte // what line spells, with PayloadDigest
	stream   *chunked.Payload  // of the streaming modes, and nil for all others
	checksum *declaredChecksum // of the body, nil if none came
}

// declaredPayload puts the payload mode into d, which is empty: the digest by default, other modes
// only where they are switched on (threats 50 to 54).
func (a *Authenticator) declaredPayload(d *payload, r *http.Request, p *authParams) *Error {
	d.mode = PayloadDigest
	switch sha := p.contentSHA256; {
	case v4.ParseDigest(&d.digest, sha):
		d.line = sha
		return nil
	case sha == v4.UnsignedPayload:
		return a.unsignedPayload(d)
	case strings.HasPrefix(sha, streamingPrefix):
		return a.streamingPayload(d, r, p)
	case sha != "":
		return malformed("X-Amz-Content-Sha256 must be %d lower-case hexadecimal digits or the name of a payload mode", v4.DigestLen).
			withS3Code(http.StatusBadRequest, "InvalidArgument")
	case a.service != "s3":
		return nil
	case p.place == InQuery:
		// S3's presigned URLs are signed before anyone knows the body.
		return a.unsignedPayload(d)
	}
	return malformed("Missing required header for this request: x-amz-content-sha256")
}

func (a *Authenticator) unsignedPayload(d *payload) *Error {
	if a.payloads&InsecureUnsigned == 0 {
		return refusal(ErrNotEnabled, "Unsigned payloads are not accepted here; send the SHA-256 of the body")
	}
	d.mode, d.line = InsecureUnsigned, v4.UnsignedPayload
	return nil
}

// appendLine appends the last line of the canonical request. The body counts only where the request
// declares nothing.
func (d *payload) appendLine(dst, body []byte) []byte {
	switch {
	case d.line != "":
		return append(dst, d.line...)
	case len(body) == 0:
		return append(dst, v4.EmptyPayload...)
	}
	sum := sha256.Sum256(body)
	return v4.AppendDigest(dst, &sum)
}

// plainBody makes the body of a request that does not stream the request's, and refuses one that is
// not what was declared. It has been read and set already where nothing was declared. late says
// that it was read only now, and took so long that the lookup at the instant then is outdated.
func (a *Authenticator) plainBody(r *http.Request, body *readBody, d *payload, then time.Time) (late bool, refused *Error) {
	if d.line != "" {
		if body, refused = readWhole(r, a.maxBody); refused != nil {
			return false, refused
		}
		body.set(r)
		late = body != noBody && a.outdated(then)
	}
	return late, d.checkBody(body.text)
}

// checkBody reports whether body has the digest and the checksum that were declared. It is called
// once.
func (d *payload) checkBody(body []byte) *Error {
	if d.mode == PayloadDigest && d.line != "" {
		if sum := sha256.Sum256(body); !v4.SameDigest(&sum, &d.digest) {
			return refusal(ErrPayloadMismatch, "The provided 'x-amz-content-sha256' header does not match what was computed.")
		}
	}
	return d.checksum.check(body)
}

// PayloadMode is how a signature covers the body. In [Config.Payloads] it is a set of modes, in an
// [Identity] and an [Event] one.
//
// The streaming modes, which S3's clients use, send the body in the content coding aws-chunked. In
// them, and in InsecureUnsigned, the handler runs before the body has been read, and reads it as it
// arrives: see "Streaming bodies" in the package documentation.
type PayloadMode uint8

const (
	// PayloadDigest means that the body's SHA-256 is part of what was signed. It is always
	// accepted.
	PayloadDigest PayloadMode = 1 << iota
	// InsecureUnsigned is UNSIGNED-PAYLOAD; in Config.Payloads it also becomes the mode of
	// presigned URLs for service s3. Any intermediary between the client and the server can then
	// replace the body, within the life of the signature; without TLS, that is everyone on the
	// network path. Of the body, its length is verified, and the checksum that it may have.
	InsecureUnsigned
	// StreamingSigned is STREAMING-AWS4-HMAC-SHA256-PAYLOAD: each chunk of the body is signed, and
	// the handler reads only chunks that are verified. A chunk has at most 1 MiB, and every one but
	// the last at least 8 KiB, as S3 has it. Where Algorithms has SigV4A, a request that is signed
	// with it has STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD instead.
	StreamingSigned
	// StreamingSignedTrailer is STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, and with SigV4A that of
	// its algorithm: StreamingSigned, followed by one signed trailer, which X-Amz-Trailer names and
	// which holds a checksum of the body.
	StreamingSignedTrailer
	// InsecureStreamingUnsignedTrailer is STREAMING-UNSIGNED-PAYLOAD-TRAILER: chunks that are not
	// signed, and one trailer, not signed either, which X-Amz-Trailer names and which holds a
	// checksum of the body. The checksum finds damage and stops nobody: any intermediary can
	// replace the body together with it, within the life of the signature. It is what AWS's SDKs
	// send to S3 over TLS, and the one for JavaScript without TLS too.
	InsecureStreamingUnsignedTrailer

	allPayloads = PayloadDigest | InsecureUnsigned | StreamingSigned | StreamingSignedTrailer | InsecureStreamingUnsignedTrailer
)

var payloadModeNames = [...]string{"digest", "unsigned", "streaming-signed", "streaming-signed-trailer", "streaming-unsigned-trailer"}

// String returns a short name, for instance "digest" or "streaming-signed", for a set those of its
// modes with "|" between, and "none" for the zero value.
func (m PayloadMode) String() string { return bitNames(uint8(m), payloadModeNames[:]) }

// MarshalText returns what String does.
func (m PayloadMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// bitNames returns the names of the bits that are set, the lowest bit's first.
func bitNames(bits uint8, names []string) string {
	if bits == 0 {
		return "none"
	}
	var set []string
	for i := range 8 {
		switch {
		case bits>>i&1 == 0:
		case i < len(names):
			set = append(set, names[i])
		default:
			set = append(set, "unknown")
		}
	}
	return strings.Join(set, "|")
}
