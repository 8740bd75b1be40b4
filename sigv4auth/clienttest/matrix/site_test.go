package matrix_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// exchange is one request as it arrived, and what became of it.
type exchange struct {
	r       *http.Request // as net/http's server made it; the body has been read
	body    []byte
	refused error // nil: admitted
	relaxed bool  // PathStrict refused it for its path, and the client's own style decided

	diagnosis diagnosis.Report // of a refused one
}

// arrived returns the request anew.
func (x *exchange) arrived() *http.Request {
	r := x.r.Clone(x.r.Context())
	if r.Body = http.NoBody; len(x.body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(x.body))
	}
	return r
}

func (x *exchange) path() string  { path, _, _ := strings.Cut(x.r.RequestURI, "?"); return path }
func (x *exchange) query() string { _, query, _ := strings.Cut(x.r.RequestURI, "?"); return query }

// signedHeaders returns the list of what is signed.
func (x *exchange) signedHeaders() string {
	authorization := x.r.Header.Get("Authorization")
	if authorization == "" {
		return x.r.URL.Query().Get("X-Amz-SignedHeaders")
	}
	_, list, _ := strings.Cut(authorization, "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	return list
}

// String returns the request as it arrived. Its credentials are valid nowhere else.
func (x *exchange) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\nHost: %s\n", x.r.Method, x.r.RequestURI, x.r.Proto, x.r.Host)
	_ = x.r.Header.Write(&b)
	fmt.Fprintf(&b, "\n%d bytes of body", len(x.body))
	if x.refused != nil {
		fmt.Fprintf(&b, "\n%v", x.diagnosis)
	}
	return b.String()
}

// site is a server behind the middleware, for one client.
type site struct {
	server   *httptest.Server
	signers  [2]sigv4test.Signer // a user, and a session
	strict   *sigv4auth.Authenticator
	own      *sigv4auth.Authenticator // of the path style that the client's signatures follow
	spy      sigv4test.Spy
	mu       sync.Mutex
	arrivals []*exchange
}

func newSite(t *testing.T, style sigv4auth.PathStyle) *site {
	t.Helper()
	s := &site{signers: [2]sigv4test.Signer{
		sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice"), sigv4test.NewSigner("arn:aws:sts::111122223333:assumed-" +
			"role/Rider/bob"),
	}}
	cfg := s.signers[0].Config()
	cfg.Credentials = sigv4auth.StaticCredentials(s.signers[0].Credential, s.signers[1].Credential)
	cfg.MaxPresignExpiry = 7 * 24 * time.Hour
	cfg.Algorithms = sigv4auth.SigV4A
	var err error
	if s.strict, err = sigv4auth.New(cfg); err != nil {
		t.Fatal(err)
	}
	cfg.Path = style
	if s.own, err = sigv4auth.New(cfg); err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// ServeHTTP admits or refuses the request, and keeps it. A path that normalisation would change is
// refused by PathStrict; whether its signature is right is then for the style to say that the
// client follows.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err) // the client broke off: the test misses this exchange and says so
	}
	x := &exchange{r: r, body: body}
	auth := s.strict
	if _, err := s.strict.Verify(x.arrived()); errors.Is(err, sigv4auth.ErrMalformedRequest) && !normal(x.path()) {
		auth, x.relaxed = s.own, true
	}
	if _, x.refused = auth.Verify(x.arrived()); x.refused != nil {
		x.diagnosis = auth.Diagnose(x.arrived())
	}
	s.mu.Lock()
	s.arrivals = append(s.arrivals, x) // before the answer: a refusal may be read while ServeHTTP runs
	s.mu.Unlock()
	auth.Handler(&s.spy).ServeHTTP(w, x.arrived())
}

// take returns what has arrived since it was last asked, and what reached the handler.
func (s *site) take() ([]*exchange, []sigv4test.Seen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	arrivals, seen := s.arrivals, s.spy.Seen()
	s.arrivals = nil
	s.spy.Forget()
	return arrivals, seen
}

// normal tells in the obvious way whether normalisation leaves the path as it is.
func normal(path string) bool {
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return false
		}
	}
	return true
}

// relay passes an admitted request on once more for each thing that somebody on the way could
// change, and fails the test if one is admitted: threat 29.
func (s *site) relay(t *testing.T, rng *rand.Rand, x *exchange) (changed int) {
	t.Helper()
	auth := s.strict
	if x.relaxed {
		auth = s.own
	}
	var spy sigv4test.Spy
	for _, c := range changes(rng, x) {
		r := x.arrived()
		c.change(r)
		w := httptest.NewRecorder()
		if auth.Handler(&spy).ServeHTTP(w, r); len(spy.Seen()) > 0 || w.Code < 400 {
			t.Fatalf("admitted with status %d, though %s was changed:\n%v\nto:\n%v", w.Code, c.name, x, &exchange{r: r})
		}
		changed++
	}
	return changed
}

// change is something that somebody on the way could do.
type change struct {
	name   string
	change func(*http.Request)
}

// changes returns what can be changed of the request: each must make its signature wrong.
func changes(rng *rand.Rand, x *exchange) []change {
	target := func(old, replacement string) func(*http.Request) {
		return func(r *http.Request) { r.RequestURI = strings.Replace(r.RequestURI, old, replacement, 1) }
	}
	separator := "?"
	if strings.Contains(x.r.RequestURI, "?") {
		separator = "&"
	}
	all := []change{
		{"the method", func(r *http.Request) { r.Method += "X" }},
		{"the path's end", target(x.path(), x.path()+"x")},
		{"the query's end", func(r *http.Request) { r.RequestURI += separator + "injected=1" }},
		{"the host", func(r *http.Request) { r.Host = "evil." + r.Host }},
		{"an x-amz- header added", func(r *http.Request) { r.Header.Set("X-Amz-Injected", "1") }},
		{"the body's end", func(r *http.Request) {
			body := append(slices.Clone(x.body), 'x')
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}},
	}
	if !x.relaxed && strings.HasPrefix(x.r.RequestURI, "/prod") { // normalisation may take the first segment away
		all = append(all, change{"the path's case", target("/prod", "/Prod")})
	}
	if len(x.body) > 0 {
		all = append(all, change{"a bit of the body", func(r *http.Request) {
			body := slices.Clone(x.body)
			body[rng.IntN(len(body))] ^= 1 << rng.IntN(8)
			r.Body = io.NopCloser(bytes.NewReader(body))
		}})
	}
	authorization := x.r.Header.Get("Authorization")
	if authorization == "" {
		q := x.r.URL.Query()
		for _, name := range []string{
			"X-Amz-Signature", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Algorithm",
			"X-Amz-Region-Set",
		} {
			if !q.Has(name) {
				continue
			}
			all = append(all, change{name, target(name+"=", name+"=0")}, change{"the name of " + name, target(name+"=", "x"+name+"=")})
		}
		if q.Has("X-Amz-Security-Token") {
			all = append(all, change{"the token", target("X-Amz-Security-Token=", "X-Amz-Security-Token=x")},
				change{"the token's name", target("X-Amz-Security-Token=", "X-Amz-Security=")})
		}
	} else {
		last := authorization[len(authorization)-1]
		all = append(all, change{"the signature", func(r *http.Request) {
			r.Header.Set("Authorization", authorization[:len(authorization)-1]+
				string("0123456789abcdef"[(strings.IndexByte("0123456789abcdef", last)+1)%16]))
		}}, change{"the signature gone", func(r *http.Request) { r.Header.Del("Authorization") }})
		for _, pair := range [][2]string{{"AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"}, {"AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA256"}} {
			if rest, ok := strings.CutPrefix(authorization, pair[0]); ok {
				all = append(all, change{"the algorithm", func(r *http.Request) { r.Header.Set("Authorization", pair[1]+rest) }})
			}
		}
	}
	for name := range strings.SplitSeq(x.signedHeaders(), ";") {
		if name == "host" || name == "content-length" { // net/http's server checks the latter itself, and the former is above
			continue
		}
		key := http.CanonicalHeaderKey(name)
		all = append(all,
			change{name, func(r *http.Request) { r.Header[key][rng.IntN(len(r.Header[key]))] += "x" }},
			change{name + " twice", func(r *http.Request) { r.Header.Add(key, "x") }},
			change{name + " gone", func(r *http.Request) { r.Header.Del(key) }})
	}
	return all
}
