package sigv4client

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

// UnsignedPayload is the value of X-Amz-Content-Sha256 with which the signature does not cover the
// body, where the service accepts that: sigv4auth.InsecureUnsigned. Anyone between the client and
// the server can then replace the body: use TLS.
const UnsignedPayload = "UNSIGNED-PAYLOAD"

const (
	contentSHA256 = "X-Amz-Content-Sha256"
	authorization = "Authorization"
	amzDate       = "X-Amz-Date"
	securityToken = "X-Amz-Security-Token"
)

// checkSignable refuses what no signature could be right for.
func (t *Transport) checkSignable(r *http.Request) error {
	refused := func(format string, args ...any) error {
		return &Error{Reason: ErrRequest, Detail: fmt.Sprintf(format, args...)}
	}
	if r.URL.Opaque != "" {
		return refused("the URL is opaque; set URL.RawPath to send a path with escapes of your own")
	}
	// What the signer cannot parse it leaves out, and the server would see it all the same.
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refused("the query cannot be parsed: a %% begins no escape, or there is a ';'")
	}
	for name := range query {
		if _, presigned := presigning[strings.ToLower(name)]; presigned {
			return refused("the query has %s: the URL is presigned, and is sent without another signature", name)
		}
	}
	if declared := r.Header.Get(contentSHA256); declared != "" && !validDigest(declared) {
		return refused("%s must be the SHA-256 of the body in lower-case hexadecimal digits, or %s, not %q",
			contentSHA256, UnsignedPayload, declared)
	}
	for name, values := range r.Header {
		if slices.ContainsFunc(values, hasControl) {
			return refused("the header %s has a tab within, or another control character, which signers and servers take in "+
				"different ways", name)
		}
	}
	if t.service != serviceS3 && !normalPath(r.URL.EscapedPath()) {
		return refused("the path has an empty or a dot segment, which clients sign in different ways; take it out")
	}
	return nil
}

// hasControl reports whether a header's value has a control character, also a tab, but at its ends.
func hasControl(value string) bool {
	return strings.ContainsFunc(strings.Trim(value, " \t"), func(c rune) bool { return c < ' ' || c == 0x7f })
}

// presigning holds the parameters that a presigned URL has, in lower case.
var presigning = map[string]struct{}{
	"x-amz-algorithm": {}, "x-amz-credential": {}, "x-amz-date": {}, "x-amz-expires": {}, "x-amz-signedheaders": {}, "x-amz-signature": {},
	"x-amz-security-token": {},
}

// normalPath reports whether no segment of path is ".", ".." or, but for the last, empty.
func normalPath(path string) bool {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return false
		}
	}
	return true
}

// sign returns r as it is sent: a copy with the headers that carry the signature. digest is the
// last line of the canonical request.
func (t *Transport) sign(ctx context.Context, r *http.Request, b *body, creds *aws.Credentials, at time.Time) (*http.Request, error) {
	out := r.WithContext(ctx)
	out.Header = r.Header.Clone()
	if out.Header == nil {
		out.Header = http.Header{}
	}
	removeSignature(out.Header)
	out.Header.Set(contentSHA256, b.digest)
	out.Host = signedHost(r)
	b.describe(out)

	// What is signed is a request of its own, with nothing in it but what a signature covers.
	signed := t.signable(out)
	if err := t.signer.SignHTTP(ctx, *creds, signed, b.digest, t.service, t.region, at); err != nil {
		return nil, &Error{Reason: ErrRequest, Detail: "the request cannot be signed", Cause: err}
	}
	for _, name := range []string{authorization, amzDate, securityToken} {
		if v := signed.Header[name]; len(v) > 0 {
			out.Header[name] = v
		}
	}
	return out, nil
}

// signable returns what the signer is to sign for out, whose Host is set: what a server sees of it,
// without the headers that may change on the way.
func (t *Transport) signable(out *http.Request) *http.Request {
	path, query, _ := strings.Cut(out.URL.RequestURI(), "?")
	if t.service == serviceS3 {
		path = encodedOnce(path)
	}
	s := &http.Request{
		Method: out.Method, Host: out.Host, ContentLength: max(out.ContentLength, 0), Header: http.Header{},
		// An opaque URL is signed as it stands, where a parsed path would be encoded anew. Without
		// a scheme, the signer leaves the host alone.
		URL: &url.URL{Opaque: "//" + out.Host + path, RawQuery: query},
	}
	if s.Method == "" {
		s.Method = http.MethodGet
	}
	dropped := connectionOptions(out.Header)
	// net/http writes the headers in this order, and two spellings of a name are one on arrival.
	for _, key := range slices.Sorted(maps.Keys(out.Header)) {
		name := textproto.CanonicalMIMEHeaderKey(key)
		if changes(name) || slices.Contains(dropped, name) {
			continue
		}
		s.Header[name] = append(s.Header[name], out.Header[key]...)
	}
	return s
}

// encodedOnce returns the path as Amazon S3 takes it, whichever characters the caller has encoded.
// An encoded slash stays one.
func encodedOnce(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if decoded, err := url.PathUnescape(s); err == nil {
			segments[i] = httpbinding.EscapePath(decoded, true)
		}
	}
	return strings.Join(segments, "/")
}

// changes reports whether a header, in its canonical spelling, is not signed: it is of one
// connection, proxies or tracing change it on the way, or net/http itself makes it.
func changes(name string) bool {
	switch name {
	case "Accept-Encoding", "B3", "Baggage", "Cache-Control", "Connection", "Content-Length", "Expect", "Forwarded", "From", "Host",
		"Keep-Alive", "Max-Forwards", "Pragma", "Referer", "Te", "Trailer", "Transfer-Encoding", "Traceparent", "Tracestate", "Upgrade",
		"User-Agent", "Via", "X-Amzn-Trace-Id", "X-Real-Ip":
		return true
	}
	for _, prefix := range []string{"Proxy-", "Sec-", "X-B3-", "X-Forwarded-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// connectionOptions returns the headers that Connection names: RFC 9110, section 7.6.1.
func connectionOptions(h http.Header) (names []string) {
	for _, line := range h["Connection"] {
		for option := range strings.SplitSeq(line, ",") {
			names = append(names, textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(option)))
		}
	}
	return names
}

// removeSignature takes out what an earlier signature put there, and what this one will.
func removeSignature(h http.Header) {
	for key := range h {
		switch textproto.CanonicalMIMEHeaderKey(key) {
		case authorization, amzDate, securityToken, contentSHA256:
			delete(h, key)
		}
	}
}
