package main

import (
	"strings"
	"time"
)

// requestChanges change, one at a time, what a signature covers.
var requestChanges = []check{
	{
		name: "no credentials", of: plainGET, want: refuse,
		why:   "the endpoint verifies nothing",
		after: func(d *draft) { d.del("Authorization") },
	},
	{
		name: "the method is changed", of: plainGET, want: refuse,
		why:   "a signed read becomes a deletion",
		after: method("DELETE"),
	},
	{
		name: "the method is in lower case", of: plainGET, want: refuse,
		why:   "methods are case-sensitive",
		after: method("get"),
	},
	{
		name: "POST becomes PUT", of: bodyPOST, want: refuse,
		why:   "the signature covers the method",
		after: method("PUT"),
	},

	{
		name: "a segment is added to the path", of: plainGET, want: refuse,
		why:   "the signature covers the path",
		after: below("/other"),
	},
	{
		name: "the path is another one", of: plainGET, want: refuse,
		why:   "the signature covers the path",
		after: func(d *draft) { d.path = "/other" + d.path },
	},
	{
		name: "the path's case is changed", of: "path: unreserved punctuation", want: refuse,
		why:   "paths are case-sensitive",
		after: func(d *draft) { d.path = strings.Replace(d.path, "/a-b", "/A-b", 1) },
	},
	{
		name: "a letter is escaped in the path", of: "path: reserved punctuation", want: refuse, except: pathS3,
		why:   "another spelling is another path",
		after: func(d *draft) { d.path = strings.Replace(d.path, "/a:b", "/%61:b", 1) },
	},
	{
		name: "a slash is doubled", of: "path: unreserved punctuation", want: refuse, except: pathNormalized,
		why:   "a router may serve a path other than the one that was signed",
		after: func(d *draft) { d.path = strings.Replace(d.path, "/a-b", "//a-b", 1) },
	},
	{
		name: "a dot segment is inserted", of: "path: unreserved punctuation", want: refuse, except: pathNormalized,
		why:   "a router may serve a path other than the one that was signed",
		after: func(d *draft) { d.path = strings.Replace(d.path, "/a-b", "/./a-b", 1) },
	},
	{
		name: "a segment is inserted and taken back by two dots", of: "path: unreserved punctuation", want: refuse, except: pathNormalized,
		why:   "a router may serve a path other than the one that was signed",
		after: func(d *draft) { d.path = strings.Replace(d.path, "/a-b", "/x/../a-b", 1) },
	},
	{
		name: "a slash is added at the end", of: "path: unreserved punctuation", want: refuse,
		why:   "to a router it is another resource",
		after: below("/"),
	},

	{
		name: "a parameter's value is changed", of: queryGET, want: refuse,
		why:   "the signature covers the query",
		after: func(d *draft) { d.editQuery("a=1", "a=7") },
	},
	{
		name: "a parameter is added", of: queryGET, want: refuse,
		why:   "the signature covers the query",
		after: query("c=3"),
	},
	{
		name: "a parameter is added to no query", of: plainGET, want: refuse,
		why:   "the signature covers the query",
		after: query("c=3"),
	},
	{
		name: "a parameter is dropped", of: queryGET, want: refuse,
		why:   "the signature covers the query",
		after: func(d *draft) { d.editQuery("b=2&", "") },
	},
	{
		name: "a parameter is repeated with another value", of: queryGET, want: refuse,
		why:   "the handler may read the other one",
		after: query("a=7"),
	},
	{
		name: "a parameter is repeated", of: queryGET, want: refuse,
		why:   "the signature covers the number of values",
		after: query("a=1"),
	},
	{
		name: "the values of a repeated parameter are swapped", of: "query: a repeated name", want: either,
		why:   "the signature does not cover their order; a handler may depend on it",
		after: func(d *draft) { d.editQuery("a=2&a=10", "a=10&a=2") },
	},
	{
		name: "a semicolon hides a parameter", of: queryGET, want: refuse,
		why:   "a parser that drops it verifies less than is served",
		after: func(d *draft) { d.query += ";c=3" },
	},
	{
		name: "a parameter with a malformed escape is added", of: queryGET, want: refuse,
		why:   "a parser that drops it verifies less than is served",
		after: query("c=%zz"),
	},
	{
		name: "a plus sign becomes an escaped plus sign", of: "query: a plus sign for a space", want: refuse,
		why:   "a space and a plus are different values",
		after: func(d *draft) { d.editQuery("q=a+b", "q=a%2Bb") },
	},

	{
		name: "a signed header's value is changed", of: headerGET, want: refuse,
		why:   "the signature covers it",
		after: func(d *draft) { d.set("X-Check", "two") },
	},
	{
		name: "a signed header is dropped", of: headerGET, want: refuse,
		why:   "the signature covers it",
		after: func(d *draft) { d.del("X-Check") },
	},
	{
		name: "a signed header is repeated with another value", of: headerGET, want: refuse,
		why:   "the handler may read the one that is not signed",
		after: header("X-Check", "two"),
	},
	{
		name: "the lines of a repeated header are swapped", of: "header: repeated", want: refuse,
		why: "the signature covers their order; a handler reads the first",
		after: func(d *draft) {
			i := d.index("X-Check")
			d.fields[i].value, d.fields[i+1].value = d.fields[i+1].value, d.fields[i].value
		},
	},
	{
		name: "an empty signed header is dropped", of: "header: an empty value", want: refuse,
		why:   "an absent header is not an empty one",
		after: func(d *draft) { d.del("X-Check") },
	},
	{
		name: "the Host is changed", of: plainGET, want: refuse,
		why:   "a request for one host works on another that accepts the same key",
		after: func(d *draft) { d.set("Host", "other.example") },
	},
	{
		name: "the Host is repeated with another value", of: plainGET, want: refuse,
		why:   "proxies and servers disagree on which one counts",
		after: header("Host", "other.example"),
	},
	{
		name: "an unsigned x-amz-* header is added", of: plainGET, want: refuse,
		why:   "services act on x-amz-* headers, and an intermediary can add one",
		after: header("X-Amz-Meta-Check", "1"),
	},
	{
		name: "an unsigned x-amz-* header in lower case is added", of: plainGET, want: refuse,
		why:   "services act on x-amz-* headers; header names are case-insensitive",
		after: header("x-amz-acl", "public-read"),
	},
	{
		name: "a signed x-amz-* header is taken out of SignedHeaders", of: plainGET, want: refuse,
		why: "services act on x-amz-* headers that no signature covers",
		before: func(d *draft) {
			d.add("X-Amz-Meta-Check", "1")
			d.unsigned = []string{"x-amz-meta-check"}
		},
	},
	{
		name: "HTTP/1.0", of: plainGET, want: either,
		why:   "the signature does not cover the HTTP version",
		after: func(d *draft) { d.version = "HTTP/1.0" },
	},
}

// bodyChanges change the body, or what is said of it.
var bodyChanges = []check{
	{
		name: "a byte of the body is changed", of: bodyPOST, want: refuse,
		why:   "the body is not covered",
		after: changeBody,
	},
	{
		name: "the body is dropped", of: bodyPOST, want: refuse,
		why:   "the body is not covered",
		after: func(d *draft) { d.setBody(nil) },
	},
	{
		name: "a byte of the body is changed, Content-Length unsigned", of: "POST whose Content-Length is not signed", want: refuse,
		why:   "the body is not covered",
		after: changeBody,
	},
	{
		name: "the body grows, Content-Length unsigned", of: "POST whose Content-Length is not signed", want: refuse,
		why:   "the body is not covered",
		after: func(d *draft) { d.setBody(append(d.body, ' ')) },
	},
	{
		name: "a GET gets a body", of: plainGET, want: refuse,
		why:   "the signature covers the hash of the empty body",
		after: func(d *draft) { d.setBody([]byte("{}")) },
	},
	{
		name: "a byte of the body is changed, its digest stays", of: digestPOST, want: refuse,
		why:   "the digest is covered by the signature, but not compared with the body",
		after: changeBody,
	},
	{
		name: "body and digest are changed", of: digestPOST, want: refuse,
		why: "the digest is compared with the body, but not covered by the signature",
		after: func(d *draft) {
			changeBody(d)
			d.set(contentSHA256, sha256Hex(d.body))
		},
	},
	{
		name: "the digest is dropped", of: digestPOST, want: refuse,
		why:   "the signature covers the header",
		after: func(d *draft) { d.del(contentSHA256) },
	},
	{
		name: "the digest becomes UNSIGNED-PAYLOAD", of: digestPOST, want: refuse,
		why: "the body could be replaced",
		after: func(d *draft) {
			changeBody(d)
			d.set(contentSHA256, unsignedPayload)
		},
	},
	{
		name: "an unsigned header UNSIGNED-PAYLOAD is added", of: bodyPOST, want: refuse,
		why: "the body could be replaced",
		after: func(d *draft) {
			changeBody(d)
			d.set(contentSHA256, unsignedPayload)
		},
	},
	{
		name: "the digest of another body is signed", of: digestPOST, want: refuse,
		why:    "the digest is not compared with the body",
		before: func(d *draft) { d.set(contentSHA256, sha256Hex([]byte("another"))) },
	},
	{
		name: "a digest that is not hex is signed", of: digestPOST, want: refuse,
		why:    "an unknown keyword may disable the comparison",
		before: func(d *draft) { d.set(contentSHA256, "whatever") },
	},
	{
		name: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD before a plain body", of: digestPOST, want: refuse,
		why: "a body that is not in chunks has no chunk signature that covers it",
		before: func(d *draft) {
			d.set(contentSHA256, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
		},
	},
	{
		name: "the digest in upper case", of: digestPOST, want: either,
		why:    "no client sends this",
		before: func(d *draft) { d.set(contentSHA256, strings.ToUpper(sha256Hex(d.body))) },
	},
	{
		name: "the digest is repeated", of: digestPOST, want: either,
		why:    "the verifier and the handler may read different ones; both are signed here",
		before: func(d *draft) { d.add(contentSHA256, sha256Hex(d.body)) },
	},
	{
		name: "a byte is changed in HTTP chunks", of: "POST with its digest, sent in HTTP chunks", want: refuse,
		why:   "the body is not covered where no length announces it",
		after: changeBody,
	},
}

func changeBody(d *draft) {
	if len(d.body) > 0 {
		d.body[len(d.body)/2] ^= 1
	}
}

// timeChanges are rightly signed for another time, or with a text that is no time.
var timeChanges = []check{
	{
		name: "signed twenty minutes ago", of: plainGET, want: refuse,
		why:    "a recorded request can be replayed forever",
		before: signedAt(-20 * time.Minute),
	},
	{
		name: "signed a year ago", of: plainGET, want: refuse,
		why:    "a recorded request can be replayed forever",
		before: signedAt(-365 * 24 * time.Hour),
	},
	{
		name: "signed twenty minutes ahead", of: plainGET, want: refuse,
		why:    "a request made in advance outlives the removal of its key",
		before: signedAt(20 * time.Minute),
	},
	{
		name: "signed a year ahead", of: plainGET, want: refuse,
		why:    "a request made in advance outlives the removal of its key",
		before: signedAt(365 * 24 * time.Hour),
	},
	{
		name: "signed ten minutes ago", of: plainGET, want: either,
		why:    "AWS's services allow for five or fifteen minutes",
		before: signedAt(-10 * time.Minute),
	},
	{
		name: "X-Amz-Date is changed by a second", of: plainGET, want: refuse,
		why: "the signature covers the time",
		after: func(d *draft) {
			d.set("X-Amz-Date", d.at.UTC().Add(time.Second).Format(timeFormat))
		},
	},
	{
		name: "X-Amz-Date is dropped", of: plainGET, want: refuse,
		why:   "a request without a time never expires",
		after: func(d *draft) { d.del("X-Amz-Date") },
	},
	{
		name: "X-Amz-Date is not signed", of: plainGET, want: refuse,
		why:    "an intermediary can renew the request",
		before: func(d *draft) { d.unsigned = []string{"x-amz-date"} },
	},
	{
		name: "X-Amz-Date is repeated", of: plainGET, want: refuse,
		why: "one may be checked and the other signed",
		after: func(d *draft) {
			d.add("X-Amz-Date", d.at.UTC().Add(time.Minute).Format(timeFormat))
		},
	},
	{
		name: "X-Amz-Date is old and Date is new", of: plainGET, want: refuse,
		why: "X-Amz-Date takes precedence over Date",
		before: func(d *draft) {
			d.add("Date", d.at.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
			d.at = d.at.Add(-time.Hour)
		},
	},
	{
		name: "the scope's date is yesterday's", of: plainGET, want: refuse,
		why: "a signing key of another day is accepted",
		before: func(d *draft) {
			d.scopeDate = d.at.UTC().Add(-24 * time.Hour).Format("20060102")
		},
	},
	{
		name: "a date with an offset", of: plainGET, want: refuse,
		why: "two parsers may read different times",
		before: func(d *draft) {
			d.date = d.at.UTC().Format("20060102T150405") + "+0000"
		},
	},
	{
		name: "a date with separators", of: plainGET, want: either,
		why: "clients use the basic format of ISO 8601",
		before: func(d *draft) {
			d.date = d.at.UTC().Format("2006-01-02T15:04:05Z")
		},
	},
	{
		name: "a date that does not exist", of: plainGET, want: refuse,
		why:    "a lenient parser reads it as another day",
		before: func(d *draft) { d.date, d.scopeDate = "20260230T000000Z", "20260230" },
	},
	{
		name: "an empty date", of: plainGET, want: refuse,
		why:    "a request without a time never expires",
		before: func(d *draft) { d.date = " " },
	},
}
