package sigv4auth_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// sight is what came of a request: what the handler saw, or nothing.
type sight struct {
	r        *http.Request // nil: the handler never ran
	identity sigv4auth.Identity
	body     string
	err      error // of reading the body
}

func (s *sight) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	id, _ := sigv4auth.IdentityFrom(r.Context())
	*s = sight{r, id, string(b), err}
}

// wayToSign is one way to sign a request, and the Authenticator that admits it.
type wayToSign struct {
	name string
	auth *sigv4auth.Authenticator
	wire wire
	was  sight
	once bool // the path is signed decoded and encoded once
	free bool // the mode leaves the body to whoever is on the way: it is called Insecure
}

func waysToSign(tb testing.TB) []wayToSign {
	var forms []wayToSign
	add := func(name string, r *http.Request, change func(*sigv4auth.Config), mode func(*wayToSign)) {
		form := wayToSign{name: name, auth: newAuthenticator(tb, change), wire: wireOf(r)}
		if mode != nil {
			mode(&form)
		}
		form.auth.Handler(&form.was).ServeHTTP(httptest.NewRecorder(), form.wire.request())
		if form.was.r == nil || form.was.err != nil {
			tb.Fatalf("%s, unchanged: refused: %v", name, form.was.err)
		}
		forms = append(forms, form)
	}
	noted := func(r *http.Request) *http.Request {
		r.Header["X-Amz-Meta-Note"] = []string{"a  b", "c"}
		r.Header.Set("Accept", "*/*")
		return r
	}
	query := func() *http.Request { return noted(request("GET", "/prod/rides/a%20b?limit=10&a=2&a=1&q=%C3%BC", "")) }
	s3 := func(c *sigv4auth.Config) {
		c.Service, c.Path, c.Payloads = "s3", sigv4auth.PathS3, sigv4auth.InsecureUnsigned
	}
	once, free := func(f *wayToSign) { f.once = true }, func(f *wayToSign) { f.once, f.free = true, true }
	add("header, body", sign(tb, noted(ride()), signing{}), nil, nil)
	add("header, declared digest, token", sign(tb, noted(ride()), signing{keyID: tempKeyID, token: testToken, digestHeader: true}), nil, nil)
	add("header, query", sign(tb, query(), signing{}), nil, nil)
	add("PathEncoded", sign(tb, noted(request("GET", "/prod//a/../%2e/b?x", "")), signing{}), func(c *sigv4auth.Config) { c.Path = sigv4auth.PathEncoded }, nil)
	add("presigned, token", sign(tb, query(), signing{keyID: tempKeyID, token: testToken, presign: time.Minute}), nil, nil)
	add("presigned, body", sign(tb, ride(), presigned), nil, nil)
	add("S3, declared digest", sign(tb, noted(request("PUT", "/bucket/a%20b/c+d?x=1", "data")), signing{service: "s3", digestHeader: true}), s3, once)
	add("S3, UNSIGNED-PAYLOAD", signUnsigned(request("PUT", "/bucket/a%20b", "data"), 0), s3, free)
	add("S3, presigned", signUnsigned(request("PUT", "/bucket/key", "data"), time.Minute), s3, free)
	data := strings.Repeat("0123456789abcdef", 600)
	add("signed chunks", upload{mode: modeSigned, data: data}.request(tb), streamingConfig, nil)
	add("signed chunks and trailer", upload{mode: modeSignedTrailer, data: data}.request(tb), streamingConfig, nil)
	add("unsigned chunks", upload{mode: modeUnsignedTrailer, data: data}.request(tb), streamingConfig, func(f *wayToSign) { f.free = true })
	sigV4A := func(c *sigv4auth.Config) { c.Algorithms = sigv4auth.SigV4A }
	add("SigV4A", sign(tb, ride(), signing{keyID: tempKeyID, token: testToken, digestHeader: true, regions: testRegion + ",eu-*"}), sigV4A, nil)
	add("SigV4A, presigned", sign(tb, request("GET", "/prod/rides?limit=10", ""), signing{presign: time.Minute, regions: "*"}), sigV4A, nil)
	return forms
}

// ignored reports whether a change is one of those that the package documentation lists under "What a signature leaves open".
func (form wayToSign) ignored(is wire) bool {
	was := form.wire
	if is.method != was.method || is.host != was.host {
		return false
	}
	wasPath, wasQuery, _ := strings.Cut(was.target, "?")
	isPath, isQuery, _ := strings.Cut(inOriginForm(is), "?")
	if form.once { // needless escapes, and those that are missing
		wasPath, _ = url.PathUnescape(wasPath)
		isPath, _ = url.PathUnescape(isPath)
	}
	if isPath != wasPath || !sameQuery(wasQuery, isQuery) {
		return false
	}
	for key := range maps.Keys(union(was.header, is.header)) {
		switch {
		case form.was.identity.Signed(key):
			// The values' number is not signed, only how they read when joined.
			if !sameHeader(folded(was.header[key]), folded(is.header[key])) || (len(was.header[key]) == 0) != (len(is.header[key]) == 0) {
				return false
			}
		case key == "Authorization":
			if len(was.header[key]) != 1 || len(is.header[key]) != 1 || !sameAuthorization(was.header[key][0], is.header[key][0]) {
				return false
			}
		case key == "Host":
			if slices.ContainsFunc(is.header[key], func(v string) bool { return v != is.host }) {
				return false
			}
		case strings.HasPrefix(strings.ToLower(strings.ReplaceAll(key, "_", "-")), "x-amz-"):
			if !slices.Equal(was.header[key], is.header[key]) {
				return false
			}
		}
	}
	return true
}

// inOriginForm is the target without the scheme and the host that its absolute form begins with.
func inOriginForm(w wire) string {
	if scheme, rest, ok := strings.Cut(w.target, "://"); ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		return strings.TrimPrefix(rest, w.host)
	}
	return w.target
}

func union(a, b http.Header) http.Header {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// folded joins the values of a header, each trimmed and folded.
func folded(values []string) string {
	var all []string
	for _, v := range values {
		all = append(all, strings.Join(strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == '\t' }), " "))
	}
	return strings.Join(all, ",")
}

// oneChange holds the property: a request that was admitted is refused once anything of it is changed, unless the change is one that the package
// documentation says is left open; and then the handler sees the same in all that is signed. Refused means that the handler never ran or, in the streaming modes,
// that the body ends in an error and nothing was released of it but what was signed. It reports whether the changed request is refused.
func (form wayToSign) oneChange(t *testing.T, part, op uint8, pos uint16, text string) (refused bool) {
	t.Helper()
	changed := form.wire.edit(part, op, pos, text)
	var is sight
	form.auth.Handler(&is).ServeHTTP(httptest.NewRecorder(), changed.request())
	if is.r == nil {
		return true
	}
	was := form.was
	if !form.free && !strings.HasPrefix(was.body, is.body) {
		t.Fatalf("%s: of another body than the signed one %q was released", form.name, is.body)
	}
	if is.err != nil {
		return true
	}
	if !form.ignored(changed) {
		t.Fatalf("%s: admitted as\n%q\nwhat was signed as\n%q", form.name, changed, form.wire)
	}
	if !form.free && is.body != was.body {
		t.Fatalf("%s: the body ends early, with io.EOF: %q", form.name, is.body)
	}
	a, b := was.identity, is.identity
	if a.Principal.ARN != b.Principal.ARN || a.AccessKeyID != b.AccessKeyID || a.Scope != b.Scope || a.Place != b.Place || a.Algorithm != b.Algorithm || a.PayloadMode != b.PayloadMode || !a.SignedAt.Equal(b.SignedAt) {
		t.Fatalf("%s: admitted as %+v; was %+v", form.name, b, a)
	}
	for key := range union(was.r.Header, is.r.Header) {
		if a.Signed(key) != b.Signed(key) || a.Signed(key) && folded(was.r.Header[key]) != folded(is.r.Header[key]) {
			t.Fatalf("%s: the handler sees %s: %q; signed was %q", form.name, key, is.r.Header[key], was.r.Header[key])
		}
	}
	return false
}

// TestOneChange makes every kind of change to every part of a request that is signed in every way.
func TestOneChange(t *testing.T) {
	t.Parallel()
	for _, form := range waysToSign(t) {
		refused, open := 0, 0
		for part := range uint8(6) {
			for op := range uint8(13) {
				for i, text := range []string{" ", "\n", "%00", "X-Amz-Acl:public-read", "X_amz_acl:x", "Via:1.1 x", "&x=1", "HTTP://example.com"} {
					if form.oneChange(t, part, op, uint16(op)*37+uint16(part)+uint16(i)*256, text) {
						refused++
					} else {
						open++
					}
				}
			}
		}
		if refused == 0 || open == 0 {
			t.Errorf("%s: %d changes are refused and %d left open", form.name, refused, open)
		}
	}
}

// FuzzOneChange makes any one change: see oneChange.
func FuzzOneChange(f *testing.F) {
	forms := waysToSign(f)
	for form := range forms {
		f.Add(uint8(form), uint8(form), uint8(form), uint16(form)*37, "X-Amz-Acl:public-read")
	}
	f.Add(uint8(0), uint8(4), uint8(10), uint16(0), "Via:1.1 x")
	f.Add(uint8(2), uint8(1), uint8(6), uint16(0), "HTTP://example.com")
	f.Add(uint8(4), uint8(2), uint8(0), uint16(0x0301), "")
	f.Fuzz(func(t *testing.T, n, part, op uint8, pos uint16, text string) {
		if len(text) <= 100 {
			forms[int(n)%len(forms)].oneChange(t, part, op, pos, text)
		}
	})
}
