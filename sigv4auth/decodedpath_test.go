package sigv4auth_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestDecodedPath: threat 137. Behind DecodedPath a router that prefers RawPath serves what the
// policies were asked about, whichever way the path is spelled, in front of the middleware and
// behind it; and what is refused without it is refused with it.
func TestDecodedPath(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	all := parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	for path, want := range map[string]string{ // "": refused
		"/notes/a":                  "/notes/a",
		"/notes/a%21b":              "/notes/a!b",
		"/notes/a!b":                "/notes/a!b",
		"/notes/a%20b!":             "/notes/a b!",
		"/notes/%61":                "/notes/a",
		"/%6eotes/a":                "/notes/a",
		"/notes/%2A*":               "/notes/**",
		"/notes/a%2Bb+":             "/notes/a+b+",
		"/notes/%C3%BC!":            "/notes/ü!",
		"/notes/%2521":              "/notes/%21",
		"/notes/%2521!":             "/notes/%21!",
		"/notes/a%2Fb":              "",
		"/notes/a%2fb!":             "",
		"/notes/a%5Cb":              "",
		"/notes/%2e%2e/admin":       "",
		"/notes/..%2F..%2Fadmin%21": "",
		"/notes/%E4!":               "",
	} {
		for _, front := range []bool{true, false} {
			var asked, served []string
			router := http.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				served = append(served, cmp.Or(r.URL.RawPath, r.URL.Path))
			}))
			protect := a.Require(newAuthorizer(t, sigv4auth.AuthorizerConfig{
				Policies: attached(all),
				Target: func(r *http.Request) (action, resource string) {
					asked = append(asked, r.URL.Path)
					return "notes:Read", "arn:acme:notes:eu-1:" + testAccount + ":" + strings.TrimPrefix(r.URL.Path, "/")
				},
			}).Check)
			handler := protect(sigv4auth.DecodedPath(router))
			if front {
				handler = sigv4auth.DecodedPath(protect(router))
			}
			r := sign(t, request("GET", path, ""), signing{})
			before := *r.URL
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			got := strings.Join(served, " ")
			if got != want || want != "" && strings.Join(asked, " ") != want || want == "" && w.Code < 400 {
				t.Errorf("%s, in front %t: %d, the policies were asked about %q and the router serves %q; want %q",
					path, front, w.Code, asked, got, want)
			}
			if *r.URL != before {
				t.Errorf("%s: the server's request was changed", path)
			}
		}
	}
}

// TestDecodedPathOfNothing: there is no handler to forget.
func TestDecodedPathOfNothing(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("DecodedPath(nil) does not panic")
		}
	}()
	sigv4auth.DecodedPath(nil)
}
