package sigv4auth

import "strings"

// PayloadMode is how a signature covers the body. In [Config.Payloads] it is a set of modes, in an
// [Identity] and an [Event] one.
//
// The streaming modes, which S3's clients use, send the body in the content coding aws-chunked. In
// them the handler runs before the body has been read, and reads it as it is verified: see
// "Streaming bodies" in the package documentation.
type PayloadMode uint8

const (
	// PayloadDigest means that the body's SHA-256 is part of what was signed. It is always
	// accepted.
	PayloadDigest PayloadMode = 1 << iota
	// InsecureUnsigned is UNSIGNED-PAYLOAD; in Config.Payloads it also becomes the mode of
	// presigned URLs for service s3. Any intermediary between the client and the server can then
	// replace the body, within the life of the signature; without TLS, that is everyone on the
	// network path.
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
