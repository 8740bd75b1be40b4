package sigv4auth

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// takeBody reads the body, if that may be done, and puts it back as it was.
func (x *diagnoser) takeBody() *Error {
	r := x.r
	if strings.HasPrefix(x.declared.line, streamingPrefix) {
		return nil // its chunks are verified as they are read, or not at all
	}
	if r.Body == nil || r.Body == http.NoBody {
		_, refused := readWhole(r, x.a.maxBody) // there is nothing to be read
		x.bodyKnown = refused == nil
		return refused
	}
	if _, read := r.Body.(*readBody); !read && !(x.mayRead && x.mayHold()) {
		if r.ContentLength == 0 {
			x.bodyKnown = true
			return nil
		}
		x.d.NotTried = append(x.d.NotTried, "what depends on the body, which had not been read when the request was refused")
		return nil
	}
	original, length := r.Body, r.ContentLength
	k := &bodyRecorder{from: original}
	r.Body = k
	defer func() {
		if _, read := original.(*readBody); read && k.err == io.EOF {
			(&readBody{text: k.kept}).set(r)
		} else {
			r.Body = &replay{Reader: io.MultiReader(bytes.NewReader(k.kept), k.rest()), Closer: original}
		}
		r.ContentLength = length
	}()
	most := x.a.maxBody
	if x.declared.line == "" {
		most = x.a.maxUndeclared
	}
	body, refused := readWhole(r, most)
	if refused != nil {
		return refused
	}
	x.body, x.bodyKnown = body.text, true
	return nil
}

// mayHold reports whether a body that has not been read may be held in memory: of one that streams
// or is spooled, no more than is tried.
func (x *diagnoser) mayHold() bool {
	if x.r.ContentLength >= 0 && x.r.ContentLength <= maxBodyVariant {
		return true
	}
	how, _ := x.a.delivery(x.r, recordFrom(x.r.Context()))
	return !x.declared.streamsPlain(x.r, how)
}

// A bodyRecorder keeps what is read through it, and the error that ended it.
type bodyRecorder struct {
	from io.Reader
	kept []byte
	err  error
}

func (k *bodyRecorder) Read(b []byte) (int, error) {
	n, err := k.from.Read(b)
	k.kept, k.err = append(k.kept, b[:n]...), err
	return n, err
}

func (*bodyRecorder) Close() error { return nil }

// rest is what comes after what has been kept: the error that ended it once more, or if there was
// none what has not been read.
func (k *bodyRecorder) rest() io.Reader {
	if k.err != nil {
		return failing{k.err}
	}
	return k.from
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// replay is a body that is read a second time.
type replay struct {
	io.Reader
	io.Closer
}
