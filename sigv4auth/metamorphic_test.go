package sigv4auth_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// says reports whether a proxy still says what it said of the request that reached it, in w as in
// was: the host that was signed is the one that arrived or one of those that it names, and the
// header that it keeps is the same.
func (form wayToSign) says(w wire) bool {
	const kept = "X-Original-Accept-Encoding"
	hosts := strings.Split(strings.Join(append(w.header["X-Forwarded-Host"], w.host), ","), ",")
	return slices.ContainsFunc(hosts, func(h string) bool { return strings.Trim(h, " \t") == form.host }) &&
		len(w.header[kept]) == len(form.wire.header[kept]) && sameHeader(folded(w.header[kept]), folded(form.wire.header[kept]))
}

// normalised drops empty and dot segments from a path.
func normalised(path string) string {
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
		}
	}
	if strings.HasSuffix(path, "/") && len(kept) > 0 {
		kept = append(kept, "")
	}
	return "/" + strings.Join(kept, "/")
}

// ignored reports whether a change is one of those that the package documentation lists under "What
// a signature leaves open".
func (form wayToSign) ignored(is wire) bool {
	was := form.wire
	switch {
	case is.method != was.method:
		return false
	case form.host == "" && is.host != was.host, form.host != "" && !form.says(is):
		return false
	}
	wasPath, wasQuery, _ := strings.Cut(was.target, "?")
	isPath, isQuery, _ := strings.Cut(inOriginForm(is), "?")
	if form.once { // needless escapes, and those that are missing
		wasPath, _ = url.PathUnescape(wasPath)
		isPath, _ = url.PathUnescape(isPath)
	}
	if form.normal && strings.HasPrefix(isPath, "/") {
		wasPath, isPath = normalised(wasPath), normalised(isPath)
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

// oneChange holds the property: a request that was admitted is refused once anything of it is
// changed, unless the change is one that the package documentation says is left open; and then the
// handler sees the same in all that is signed. Refused means that the handler never ran or, in the
// streaming modes, that the body ends in an error and nothing was released of it but what was
// signed. It reports whether the changed request is refused.
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
	if a.Principal.ARN != b.Principal.ARN || a.AccessKeyID != b.AccessKeyID || a.Scope != b.Scope ||
		a.SignatureLocation != b.SignatureLocation || a.Algorithm != b.Algorithm || a.PayloadMode != b.PayloadMode ||
		!a.SignedAt.Equal(b.SignedAt) {
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
				for i, text := range []string{
					" ", "\n", "%00", "X-Amz-Acl:public-read", "X_amz_acl:x", "Via:1.1 x", "&x=1",
					"HTTP://example.com",
				} {
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
			form := forms[int(n)%len(forms)]
			form.oneChange(t, part, op, pos, text)
			agreeOnSome(t, text, form.auth, form.wire.edit(part, op, pos, text).request)
		}
	})
}
