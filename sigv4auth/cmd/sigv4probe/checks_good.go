package main

import (
	"strings"
	"time"
)

const (
	plainGET   = "GET"
	queryGET   = "GET with a query"
	headerGET  = "GET with further signed headers"
	bodyPOST   = "POST with a body"
	digestPOST = "POST with its body's digest"
)

func method(name string) func(*draft) { return func(d *draft) { d.method = name } }
func below(path string) func(*draft) {
	return func(d *draft) { d.path = strings.TrimSuffix(d.path, "/") + path }
}
func query(q string) func(*draft)     { return func(d *draft) { d.appendQuery(q) } }
func header(n, v string) func(*draft) { return func(d *draft) { d.add(n, v) } }
func signedAt(t time.Duration) func(*draft) {
	return func(d *draft) { d.at = d.at.Add(t) }
}

// goodRequests are what unmodified clients send.
var goodRequests = []check{
	{name: plainGET, want: admit, why: "a plain signed request"},
	{name: queryGET, want: admit, why: "parameters are sorted before they are signed", before: query("b=2&a=1")},
	{
		name: headerGET, want: admit,
		why: "clients sign the headers that they send",
		before: func(d *draft) {
			d.add("Accept", "application/json")
			d.add("X-Check", "one")
		},
	},
	{
		name: "GET that signs host and x-amz-date alone", want: admit,
		why: "several SDKs sign only these",
		before: func(d *draft) {
			d.unsigned = []string{"amz-sdk-invocation-id", "accept"}
			d.add("Accept", "*/*")
		},
	},
	{
		name: "GET with an unsigned User-Agent", want: admit,
		why:    "most clients do not sign it",
		before: header("User-Agent", "check/1.0"),
	},
	{
		name: "GET with the digest of no body", want: admit,
		why:    "S3's clients and some SDKs send it",
		before: func(d *draft) { d.set(contentSHA256, sha256Hex(nil)) },
	},
	{name: "HEAD", want: admit, why: "the method is part of what is signed", before: method("HEAD")},
	{name: "DELETE", want: admit, why: "the method is part of what is signed", before: method("DELETE")},
	{
		name: "OPTIONS", want: either,
		why:    "an endpoint that serves browsers answers it without credentials",
		before: method("OPTIONS"),
	},

	{
		name: bodyPOST, want: admit,
		why:    "most clients send no digest header; the body's hash is signed all the same",
		before: postBody,
	},
	{
		name: digestPOST, of: bodyPOST, want: admit,
		why: "S3's clients and some SDKs send the digest as a header",
		before: func(d *draft) {
			d.set(contentSHA256, sha256Hex(d.body))
		},
	},
	{name: "PUT with a body", of: bodyPOST, want: admit, why: "the method is part of what is signed", before: method("PUT")},
	{
		name: "POST with an empty body", want: admit,
		why: "the hash of the empty body is signed",
		before: func(d *draft) {
			d.method = "POST"
			d.setBody([]byte{})
		},
	},
	{
		name: "POST whose Content-Length is not signed", of: bodyPOST, want: admit,
		why:    "most clients do not sign it",
		before: func(d *draft) { d.unsigned = []string{"content-length"} },
	},
	{
		name: "POST whose Content-Type is not signed", of: bodyPOST, want: either,
		why:    "aws4fetch never signs it; some endpoints ask for it",
		before: func(d *draft) { d.unsigned = []string{"content-type"} },
	},
	{
		name: "POST with its digest, sent in HTTP chunks", of: digestPOST, want: either,
		why:    "clients send this when they do not know the length",
		before: inHTTPChunks,
	},
	{
		name: "POST with UNSIGNED-PAYLOAD", of: bodyPOST, want: either,
		why:    "an option: any intermediary can change the body",
		before: func(d *draft) { d.set(contentSHA256, unsignedPayload) },
	},

	{
		name: "query: a repeated name", want: admit,
		why:    "values of one name are sorted",
		before: query("a=2&a=10&a=1"),
	},
	{
		name: "query: names that begin with others", want: admit,
		why:    "names are sorted, not name=value pairs",
		before: query("a-b=1&a=2&aB=3&a.b=4"),
	},
	{
		name: "query: no value, empty value", want: admit,
		why:    "a name without = is signed as if it had one",
		before: query("flag&empty="),
	},
	{
		name: "query: spaces, slashes and letters beyond ASCII", want: admit,
		why:    "values are decoded and encoded again",
		before: query("q=caf%C3%A9%20au%2Flait%3D1%2B1"),
	},
	{
		name: "query: lower-case escapes", want: either,
		why:    "the canonical form has them in upper case",
		before: query("q=%c3%a9%2f"),
	},
	{
		name: "query: reserved characters as they are", want: either,
		why:    "some clients sign them as they are sent",
		before: query("q=a:b@c/d?e"),
	},
	{
		name: "query: an equal sign in a value", want: either,
		why:    "some clients sign it as it is sent",
		before: query("q=a=b"),
	},
	{
		name: "query: a plus sign for a space", want: either,
		why:    "most clients sign it as a space, some as it is sent",
		before: query("q=a+b"),
	},

	{
		name: "path: letters beyond ASCII", want: admit,
		why:    "encoded segments are encoded a second time, except for S3",
		before: below("/caf%C3%A9"),
	},
	{
		name: "path: an escaped space", want: admit,
		why:    "encoded segments are encoded a second time, except for S3",
		before: below("/a%20b"),
	},
	{name: "path: unreserved punctuation", want: admit, why: "-._~ are never escaped", before: below("/a-b_c.d~e")},
	{
		name: "path: reserved punctuation", want: admit,
		why:    "it is escaped in the canonical path only",
		before: below("/a:b@c,d"),
	},
	{
		name: "path: an encoded slash", want: either,
		why:    "routers and policies read it in different ways",
		before: below("/a%2Fb"),
	},
	{name: "path: a slash at the end", want: either, why: "routers differ", before: below("/a/")},
	{
		name: "path: a doubled slash", want: either,
		why:    "half of the clients normalize the path before they sign it",
		before: below("//a"),
	},
	{
		name: "path: a dot segment", want: either,
		why:    "half of the clients normalize the path before they sign it",
		before: below("/./a"),
	},

	{
		name: "header: runs of spaces", want: admit,
		why:    "white space is folded inside a value and trimmed around it",
		before: header("X-Check", "  a   b  c "),
	},
	{name: "header: an empty value", want: admit, why: "it is signed as empty", before: header("X-Check", "")},
	{
		name: "header: repeated", want: admit,
		why: "values are joined by commas in their order",
		before: func(d *draft) {
			d.add("X-Check", "2")
			d.add("X-Check", "1")
		},
	},
	{
		name: "header: names in lower case", want: admit,
		why: "header names are case-insensitive",
		after: func(d *draft) {
			for i := range d.fields {
				d.fields[i].name = strings.ToLower(d.fields[i].name)
			}
		},
	},
	{
		name: "Authorization without spaces behind its commas", want: admit,
		why: "minio's clients send this",
		after: func(d *draft) {
			d.set("Authorization", strings.ReplaceAll(d.get("Authorization"), ", ", ","))
		},
	},
	{
		name: "Date in place of X-Amz-Date", want: either,
		why:    "the protocol has it; current clients do not use it",
		before: func(d *draft) { d.dateHeader = true },
	},
	{
		name: "a clock that is four minutes slow", want: admit,
		why:    "clocks differ; AWS's services allow for five minutes at least",
		before: signedAt(-4 * time.Minute),
	},
	{
		name: "a clock that is four minutes fast", want: admit,
		why:    "clocks differ; AWS's services allow for five minutes at least",
		before: signedAt(4 * time.Minute),
	},
	{
		name: "a request target in absolute form", want: either,
		why: "RFC 9112 requires servers to accept it; the Go SDK sends it for opaque URLs",
		raw: func(wire []byte) []byte {
			method, rest, _ := strings.Cut(string(wire), " ")
			_, host, _ := strings.Cut(rest, "Host: ")
			host, _, _ = strings.Cut(host, "\r\n")
			return []byte(method + " http://" + host + rest)
		},
	},
}

// postBody makes a POST with the body that the options have.
func postBody(d *draft) {
	d.method = "POST"
	d.add("Content-Type", d.contentType)
	d.setBody([]byte(d.content))
}

func inHTTPChunks(d *draft) {
	d.del("Content-Length")
	d.set("Transfer-Encoding", "chunked")
	d.chunked = true
}
