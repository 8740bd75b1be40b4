package main

import (
	"bytes"
	"fmt"
	"strings"
)

// splice replaces a part of what goes onto the wire once.
func splice(old, with string) func([]byte) []byte {
	return func(wire []byte) []byte { return bytes.Replace(wire, []byte(old), []byte(with), 1) }
}

// inject adds raw bytes in front of the Host line.
func inject(raw string) func([]byte) []byte { return splice("Host: ", raw+"Host: ") }

// badCredential puts a text in the place of the access key.
func badCredential(key string) func(*draft) {
	return func(d *draft) { d.edit("Authorization", "Credential="+d.accessKey, "Credential="+key) }
}

// hostileRequests are oversized, malformed, or ambiguous to HTTP itself. Nothing but the
// signature's rules says how a server refuses them, so an answer of 500 is information: the
// endpoint failed where it should have refused.
var hostileRequests = []check{
	{
		name: "a malformed escape in the path, signed", of: plainGET, want: either,
		why:    "servers read it in different ways",
		before: below("/a%zzb"),
	},
	{
		name: "a malformed escape in the query, signed", of: plainGET, want: either,
		why:    "a parser may drop it, so that the handler sees less than was signed",
		before: query("a=%zz"),
	},
	{
		name: "an escape that is cut, signed", of: plainGET, want: either,
		why:    "a decoder may read beyond the end",
		before: query("a=%4"),
	},
	{
		name: "an encoded NUL in the path, signed", of: plainGET, want: either,
		why:    "C code does not see what follows it",
		before: below("/a%00b"),
	},
	{
		name: "an encoded line break in the path, signed", of: plainGET, want: either,
		why:    "it forges a line in a log",
		before: below("/a%0d%0ab"),
	},
	{
		name: "encoded bytes that are not UTF-8 in the path, signed", of: plainGET, want: either,
		why:    "an overlong encoding may be decoded to a slash",
		before: below("/a%c0%afb"),
	},
	{
		name: "two thousand parameters, signed", of: plainGET, want: either,
		why:    "they are sorted before the caller is known",
		before: query(strings.TrimSuffix(strings.Repeat("a=1&", 2000), "&")),
	},
	{
		name: "three hundred signed headers", of: plainGET, want: either,
		why: "they are sorted before the caller is known",
		before: func(d *draft) {
			for i := range 300 {
				d.add(fmt.Sprintf("X-Check-%d", i), "1")
			}
		},
	},

	{
		name: "a raw space in the request target", of: plainGET, want: refuse,
		why: "parsers disagree on where the target ends",
		raw: splice(" HTTP/1.1\r\n", " x HTTP/1.1\r\n"),
	},
	{
		name: "raw bytes beyond ASCII are added to the path", of: plainGET, want: refuse,
		why:   "servers may escape them after verification",
		after: below("/caf\xc3\xa9"),
	},
	{
		name: "a raw NUL in the path", of: plainGET, want: refuse,
		why:   "C code does not see what follows it",
		after: below("/a\x00b"),
	},
	{
		name: "a NUL in Authorization", of: plainGET, want: refuse,
		why:   "C code does not see what follows it",
		after: authorization("Signature=", "Signature=\x00"),
	},
	{
		name: "a control byte in Authorization", of: plainGET, want: refuse,
		why:   "terminals that show a log execute it",
		after: authorization("Credential=", "Credential=\x1b[2J"),
	},
	{
		name: "Authorization, folded over two lines", of: plainGET, want: either,
		why: "RFC 9112 lets a server refuse it, or read a space",
		raw: splice(", SignedHeaders=", ",\r\n SignedHeaders="),
	},
	{
		name: "a header is added behind a bare line feed", of: plainGET, want: refuse,
		why: "two parsers may see different headers",
		raw: inject("X-Check: 1\nX-Amz-Meta-Check: 1\r\n"),
	},
	{
		name: "a space before a header's colon", of: plainGET, want: refuse,
		why: "two parsers may see different names",
		raw: inject("X-Amz-Meta-Check : 1\r\n"),
	},
	{
		name: "an underscore in the name of an unsigned header", of: plainGET, want: either,
		why:   "CGI turns X_Amz_Meta into X-Amz-Meta",
		after: header("X_Amz_Meta_Check", "1"),
	},
	{name: "no Host", of: plainGET, want: refuse, why: "host must be signed", after: func(d *draft) { d.del("Host") }},
	{
		name: "HTTP/1.0 without a Host", of: plainGET, want: refuse,
		why: "host must be signed",
		after: func(d *draft) {
			d.version = "HTTP/1.0"
			d.del("Host")
		},
	},
	{
		name: "Content-Length and Transfer-Encoding", of: bodyPOST, want: refuse,
		why: "request smuggling: two servers see different bodies",
		after: func(d *draft) {
			d.add("Transfer-Encoding", "chunked")
			d.body = append([]byte("0\r\n\r\n"), d.body...)
		},
	},
	{
		name: "two Content-Lengths", of: bodyPOST, want: refuse,
		why:   "request smuggling: two servers see different bodies",
		after: header("Content-Length", "1"),
	},
	{
		name: "a negative Content-Length", of: bodyPOST, want: refuse,
		why:   "a negative length may wrap around",
		after: func(d *draft) { d.set("Content-Length", "-1") },
	},
	{
		name: "a body that ends too early", of: "POST whose Content-Length is not signed", want: refuse,
		why:   "half of a body is accepted as the whole",
		after: func(d *draft) { d.body = d.body[:len(d.body)/2] }, cut: true,
	},

	{
		name: "an access key of 16 KiB", of: plainGET, want: refuse,
		why:   "it reaches the store, the log and the metrics",
		after: badCredential(strings.Repeat("A", 16<<10)),
	},
	{
		name: "an access key that is a path", of: plainGET, want: refuse,
		why:   "it reaches the store",
		after: badCredential("../../../etc/passwd"),
	},
	{
		name: "an access key with quotes", of: plainGET, want: refuse,
		why:   "it reaches the store",
		after: badCredential("'OR'1'='1"),
	},
	{
		name: "a credential of ten thousand slashes", of: plainGET, want: refuse,
		why:   "a parser may split it without a limit",
		after: badCredential(strings.Repeat("/", 10_000)),
	},
	{
		name: "SignedHeaders of five thousand names", of: plainGET, want: refuse,
		why:   "a parser may split it without a limit",
		after: authorization("SignedHeaders=", "SignedHeaders="+strings.Repeat("a;", 5000)),
	},
	{
		name: "five thousand commas in Authorization", of: plainGET, want: either,
		why:   "a parser may split it without a limit",
		after: authorization(", Signature=", strings.Repeat(",", 5000)+" Signature="),
	},
	{
		name: "a signature of 16 KiB", of: plainGET, want: refuse,
		why:   "it is decoded before its length is checked",
		after: signatureOf(func(s string) string { return strings.Repeat(s, 256) }),
	},
	{
		name: "an empty credential", of: plainGET, want: refuse,
		why: "a parser may panic on it",
		after: func(d *draft) {
			d.edit("Authorization", "Credential="+d.accessKey+"/"+d.scopeText, "Credential=")
		},
	},
	{
		name: "a credential without a scope", of: plainGET, want: refuse,
		why: "a parser may panic on it",
		after: func(d *draft) {
			d.edit("Authorization", "/"+d.scopeText, "")
		},
	},
	{
		name: "a date of a thousand digits", of: plainGET, want: refuse,
		why:   "it is parsed before its length is checked",
		after: func(d *draft) { d.set("X-Amz-Date", strings.Repeat("9", 1000)) },
	},
	{
		name: "a digest of 16 KiB", of: plainGET, want: refuse,
		why:    "it is decoded before its length is checked",
		before: func(d *draft) { d.set(contentSHA256, strings.Repeat("a", 16<<10)) },
	},
	{
		name: "a method of 8 KiB", of: plainGET, want: refuse,
		why:   "it reaches the log and the metrics",
		after: method(strings.Repeat("A", 8<<10)),
	},
	{
		name: "a path of 60 KiB", of: plainGET, want: refuse,
		why:   "it is canonicalized before its length is checked",
		after: below("/" + strings.Repeat("a", 60<<10)),
	},
	{
		name: "a query of escapes, 60 KiB", of: plainGET, want: refuse,
		why:   "it is decoded before the caller is known",
		after: query("a=" + strings.Repeat("%41", 20<<10)),
	},
}
