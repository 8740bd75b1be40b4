package s3server

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// level is what an operation is about.
type level int

const (
	onService level = iota
	onBucket
	onObject
)

// operation is one of S3's operations: how a request asks for it, and the action that policies name
// it by ("Actions, resources, and condition keys for Amazon S3", Service Authorization Reference).
type operation struct {
	name     string
	method   string
	level    level
	params   []string // query parameters that select it: all of them have to be there
	optional []string // the other parameters that it understands
	action   string
	handle   func(s *Server, w http.ResponseWriter, r *request)
}

var listParams = []string{"prefix", "delimiter", "max-keys", "encoding-type"}

// overrides are the parameters of a GET that set headers of its response.
var overrides = []string{"response-content-type", "response-content-disposition"}

// operations is the one table of routes. The first that fits a request is the one; none is the
// answer for a request with a parameter that the operation does not understand, since that could be
// another operation (threats 141 and 142).
func operations() []operation {
	return []operation{
		{
			"ListBuckets", http.MethodGet, onService, nil,
			[]string{"max-buckets", "prefix", "continuation-token", "bucket-region"},
			"s3:ListAllMyBuckets", (*Server).listBuckets,
		},
		{"CreateBucket", http.MethodPut, onBucket, nil, nil, "s3:CreateBucket", (*Server).createBucket},
		{"HeadBucket", http.MethodHead, onBucket, nil, nil, "s3:ListBucket", (*Server).headBucket},
		{"DeleteBucket", http.MethodDelete, onBucket, nil, nil, "s3:DeleteBucket", (*Server).deleteBucket},
		{"GetBucketLocation", http.MethodGet, onBucket, []string{"location"}, nil, "s3:GetBucketLocation", (*Server).bucketLocation},
		{
			"ListObjectsV2", http.MethodGet, onBucket,
			[]string{"list-type"},
			append([]string{"start-after", "continuation-token", "fetch-owner"}, listParams...), "s3:ListBucket", (*Server).listObjects,
		},
		{"ListObjects", http.MethodGet, onBucket, nil, append([]string{"marker"}, listParams...), "s3:ListBucket", (*Server).listObjects},
		{"UploadPart", http.MethodPut, onObject, []string{"uploadId", "partNumber"}, nil, "s3:PutObject", (*Server).uploadPart},
		{"PutObject", http.MethodPut, onObject, nil, nil, "s3:PutObject", (*Server).putObject},
		{"GetObject", http.MethodGet, onObject, nil, overrides, "s3:GetObject", (*Server).getObject},
		{"HeadObject", http.MethodHead, onObject, nil, overrides, "s3:GetObject", (*Server).getObject},
		{"AbortMultipartUpload", http.MethodDelete, onObject, []string{"uploadId"}, nil, "s3:AbortMultipartUpload", (*Server).abortUpload},
		{"DeleteObject", http.MethodDelete, onObject, nil, nil, "s3:DeleteObject", (*Server).deleteObject},
		{"CreateMultipartUpload", http.MethodPost, onObject, []string{"uploads"}, nil, "s3:PutObject", (*Server).createUpload},
		{"CompleteMultipartUpload", http.MethodPost, onObject, []string{"uploadId"}, nil, "s3:PutObject", (*Server).completeUpload},
	}
}

// request is a request that was understood.
type request struct {
	*http.Request
	op          *operation
	bucket, key string
	query       map[string][]string
}

// param returns the only value of a query parameter: that it is the only one was checked when the
// request was understood.
func (r *request) param(name string) string {
	if v := r.query[name]; len(v) == 1 {
		return v[0]
	}
	return ""
}

// understand finds out what a request asks for. The policies and the handler both go by what it
// returns, so that they cannot disagree (threat 137).
func (s *Server) understand(r *http.Request) *request {
	q := &request{Request: r, query: r.URL.Query()}
	q.bucket, q.key = s.address(r)
	about := onObject
	switch {
	case q.bucket == "":
		about = onService
	case q.key == "":
		about = onBucket
	}
	if r.Header["X-Amz-Copy-Source"] != nil { // names a second resource (threat 140)
		return q
	}
	for i := range s.operations {
		if op := &s.operations[i]; op.method == r.Method && op.level == about && op.fits(q.query) {
			q.op = op
			break
		}
	}
	return q
}

func (op *operation) fits(query map[string][]string) bool {
	for _, name := range op.params {
		if query[name] == nil {
			return false
		}
	}
	for name, values := range query {
		known := name == "x-id" || strings.HasPrefix(name, "X-Amz-") || slices.Contains(op.params, name) ||
			slices.Contains(op.optional, name)
		if !known || len(values) > 1 {
			return false
		}
	}
	return true
}

// address returns the bucket and the key that a request names: in the host, where that is below the
// server's domain ("Virtual hosting of buckets", S3 User Guide), or as the path's first segment.
// The key is what follows, decoded once and not cleaned.
func (s *Server) address(r *http.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if bucket, ok := strings.CutSuffix(host, "."+s.domain); ok {
		return bucket, path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

// Target names the action and the resource of a request, for sigv4auth.AuthorizerConfig: empty
// strings for what it does not implement.
func (s *Server) Target(r *http.Request) (action, resource string) {
	q := s.understand(r)
	if q.op == nil {
		return "", ""
	}
	switch q.op.level {
	case onService:
		return q.op.action, "arn:aws:s3:::*"
	case onBucket:
		return q.op.action, "arn:aws:s3:::" + q.bucket
	default:
		return q.op.action, "arn:aws:s3:::" + q.bucket + "/" + q.key
	}
}
