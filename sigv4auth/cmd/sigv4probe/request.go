package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A field is one header line.
type field struct{ name, value string }

// A request is what goes onto the wire, so that it can be wrong in any way.
type request struct {
	method  string
	path    string // of the request line, encoded
	query   string // behind the question mark, encoded; "": no question mark
	version string
	fields  []field // in order; Host is one
	body    []byte
	chunked bool // the body goes out in HTTP chunks
}

func newRequest(method, host, path, query string, body []byte) *request {
	r := &request{method: method, path: path, query: query, version: "HTTP/1.1", body: body}
	r.add("Host", host)
	if body != nil {
		r.add("Content-Length", strconv.Itoa(len(body)))
	}
	return r
}

func (r *request) add(name, value string) { r.fields = append(r.fields, field{name, value}) }

func (r *request) del(name string) {
	r.fields = slices.DeleteFunc(r.fields, func(f field) bool { return strings.EqualFold(f.name, name) })
}

// set replaces the header where it stands first, or adds it.
func (r *request) set(name, value string) {
	if i := r.index(name); i >= 0 {
		r.fields[i].value = value
		return
	}
	r.add(name, value)
}

func (r *request) index(name string) int {
	return slices.IndexFunc(r.fields, func(f field) bool { return strings.EqualFold(f.name, name) })
}

func (r *request) get(name string) string {
	if i := r.index(name); i >= 0 {
		return r.fields[i].value
	}
	return ""
}

// setBody sets the body, and the length that announces it.
func (r *request) setBody(body []byte) {
	r.body = body
	r.set("Content-Length", strconv.Itoa(len(body)))
}

// edit replaces a part of the header's value once.
func (r *request) edit(name, old, with string) {
	r.set(name, strings.Replace(r.get(name), old, with, 1))
}

// editQuery replaces a part of the query once.
func (r *request) editQuery(old, with string) { r.query = strings.Replace(r.query, old, with, 1) }

// appendQuery adds a pair at the end of the query.
func (r *request) appendQuery(pair string) {
	if r.query != "" {
		r.query += "&"
	}
	r.query += pair
}

// param returns the encoded value of the first parameter of this name.
func (r *request) param(name string) string {
	for pair := range strings.SplitSeq(r.query, "&") {
		if k, v, _ := strings.Cut(pair, "="); k == name {
			return v
		}
	}
	return ""
}

// setParam replaces the encoded value of the first parameter of this name.
func (r *request) setParam(name, value string) {
	pairs := strings.Split(r.query, "&")
	for i, pair := range pairs {
		if k, _, _ := strings.Cut(pair, "="); k == name {
			pairs[i] = name + "=" + value
			break
		}
	}
	r.query = strings.Join(pairs, "&")
}

// delParam drops every parameter of this name.
func (r *request) delParam(name string) {
	pairs := slices.DeleteFunc(strings.Split(r.query, "&"), func(pair string) bool {
		k, _, _ := strings.Cut(pair, "=")
		return k == name
	})
	r.query = strings.Join(pairs, "&")
}

func (r *request) line() string {
	target := r.path
	if r.query != "" {
		target += "?" + r.query
	}
	return r.method + " " + target + " " + r.version
}

// wire returns the request as HTTP/1.1 writes it. It asks for the connection to be closed, so that
// one answer is all that comes.
func (r *request) wire() []byte {
	var b bytes.Buffer
	b.WriteString(r.line() + "\r\n")
	for _, f := range r.fields {
		b.WriteString(f.name + ": " + f.value + "\r\n")
	}
	b.WriteString("Connection: close\r\n\r\n")
	if r.chunked {
		fmt.Fprintf(&b, "%x\r\n%s\r\n0\r\n\r\n", len(r.body), r.body)
		return b.Bytes()
	}
	b.Write(r.body)
	return b.Bytes()
}
