package matrix_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func (r request) path() string  { path, _, _ := strings.Cut(r.Target, "?"); return path }
func (r request) query() string { _, query, _ := strings.Cut(r.Target, "?"); return query }

// repeats reports whether the request has the header, in any case, more than once.
func (r request) repeats(name string) bool {
	n := 0
	for _, h := range r.Headers {
		if strings.EqualFold(h[0], name) {
			n++
		}
	}
	return n > 1
}

// signed reports whether any value of a signed header is such a one.
func (x *exchange) signed(such func(value string) bool) bool {
	for name := range strings.SplitSeq(x.signedHeaders(), ";") {
		if slices.ContainsFunc(x.r.Header[http.CanonicalHeaderKey(name)], such) {
			return true
		}
	}
	return false
}

// hasParameter reports whether any part of the query is such a one.
func (x *exchange) hasParameter(such func(part string) bool) bool {
	for part := range strings.SplitSeq(x.query(), "&") {
		if such(part) {
			return true
		}
	}
	return false
}

// encodedPath encodes the path without normalising it.
func encodedPath(path string) string { return strings.ReplaceAll(escape(path), "%2F", "/") }

// canonicalPath is AWS's rule in the obvious way.
func canonicalPath(path string) string {
	var segments []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			segments = segments[:max(0, len(segments)-1)]
		default:
			segments = append(segments, escape(segment))
		}
	}
	canonical := "/" + strings.Join(segments, "/")
	if strings.HasSuffix(path, "/") && canonical != "/" {
		canonical += "/"
	}
	return canonical
}

// pair is a query parameter, decoded.
type pair struct{ name, value string }

func encodedOrder(a, b pair) int {
	if c := strings.Compare(escape(a.name), escape(b.name)); c != 0 {
		return c
	}
	return strings.Compare(escape(a.value), escape(b.value))
}

func decodedOrder(a, b pair) int {
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	return strings.Compare(a.value, b.value)
}

// canonicalQuery is AWS's rule in the obvious way, but for the order; without X-Amz-Signature.
func canonicalQuery(query string, order func(a, b pair) int) string {
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if name = unescape(name); part != "" && name != "X-Amz-Signature" {
			pairs = append(pairs, pair{name, unescape(value)})
		}
	}
	slices.SortStableFunc(pairs, order)
	var encoded []string
	for _, p := range pairs {
		encoded = append(encoded, escape(p.name)+"="+escape(p.value))
	}
	return strings.Join(encoded, "&")
}

// sortedQuery sorts the parameters as they stand.
func sortedQuery(query string) string {
	if query == "" {
		return ""
	}
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{name, value})
	}
	slices.SortStableFunc(pairs, decodedOrder)
	var all []string
	for _, p := range pairs {
		all = append(all, p.name+"="+p.value)
	}
	return strings.Join(all, "&")
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}
