// Package notes is the service that the programs protect. Of signatures it knows who called, of
// policies and HTTP nothing. It prints each call, which is how a test sees what reached it.
package notes

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/wildgate/wildgate/sigv4auth"
)

// Service keeps notes by ID. It is safe for concurrent use.
type Service struct {
	*kept
	by string // who calls, "" if that is not known
}

type kept struct {
	mu    sync.Mutex
	calls io.Writer
	notes map[string][]byte
}

// New returns a service without notes, which prints its calls on the standard output.
func New() *Service { return NewWith(os.Stdout) }

// NewWith returns a service without notes, which writes its calls to w, a line for each.
func NewWith(w io.Writer) *Service {
	return &Service{kept: &kept{calls: w, notes: map[string][]byte{}}}
}

// As returns the service as whoever signed the request calls it that ctx is the context of.
func (s *Service) As(ctx context.Context) *Service {
	id, _ := sigv4auth.IdentityFrom(ctx)
	return s.By(id.Principal.ARN)
}

// By returns the service as a caller calls it whom somebody else has verified.
func (s *Service) By(caller string) *Service { return &Service{s.kept, caller} }

// called tells of a call. A test takes the line apart: see [ParseCall].
func (s *Service) called(operation, id string) {
	fmt.Fprintf(s.calls, "%s%s %q %q\n", prefix, operation, id, s.by)
}

// Read returns a note: what was written, or a text that names it.
func (s *Service) Read(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.called("read", id)
	if note, ok := s.notes[id]; ok {
		return string(note)
	}
	return fmt.Sprintf("note %q", id)
}

// Write keeps a note and returns its SHA-256, in hexadecimal. The call is told before the body is
// read: a handler that has a request has been reached.
func (s *Service) Write(id string, note io.Reader) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.called("write", id)
	b, err := io.ReadAll(note)
	if err != nil {
		return "", err
	}
	s.notes[id] = b
	return fmt.Sprintf("%x", sha256.Sum256(b)), nil
}

// Health says that the service lives.
func (s *Service) Health() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.called("health", "")
	return "well"
}

// Crash panics, as a handler with a fault does.
func (s *Service) Crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.called("crash", "")
	panic("notes: a fault in a handler")
}
