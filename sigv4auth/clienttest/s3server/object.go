package s3server

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

type object struct {
	data     content
	etag     string
	modified time.Time
	header   http.Header // what a GET answers with: the type, metadata, checksums
}

// kept are the headers of a PUT that come back with a GET, beside metadata.
var kept = []string{"Content-Type", "Cache-Control", "Content-Disposition", "Content-Language", "Content-Encoding"}

func (s *Server) putObject(w http.ResponseWriter, r *request) {
	data, ok := s.readBody(w, r)
	if !ok || !s.checkMD5(w, r, data) {
		return
	}
	o := &object{data: content{data}, etag: etag(data), modified: time.Now(), header: describe(r.Request)}
	answerChecksum(w.Header(), o.header, r.Request, data)
	s.change(func() { s.buckets[r.bucket].objects[r.key] = o })
	w.Header().Set("ETag", o.etag)
}

func (s *Server) getObject(w http.ResponseWriter, r *request) {
	s.mu.Lock()
	o := s.buckets[r.bucket].objects[r.key]
	s.mu.Unlock()
	if o == nil {
		s.fail(w, r.Request, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	h := w.Header()
	for key, values := range o.header {
		// A checksum is that of the whole object, and clients hold it against what they get.
		if strings.HasPrefix(key, "X-Amz-Checksum-") && (r.Header.Get("X-Amz-Checksum-Mode") != "ENABLED" || r.Header.Get("Range") != "") {
			continue
		}
		if strings.HasPrefix(key, "X-Amz-Meta-") {
			key = strings.ToLower(key) // as S3 has it, and botocore takes the names as they come
		}
		h[key] = values
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "binary/octet-stream")
	}
	for _, name := range overrides {
		if v := r.param(name); v != "" {
			h.Set(strings.TrimPrefix(name, "response-"), v)
		}
	}
	h.Set("ETag", o.etag)
	http.ServeContent(w, r.Request, "", o.modified, o.data.reader())
}

func (s *Server) deleteObject(w http.ResponseWriter, r *request) {
	s.change(func() { delete(s.buckets[r.bucket].objects, r.key) })
	w.WriteHeader(http.StatusNoContent)
}

// describe collects the headers of a request that describe the object it makes.
func describe(r *http.Request) http.Header {
	h := http.Header{}
	for key, values := range r.Header {
		if strings.HasPrefix(key, "X-Amz-Meta-") {
			h[key] = values
		}
	}
	for _, key := range kept {
		if values := r.Header[key]; values != nil {
			h[key] = values
		}
	}
	return h
}

func etag(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// checkMD5 holds the body against Content-MD5, which is the store's own affair.
func (s *Server) checkMD5(w http.ResponseWriter, r *request, data []byte) bool {
	declared := r.Header.Get("Content-Md5")
	if declared == "" {
		return true
	}
	if sum := md5.Sum(data); base64.StdEncoding.EncodeToString(sum[:]) != declared {
		s.fail(w, r.Request, http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
		return false
	}
	return true
}
