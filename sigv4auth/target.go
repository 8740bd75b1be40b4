package sigv4auth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// target is a request target taken apart: path and query as they stood on the request line.
type target struct {
	path, query string
	plain       bool // v4.PlainPath has reported so of path
}

// parse takes the target from the request line, never from r.URL, which routers and other
// middleware rewrite, and holds the authority against r.Host, as are hosts, the Host lines that are
// left in the header.
func (t *target) parse(r *http.Request, hosts []string) *Error {
	raw := r.RequestURI
	if len(raw) > maxTarget {
		return malformed("The request target is longer than %d bytes", maxTarget)
	}
	// HTTP/1.0 needs no Host, but a signature does (threat 131).
	if !v4.ValidHost(r.Host) {
		return malformed("The request has no valid host")
	}
	// net/http takes Host out of the header. Where one is left, as over HTTP/2 beside :authority,
	// the two must agree (threat 127).
	for _, h := range hosts {
		if h != r.Host {
			return malformed("The Host header differs from the authority")
		}
	}
	if raw == "" {
		e := malformed("The request has no target")
		e.Detail = "http.Request.RequestURI is empty: this is not a request that a server received"
		return e
	}
	if raw[0] != '/' {
		// The absolute form: RFC 9112, section 3.2.2. The authority form and "*" end here.
		scheme, rest, ok := strings.Cut(raw, "://")
		if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
			return malformed("The request target must be a path or an absolute URI")
		}
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		if rest[:end] != r.Host {
			return malformed("The authority of the request target differs from the host")
		}
		raw = rest[end:]
	}
	t.path, t.query, _ = v4.Cut(raw, '?')
	return nil
}

// checkTarget refuses paths and queries that have no canonical form, and under PathStrict a path
// that two kinds of clients sign differently.
func (a *Authenticator) checkTarget(t *target, q *v4.Query) *Error {
	if t.plain = v4.PlainPath(t.path); !t.plain {
		if err := v4.CheckPath(t.path); err != nil {
			return malformed("The path of the request is invalid: %v", err).withS3Code(http.StatusBadRequest, "InvalidURI")
		}
		if a.strictPath && !v4.NormalPath(t.path) {
			return malformed("The path of the request holds empty or dot segments")
		}
	}
	if err := q.Parse(t.query); err != nil {
		if _, ok := errors.AsType[*v4.EscapeError](err); ok {
			return malformed("The query of the request is invalid: %v", err)
		}
		return malformed("The request has more than %d query parameters", maxQueryPairs)
	}
	return nil
}
