package sigv4test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/wildgate/wildgate/sigv4auth"
)

// Spy is a handler that records what reaches it. Behind the middleware it proves that a refused
// request never arrived, and shows what an admitted one brought. Its zero value answers 200 without
// a body. It is safe for concurrent use.
type Spy struct {
	// Answer, if set, answers each request; it can read the body once more. nil: status 200,
	// nothing written.
	Answer http.HandlerFunc

	mu   sync.Mutex
	seen []Seen
}

// Seen is a request that reached a Spy.
type Seen struct {
	// Request is the request as the handler got it. Its body has been read.
	Request *http.Request
	// Body is what the body held, and BodyErr the error that ended it in place of io.EOF, nil if
	// none. The bytes before an error are not to be acted on.
	Body    []byte
	BodyErr error
	// Identity is who signed. It is zero where the Spy is not behind the middleware.
	Identity sigv4auth.Identity
}

// ServeHTTP records r and answers it.
func (s *Spy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := Seen{Request: r}
	if r.Body != nil {
		seen.Body, seen.BodyErr = io.ReadAll(r.Body)
	}
	seen.Identity, _ = sigv4auth.IdentityFrom(r.Context())
	s.mu.Lock()
	s.seen = append(s.seen, seen)
	s.mu.Unlock()
	if s.Answer != nil {
		again := r.WithContext(r.Context())
		again.Body = io.NopCloser(io.MultiReader(bytes.NewReader(seen.Body), failing{seen.BodyErr}))
		s.Answer(w, again)
	}
}

// Seen returns the requests that have reached the handler, in order of arrival.
func (s *Spy) Seen() []Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// Forget makes the Spy forget what it has seen.
func (s *Spy) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = nil
}

// failing ends a body as it ended when it was read first.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}
