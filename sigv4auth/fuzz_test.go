package sigv4auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzAuthorization puts any text into the Authorization header of a request that is otherwise
// signed. The handler runs exactly if the text is the right one, white space between its fields
// aside; whatever else comes is refused with a 4xx.
func FuzzAuthorization(f *testing.F) {
	a := newAuthenticator(f, nil)
	right := sign(f, ride(), temporary()).Header.Get("Authorization")
	f.Add(right)
	for _, seed := range []string{
		"", "Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=", "AWS AKID:sig",
		"AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d",
		strings.ReplaceAll(right, ", ", ","), strings.Replace(right, "Signature=", "Signature=, Signature=", 1),
		strings.Replace(right, "host;", "host;host;", 1), right +
			", Signature=0", strings.ToUpper(right), strings.Replace(right, tempKeyID, testKeyID, 1),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		build := func() *http.Request {
			r := sign(t, ride(), temporary())
			r.Header["Authorization"] = []string{value}
			return r
		}
		var handler spy
		w := httptest.NewRecorder()
		a.Handler(&handler).ServeHTTP(w, build())
		if got, want := handler.ran == 1, sameAuthorization(right, value); got != want {
			t.Fatalf("%q: the handler ran: %t; want %t", value, got, want)
		}
		if handler.ran == 0 && (w.Code < 400 || w.Code > 499) {
			t.Fatalf("%q: status %d", value, w.Code)
		}
		if len(value) > 40 && strings.Contains(w.Body.String(), value) {
			t.Fatalf("%q is sent back: %s", value, w.Body)
		}
		agreeOnSome(t, value, a, build)
	})
}

// FuzzPresignedQuery puts any text into the query of a presigned URL. The handler runs exactly if
// it means the same as what was signed.
func FuzzPresignedQuery(f *testing.F) {
	a := newAuthenticator(f, nil)
	signed := func(tb testing.TB) (path, query string) {
		r := sign(tb, request("GET", "/prod/rides?limit=10&status=a%20b", ""),
			signing{keyID: tempKeyID, token: testToken, presign: time.Minute})
		path, query, _ = strings.Cut(r.RequestURI, "?")
		return path, query
	}
	path, right := signed(f)
	f.Add(right)
	f.Add(strings.ReplaceAll(right, "%20", "+"))
	f.Add(strings.ToLower(right))
	f.Add(right + "&X-Amz-Date=20260102T030405Z")
	f.Add("")
	f.Fuzz(func(t *testing.T, query string) {
		build := func() *http.Request {
			r := request("GET", "/prod/rides", "")
			r.RequestURI = path + "?" + query
			return r
		}
		var handler spy
		a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), build())
		if got, want := handler.ran == 1, sameQuery(right, query); got != want {
			t.Fatalf("%q: the handler ran: %t; want %t", query, got, want)
		}
		agreeOnSome(t, query, a, build)
	})
}
