// Package notes is the service that the programs protect. It knows nothing of signatures, policies
// and HTTP. It prints each call, which is how a test sees what reached it.
package notes

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"sync"
)

// Service keeps notes by ID. It is safe for concurrent use.
type Service struct {
	mu    sync.Mutex
	calls io.Writer
	notes map[string][]byte
}

// New returns a service without notes, which prints its calls on the standard output.
func New() *Service { return NewWith(os.Stdout) }

// NewWith returns a service without notes, which writes its calls to w, a line for each.
func NewWith(w io.Writer) *Service { return &Service{calls: w, notes: map[string][]byte{}} }

// called tells of a call. A test takes the line apart: see [ParseCall].
func (s *Service) called(operation, id string) {
	fmt.Fprintf(s.calls, "%s%s %q\n", prefix, operation, id)
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
