package sigv4auth

import (
	"net/http"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// unsupported tells what a request without credentials carries in their place, "" if nothing that
// is known.
func (a *Authenticator) unsupported(r *http.Request, q *v4.Query) string {
	if a.service != "s3" {
		return ""
	}
	if isPostPolicy(r) {
		return "Uploads from a form with a POST policy are not supported; sign the request, or use a presigned URL with PUT"
	}
	for i := range q.Len() {
		if name, _ := q.Pair(i); string(name) == "AWSAccessKeyId" { // a URL with Signature Version 2 (threat 11)
			return "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
		}
	}
	return ""
}

// isPostPolicy reports whether a request without credentials is an upload from a browser's form,
// which carries them in its fields ("Browser-based uploads using POST", S3 API Reference). Its
// conditions are nobody's signature over the request, and it is refused like any other that is not
// signed (threat 99).
func isPostPolicy(r *http.Request) bool {
	const form = "multipart/form-data"
	contentType := r.Header.Get("Content-Type")
	return r.Method == http.MethodPost && len(contentType) >= len(form) && ascii.EqualFold(contentType[:len(form)], form)
}
