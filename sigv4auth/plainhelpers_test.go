package sigv4auth_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// plainMode is a way in which a body that is not in chunks is read by the handler as it arrives.
type plainMode struct {
	name    string
	payload sigv4test.Payload
	presign time.Duration
	config  func(*sigv4auth.Config)
}

func unsignedConfig(c *sigv4auth.Config) {
	c.Service, c.Path, c.Payloads, c.MaxPresignExpiry = "s3", sigv4auth.PathS3, sigv4auth.InsecureUnsigned, time.Hour
}

var plainModes = []plainMode{
	{"unsigned", sigv4test.Unsigned, 0, unsignedConfig},
	{"unsigned, presigned", sigv4test.Unsigned, time.Minute, unsignedConfig},
	{"digest, presigned, streamed", sigv4test.DeclaredDigest, time.Minute, streamedConfig},
	{"digest, streamed", sigv4test.DeclaredDigest, 0, streamedConfig},
}

func streamedConfig(c *sigv4auth.Config) {
	c.Service, c.Path, c.MaxPresignExpiry, c.Body = "s3", sigv4auth.PathS3, time.Hour, delivers(sigv4auth.BodyStreamed)
}

// delivers is a Config.Body for all requests.
func delivers(d sigv4auth.BodyDelivery) func(*http.Request) sigv4auth.BodyDelivery {
	return func(*http.Request) sigv4auth.BodyDelivery { return d }
}

// verified reports whether there is a right body and a wrong one.
func (m plainMode) verified() bool { return m.payload != sigv4test.Unsigned }

// sign signs r at the instant, for the session.
func (m plainMode) sign(r *http.Request, at time.Time) *http.Request {
	return sigv4test.Signer{
		Credential: session(), Region: testRegion, Service: "s3", Presign: m.presign, Payload: m.payload,
		Now: sigv4test.NewClock(at).Now,
	}.Sign(r)
}

// upload is a request as a server receives it. It was signed with a body of data, and without its
// Content-Length; more are headers.
func (m plainMode) upload(data string, more ...string) *http.Request {
	r := request("PUT", "/bucket/key", data)
	for i := 0; i < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
	}
	r.ContentLength = -1
	m.sign(r, testNow)
	r.ContentLength = int64(len(data))
	return r
}

// arrives gives r another body than it was signed with, of a length that is declared or not.
func arrives(r *http.Request, body string, declared bool) *http.Request {
	r.Body = io.NopCloser(strings.NewReader(body))
	r.ContentLength = -1
	if declared {
		r.ContentLength = int64(len(body))
	}
	return r
}

// authenticator accepts what m signs.
func (m plainMode) authenticator(tb testing.TB, change func(*sigv4auth.Config)) *sigv4auth.Authenticator {
	tb.Helper()
	return newAuthenticator(tb, func(c *sigv4auth.Config) {
		m.config(c)
		c.Credentials = sigv4auth.StaticCredentials(session())
		if change != nil {
			change(c)
		}
	})
}
