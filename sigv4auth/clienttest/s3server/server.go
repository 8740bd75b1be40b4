package s3server

import (
	"bytes"
	"crypto/rand"
	"encoding/xml"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// Server is the store, an http.Handler to be put behind an Authenticator. It is safe for concurrent
// use.
type Server struct {
	domain     string
	operations []operation

	mu      sync.Mutex
	buckets map[string]*bucket
	uploads map[string]*upload
	seen    []string
	changes int
}

type bucket struct {
	created time.Time
	objects map[string]*object
}

// New returns an empty store. Hosts below domain name a bucket: that is virtual-hosted style.
func New(domain string) *Server {
	return &Server{domain: domain, operations: operations(), buckets: map[string]*bucket{}, uploads: map[string]*upload{}}
}

// Seen returns the names of the operations that reached the store, in order.
func (s *Server) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

// Changes returns how often the store was changed.
func (s *Server) Changes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes
}

// Uploads returns how many multipart uploads are neither completed nor given up.
func (s *Server) Uploads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uploads)
}

// Object returns the content of an object, to be read.
func (s *Server) Object(bucket, key string) (*io.SectionReader, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucket]; b != nil {
		if o := b.objects[key]; o != nil {
			return o.data.reader(), true
		}
	}
	return nil, false
}

// ServeHTTP serves a request that has been admitted.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amz-Request-Id", rand.Text())
	q := s.understand(r)
	if q.op == nil {
		s.fail(w, r, http.StatusNotImplemented, "NotImplemented",
			"A header or query parameter implies functionality that is not implemented.")
		return
	}
	s.mu.Lock()
	s.seen = append(s.seen, q.op.name)
	_, exists := s.buckets[q.bucket]
	s.mu.Unlock()
	if q.op.level != onService && q.op.name != "CreateBucket" && !exists {
		s.fail(w, r, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	q.op.handle(s, w, q)
}

// fail answers with an error of the store's own.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	type wireError struct {
		XMLName                  xml.Name `xml:"Error"`
		Code, Message, RequestId string
	}
	s.answer(w, r, status, wireError{Code: code, Message: message, RequestId: w.Header().Get("X-Amz-Request-Id")})
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	b, err := xml.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append([]byte(xml.Header), b...))
	}
}

// readBody reads the body to its end. A body that is verified while it is read can turn out wrong;
// then the answer is the verifier's error, and what has been read is thrown away. The verifier has
// bounded the length, so that it can be taken at its word.
func (s *Server) readBody(w http.ResponseWriter, r *request) ([]byte, bool) {
	var body bytes.Buffer
	body.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead)
	if _, err := body.ReadFrom(r.Body); err != nil {
		sigv4auth.WriteS3Error(w, r.Request, err)
		return nil, false
	}
	return body.Bytes(), true
}

// change runs f while nobody else uses the store.
func (s *Server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	f()
}
