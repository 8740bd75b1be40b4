package s3server

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const maxKeys = 1000

type listing struct {
	XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name         string
	Prefix       string
	Delimiter    string `xml:",omitempty"`
	EncodingType string `xml:",omitempty"`
	MaxKeys      int
	IsTruncated  bool

	// Version 1.
	Marker, NextMarker *string
	// Version 2.
	KeyCount                                 *int
	StartAfter                               string `xml:",omitempty"`
	ContinuationToken, NextContinuationToken string `xml:",omitempty"`

	Contents       []listed
	CommonPrefixes []commonPrefix
}

type listed struct {
	Key, LastModified, ETag string
	Size                    int64
	StorageClass            string
}

type commonPrefix struct{ Prefix string }

// listObjects answers both versions of the listing.
func (s *Server) listObjects(w http.ResponseWriter, r *request) {
	second := r.op.name == "ListObjectsV2"
	list := listing{
		Name: r.bucket, Prefix: r.param("prefix"), Delimiter: r.param("delimiter"), EncodingType: r.param("encoding-type"),
		MaxKeys: maxKeys,
	}
	if v := r.param("max-keys"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			s.fail(w, r.Request, http.StatusBadRequest, "InvalidArgument", "Provided max-keys not an integer or within integer range")
			return
		}
		list.MaxKeys = min(n, maxKeys)
	}
	after := r.param("marker")
	if second {
		list.StartAfter, list.ContinuationToken = r.param("start-after"), r.param("continuation-token")
		after = list.StartAfter
		if list.ContinuationToken != "" {
			token, err := base64.URLEncoding.DecodeString(list.ContinuationToken)
			if err != nil {
				s.fail(w, r.Request, http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
				return
			}
			after = string(token)
		}
	}
	last := s.collect(&list, r.bucket, after)
	count := len(list.Contents) + len(list.CommonPrefixes)
	switch {
	case second:
		list.KeyCount = &count
		if list.IsTruncated {
			list.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(last))
		}
	case list.IsTruncated:
		list.Marker, list.NextMarker = &after, &last
	default:
		list.Marker = &after
	}
	if list.EncodingType == "url" {
		list.encode()
	}
	s.answer(w, r.Request, http.StatusOK, list)
}

// collect fills in what follows after, and returns the last of it.
func (s *Server) collect(list *listing, bucket, after string) (last string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	objects := s.buckets[bucket].objects
	keys := make([]string, 0, len(objects))
	for key := range objects {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		rest, ok := strings.CutPrefix(key, list.Prefix)
		name, common := key, false
		if list.Delimiter != "" {
			if before, _, found := strings.Cut(rest, list.Delimiter); found {
				name, common = list.Prefix+before+list.Delimiter, true
			}
		}
		if !ok || name <= after || name == last && common {
			continue
		}
		if len(list.Contents)+len(list.CommonPrefixes) == list.MaxKeys {
			list.IsTruncated = true
			return last
		}
		if last = name; common {
			list.CommonPrefixes = append(list.CommonPrefixes, commonPrefix{name})
			continue
		}
		o := objects[key]
		list.Contents = append(list.Contents, listed{key, o.modified.UTC().Format(timeFormat), o.etag, o.data.size(), "STANDARD"})
	}
	return last
}

// encode encodes what holds keys, as clients ask for since XML cannot hold every character.
func (l *listing) encode() {
	encode := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }
	for _, s := range []*string{&l.Prefix, &l.Delimiter, &l.StartAfter, l.Marker, l.NextMarker} {
		if s != nil {
			*s = encode(*s)
		}
	}
	for i := range l.Contents {
		l.Contents[i].Key = encode(l.Contents[i].Key)
	}
	for i := range l.CommonPrefixes {
		l.CommonPrefixes[i].Prefix = encode(l.CommonPrefixes[i].Prefix)
	}
}
