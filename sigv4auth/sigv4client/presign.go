package sigv4client

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// MaxExpiry is how long a link can be valid, at most: seven days, as AWS has it.
const MaxExpiry = 7 * 24 * time.Hour

// Link is a presigned request: whoever has it can send that one request until it expires, as the
// caller who made it. It is a secret between those two. It prints without its query, and its URL is
// what to hand out.
type Link struct {
	// Method is the method of the request.
	Method string
	// URL holds the signature, and the session token if there is one.
	URL string
	// Header holds the headers that are signed, beside Host. The request must have them as they
	// stand here, Content-Length among them where the length of the body was given. nil: none.
	Header http.Header
	// Expires is when the link, or the credentials that it was made with, expire, whichever comes
	// first. With credentials that Config.Credentials replaces ahead of time it is up to a minute
	// earlier.
	Expires time.Time
}

// String returns the method, the URL without its query, and the expiry.
func (l Link) String() string {
	url, _, _ := strings.Cut(l.URL, "?")
	return fmt.Sprintf("%s %s (presigned, until %s)", l.Method, url, l.Expires.UTC().Format(time.RFC3339))
}

// Format prints what String returns, under any verb.
func (l Link) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.String()) }

// LogValue returns what String does.
func (l Link) LogValue() slog.Value { return slog.GroupValue(slog.String("link", l.String())) }

// Presign makes a link for r, which is not sent: its method, its URL, which must be at one of the
// endpoints, and the headers that whoever uses the link has to send. The link is valid for expires
// from now on, in whole seconds, at least one and at most [MaxExpiry]; the service may accept less
// (sigv4auth.Config.MaxPresignExpiry, where 0 refuses presigned URLs).
//
// Links made with temporary credentials hold the session token, and end with it: see
// [Link.Expires].
//
// For service s3 the signature does not cover the body, which nobody knows yet; the service has to
// accept that (sigv4auth.InsecureUnsigned). For any other service it covers the body of r, which is
// read and closed: none, or the very one that is to be sent. X-Amz-Content-Sha256 says otherwise,
// if r has it, and must then be sent along. A ContentLength above 0 is signed, and with it how long
// an upload is.
//
// The error is an [*Error], or that of r's context. Presign may be called concurrently.
func (t *Transport) Presign(r *http.Request, expires time.Duration) (Link, error) {
	link, err := t.presign(r, expires)
	if err != nil {
		return Link{}, err
	}
	return link, nil
}

func (t *Transport) presign(r *http.Request, expires time.Duration) (Link, error) {
	if r.Body != nil {
		defer r.Body.Close() //nolint:errcheck // it was only read
	}
	switch {
	case expires < time.Second || expires > MaxExpiry || expires%time.Second != 0:
		detail := fmt.Sprintf("a link can be valid for whole seconds up to %v, not %v", MaxExpiry, expires)
		return Link{}, &Error{Reason: ErrExpiry, Detail: detail}
	case r.URL == nil:
		return Link{}, &Error{Reason: ErrRequest, Detail: "the request has no URL"}
	case !t.sendsTo(r.URL):
		return Link{}, otherHost(r.URL)
	case r.Host != "" && !strings.EqualFold(signedHost(r), withoutDefaultPort(r.URL.Scheme, r.URL.Host)):
		return Link{}, &Error{Reason: ErrOtherHost, Detail: fmt.Sprintf("the Host %q is not that of the URL", r.Host)}
	}
	if err := t.checkSignable(r); err != nil {
		return Link{}, err
	}
	digest, length, err := t.linkBody(r)
	if err != nil {
		return Link{}, err
	}
	creds, err := t.retrieve(r.Context())
	if err != nil {
		return Link{}, err
	}
	return t.link(r, &creds, digest, length, expires)
}

// linkBody returns the last line of a link's canonical request, and the length to sign, 0 if none.
func (t *Transport) linkBody(r *http.Request) (digest string, length int64, err error) {
	length = max(r.ContentLength, 0)
	if declared := r.Header.Get(contentSHA256); declared != "" {
		return declared, length, nil
	}
	if t.service == serviceS3 {
		return UnsignedPayload, length, nil
	}
	b := &body{digest: emptyDigest}
	if r.Body == nil || r.Body == http.NoBody {
		return b.digest, length, nil
	}
	if b.length = length; length == 0 {
		b.length = -1
	}
	if err := b.hash(r.Context(), r.Body); err != nil {
		return "", 0, err
	}
	return b.digest, b.length, nil
}

// link signs r, of which everything has been checked.
func (t *Transport) link(r *http.Request, creds *aws.Credentials, digest string, length int64, expires time.Duration) (Link, error) {
	out := r.WithContext(r.Context())
	u := *r.URL
	u.Scheme, u.Host = strings.ToLower(u.Scheme), withoutDefaultPort(u.Scheme, u.Host)
	out.URL, out.Host, out.ContentLength = &u, u.Host, length

	signed := t.signable(out)
	declared := r.Header.Get(contentSHA256)
	removeSignature(signed.Header)
	if declared != "" {
		signed.Header.Set(contentSHA256, declared)
	}
	query := signed.URL.Query()
	query.Set("X-Amz-Expires", strconv.FormatInt(int64(expires/time.Second), 10))
	signed.URL.RawQuery = query.Encode()
	at := t.time()
	text, header, err := t.signer.PresignHTTP(r.Context(), *creds, signed, digest, t.service, t.region, at)
	if err != nil {
		return Link{}, &Error{Reason: ErrRequest, Detail: "the request cannot be signed", Cause: err}
	}
	_, signedQuery, _ := strings.Cut(text, "?")
	path, _, _ := strings.Cut(out.URL.RequestURI(), "?")
	link := Link{
		Method: signed.Method, URL: u.Scheme + "://" + u.Host + path + "?" + signedQuery,
		Expires: at.Truncate(time.Second).Add(expires), // dates have whole seconds
	}
	header.Del("Host")
	if len(header) > 0 {
		link.Header = header
	}
	if creds.CanExpire && creds.Expires.Before(link.Expires) {
		link.Expires = creds.Expires
	}
	return link, nil
}
