package s3server

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const maxParts = 10_000

type upload struct {
	bucket, key string
	header      http.Header
	parts       map[int]part
}

type part struct {
	data []byte
	etag string
}

func (s *Server) createUpload(w http.ResponseWriter, r *request) {
	if _, ok := s.readBody(w, r); !ok {
		return
	}
	id := rand.Text()
	s.change(func() {
		s.uploads[id] = &upload{bucket: r.bucket, key: r.key, header: describe(r.Request), parts: map[int]part{}}
	})
	s.answer(w, r.Request, http.StatusOK, struct {
		XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket, Key, UploadId string
	}{Bucket: r.bucket, Key: r.key, UploadId: id})
}

func (s *Server) uploadPart(w http.ResponseWriter, r *request) {
	number, err := strconv.Atoi(r.param("partNumber"))
	if err != nil || number < 1 || number > maxParts {
		s.fail(w, r.Request, http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
		return
	}
	data, ok := s.readBody(w, r)
	if !ok || !s.checkMD5(w, r, data) {
		return
	}
	p := part{data: data, etag: etag(data)}
	known := false
	s.change(func() {
		u := s.upload(r)
		if known = u != nil; known {
			u.parts[number] = p
		}
	})
	if !known {
		s.noSuchUpload(w, r)
		return
	}
	answerChecksum(w.Header(), http.Header{}, r.Request, data)
	w.Header().Set("ETag", p.etag)
}

// completeUpload joins the parts that the client names, in its order.
func (s *Server) completeUpload(w http.ResponseWriter, r *request) {
	body, ok := s.readBody(w, r)
	if !ok {
		return
	}
	var named struct {
		Parts []struct {
			PartNumber int
			ETag       string
		} `xml:"Part"`
	}
	if err := xml.Unmarshal(body, &named); err != nil || len(named.Parts) == 0 || len(named.Parts) > maxParts {
		s.fail(w, r.Request, http.StatusBadRequest, "MalformedXML",
			"The XML you provided was not well-formed or did not validate against our published schema")
		return
	}
	var o *object
	known := false
	s.change(func() {
		u := s.upload(r)
		if known = u != nil; !known {
			return
		}
		joined := &object{modified: time.Now(), header: u.header}
		sums := md5.New()
		for i, n := range named.Parts {
			p, ok := u.parts[n.PartNumber]
			if !ok || strings.Trim(n.ETag, `"`) != strings.Trim(p.etag, `"`) || i > 0 && n.PartNumber <= named.Parts[i-1].PartNumber {
				return
			}
			joined.data = append(joined.data, p.data)
			sum := md5.Sum(p.data)
			sums.Write(sum[:])
		}
		joined.etag = fmt.Sprintf(`"%s-%d"`, hex.EncodeToString(sums.Sum(nil)), len(named.Parts))
		o = joined
		s.buckets[r.bucket].objects[r.key] = o
		delete(s.uploads, r.param("uploadId"))
	})
	switch {
	case !known:
		s.noSuchUpload(w, r)
	case o == nil:
		s.fail(w, r.Request, http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found.")
	default:
		s.answer(w, r.Request, http.StatusOK, struct {
			XMLName           xml.Name `xml:"CompleteMultipartUploadResult"`
			Bucket, Key, ETag string
		}{Bucket: r.bucket, Key: r.key, ETag: o.etag})
	}
}

func (s *Server) abortUpload(w http.ResponseWriter, r *request) {
	known := false
	s.change(func() {
		if known = s.upload(r) != nil; known {
			delete(s.uploads, r.param("uploadId"))
		}
	})
	if !known {
		s.noSuchUpload(w, r)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// upload returns the upload that a request names: its ID counts only for the bucket and the key it
// was made for, since that is what was authorised.
func (s *Server) upload(r *request) *upload {
	if u := s.uploads[r.param("uploadId")]; u != nil && u.bucket == r.bucket && u.key == r.key {
		return u
	}
	return nil
}

func (s *Server) noSuchUpload(w http.ResponseWriter, r *request) {
	s.fail(w, r.Request, http.StatusNotFound, "NoSuchUpload", "The specified multipart upload does not exist.")
}
