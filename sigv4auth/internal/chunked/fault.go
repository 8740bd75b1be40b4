package chunked

import (
	"errors"
	"io"
)

// Fault is what is wrong with a body.
type Fault uint8

const (
	// Malformed: the framing breaks its grammar or a limit, or is not what the request announced.
	Malformed Fault = iota + 1
	// Incomplete: the body ends early or could not be read.
	Incomplete
	// WrongSignature: a chunk or the trailer is not signed as it should be.
	WrongSignature
	// WrongChecksum: the payload is whole, and its checksum is another.
	WrongChecksum
	// NotAdmitted: [Payload.Admission] returned an error, which is the cause.
	NotAdmitted
	// WrongDigest: the body, which is not in chunks, is whole, and its SHA-256 is another.
	WrongDigest
	// TooLong: the body, which is not in chunks, is longer than is accepted.
	TooLong
)

// Error is what [Reader] returns for a body that does not verify.
type Error struct {
	Fault Fault
	Text  string // for the client
	Cause error  // what the source or Payload.Admission returned, or nil
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

func malformed(text string) *Error { return &Error{Fault: Malformed, Text: text} }

var (
	errLine     = malformed("The body is not framed as aws-chunked: a line is too long, or does not end in CRLF")
	errSize     = malformed("The body is not framed as aws-chunked: a chunk's size is not a hexadecimal number")
	errExtended = malformed("The body is not framed as aws-chunked: a chunk's size is followed by something else than is announced")
	errDataEnd  = malformed("The body is not framed as aws-chunked: a chunk's data is longer than its size")
	errTooBig   = malformed("A signed chunk is larger than 1048576 bytes")
	errTooSmall = malformed("Only the last chunk is allowed to have a size less than 8192 bytes")
	errTooLong  = malformed("The body is longer than its x-amz-decoded-content-length")
	errTrailer  = malformed("The request contained trailing data that was not well-formed, or not what x-amz-trailer names")
	errBehind   = malformed("The body goes on behind its end")
	errEncoded  = malformed("The body is not as long as its Content-Length")

	errTooShort = &Error{Fault: Incomplete, Text: "The body is shorter than its x-amz-decoded-content-length"}

	errChunkSignature = &Error{
		Fault: WrongSignature, Text: "The chunk signature we calculated does not match the signature you provided.",
	}
	errTrailerSignature = &Error{
		Fault: WrongSignature, Text: "The trailer signature we calculated does not match the signature you provided.",
	}
)

// Unread is the fault of a source that fails before the body's end. What it wraps is never io.EOF,
// which a reader of the body would take for its end.
func Unread(cause error) *Error {
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF // guard 61c
	}
	return &Error{Fault: Incomplete, Text: "The body could not be read to its end", Cause: cause}
}

// WrongSum is the fault of a body that has not the checksum of the algorithm. where says, after the
// algorithm's name, where the checksum stood.
func WrongSum(algorithm, where string) *Error {
	return &Error{Fault: WrongChecksum, Text: "The " + algorithm + " you specified" + where + " did not match the calculated checksum."}
}

// asError makes a fault of whatever reading returned.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Unread(err)
}
