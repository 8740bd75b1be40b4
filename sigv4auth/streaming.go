package sigv4auth

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/sigv4auth/internal/checksum"
	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
	"github.com/wildgate/wildgate/sigv4auth/internal/plain"
)

// The values of X-Amz-Content-Sha256 for bodies that are sent in chunks: "Authenticating Requests:
// Using the Authorization Header", S3 API Reference. Between the prefix and the suffix of a signed
// one stands the signing algorithm, which has to be the request's own.
const (
	streamingPrefix          = "STREAMING-"
	streamingUnsignedTrailer = "UNSIGNED-PAYLOAD-TRAILER"
	streamingSigned          = "-PAYLOAD"
	streamingSignedTrailer   = "-PAYLOAD-TRAILER"
)

// streamingMode returns the mode that X-Amz-Content-Sha256 names. It is not ok for a name that is
// unknown, nor for one of another algorithm than the request is signed with (threat 9).
func streamingMode(name, algorithm string) (mode PayloadMode, ok bool) {
	rest := strings.TrimPrefix(name, streamingPrefix)
	if rest == streamingUnsignedTrailer {
		return InsecureStreamingUnsignedTrailer, true
	}
	suffix, ok := strings.CutPrefix(rest, algorithm)
	switch {
	case ok && suffix == streamingSigned:
		return StreamingSigned, true
	case ok && suffix == streamingSignedTrailer:
		return StreamingSignedTrailer, true
	}
	return 0, false
}

// streamingPayload decides on a body in chunks, by what the headers say of it. They are x-amz-*
// headers, and so they are signed. The chain, which begins with the verified signature, comes
// later.
func (a *Authenticator) streamingPayload(d *payload, r *http.Request, p *authParams) *Error {
	mode, ok := streamingMode(p.contentSHA256, p.algorithm.name())
	if !ok || a.payloads&mode == 0 {
		return refusal(ErrNotEnabled, "The payload mode of X-Amz-Content-Sha256 is not accepted here; send the SHA-256 of the body")
	}
	if p.place != InHeader {
		return malformed("A presigned request cannot send its body in chunks")
	}
	length, refused := decodedLength(r.Header["X-Amz-Decoded-Content-Length"], a.maxBody)
	if refused != nil {
		return refused
	}
	if r.ContentLength >= 0 && r.ContentLength < length {
		return malformed("X-Amz-Decoded-Content-Length is larger than Content-Length")
	}
	if r.ContentLength > chunked.MaxEncoded(length) {
		return tooLarge()
	}
	if n := chunkedCodings(r.Header["Content-Encoding"]); n > 1 {
		return malformed("Content-Encoding names aws-chunked more than once")
	}
	stream := &chunked.Payload{Length: length, Encoded: r.ContentLength}
	trailer, refused := single("X-Amz-Trailer", r.Header["X-Amz-Trailer"])
	if refused != nil {
		return refused
	}
	if mode == StreamingSigned {
		if trailer != "" {
			return malformed("X-Amz-Trailer announces a trailer, and the payload mode has none")
		}
		d.mode, d.line, d.stream = mode, p.contentSHA256, stream
		return nil
	}
	// Exactly one, whose value is checked (threats 26 and 65).
	if stream.Sum, ok = checksum.New(trailer); !ok {
		return malformed("X-Amz-Trailer must name one checksum: x-amz-checksum-crc32, -crc32c, -crc64nvme, -sha1 or -sha256")
	}
	stream.Trailer = trailer // guard 26
	d.mode, d.line, d.stream = mode, p.contentSHA256, stream
	return nil
}

// decodedLength parses X-Amz-Decoded-Content-Length, which may be max at most: plain digits without
// a leading zero, as Content-Length has them.
func decodedLength(values []string, max int64) (int64, *Error) {
	s, refused := single("X-Amz-Decoded-Content-Length", values)
	if refused != nil {
		return 0, refused
	}
	if s == "" {
		return 0, malformed("Missing required header for this request: x-amz-decoded-content-length").
			withS3Code(http.StatusLengthRequired, "MissingContentLength")
	}
	n := int64(0)
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' || i > 0 && n == 0 {
			return 0, malformed("X-Amz-Decoded-Content-Length is not a number of bytes")
		}
		if n = n*10 + int64(c-'0'); n > max || n < 0 || i == maxLengthDigits {
			return 0, tooLarge()
		}
	}
	return n, nil
}

// maxLengthDigits keeps the length within an int64.
const maxLengthDigits = 18

// streamBody makes the body of r one that decodes and verifies as it is read, by a chain that
// begins with the verified signature.
func (d *payload) streamBody(r *http.Request, key verificationKey, p *authParams) *streamedBody {
	if d.mode != InsecureStreamingUnsignedTrailer {
		d.stream.Chain = key.chain(p) // guard 58
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	b := &streamedBody{source: r.Body, trailer: d.stream.Trailer, coded: true}
	d.stream.Admission = &b.standing // guard 233a
	b.reader = chunked.NewReader(r.Body, d.stream)
	r.Body, r.ContentLength = b, d.stream.Length // guard 49
	return b
}

// streamPlain makes the body of r, which is not in chunks, one that is verified as it is read.
func (a *Authenticator) streamPlain(r *http.Request, d *payload) *streamedBody {
	b := &struct {
		streamedBody
		plain plain.Reader
	}{}
	says := plain.Payload{
		Length: r.ContentLength, Max: a.maxBody,
		Digested: d.mode == PayloadDigest, Digest: d.digest,
	}
	says.Admission = &b.standing // guard 233d
	if c := d.checksum; c != nil {
		says.Sum, says.Checksum, says.Where = c.sum, c.value, c.where
	}
	b.plain.Init(r.Body, &says)
	b.reader, b.source = &b.plain, r.Body
	r.Body = &b.streamedBody
	return &b.streamedBody
}

// streamedBody is the body that the handler reads while it arrives: a reader that verifies it, with
// the errors of this package.
type streamedBody struct {
	reader interface {
		io.Reader
		io.WriterTo
		Trailer() (value string, ok bool)
	}
	source  io.Closer
	coded   bool         // in aws-chunked
	spooled *spooledBody // nil => the handler reads it as it arrives
	trailer string       // its name, in lower case, "" if none
	failed  *Error       // nil => no error but io.EOF has been returned
	ended   func(*Error) // called once, when reading ends: nil for io.EOF. nil => nobody to tell, or told

	standing standing
}

// Read implements io.Reader.
func (b *streamedBody) Read(p []byte) (int, error) {
	n, err := b.reader.Read(p)
	if err != nil {
		err = b.end(err)
	}
	return n, err
}

// WriteTo implements io.WriterTo, for io.Copy: it spares the bytes a way through another buffer.
func (b *streamedBody) WriteTo(w io.Writer) (int64, error) {
	n, err := b.reader.WriteTo(w)
	switch fault := err.(type) { // not wrapped: anything else is w's own
	case nil:
		_ = b.end(io.EOF)
	case *chunked.Error:
		err = b.end(fault)
	}
	return n, err
}

// Close implements io.Closer.
func (b *streamedBody) Close() error { return b.source.Close() }

// end makes what the handler gets of err, with which the reader ended, and reports it the first
// time.
func (b *streamedBody) end(err error) error {
	if err != io.EOF && b.failed == nil {
		b.failed = bodyRefusal(err) // guard 48
	}
	if ended := b.ended; ended != nil {
		b.ended = nil
		ended(b.failed)
	}
	if b.failed != nil {
		return b.failed
	}
	return io.EOF
}

// bodyRefusal says what a fault of the body is to the caller.
func bodyRefusal(err error) *Error {
	fault, ok := errors.AsType[*chunked.Error](err)
	if !ok {
		return &Error{Reason: ErrInternalFailure, Message: messageInternal, Cause: err} // unreachable: the reader returns no other
	}
	switch fault.Fault {
	case chunked.WrongSignature:
		return refusal(ErrSignatureMismatch, fault.Text)
	case chunked.NotAdmitted:
		return AsError(fault.Cause)
	case chunked.WrongChecksum:
		return refusal(ErrChecksumMismatch, fault.Text)
	case chunked.WrongDigest:
		return refusal(ErrPayloadMismatch, fault.Text)
	case chunked.TooLong:
		return tooLarge()
	case chunked.Incomplete:
		if _, ok := errors.AsType[*http.MaxBytesError](fault.Cause); ok {
			return tooLarge()
		}
		return &Error{Reason: ErrIncompleteBody, Message: fault.Text, Cause: fault.Cause}
	default:
		return refusal(ErrMalformedRequest, fault.Text)
	}
}

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
