package sigv4client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// emptyDigest is the SHA-256 of no bytes.
const emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// closeTimeout is how long Config.Next may take to close a body whose request was answered.
const closeTimeout = 30 * time.Second

// body is the body of a request that is sent once or several times. It takes over Request.Body,
// which it closes.
type body struct {
	digest string // the last line of the canonical request
	length int64  // in bytes; -1: not known

	first io.ReadCloser // what is sent first; nil => there is no body
	// again returns the body from its beginning. nil => it can be sent only once.
	again func(context.Context) (io.ReadCloser, error)
	// getBody is for Config.Next, which may have to send a request twice. It may be nil.
	getBody func() (io.ReadCloser, error)
	// finish is called once, when the body is not sent again.
	finish func()
}

// newBody hashes the body of r, unless r declares a digest.
func (t *Transport) newBody(r *http.Request) (*body, error) {
	b := &body{digest: emptyDigest, finish: func() {}}
	if r.Body == nil || r.Body == http.NoBody {
		// A digest of a body that is not sent any more, as after a redirect, is not kept.
		return b, nil
	}
	b.length = r.ContentLength
	if b.length == 0 {
		b.length = -1 // Request.ContentLength: with a body, 0 means unknown
	}
	declared := r.Header.Get(contentSHA256)
	b.digest = declared
	b.first = r.Body
	if r.GetBody != nil {
		b.getBody = r.GetBody
		b.again = func(context.Context) (io.ReadCloser, error) { return r.GetBody() }
		if declared != "" {
			return b, nil
		}
		twin, err := r.GetBody()
		if err != nil {
			return b.made(r, unreadable(err))
		}
		err = b.hash(r.Context(), twin)
		_ = twin.Close() // it was read to its end, or what failed is told already
		if err != nil {
			return b.made(r, err)
		}
		// Some return the body itself, wound back, which is at its end now: connect-go.
		first, err := r.GetBody()
		if err != nil {
			return b.made(r, unreadable(err))
		}
		_ = r.Body.Close() // nothing was read of it
		b.first = first
		return b, nil
	}
	if seeker, ok := r.Body.(io.Seeker); ok {
		if start, err := seeker.Seek(0, io.SeekCurrent); err == nil { // it fails for a pipe, which is an *os.File too
			s := &rewound{file: r.Body, seeker: seeker, start: start}
			b.again, b.finish = s.again, s.finish
			b.getBody = func() (io.ReadCloser, error) { return s.again(r.Context()) }
			if declared == "" {
				if err := b.hash(r.Context(), r.Body); err != nil {
					return b.made(r, err)
				}
				if _, err := seeker.Seek(start, io.SeekStart); err != nil {
					return b.made(r, unreadable(err))
				}
			}
			b.first = s.turn()
			return b, nil
		}
	}
	if declared != "" {
		return b, nil
	}
	return b.made(r, b.buffer(r, t.maxBuffered))
}

// made returns b, or closes the request's body if it could not be made.
func (b *body) made(r *http.Request, err error) (*body, error) {
	if err == nil {
		return b, nil
	}
	_ = r.Body.Close() // what failed is told already
	if cause := context.Cause(r.Context()); cause != nil {
		return nil, cause
	}
	return nil, err
}

func unreadable(err error) error {
	return &Error{Reason: ErrBody, Detail: "reading the body", Cause: err}
}

// hash reads from to its end.
func (b *body) hash(ctx context.Context, from io.Reader) error {
	h := sha256.New()
	n, err := io.Copy(h, &cancellable{ctx, from})
	if err != nil {
		return unreadable(err)
	}
	return b.set(n, h.Sum(nil))
}

func (b *body) set(n int64, sum []byte) error {
	if b.length >= 0 && b.length != n {
		return &Error{Reason: ErrBody, Detail: fmt.Sprintf("the body has %d bytes, and ContentLength is %d", n, b.length)}
	}
	b.length, b.digest = n, hex.EncodeToString(sum)
	return nil
}

// buffer reads the request's body into memory, and closes it.
func (b *body) buffer(r *http.Request, most int64) error {
	most = max(most, 0)
	if b.length > most {
		return unreplayable(most)
	}
	text, err := io.ReadAll(io.LimitReader(&cancellable{r.Context(), r.Body}, most+1))
	if err != nil {
		return unreadable(err)
	}
	if int64(len(text)) > most {
		return unreplayable(most)
	}
	sum := sha256.Sum256(text)
	if err := b.set(int64(len(text)), sum[:]); err != nil {
		return err
	}
	if err := r.Body.Close(); err != nil {
		return unreadable(err)
	}
	b.getBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	b.again = func(context.Context) (io.ReadCloser, error) { return b.getBody() }
	b.first, _ = b.getBody()
	return nil
}

func unreplayable(most int64) error {
	return &Error{Reason: ErrBody, Detail: fmt.Sprintf("a body that can be read only once is larger than %d bytes: "+
		"set Request.GetBody, use an io.Seeker such as *os.File, or declare its digest in X-Amz-Content-Sha256", most)}
}

// describe puts the body into the request that is sent.
func (b *body) describe(out *http.Request) {
	out.Body, out.GetBody, out.ContentLength = b.first, b.getBody, b.length
	if b.first == nil {
		out.GetBody = nil
		return
	}
	if len(out.Trailer) > 0 {
		out.ContentLength = -1 // trailers follow chunks alone
	}
	if b.length == 0 {
		out.Body, out.GetBody = http.NoBody, nil
		_ = b.first.Close() // it is empty, and nobody else will
	}
}

// rewind makes the body ready to be sent once more.
func (b *body) rewind(ctx context.Context) error {
	if b.first == nil {
		return nil
	}
	again, err := b.again(ctx)
	if err != nil {
		return &Error{Reason: ErrBody, Detail: "the body cannot be sent again", Cause: err}
	}
	b.first = again
	return nil
}

// replayable reports whether rewind can be called.
func (b *body) replayable() bool { return b.first == nil || b.again != nil }

// discard closes a body that is not sent.
func (b *body) discard() {
	if b.first != nil {
		_ = b.first.Close() // it was not read, or only hashed
	}
}

// rewound is a body that is sent again from where it was when it came.
type rewound struct {
	file   io.ReadCloser
	seeker io.Seeker
	start  int64

	mu   sync.Mutex
	now  *turn
	last bool // => file is closed with the turn that is now sent
}

// turn returns the body as it is sent once.
func (s *rewound) turn() io.ReadCloser {
	t := &turn{of: s, closed: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
	return t
}

// again waits until nothing reads any more: a RoundTripper may go on sending while an answer is
// there, until it closes the body.
func (s *rewound) again(ctx context.Context) (io.ReadCloser, error) {
	s.mu.Lock()
	before := s.now
	s.mu.Unlock()
	late := time.NewTimer(closeTimeout)
	defer late.Stop()
	select {
	case <-before.closed:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-late.C:
		return nil, fmt.Errorf("the RoundTripper has not closed it within %v", closeTimeout)
	}
	before.reading.Lock()
	defer before.reading.Unlock()
	if _, err := s.seeker.Seek(s.start, io.SeekStart); err != nil {
		return nil, err
	}
	return s.turn(), nil
}

// finish closes the file as soon as it is not sent any more.
func (s *rewound) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = true
	select {
	case <-s.now.closed:
		_ = s.file.Close() // it was only read
	default:
	}
}

// turn is a rewound body on its way.
type turn struct {
	of      *rewound
	reading sync.Mutex // held while the file is read
	once    sync.Once
	closed  chan struct{}
}

func (t *turn) Read(p []byte) (int, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	select {
	case <-t.closed:
		return 0, http.ErrBodyReadAfterClose
	default:
		return t.of.file.Read(p)
	}
}

// Close does not wait for a Read, which it may have to interrupt.
func (t *turn) Close() (err error) {
	t.once.Do(func() {
		t.of.mu.Lock()
		defer t.of.mu.Unlock()
		close(t.closed)
		if t.of.last {
			err = t.of.file.Close()
		}
	})
	return err
}

// cancellable stops reading once its context is over.
type cancellable struct {
	ctx  context.Context
	from io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.from.Read(p)
}

// validDigest reports whether a declared digest is one, or says that there is none.
func validDigest(s string) bool {
	return s == UnsignedPayload || len(s) == len(emptyDigest) && strings.Trim(s, "0123456789abcdef") == ""
}
