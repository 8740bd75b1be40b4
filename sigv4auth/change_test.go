package sigv4auth_test

import (
	"io"
	"net/http"
	"strings"
	"time"
)

func setHeader(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }

func addHeader(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Add(k, v) } }

func delHeader(k string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(k) } }

// authorization rewrites the Authorization header.
func authorization(old, with string) func(*http.Request) {
	return func(r *http.Request) {
		v := r.Header.Get("Authorization")
		changed := strings.Replace(v, old, with, 1)
		if v == changed {
			panic("the Authorization header does not hold " + old)
		}
		r.Header.Set("Authorization", changed)
	}
}

// target rewrites the request target.
func target(old, with string) func(*http.Request) {
	return func(r *http.Request) {
		changed := strings.Replace(r.RequestURI, old, with, 1)
		if changed == r.RequestURI {
			panic("the target does not hold " + old)
		}
		r.RequestURI = changed
	}
}

func body(s string) func(*http.Request) {
	return func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(s)) }
}

func manyNames(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(prefix + string(rune('a'+i/26)) + string(rune('a'+i%26)) + ";")
	}
	return b.String()
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// presigned signs in the query, for a minute.
var presigned = signing{presign: time.Minute}
