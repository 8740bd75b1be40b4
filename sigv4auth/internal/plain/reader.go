package plain

import (
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"io"

	"github.com/wildgate/wildgate/sigv4auth/internal/checksum"
	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
)

// Payload is what a request, whose signature is verified, says of its body.
type Payload struct {
	// Length is the length of the body, which has to be exactly this; -1: unknown.
	Length int64
	// Max is the most bytes that the body may have.
	Max int64
	// Digested says that the body has to have the SHA-256 Digest.
	Digested bool
	Digest   [sha256.Size]byte
	// Sum computes a checksum of the body, which has to be Checksum. nil: there is none.
	Sum      *checksum.Sum
	Checksum string
	// Where says in a message, after the name of its algorithm, where the checksum stood.
	Where string
	// Admission is asked each time before bytes are released, and before io.EOF is returned. An
	// error of it ends the body with the fault NotAdmitted. nil: everything is admitted.
	Admission chunked.Admission
}

// maxEmptyReads bounds how often a source may return nothing.
const maxEmptyReads = 100

// Reader verifies a body. It releases bytes as they arrive. Where there is a digest or a checksum,
// it holds the last byte back until the whole body is verified: what it has released of another
// body is never all of it, whoever looks at no error.
//
// It returns io.EOF for a body that is verified whole, and otherwise a [chunked.Error], again and
// again. It is for one goroutine. Make it ready with Init.
type Reader struct {
	src     io.Reader
	payload Payload
	digest  hash.Hash // nil => no digest is declared
	arrived int64     // bytes of src
	err     error     // for good, once ready is empty
	ready   []byte    // what may be released and has not been read

	held  byte    // the last byte that arrived, where holds
	holds bool    // held is a byte of the body
	room  [2]byte // for who reads single bytes
}

// Init makes r the reader of the body that src holds. Nothing is read until the first Read.
func (r *Reader) Init(src io.Reader, p *Payload) {
	*r = Reader{src: src, payload: *p}
	if p.Digested {
		r.digest = sha256.New()
	}
}

// Read implements io.Reader. It may return bytes together with io.EOF. If it fails, b is cleared.
func (r *Reader) Read(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	if len(r.ready) == 0 {
		if len(b) >= len(r.room) {
			n = r.next(b)
			return n, r.err
		}
		r.ready = r.room[:r.next(r.room[:])]
	}
	n = copy(b, r.ready)
	if r.ready = r.ready[n:]; len(r.ready) == 0 {
		err = r.err
	}
	return n, err
}

// copyBuffer is what WriteTo reads at a time.
const copyBuffer = 32 << 10

// WriteTo writes the body to w. io.Copy uses it.
func (r *Reader) WriteTo(w io.Writer) (written int64, err error) {
	var buffer []byte
	for {
		if len(r.ready) == 0 && r.err == nil {
			if buffer == nil {
				buffer = make([]byte, copyBuffer)
			}
			r.ready = buffer[:r.next(buffer)]
		}
		if len(r.ready) == 0 {
			if r.err == io.EOF {
				return written, nil
			}
			return written, r.err
		}
		n, err := w.Write(r.ready)
		n = min(max(n, 0), len(r.ready))
		written += int64(n)
		r.ready = r.ready[n:]
		if err != nil {
			return written, err
		}
		if len(r.ready) > 0 {
			return written, io.ErrShortWrite
		}
	}
}

// Trailer is never ok: a plain body has none.
func (*Reader) Trailer() (value string, ok bool) { return "", false }

// next reads into b, which has room for two bytes at least, and returns how many of them may be
// released: at least one, or r.err is set.
func (r *Reader) next(b []byte) int {
	n := 0
	for n == 0 && r.err == nil {
		var err error
		if n, err = r.some(b); err == nil {
			err = r.admitted()
		} else if err == io.EOF {
			if err = r.finish(); err == nil {
				err = r.admitted()
			}
			if err == nil {
				r.err = io.EOF
				return n
			}
		}
		if err != nil {
			clear(b)
			n, r.err = 0, err
		}
	}
	return n
}

// some reads what has arrived into b, behind what was held back, and holds the last byte back
// where there is something to verify. At the body's end it holds nothing back and returns io.EOF.
func (r *Reader) some(b []byte) (int, error) {
	verifies := r.digest != nil || r.payload.Sum != nil
	kept := 0
	if r.holds {
		b[0], kept, r.holds = r.held, 1, false
	}
	n, err := r.read(b[kept:])
	if r.digest != nil {
		r.digest.Write(b[kept : kept+n])
	}
	if r.payload.Sum != nil {
		r.payload.Sum.Write(b[kept : kept+n])
	}
	if n += kept; err == nil && verifies {
		n--
		r.held, r.holds = b[n], true
		b[n] = 0
	}
	return n, err
}

// read reads at least one byte of src, no more than one beyond what the body may have. It returns
// io.EOF at the end of a body of the right length.
func (r *Reader) read(b []byte) (int, error) {
	limit := r.payload.Max
	if r.payload.Length >= 0 {
		limit = min(limit, r.payload.Length)
	}
	if room := limit - r.arrived; room < int64(len(b)) {
		b = b[:room+1]
	}
	for range maxEmptyReads {
		n, err := r.src.Read(b)
		r.arrived += int64(n)
		switch {
		case r.arrived > r.payload.Max:
			return n, errTooLong
		case r.payload.Length >= 0 && r.arrived > r.payload.Length:
			return n, errLength
		case err == io.EOF && r.payload.Length >= 0 && r.arrived < r.payload.Length:
			return n, errLength
		case err != nil && err != io.EOF:
			return n, chunked.Unread(err)
		case n > 0 || err != nil:
			return n, err
		}
	}
	return 0, chunked.Unread(io.ErrNoProgress)
}

// finish verifies the body, which has ended.
func (r *Reader) finish() error {
	if r.digest != nil {
		var sum [sha256.Size]byte
		r.digest.Sum(sum[:0])
		if subtle.ConstantTimeCompare(sum[:], r.payload.Digest[:]) != 1 {
			return errDigest
		}
	}
	if sum := r.payload.Sum; sum != nil && !sum.Is(r.payload.Checksum) {
		return chunked.WrongSum(sum.Algorithm(), r.payload.Where)
	}
	return nil
}

// admitted asks whether what has been read may be released, and whether the body may end.
func (r *Reader) admitted() error { return chunked.Admitted(r.payload.Admission) }

var (
	errTooLong = &chunked.Error{Fault: chunked.TooLong, Text: "Request Too Long"}
	errLength  = &chunked.Error{Fault: chunked.Incomplete, Text: "The body is not as long as its Content-Length"}
	errDigest  = &chunked.Error{
		Fault: chunked.WrongDigest, Text: "The provided 'x-amz-content-sha256' header does not match what was computed.",
	}
)
