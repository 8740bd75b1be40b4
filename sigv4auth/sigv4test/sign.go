package sigv4test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

const (
	serviceS3       = "s3" // it alone signs paths encoded once, and presigns bodies that nobody knows yet
	unsignedPayload = "UNSIGNED-PAYLOAD"
	contentSHA256   = "X-Amz-Content-Sha256"
)

// Sign signs r and returns it. r is a request as a server receives it, which
// [net/http/httptest.NewRequest] makes, or one that a client is about to send. What was signed
// before is signed anew.
//
// Of the path and the query, what goes over the wire is signed; only presigning rewrites the query,
// sorted and encoded. All headers are signed but for those that aws-sdk-go-v2 leaves out, such as
// User-Agent; set them before. If r has an X-Amz-Content-Sha256 and Payload is Digest, its value is
// signed as it is, whatever the body.
//
// Sign panics if s has no key or the body cannot be read.
func (s Signer) Sign(r *http.Request) *http.Request {
	if err := s.sign(r); err != nil {
		panic(err)
	}
	return r
}

func (s Signer) sign(r *http.Request) error {
	if s.Credential.AccessKeyID == "" || s.Credential.Secret.IsZero() {
		return fmt.Errorf("sigv4test: the Signer has no key; NewSigner makes one")
	}
	if s.Presign < 0 || s.Presign%time.Second != 0 {
		return fmt.Errorf("sigv4test: Signer.Presign must be whole seconds, not %v", s.Presign)
	}
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
		r.Header.Del(name)
	}
	digest, err := s.payload(r)
	if err != nil {
		return err
	}
	received := r.RequestURI != ""
	if received && r.ContentLength > 0 {
		// The signer signs it, and net/http's server, other than its client, has it in the header.
		r.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}

	out, origin, path := s.outgoing(r)
	at := time.Now()
	if s.Now != nil {
		at = s.Now()
	}
	creds := aws.Credentials{
		AccessKeyID: s.Credential.AccessKeyID, SecretAccessKey: s.Credential.Secret.Reveal(),
		SessionToken: s.Credential.SessionToken.Reveal(),
	}
	sdk := signer.NewSigner(func(o *signer.SignerOptions) {
		o.DisableURIPathEscaping = s.Service == serviceS3
		o.DisableHeaderHoisting = true // r's headers stay headers
	})
	if s.Presign == 0 {
		if err := sdk.SignHTTP(context.Background(), creds, out, digest, s.Service, s.Region, at); err != nil {
			return fmt.Errorf("sigv4test: %w", err)
		}
		r.Header = out.Header
		return nil
	}
	q := unsignedQuery(out.URL)
	q.Set("X-Amz-Expires", strconv.FormatInt(int64(s.Presign/time.Second), 10))
	out.URL.RawQuery = q.Encode()
	signed, _, err := sdk.PresignHTTP(context.Background(), creds, out, digest, s.Service, s.Region, at)
	if err != nil {
		return fmt.Errorf("sigv4test: %w", err)
	}
	_, r.URL.RawQuery, _ = strings.Cut(signed, "?")
	if received {
		r.RequestURI = origin + path + "?" + r.URL.RawQuery
	}
	return nil
}

// outgoing returns the request that the SDK's signer is given for r, with the path and query that r
// has on the wire. origin is the scheme and the host that the target begins with if it is in
// absolute form.
func (s Signer) outgoing(r *http.Request) (out *http.Request, origin, path string) {
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI()
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	path, query, _ := strings.Cut(target, "?")
	if scheme, rest, absolute := strings.Cut(path, "://"); absolute && !strings.HasPrefix(path, "/") {
		authority, _, _ := strings.Cut(rest, "/")
		origin = scheme + "://" + authority
		path = path[len(origin):]
	}
	canonical := path
	if s.Service == serviceS3 {
		canonical = encodedOnce(path)
	}
	out = r.Clone(r.Context())
	out.Host = host
	// An opaque URL is signed as it stands, where a parsed path would be encoded anew. Without a
	// scheme, the signer leaves the host's port alone.
	out.URL = &url.URL{Opaque: "//" + host + canonical, RawQuery: query}
	return out, origin, path
}

// encodedOnce returns the path as Amazon S3 takes it, whichever characters the client has encoded.
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

// unsignedQuery returns the query without what an earlier signature put there.
func unsignedQuery(u *url.URL) url.Values {
	q := u.Query()
	for _, name := range []string{"Algorithm", "Credential", "Date", "SignedHeaders", "Signature", "Security-Token"} {
		q.Del("X-Amz-" + name)
	}
	return q
}

// payload returns the last line of the canonical request, and sets the header that declares it.
func (s Signer) payload(r *http.Request) (string, error) {
	if s.Payload == Unsigned {
		if s.Presign > 0 && s.Service == serviceS3 {
			r.Header.Del(contentSHA256) // it goes without saying
		} else {
			r.Header.Set(contentSHA256, unsignedPayload)
		}
		return unsignedPayload, nil
	}
	if declared := r.Header.Get(contentSHA256); declared != "" && s.Payload == Digest {
		return declared, nil
	}
	body, err := readBody(r)
	if err != nil {
		return "", fmt.Errorf("sigv4test: reading the body: %w", err)
	}
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	if s.Payload == DeclaredDigest || s.Service == serviceS3 {
		r.Header.Set(contentSHA256, digest)
	}
	return digest, nil
}

// readBody reads the body, and puts it back.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	if r.RequestURI == "" {
		r.ContentLength = int64(len(body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		r.Body = http.NoBody
	}
	return body, nil
}
