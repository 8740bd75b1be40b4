package sigv4auth

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// readBody is a body that has been read whole, for the handler to read once it is verified. It is
// not pooled, as a handler may read on after it has closed the body.
type readBody struct {
	text []byte
	at   int // how much of text has been read from here
}

func (b *readBody) Read(p []byte) (int, error) {
	if b.at == len(b.text) {
		return 0, io.EOF
	}
	n := copy(p, b.text[b.at:])
	b.at += n
	return n, nil
}

// ReadAt and Seek are for the handlers of spooled bodies.
func (b *readBody) ReadAt(p []byte, offset int64) (int, error) {
	return bytes.NewReader(b.text).ReadAt(p, offset)
}

func (b *readBody) Seek(offset int64, whence int) (int64, error) {
	r := bytes.NewReader(b.text)
	_, _ = r.Seek(int64(b.at), io.SeekStart) // at is not negative
	at, err := r.Seek(offset, whence)
	if err == nil {
		b.at = int(min(at, int64(len(b.text)))) // behind the end, there is nothing to be read either
	}
	return at, err
}

// WriteTo spares io.Copy a buffer.
func (b *readBody) WriteTo(w io.Writer) (int64, error) {
	rest := b.text[b.at:]
	if len(rest) == 0 {
		return 0, nil
	}
	n, err := w.Write(rest)
	b.at += n
	if n < len(rest) && err == nil {
		err = io.ErrShortWrite
	}
	return int64(n), err
}

func (*readBody) Close() error { return nil }

// newReadBody returns an empty body with room for size bytes. A small one comes with its room, in
// one piece of memory.
func newReadBody(size int64) *readBody {
	const header = 32 // of a readBody, so that the pieces are as large as memory comes
	switch {
	case size <= 128-header:
		b := &struct {
			readBody
			room [128 - header]byte
		}{}
		b.text = b.room[:0]
		return &b.readBody
	case size <= 256-header:
		b := &struct {
			readBody
			room [256 - header]byte
		}{}
		b.text = b.room[:0]
		return &b.readBody
	case size <= 1024-header:
		b := &struct {
			readBody
			room [1024 - header]byte
		}{}
		b.text = b.room[:0]
		return &b.readBody
	}
	return &readBody{text: make([]byte, 0, size)}
}

// set makes b the request's body.
func (b *readBody) set(r *http.Request) {
	if r.ContentLength = int64(len(b.text)); len(b.text) == 0 {
		r.Body = http.NoBody
		return
	}
	r.Body = b
}

func tooLarge() *Error { return refusal(ErrRequestTooLarge, "Request Too Long") }

// firstRead bounds the memory that a declared length alone can claim (threat 221).
const firstRead = 64 << 10

// grown returns text with more room: four times as much as has arrived, or what is announced to
// come if that is less.
func grown(text []byte, announced int64) []byte {
	room := 4 * int64(cap(text))
	if announced >= 0 {
		room = min(room, announced+1)
	}
	return append(make([]byte, 0, max(room, int64(cap(text))+1)), text...)
}

// noBody is the body of a request without one. It is never passed to a handler.
var noBody = &readBody{}

// readWhole reads the body to its end, at most so many bytes of it. What it returns belongs to the
// caller alone: it is handed to the handler, which may keep it.
func readWhole(r *http.Request, most int64) (*readBody, *Error) {
	if r.Body == nil || r.Body == http.NoBody {
		if r.ContentLength > 0 {
			return nil, refusal(ErrIncompleteBody, "The body is shorter than its Content-Length")
		}
		return noBody, nil
	}
	size := int64(512)
	if r.ContentLength >= 0 {
		size = min(r.ContentLength, firstRead) // guard 221a
	}
	// One byte more than is expected, so that the read that finds the end needs no room.
	body := newReadBody(size + 1)
	text := body.text
	for {
		n, err := r.Body.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if int64(len(text)) > most {
			return nil, tooLarge()
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				return nil, tooLarge()
			}
			return nil, &Error{Reason: ErrIncompleteBody, Message: "The body could not be read to its end", Cause: err}
		}
		if len(text) == cap(text) {
			text = grown(text, r.ContentLength)
		}
	}
	if r.ContentLength >= 0 && int64(len(text)) != r.ContentLength {
		return nil, refusal(ErrIncompleteBody, "The body is not as long as its Content-Length")
	}
	_ = r.Body.Close() // it has been read to its end, and nobody else will see it
	body.text = text
	return body, nil
}
