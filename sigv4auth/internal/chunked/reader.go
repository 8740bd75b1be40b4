package chunked

import (
	"crypto/sha256"
	"hash"
	"io"

	"github.com/wildgate/wildgate/sigv4auth/internal/checksum"
)

// Payload is what a request, whose signature is verified, says of its body.
type Payload struct {
	// Length is the length of the decoded body, which has to be exactly this.
	Length int64
	// Encoded is the length of the body as it arrives; -1: unknown.
	Encoded int64
	// Chain verifies the chunks, and the trailer if there is one. nil: they are not signed.
	Chain Chain
	// Trailer is the name, in lower case, of the one trailer, which holds the value of Sum. "":
	// there is none.
	Trailer string
	// Sum computes a checksum of the decoded body. nil: there is none.
	Sum *checksum.Sum
	// Checksum is the value of Sum where a header holds it. "": it is in the trailer, or there is
	// no Sum.
	Checksum string
	// Admission is asked each time before bytes are released, once they have been read and
	// verified: for each signed chunk, and for each piece of an unsigned one. An error of it ends
	// the body with the fault NotAdmitted. nil: everything is admitted.
	Admission Admission
}

// Admission decides whether a body, which verifies so far, may go on.
type Admission interface{ Admit() error }

// Reader decodes and verifies a body. What it releases is a prefix of the payload:
//
//   - where chunks are signed, each chunk once it is verified; one is held at a time, in memory
//     that grows as its bytes arrive;
//   - where they are not, bytes as they arrive;
//   - in both cases the bytes that complete [Payload.Length] only once the whole body is verified,
//     its end, its trailer and its checksum. Who reads exactly that many bytes, and not to io.EOF,
//     has a verified body too.
//
// It returns io.EOF for a body that is verified whole, and otherwise an [*Error], again and again.
// It is for one goroutine.
type Reader struct {
	src     io.Reader
	srcErr  error // what src has returned, for good
	payload Payload

	arrived  int64 // bytes of the payload, verified or not
	consumed int64 // bytes of src
	left     int64 // bytes of an unsigned chunk that are to come
	inBody   bool  // the data of a chunk has been begun, and a CRLF follows it
	err      error // for good, once ready is empty

	digest    hash.Hash         // of a signed chunk; nil => unsigned
	sum       [sha256.Size]byte // what digest says of a chunk; here, so that it is not allocated for each
	signature []byte            // of the chunk that is read
	chunk     []byte            // memory of one signed chunk, and of WriteTo
	ready     []byte            // what of chunk is verified and not yet read
	value     string            // of the trailer, verified

	buf        [512]byte // what was read ahead of src: a line, and what came with it
	start, end int       // what of buf is not used up
}

// NewReader returns a Reader of the body that src holds. Nothing is read until the first Read.
func NewReader(src io.Reader, p *Payload) *Reader {
	r := &Reader{src: src, payload: *p}
	if p.Chain != nil {
		r.digest = sha256.New()
		r.signature = make([]byte, 0, MaxSignature)
	}
	return r
}

// Read reads into b. A chunk that fits into b whole is read there at once; if it does not verify, b
// is cleared.
func (r *Reader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if len(r.ready) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		data, err := r.next(b)
		if err != nil {
			return 0, err
		}
		if &data[0] == &b[0] {
			return len(data), nil
		}
		r.ready = data
	}
	n := copy(b, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// WriteTo writes the body to w, each chunk from where it was verified. io.Copy uses it.
func (r *Reader) WriteTo(w io.Writer) (written int64, err error) {
	var buffer []byte
	if r.digest == nil {
		buffer = make([]byte, maxRead)
	}
	for {
		if len(r.ready) == 0 {
			if r.err == nil {
				r.ready, _ = r.next(buffer)
			}
			if len(r.ready) == 0 {
				if r.err == io.EOF {
					return written, nil
				}
				return written, r.err
			}
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

// Trailer returns the value of the trailer. It is not ok until the body is verified whole, nor
// where there is no trailer.
func (r *Reader) Trailer() (value string, ok bool) {
	return r.value, r.err == io.EOF && r.value != ""
}

// next returns the next bytes of the payload, which are not to be changed, in b or elsewhere. It
// returns at least one, or an error, which it also keeps. With the last bytes, r.err is io.EOF
// already.
func (r *Reader) next(b []byte) (data []byte, err error) {
	if r.arrived < r.payload.Length {
		if r.digest != nil {
			data, err = r.signedChunk(b)
		} else {
			data, err = r.unsigned(b)
		}
	}
	if err == nil && r.arrived == r.payload.Length {
		if err = r.finish(); err == nil {
			err = r.admitted()
		}
		if err == nil {
			r.err = io.EOF
			if len(data) == 0 {
				return nil, io.EOF
			}
		}
	} else if err == nil {
		err = r.admitted()
	}
	if err != nil {
		clear(data) // guard 61b
		r.err = asError(err)
		return nil, r.err // guard 61a
	}
	return data, nil
}

// admitted asks whether what has been read may be released, and whether the body may end.
func (r *Reader) admitted() error { return Admitted(r.payload.Admission) }

// Admitted asks a, which may be nil, and makes the fault NotAdmitted of its error.
func Admitted(a Admission) error {
	if a == nil {
		return nil
	}
	if err := a.Admit(); err != nil {
		return &Error{Fault: NotAdmitted, Text: "The body is not admitted any more", Cause: err}
	}
	return nil
}

// signedChunk reads a chunk and verifies it: in b if it fits, otherwise in r.chunk.
func (r *Reader) signedChunk(b []byte) (data []byte, err error) {
	size, err := r.chunkHeader()
	if err != nil {
		return nil, err
	}
	if size > MaxSignedChunk {
		return nil, errTooBig
	}
	r.digest.Reset()
	if int64(len(b)) >= size {
		data = b[:size]
		err = r.fill(data)
	} else {
		data, err = r.buffered(int(size))
	}
	if err != nil {
		return data, err
	}
	r.arrived += size
	if !r.verifyChunk() {
		return data, errChunkSignature
	}
	return data, nil
}

// verifyChunk verifies the chunk that r.digest has read, which has r.signature.
func (r *Reader) verifyChunk() bool {
	r.digest.Sum(r.sum[:0])
	return r.payload.Chain.VerifyChunk(&r.sum, r.signature)
}

// firstBuffer is what the size of a chunk alone can make the reader allocate.
const firstBuffer = 64 << 10

// buffered reads size bytes into r.chunk, which grows as they arrive.
func (r *Reader) buffered(size int) ([]byte, error) {
	if first := min(size, firstBuffer); cap(r.chunk) < first { // guard 221b
		r.chunk = make([]byte, first)
	}
	r.chunk = r.chunk[:cap(r.chunk)]
	for n := 0; n < size; {
		if n == len(r.chunk) {
			grown := make([]byte, min(2*n, size))
			copy(grown, r.chunk)
			r.chunk = grown
		}
		end := min(size, len(r.chunk))
		if err := r.fill(r.chunk[n:end]); err != nil {
			return nil, err
		}
		n = end
	}
	return r.chunk[:size], nil
}

// maxRead is how much is read before it is hashed: the hash then finds it in the processor's first
// cache, without which a CRC32 takes longer than reading.
const maxRead = 16 << 10

// fill reads to the end of data and feeds what it reads to the digest and the checksum.
func (r *Reader) fill(data []byte) error {
	for len(data) > 0 {
		n, err := r.some(data[:min(len(data), maxRead)])
		if err != nil {
			return err
		}
		r.digest.Write(data[:n])
		if r.payload.Sum != nil {
			r.payload.Sum.Write(data[:n])
		}
		data = data[n:]
	}
	return nil
}

// unsigned reads what has arrived of an unsigned chunk into b, which is not empty.
func (r *Reader) unsigned(b []byte) (data []byte, err error) {
	if r.left == 0 {
		if r.left, err = r.chunkHeader(); err != nil {
			return nil, err
		}
	}
	n, err := r.some(b[:min(int64(len(b)), r.left, maxRead)])
	if err != nil {
		return nil, err
	}
	r.left -= int64(n)
	r.arrived += int64(n)
	if r.payload.Sum != nil {
		r.payload.Sum.Write(b[:n])
	}
	return b[:n], nil
}
