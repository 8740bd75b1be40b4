// Package chunked is the pure part of the content coding aws-chunked: bytes in, bytes out.
//
// A body in it is a row of chunks, a chunk of size 0, and where the request has announced one, a
// trailer:
//
//	chunk         = size [ ";chunk-signature=" signature ] CRLF data CRLF
//	final chunk   = "0" [ ";chunk-signature=" signature ] CRLF
//	trailer       = name ":" OWS value ( CRLF / LF CRLF )
//	signed by     = "x-amz-trailer-signature:" OWS signature CRLF
//	end           = CRLF
//
// In the S3 API Reference: "Signature calculations for the Authorization header: transferring
// payload in multiple chunks", and "... including trailing headers". Each signature covers the one
// before it, the first one the request's, so that chunks cannot be dropped, repeated or moved. The
// line feed before the CRLF is how minio-go ends a trailer.
//
// What a fault means for a caller is decided in package sigv4auth.
package chunked

// What a body may bring.
const (
	// MaxSignedChunk bounds a signed chunk, which has to be held until it is verified. AWS's
	// clients send 64 KiB to 1 MiB.
	MaxSignedChunk = 1 << 20

	// MinChunk is the least size of every chunk but the last, as S3 has it. It bounds the number of
	// chunks by the length of the body: a body in chunks of one byte would cost the HMAC of a
	// string to sign, some 280 bytes, for each of them.
	MinChunk = 8 << 10

	// MaxSignature is the length of the longest signature, one of SigV4A padded to its fixed
	// length.
	MaxSignature = 144

	// maxLine bounds a line: the longest is a chunk's, with its size and its signature.
	maxLine = 16 + len(chunkExtension) + MaxSignature

	// maxTail bounds what comes behind the last chunk's data: its CRLF, the final chunk, three
	// lines of trailers and the last CRLF.
	maxTail = 5*(maxLine+len("\r\n")) + len("\r\n")

	// maxEmptyReads bounds how often a source may return nothing.
	maxEmptyReads = 100
)

// MaxEncoded returns the most bytes that a body of length bytes can have with its framing.
func MaxEncoded(length int64) int64 {
	chunks := length/MinChunk + 1
	return length + chunks*int64(maxLine+len("\r\n\r\n")) + int64(maxTail)
}
