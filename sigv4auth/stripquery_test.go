package sigv4auth_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

func stripping(c *sigv4auth.Config) { c.MaxPresignExpiry, c.StripQuery = time.Hour, true }

// own are parameters of services, in an order and in spellings that are their own.
var own = []string{
	"", "b=%7e&a=+&&e", "x-id=GetObject", "X-Amz-Checksum-CRC32=AAAAAA%3D%3D", "X-Amz-Signatures=1", "X-Amz-=2", "X-Amz=3",
	"q=X-Amz-Signature%3D1", "q=%26X-Amz-Signature%3D1", "=x", "uploads",
}

// TestStripQuery: threat 97. A handler behind StripQuery sees nothing of what makes a URL a
// presigned one, wherever net/http keeps the query, and everything else as it arrived, in its order
// and to the byte.
func TestStripQuery(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, stripping)
	for _, query := range own {
		for name, s := range map[string]signing{
			"presigned": {presign: time.Minute}, "by a session": {presign: time.Minute, keyID: tempKeyID, token: testToken}, "in the header": {},
		} {
			t.Run(query+" "+name, func(t *testing.T) {
				t.Parallel()
				r := sign(t, request("GET", strings.TrimSuffix("/prod/rides?"+query, "?"), ""), s)
				want := query
				if s.presign > 0 { // the signer sorts and encodes what it signs
					var kept []string
					for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
						if name, _, _ := strings.Cut(pair, "="); !presignedName(name) {
							kept = append(kept, pair)
						}
					}
					want = strings.Join(kept, "&")
				}
				sawQuery(t, a.Handler, r, want)
			})
		}
	}
}

// presignedName reports whether AWS's "Query string parameters" have the name.
func presignedName(name string) bool {
	switch strings.ToLower(name) {
	case "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature",
		"x-amz-security-token", "x-amz-content-sha256", "x-amz-region-set":
		return true
	}
	return false
}

// sawQuery wants a handler behind wrap to see the query want, of a request that is admitted.
func sawQuery(t *testing.T, wrap func(http.Handler) http.Handler, r *http.Request, want string) {
	t.Helper()
	path, _, _ := strings.Cut(r.RequestURI, "?")
	uri := path + "?" + want
	if want == "" {
		uri = path
	}
	before := *r
	url, form := *r.URL, len(r.Form)
	var handler spy
	w := httptest.NewRecorder()
	wrap(&handler).ServeHTTP(w, r)
	if handler.ran != 1 {
		t.Fatalf("refused: %s", w.Body)
	}
	if got := handler.r; got.URL.RawQuery != want || got.RequestURI != uri || got.URL.Path != url.Path {
		t.Errorf("the handler sees %q and %q; want %q and %q", got.URL.RawQuery, got.RequestURI, want, uri)
	}
	_ = handler.r.ParseForm() // of what is no form it keeps what it can read
	for name := range handler.r.Form {
		if presignedName(name) {
			t.Errorf("the handler's form has %s", name)
		}
	}
	if *r.URL != url || r.RequestURI != before.RequestURI || len(r.Form) != form {
		t.Error("the server's request was changed")
	}
}

// TestStripQueryOfAnyRoute: threat 97. What nobody verifies can be the credentials of another
// service, or these in another spelling: an open route's handler sees none of them.
func TestStripQueryOfAnyRoute(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, stripping)
	for query, want := range map[string]string{
		"X-Amz-Signature=0&a=1":                              "a=1",
		"a=1&X-Amz-Signature=0":                              "a=1",
		"a=1&X-Amz-Signature=0&b=2":                          "a=1&b=2",
		"a=1&&X-Amz-Signature=0&&b=2&":                       "a=1&&&b=2&",
		"b=%7e&a=+&&c;d=1&e":                                 "b=%7e&a=+&&c;d=1&e",
		"X-Amz-Signature":                                    "",
		"X-Amz-Signature=0&X-Amz-Signature=1":                "",
		"x-amz-signature=0&a=1":                              "a=1",
		"X%2DAmz-Signature=0&a=1":                            "a=1",
		"X-Amz-S%69gnature=0&a=1":                            "a=1",
		"%58%2d%41%4D%5A%2DSECURITY%2DTOKEN=0&a=1":           "a=1",
		"X-Amz-Security-Token=0&X-Amz-Credential=0&a=1":      "a=1",
		"X-Amz-Signature%=0&a=%":                             "X-Amz-Signature%=0&a=%", // no name that anybody can read
		"X-Amz-Signature+=0&X_Amz_Signature=0":               "X-Amz-Signature+=0&X_Amz_Signature=0",
		"a=?X-Amz-Signature=0&?X-Amz-Signature=1":            "a=?X-Amz-Signature=0&?X-Amz-Signature=1",
		strings.Repeat("X-Amz-Signature=0&", 2000) + "a=1":   "a=1",
		strings.Repeat("a=1&", 2000) + "X-Amz-Signature=0":   strings.TrimSuffix(strings.Repeat("a=1&", 2000), "&"),
		"X-Amz-" + strings.Repeat("%53", 100_000) + "=0&a=1": "X-Amz-" + strings.Repeat("%53", 100_000) + "=0&a=1",
	} {
		t.Run(fmt.Sprintf("%.40s", query), func(t *testing.T) {
			t.Parallel()
			open := func(h http.Handler) http.Handler {
				return a.Routes(newAuthorizer(t, sigv4auth.AuthorizerConfig{
					Policies: attached(), Routes: sigv4auth.Routes{"GET /open": {Open: true, Handler: h}},
				}))
			}
			sawQuery(t, open, request("GET", "/open?"+query, ""), want)
			whole := request("GET", "/open?"+query, "")
			whole.RequestURI = "http://" + whole.Host + whole.RequestURI // RFC 9112, section 3.2.2
			sawQuery(t, open, whole, want)
		})
	}
}

// TestStripQueryForm: a form that something in front has parsed loses what came by the query, and
// keeps what came by the body.
func TestStripQueryForm(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, stripping)
	open := func(h http.Handler) http.Handler {
		return a.Routes(newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: attached(), Routes: sigv4auth.Routes{"POST /open": {Open: true, Handler: h}},
		}))
	}
	r := request("POST", "/open?X-Amz-Signature=query&X-Amz-Date=query&a=query", "X-Amz-Signature=body&x-amz-date=body")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	var handler spy
	open(&handler).ServeHTTP(httptest.NewRecorder(), r)
	if got := handler.r.Form.Encode(); got != "X-Amz-Signature=body&a=query&x-amz-date=body" {
		t.Errorf("the handler's form is %s", got)
	}
	if got := r.Form.Encode(); got != "X-Amz-Date=query&X-Amz-Signature=body&X-Amz-Signature=query&a=query&x-amz-date=body" {
		t.Errorf("the server's form was changed: %s", got)
	}
}

// TestStripQueryBackend: threat 97. Behind a reverse proxy no backend gets a credential that it
// could use, and without StripQuery it gets the whole of it.
func TestStripQueryBackend(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RequestURI) }))
	t.Cleanup(backend.Close)
	to, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) { pr.SetURL(to) }}
	for _, on := range []bool{true, false} {
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.MaxPresignExpiry, c.StripQuery = time.Hour, on })
		w := httptest.NewRecorder()
		a.Handler(proxy).ServeHTTP(w, sign(t, request("GET", "/prod/rides?to=%C3%BC", ""), signing{presign: time.Minute}))
		if got := w.Body.String(); on && got != "/prod/rides?to=%C3%BC" || !on && !strings.Contains(got, "X-Amz-Signature=") {
			t.Errorf("StripQuery %t: %d, the backend sees %s", on, w.Code, got)
		}
	}
}

// TestStripQueryIdentity: what is stripped was verified. Who decides sees all of the query, and the
// handler finds where the signature stood.
func TestStripQueryIdentity(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, stripping)
	r := sign(t, request("GET", "/prod/rides?a=1", ""), signing{presign: time.Minute})
	all, decided := r.URL.RawQuery, false
	protect := a.Require(func(r *http.Request, id sigv4auth.Identity) error {
		decided = r.URL.RawQuery == all && id.SignatureLocation == sigv4auth.InQuery
		return nil
	})
	var handler spy
	protect(&handler).ServeHTTP(httptest.NewRecorder(), r)
	if handler.ran != 1 || !decided {
		t.Fatalf("the handler ran %d times; the check saw all: %t", handler.ran, decided)
	}
	id, ok := sigv4auth.IdentityFrom(handler.r.Context())
	if !ok || id.SignatureLocation != sigv4auth.InQuery || handler.r.URL.RawQuery != "a=1" {
		t.Errorf("%v %v, and the handler sees %q", id.SignatureLocation, ok, handler.r.URL.RawQuery)
	}
}

// TestStripQueryCostsNothing: where there is nothing to be stripped, nothing is copied.
func TestStripQueryCostsNothing(t *testing.T) { // not in parallel: it counts allocations
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain := newAuthenticator(t, nil).Handler(nothing)
	strips := newAuthenticator(t, stripping).Handler(nothing)
	for _, target := range []string{"/prod/rides", "/prod/rides?a=1&b=%C3%BC&X-Amz-Own=2"} {
		r := sign(t, request("GET", target, ""), signing{})
		allocations := func(h http.Handler) float64 {
			return testing.AllocsPerRun(100, func() { h.ServeHTTP(nil, r) })
		}
		if with, without := allocations(strips), allocations(plain); with > without && !raceDetector {
			t.Errorf("%s: %v allocations, and %v without StripQuery", target, with, without)
		}
	}
}

// FuzzStripQuery: whatever the query, the handler's values are those of the server's but for a
// presigned URL's own, and what is stripped once leaves nothing to strip.
func FuzzStripQuery(f *testing.F) {
	for _, seed := range append(own, "X-Amz-Signature=0&a=1", "a=1&&X%2DAmz-Signature&;b&%=%", "x-amz-date=1&x-amz-dat=2&+=3") {
		f.Add(seed)
	}
	a := newAuthenticator(f, stripping)
	f.Fuzz(func(t *testing.T, query string) {
		r := request("GET", "/open", "")
		r.URL.RawQuery, r.RequestURI = query, "/open?"+query
		serve := func(r *http.Request) *http.Request {
			var got *http.Request
			a.Routes(newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(), Routes: sigv4auth.Routes{
				"GET /open": {Open: true, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r })},
			}})).ServeHTTP(httptest.NewRecorder(), r)
			if got == nil {
				t.Fatal("refused")
			}
			return got
		}
		once := serve(r)
		want, _ := url.ParseQuery(query)
		for name := range want {
			if presignedName(name) {
				delete(want, name)
			}
		}
		got, _ := url.ParseQuery(once.URL.RawQuery)
		if got.Encode() != want.Encode() {
			t.Errorf("%q became %q", query, once.URL.RawQuery)
		}
		if _, after, _ := strings.Cut(once.RequestURI, "?"); after != once.URL.RawQuery {
			t.Errorf("the request line says %q, the URL %q", after, once.URL.RawQuery)
		}
		if twice := serve(once); twice.URL.RawQuery != once.URL.RawQuery || twice.RequestURI != once.RequestURI {
			t.Errorf("%q became %q, and that %q", query, once.URL.RawQuery, twice.URL.RawQuery)
		}
	})
}
