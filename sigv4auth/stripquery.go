package sigv4auth

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// stripQuery takes the parameters of a presigned URL out of r, of which only the handler has this
// copy: out of everything in which net/http keeps the query (threat 97).
func stripQuery(r *http.Request) {
	if left, stripped := unsignedQuery(r.URL.RawQuery); stripped {
		u := *r.URL // it is the server's as well
		u.RawQuery = left
		r.URL = &u
	}
	// What a handler logs, and what a proxy may send on.
	if before, query, found := strings.Cut(r.RequestURI, "?"); found {
		if left, stripped := unsignedQuery(query); stripped && left == "" {
			r.RequestURI = before
		} else if stripped {
			r.RequestURI = before + "?" + left
		}
	}
	r.Form = unsignedForm(r.Form, r.PostForm)
}

// unsignedQuery returns a raw query without the parameters of a presigned URL. What is left stands
// as it stood, since its order and its escapes can mean something to whoever reads it.
func unsignedQuery(query string) (left string, stripped bool) {
	presigning := func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return isPresigning(name)
	}
	for pair := range strings.SplitSeq(query, "&") {
		if presigning(pair) {
			return strings.Join(slices.DeleteFunc(strings.Split(query, "&"), presigning), "&"), true
		}
	}
	return query, false
}

// isPresigning reports whether the name of a parameter, as it stands in a query, is one of a
// presigned URL in any spelling: what reads it next may not care about case.
func isPresigning(name string) bool {
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	for p := range v4.Params {
		if ascii.EqualFold(name, p.String()) {
			return true
		}
	}
	return false
}

// unsignedForm returns a form without what came by such parameters: form itself if that is nothing.
// body is the part of it that came by the body.
func unsignedForm(form, body url.Values) url.Values {
	copied := false
	for name := range form {
		if !isPresigning(url.QueryEscape(name)) {
			continue
		}
		if !copied {
			form, copied = cloneForm(form), true
		}
		if own := body[name]; own != nil {
			form[name] = slices.Clone(own)
		} else {
			delete(form, name)
		}
	}
	return form
}

func cloneForm(form url.Values) url.Values { return url.Values(http.Header(form).Clone()) }
