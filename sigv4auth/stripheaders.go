package sigv4auth

import (
	"net/http"
	"slices"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
)

// strippedHeaders are what handlers do not see. A gateway behind a handler, such as one of CGI,
// makes several spellings of a header one: it upper-cases letters, and takes what is no letter and
// no digit for an underscore. Whoever lets a proxy tell identities in X-Remote-User means
// X_Remote_User too, which no proxy takes away (threat 237).
type strippedHeaders struct {
	names   []string // in any spelling
	proxies []string // keys, in any spelling but this one
}

func newStrippedHeaders(names []string, p *forwarded.Proxies) strippedHeaders {
	s := strippedHeaders{names: slices.Clone(names)}
	if p != nil {
		for _, key := range []string{p.Client, p.Host, p.Scheme} {
			if key != "" && !slices.Contains(s.proxies, key) {
				s.proxies = append(s.proxies, key)
			}
		}
		for _, h := range p.Restored {
			s.proxies = append(s.proxies, h.From)
		}
	}
	return s
}

// has reports whether the header under key is stripped.
func (s *strippedHeaders) has(key string) bool {
	for _, name := range s.names {
		if sameInCGI(name, key) {
			return true
		}
	}
	for _, proper := range s.proxies {
		if proper != key && sameInCGI(proper, key) {
			return true
		}
	}
	return false
}

// from returns h without what is stripped: h itself if that is nothing, and a copy otherwise.
func (s *strippedHeaders) from(h http.Header) (left http.Header, copied bool) {
	if len(s.names) == 0 && len(s.proxies) == 0 {
		return h, false
	}
	left = h
	for key := range h {
		if !s.has(key) {
			continue
		}
		if !copied {
			left, copied = h.Clone(), true // guard 231h
		}
		delete(left, key) // guard 147
	}
	return left, copied
}

// sameInCGI reports whether two names of headers are one where nothing but letters, in any case,
// and digits tell names apart.
func sameInCGI(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if foldedInCGI[a[i]] != foldedInCGI[b[i]] { // guard 237
			return false
		}
	}
	return true
}

var foldedInCGI = func() (t [256]byte) {
	for c := range t {
		switch l := ascii.Lower(byte(c)); {
		case 'a' <= l && l <= 'z', '0' <= l && l <= '9':
			t[c] = l
		default:
			t[c] = '_'
		}
	}
	return t
}()
