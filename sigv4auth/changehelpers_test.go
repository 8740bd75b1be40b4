package sigv4auth_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
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

// wire is a request as it arrives.
type wire struct {
	method, target, host string
	header               http.Header
	body                 string
}

func wireOf(r *http.Request) wire {
	b, _ := io.ReadAll(r.Body)
	return wire{r.Method, r.RequestURI, r.Host, r.Header, string(b)}
}

func (w wire) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(w.body))
	r.Method, r.RequestURI, r.Host, r.Header = w.method, w.target, w.host, w.header.Clone()
	r.ContentLength = int64(len(w.body))
	return r
}

// editText changes s in one place: what stands at pos is flipped, dropped, doubled, moved to the
// end or replaced, or text is put before it.
func editText(s string, op uint8, pos uint16, text string) string {
	if s == "" {
		return text
	}
	i := int(pos) % len(s)
	switch op % 7 {
	case 0:
		return s[:i] + string(s[i]^0x20) + s[i+1:]
	case 1:
		return s[:i] + string(s[i]^1) + s[i+1:]
	case 2:
		return s[:i] + s[i+1:]
	case 3:
		return s[:i] + s[i:i+1] + s[i:]
	case 4:
		return s[i:] + s[:i]
	case 5:
		return s[:i] + text + s[i+1:]
	}
	return s[:i] + text + s[i:]
}

// editHeader changes one header: a value's text, its name, drops it, doubles it, adds another, or
// moves it.
func editHeader(h http.Header, op uint8, pos uint16, text string) {
	name, value, _ := strings.Cut(text, ":")
	keys := slices.Sorted(maps.Keys(h))
	if len(keys) == 0 {
		h.Add(name, value)
		return
	}
	key := keys[int(pos)%len(keys)]
	pos /= uint16(len(keys))
	switch op % 13 {
	case 7:
		delete(h, key)
	case 8:
		h[key] = append(h[key], h[key]...)
	case 9:
		h[key] = append(h[key], value)
	case 10:
		h.Add(name, value)
	case 11: // another name for it
		values := h[key]
		delete(h, key)
		h[http.CanonicalHeaderKey(editText(key, op, pos, name))] = values
	case 12:
		slices.Reverse(h[key])
	default:
		i := int(pos) % len(h[key])
		h[key][i] = editText(h[key][i], op, pos/2, text)
	}
}

// editQuery swaps, doubles or drops whole parameters.
func editQuery(target string, op uint8, pos uint16) string {
	path, query, _ := strings.Cut(target, "?")
	pairs := strings.Split(query, "&")
	i, j := int(pos)%len(pairs), int(pos>>8)%len(pairs)
	switch op % 3 {
	case 0:
		pairs[i], pairs[j] = pairs[j], pairs[i]
	case 1:
		pairs = slices.Insert(pairs, j, pairs[i])
	default:
		pairs = slices.Delete(pairs, i, i+1)
	}
	return path + "?" + strings.Join(pairs, "&")
}

// edit returns w with one change.
func (w wire) edit(part, op uint8, pos uint16, text string) wire {
	w.header = w.header.Clone()
	switch part % 6 {
	case 0:
		w.method = editText(w.method, op, pos, text)
	case 1:
		w.target = editText(w.target, op, pos, text)
	case 2:
		w.target = editQuery(w.target, op, pos)
	case 3:
		w.host = editText(w.host, op, pos, text)
	case 4:
		editHeader(w.header, op, pos, text)
	default:
		w.body = editText(w.body, op, pos, text)
	}
	return w
}
