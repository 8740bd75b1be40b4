package s3server

import (
	"encoding/xml"
	"net/http"
	"slices"
	"time"
)

const timeFormat = "2006-01-02T15:04:05.000Z"

type owner struct{ ID, DisplayName string }

func (s *Server) listBuckets(w http.ResponseWriter, r *request) {
	type entry struct{ Name, CreationDate string }
	var list struct {
		XMLName xml.Name `xml:"ListAllMyBucketsResult"`
		Owner   owner
		Buckets []entry `xml:"Buckets>Bucket"`
	}
	s.mu.Lock()
	for name, b := range s.buckets {
		list.Buckets = append(list.Buckets, entry{name, b.created.UTC().Format(timeFormat)})
	}
	s.mu.Unlock()
	slices.SortFunc(list.Buckets, func(a, b entry) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	s.answer(w, r.Request, http.StatusOK, list)
}

func (s *Server) createBucket(w http.ResponseWriter, r *request) {
	if _, ok := s.readBody(w, r); !ok { // the region, of which there is one
		return
	}
	taken := false
	s.change(func() {
		if _, taken = s.buckets[r.bucket]; !taken {
			s.buckets[r.bucket] = &bucket{created: time.Now(), objects: map[string]*object{}}
		}
	})
	if taken {
		s.fail(w, r.Request, http.StatusConflict, "BucketAlreadyOwnedByYou",
			"Your previous request to create the named bucket succeeded and you already own it.")
		return
	}
	w.Header().Set("Location", "/"+r.bucket)
}

func (*Server) headBucket(http.ResponseWriter, *request) {}

func (s *Server) deleteBucket(w http.ResponseWriter, r *request) {
	empty := false
	s.change(func() {
		if empty = len(s.buckets[r.bucket].objects) == 0; empty {
			delete(s.buckets, r.bucket)
		}
	})
	if !empty {
		s.fail(w, r.Request, http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// bucketLocation answers with no region, which stands for us-east-1.
func (s *Server) bucketLocation(w http.ResponseWriter, r *request) {
	s.answer(w, r.Request, http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
	}{})
}
