package sigv4auth_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// mangled is one admitted request, and one part of it a byte of which is changed at a time.
type mangled struct {
	part  string
	text  func(*http.Request) string
	set   func(*http.Request, string)
	equal func(was, is string) bool // the change leaves the canonical form as it is, by the rules of the protocol
}

// TestMangle changes each signed byte of several requests, one at a time: flipped in case,
// replaced, dropped, doubled. Each change is refused before the handler runs, but for those that
// leave the canonical form as it is. Wherever the credentials stand, nothing is left out (threat
// 243).
func TestMangle(t *testing.T) {
	t.Parallel()
	requests := []struct {
		name string
		make func() *http.Request
	}{
		{"header, token, body", func() *http.Request { return sign(t, ride(), temporary()) }},
		{"header, declared digest", func() *http.Request { return sign(t, ride(), signing{digestHeader: true}) }},
		{"header, query", func() *http.Request {
			return sign(t, request("GET", "/prod/rides/a%20b?limit=10&status=a%20b&a=1&a=2", ""), signing{})
		}},
		{"presigned, token", func() *http.Request {
			return sign(t, request("GET", "/prod/rides?limit=10", ""), signing{keyID: tempKeyID, token: testToken, presign: time.Minute})
		}},
		{"SigV4A, header, token, declared digest", func() *http.Request {
			return sign(t, ride(), signing{keyID: tempKeyID, token: testToken, digestHeader: true, regions: testRegion + ",eu-*"})
		}},
		{"SigV4A, presigned", func() *http.Request {
			return sign(t, request("GET", "/prod/rides?limit=10", ""), signing{presign: time.Minute, regions: "*"})
		}},
	}
	for _, req := range requests {
		t.Run(req.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Algorithms = sigv4auth.SigV4A })
			for _, m := range parts(req.make()) {
				same, refused := 0, 0
				was := m.text(req.make())
				for _, is := range mangle(was) {
					r := req.make()
					m.set(r, is)
					var handler spy
					w := httptest.NewRecorder()
					a.Handler(&handler).ServeHTTP(w, r)
					switch unchanged := m.equal != nil && m.equal(was, is); {
					case handler.ran != 0 && !unchanged:
						t.Errorf("%s: %q was admitted as %q", m.part, was, is)
					case handler.ran == 0 && unchanged:
						t.Errorf("%s: %q was refused as %q, which has the same canonical form: %s", m.part, was, is, w.Body)
					case unchanged:
						same++
					default:
						refused++
					}
				}
				if refused == 0 {
					t.Errorf("%s: no change was refused", m.part)
				}
				t.Logf("%s: %d changes refused, %d without effect on the canonical form", m.part, refused, same)
			}
		})
	}
}

// mangle returns s with each of its bytes changed in several ways.
func mangle(s string) []string {
	var all []string
	for i := range len(s) {
		c := s[i]
		for _, with := range []string{"", string(c) + string(c), string(c ^ 1), string(c ^ 0x20), "%", " ", "+", "\x00", "\xff"} {
			if with != string(c) {
				all = append(all, s[:i]+with+s[i+1:])
			}
		}
	}
	return all
}

// parts lists what of r is signed.
func parts(r *http.Request) []mangled {
	all := []mangled{
		{"method", func(r *http.Request) string { return r.Method }, func(r *http.Request, s string) { r.Method = s }, nil},
		{"host", func(r *http.Request) string { return r.Host }, func(r *http.Request, s string) { r.Host = s }, nil},
		{
			"path", func(r *http.Request) string { p, _, _ := strings.Cut(r.RequestURI, "?"); return p },
			func(r *http.Request, s string) {
				_, q, ok := strings.Cut(r.RequestURI, "?")
				if r.RequestURI = s; ok {
					r.RequestURI += "?" + q
				}
			}, nil,
		},
	}
	if _, q, ok := strings.Cut(r.RequestURI, "?"); ok && q != "" {
		all = append(all, mangled{
			"query", func(r *http.Request) string { _, q, _ := strings.Cut(r.RequestURI, "?"); return q },
			func(r *http.Request, s string) {
				p, _, _ := strings.Cut(r.RequestURI, "?")
				r.RequestURI = p + "?" + s
			}, sameQuery,
		})
	}
	for key := range r.Header {
		var equal func(was, is string) bool
		switch key {
		case "Authorization":
			equal = sameAuthorization
		case "X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token":
			// These are compared as they came, too.
		default:
			equal = sameHeader
		}
		all = append(all,
			mangled{
				"header " + key, func(r *http.Request) string { return r.Header.Get(key) },
				func(r *http.Request, s string) { r.Header[key] = []string{s} }, equal,
			})
	}
	if r.ContentLength > 0 {
		all = append(all, mangled{"body", func(r *http.Request) string {
			b, _ := io.ReadAll(r.Body)
			return string(b)
		}, func(r *http.Request, s string) { r.Body = io.NopCloser(bytes.NewReader([]byte(s))) }, nil})
	}
	return all
}

// sameQuery reports whether both queries mean the same to a handler, order aside: escapes in the
// other case, '+' and an escaped space, a needless '&', and a name with and without '='. The
// parameters of a presigned URL have one spelling.
func sameQuery(was, is string) bool {
	canonical := func(q string) (string, bool) {
		var pairs []string
		for pair := range strings.SplitSeq(q, "&") {
			if pair == "" {
				continue
			}
			name, value, _ := strings.Cut(pair, "=")
			var decoded [2]string
			for i, s := range []string{name, value} {
				s = strings.ReplaceAll(s, "+", " ")
				for j := 0; j < len(s); j++ {
					if s[j] != '%' {
						decoded[i] += string(s[j])
						continue
					}
					var c byte
					if len(s) < j+3 {
						return "", false
					}
					if n, err := fmt.Sscanf(s[j+1:j+3], "%2x", &c); n != 1 || err != nil || strings.ContainsAny(s[j+1:j+3], "+- xX") {
						return "", false
					}
					decoded[i] += string(c)
					j += 2
				}
			}
			pairs = append(pairs, fmt.Sprintf("%q=%q", decoded[0], decoded[1]))
		}
		return strings.Join(slices.Sorted(slices.Values(pairs)), "&"), true
	}
	a, ok1 := canonical(was)
	b, ok2 := canonical(is)
	return ok1 && ok2 && a == b
}

// sameHeader reports whether both values are equal once trimmed and folded.
func sameHeader(was, is string) bool {
	fold := func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
	}
	return fold(was) == fold(is)
}

// sameAuthorization reports whether only the white space around the fields of the Authorization
// header differs.
func sameAuthorization(was, is string) bool {
	fields := func(s string) string {
		scheme, rest, _ := strings.Cut(s, " ")
		var all []string
		for f := range strings.SplitSeq(rest, ",") {
			all = append(all, strings.Trim(f, " "))
		}
		return scheme + " " + strings.Join(all, ",")
	}
	return fields(was) == fields(is)
}

// TestMangleHeaders drops, doubles and adds each header of a signed request.
func TestMangleHeaders(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	make := func() *http.Request { return sign(t, ride(), temporary()) }
	for key := range make().Header {
		for name, change := range map[string]func(http.Header){
			"dropped": func(h http.Header) { h.Del(key) },
			"doubled": func(h http.Header) { h.Add(key, h.Get(key)) },
		} {
			r := make()
			change(r.Header)
			if _, err := a.Verify(r); err == nil {
				t.Errorf("%s %s: admitted", key, name)
			}
		}
	}
	// What is not signed and not x-amz-* may come and go: proxies add such headers.
	r := make()
	r.Header.Set("Via", "1.1 proxy")
	if _, err := a.Verify(r); err != nil {
		t.Errorf("a header that is not signed: %v", err)
	}
}

// TestReorder: the order of query parameters is not signed, since they are sorted; that of a
// header's values is.
func TestReorder(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	r := sign(t, request("GET", "/prod/rides?b=2&a=1", ""), signing{})
	r.RequestURI = "/prod/rides?a=1&b=2"
	if _, err := a.Verify(r); err != nil {
		t.Errorf("query parameters in another order: %v", err)
	}
	r = request("GET", "/prod/rides", "")
	r.Header["X-Amz-Meta-A"] = []string{"1", "2"}
	r = sign(t, r, signing{})
	r.Header["X-Amz-Meta-A"] = []string{"2", "1"}
	if _, err := a.Verify(r); err == nil {
		t.Error("threat 25: a header's values in another order: admitted")
	}
}
