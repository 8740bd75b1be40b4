package chunked

import (
	"bytes"
	"crypto/sha256"
	"io"
)

const (
	chunkExtension   = ";chunk-signature="
	trailerSignature = "x-amz-trailer-signature"
)

// chunkHeader reads the line of a chunk with data, and returns its size, which fits into what is
// left of the payload.
func (r *Reader) chunkHeader() (int64, error) {
	size, err := r.sizeLine()
	if err != nil {
		return 0, err
	}
	left := uint64(r.payload.Length - r.arrived)
	switch {
	case size == 0:
		return 0, errTooShort
	case size > left:
		return 0, errTooLong
	case size < MinChunk && size < left:
		return 0, errTooSmall
	}
	r.inBody = true
	return int64(size), nil
}

// sizeLine reads the line of a chunk, and the CRLF that ends the chunk before it. It leaves the
// signature in r.signature.
func (r *Reader) sizeLine() (uint64, error) {
	if r.inBody {
		if err := r.blank(errDataEnd); err != nil {
			return 0, err
		}
		r.inBody = false
	}
	line, lf, err := r.line()
	if err != nil {
		return 0, err
	}
	if lf {
		return 0, errLine
	}
	size, extension, err := parseSize(line)
	if err != nil {
		return 0, err
	}
	if r.digest == nil {
		if len(extension) > 0 {
			return 0, errExtended
		}
		return size, nil
	}
	signature, ok := bytes.CutPrefix(extension, []byte(chunkExtension))
	if !ok || len(signature) > MaxSignature {
		return 0, errExtended
	}
	r.signature = append(r.signature[:0], signature...) // the line is overwritten by what comes
	return size, nil
}

// parseSize takes the size of a chunk off its line: 1 to 16 hexadecimal digits, of either case,
// since the clients differ in that, and without a leading zero.
func parseSize(line []byte) (size uint64, rest []byte, err error) {
	n := 0
	for n < len(line) {
		c := line[n]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			c = 0xff
		}
		if c == 0xff {
			break
		}
		if n == 16 || n > 0 && size == 0 {
			return 0, nil, errSize
		}
		size = size<<4 | uint64(c)
		n++
	}
	if n == 0 {
		return 0, nil, errSize
	}
	return size, line[n:], nil
}

// finish reads what comes behind the data, to the end of the source, and verifies it.
func (r *Reader) finish() error {
	size, err := r.sizeLine()
	if err != nil {
		return err
	}
	if size != 0 {
		return errTooLong
	}
	if r.digest != nil {
		r.digest.Reset()
		if !r.verifyChunk() {
			return errChunkSignature
		}
	}
	value := r.payload.Checksum
	if r.payload.Trailer != "" {
		if value, err = r.trailer(); err != nil {
			return err
		}
	}
	if err := r.blank(errBehind); err != nil {
		return err
	}
	if r.start < r.end {
		return errBehind
	}
	switch n, err := r.read(r.buf[:1]); {
	case n > 0:
		return errBehind
	case err != io.EOF:
		return Unread(err)
	case r.payload.Encoded >= 0 && r.consumed != r.payload.Encoded:
		return errEncoded
	case r.payload.Sum != nil && !r.payload.Sum.Is(value):
		return WrongSum(r.payload.Sum.Algorithm(), "")
	}
	if r.payload.Trailer != "" {
		r.value = value
	}
	return nil
}

// trailer reads the trailer, and its signature where chunks are signed. It returns the trailer's
// value.
func (r *Reader) trailer() (string, error) {
	text, lf, err := r.field(r.payload.Trailer)
	if err != nil {
		return "", err
	}
	value := string(text)
	if lf { // minio-go ends the line with LF CRLF
		if err := r.blank(errTrailer); err != nil {
			return "", err
		}
	}
	if r.digest == nil {
		return value, nil
	}
	signature, lf, err := r.field(trailerSignature)
	if err != nil {
		return "", err
	}
	if lf {
		return "", errTrailer
	}
	digest := sha256.Sum256([]byte(r.payload.Trailer + ":" + value + "\n"))
	if !r.payload.Chain.VerifyTrailer(&digest, signature) {
		return "", errTrailerSignature
	}
	return value, nil
}

// field reads a line that has to be the field called name, and returns its value. lf says that the
// line ended without a carriage return.
func (r *Reader) field(name string) (value []byte, lf bool, err error) {
	line, lf, err := r.line()
	if err != nil {
		return nil, false, err
	}
	value, ok := bytes.CutPrefix(line, []byte(name+":"))
	if !ok {
		return nil, false, errTrailer
	}
	return bytes.TrimLeft(value, " \t"), lf, nil
}

// blank reads an empty line that ends in CRLF; anything else is the fault otherwise.
func (r *Reader) blank(otherwise *Error) error {
	for r.end-r.start < len("\r\n") {
		if err := r.more(); err != nil {
			return err
		}
	}
	if r.buf[r.start] != '\r' || r.buf[r.start+1] != '\n' {
		return otherwise
	}
	r.start += len("\r\n")
	return nil
}

// line reads a line and returns it without its end, until the next read. lf says that it ended
// without a carriage return.
func (r *Reader) line() (line []byte, lf bool, err error) {
	for searched := 0; ; {
		if i := bytes.IndexByte(r.buf[r.start+searched:r.end], '\n'); i >= 0 {
			line = r.buf[r.start : r.start+searched+i]
			r.start += searched + i + 1
			break
		}
		if searched = r.end - r.start; searched > maxLine+len("\r") {
			return nil, false, errLine
		}
		if err := r.more(); err != nil {
			return nil, false, err
		}
	}
	line, crlf := bytes.CutSuffix(line, []byte("\r"))
	if len(line) > maxLine {
		return nil, false, errLine
	}
	return line, !crlf, nil
}

// more reads ahead into r.buf, which has room for a line.
func (r *Reader) more() error {
	if r.start == r.end {
		r.start, r.end = 0, 0
	} else if len(r.buf)-r.start < maxLine+len("\r\n\r\n") {
		r.end = copy(r.buf[:], r.buf[r.start:r.end])
		r.start = 0
	}
	n, err := r.read(r.buf[r.end:])
	r.end += n
	if err != nil {
		return Unread(err)
	}
	return nil
}

// some reads at least one byte into b: what was read ahead, or else of the source.
func (r *Reader) some(b []byte) (int, error) {
	if r.start < r.end {
		n := copy(b, r.buf[r.start:r.end])
		r.start += n
		return n, nil
	}
	return r.read(b)
}

// read reads at least one byte of the source into b, which is not empty, or returns an error and
// none.
func (r *Reader) read(b []byte) (int, error) {
	for range maxEmptyReads {
		if r.srcErr != nil {
			return 0, r.srcErr
		}
		var n int
		n, r.srcErr = r.src.Read(b)
		r.consumed += int64(n)
		if n > 0 {
			return n, nil
		}
	}
	if r.srcErr == nil {
		r.srcErr = io.ErrNoProgress
	}
	return 0, r.srcErr
}
