package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// Shape says how a program is reached. Its zero value is that of one which serves the notes over
// HTTP: GET and PUT /notes/{id}, GET /healthz, which is open, and POST /crash.
type Shape struct {
	// Do sends a call and returns its answer. nil: [HTTP].
	Do func(t *testing.T, p *Program, c Call) Answer

	// Environment returns what the program's environment has beside NOTES_ADDR and NOTES_DATA. What
	// it starts it also ends, by t.Cleanup. nil: nothing.
	Environment func(t *testing.T, p *Program) []string

	// Ready reports whether the program takes calls. nil: whether it accepts connections.
	Ready func(ctx context.Context, p *Program) bool

	// Redirects says that a ServeMux stands in front of the middleware, which redirects everybody
	// from a path with dot or empty segments, whatever there is.
	Redirects bool

	// Lacks names the cases that the shape has no notion of, and why. A case that is not named
	// runs. The README's table says the same.
	Lacks map[string]string
}

// Operation is what a call asks the service for.
type Operation string

// The operations. A shape that has no methods and paths maps each of them to what it has.
const (
	Read    Operation = "read"
	Write   Operation = "write"
	Health  Operation = "health" // open to everybody
	Crash   Operation = "crash"
	Unknown Operation = "unknown" // of something that the service does not have
)

// Call is one call of the service.
type Call struct {
	Operation Operation
	// As is who signs; nil: nobody.
	As *Caller
	// ID is the note's, as the handler is to see it.
	ID string
	// Segment is ID as it stands in the path, escaped in a way of the case's own; "": in Go's.
	Segment string
	// Body is what is written, and Sent, if set, what is sent once Body was signed.
	Body, Sent []byte
	// Method and Path, if set, are sent in place of the operation's.
	Method, Path string
	// Hostile signs whatever the path is: a client of good will does not sign all of them.
	Hostile bool
}

// Answer is what a call is answered with.
type Answer struct {
	// Status is HTTP's, or the one of it that means what the shape's own says; 0: the connection
	// ended without an answer.
	Status int
	Body   string
	Header http.Header
}

// Served reports whether the handler has answered.
func (a Answer) Served() bool { return a.Status == http.StatusOK }

// Refused reports whether the call was refused for what the caller sent or may not.
func (a Answer) Refused() bool {
	return a.Status == http.StatusBadRequest || a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden
}

// redirects reports whether the answer is a redirect to the path without dot and empty segments.
func (a Answer) redirects() bool {
	to := a.Header.Get("Location")
	return a.Status == http.StatusTemporaryRedirect && strings.HasPrefix(to, "/") && path.Clean(to) == to
}

func (a Answer) String() string { return fmt.Sprintf("%d %.200q", a.Status, a.Body) }

// HTTPTarget returns the method and the path of a call over HTTP, the path escaped.
func (c Call) HTTPTarget() (method, path string) {
	switch c.Operation {
	case Read, Write:
		segment := c.Segment
		if segment == "" {
			segment = url.PathEscape(c.ID)
		}
		method, path = http.MethodGet, "/notes/"+segment
		if c.Operation == Write {
			method = http.MethodPut
		}
	case Health:
		method, path = http.MethodGet, "/healthz"
	case Crash:
		method, path = http.MethodPost, "/crash"
	default:
		method, path = http.MethodGet, "/nothing/of/this"
	}
	if c.Method != "" {
		method = c.Method
	}
	if c.Path != "" {
		path = c.Path
	}
	return method, path
}

// HTTP sends a call over HTTP/1.1, signed by sigv4client, with aws-sdk-go-v2's signer underneath.
func HTTP(t *testing.T, p *Program, c Call) Answer {
	t.Helper()
	return Below("")(t, p, c)
}

// Below returns [HTTP] for a program that has its routes, but for the open one, below a prefix.
func Below(prefix string) func(t *testing.T, p *Program, c Call) Answer {
	return func(t *testing.T, p *Program, c Call) Answer {
		t.Helper()
		method, path := c.HTTPTarget()
		if c.Operation != Health {
			path = prefix + path
		}
		return send(t, p, c, method, path)
	}
}

func send(t *testing.T, p *Program, c Call, method, path string) Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, p.URL()+path, bytes.NewReader(c.Body))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Body) == 0 {
		r.Body, r.ContentLength, r.GetBody = http.NoBody, 0, nil
	}
	res, err := c.As.Transport(t, p.URL(), swap{c.Sent}, c.Hostile).RoundTrip(r)
	if err != nil {
		t.Logf("%s %s: %v", method, path, err)
		return Answer{}
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Logf("%s %s: %v", method, path, err)
		return Answer{Header: res.Header}
	}
	return Answer{Status: res.StatusCode, Body: string(body), Header: res.Header}
}

// Transport returns what signs as c and sends with next, to the endpoint alone; of a nil Caller it
// is next. Both ways are by aws-sdk-go-v2's signer.
func (c *Caller) Transport(t *testing.T, endpoint string, next http.RoundTripper, hostile bool) http.RoundTripper {
	t.Helper()
	if c == nil {
		return next
	}
	if hostile {
		return c.Signer().Transport(next)
	}
	signing, err := sigv4client.New(sigv4client.Config{
		Credentials: c, Region: Region, Service: Service, Endpoints: []string{endpoint}, Next: next,
	})
	if err != nil {
		t.Fatal(err)
	}
	return signing
}

// Signer returns what signs anything as c.
func (c *Caller) Signer() sigv4test.Signer {
	return sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: c.AccessKeyID, Secret: sigv4auth.NewSecret(c.Secret)},
		Region:     Region, Service: Service,
	}
}

// Retrieve makes a Caller a provider of credentials for aws-sdk-go-v2.
func (c *Caller) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.Secret}, nil
}

// swap sends another body than the one that was signed, if it has one.
type swap struct{ body []byte }

func (s swap) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.body != nil {
		r = r.Clone(r.Context())
		r.Body, r.ContentLength, r.GetBody = io.NopCloser(bytes.NewReader(s.body)), int64(len(s.body)), nil
	}
	return http.DefaultTransport.RoundTrip(r)
}

// accepts reports whether somebody listens at p's address.
func accepts(ctx context.Context, p *Program) bool {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// escaped is ID as Go's client sends it in a path, but with a byte of one's own choice escaped too.
func escaped(id string, also string) string {
	segment := url.PathEscape(id)
	for _, c := range []byte(also) {
		segment = strings.ReplaceAll(segment, string(c), fmt.Sprintf("%%%02X", c))
	}
	return segment
}
