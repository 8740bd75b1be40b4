package sigv4client_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	alice = "arn:aws:iam::111122223333:user/alice"
	rider = "arn:aws:sts::111122223333:assumed-role/Rider/bob"
)

// provider is a provider of the key of a caller.
type provider func(context.Context) (aws.Credentials, error)

func (p provider) Retrieve(ctx context.Context) (aws.Credentials, error) { return p(ctx) }

// keyOf returns the key of a caller, as aws-sdk-go-v2 has it.
func keyOf(s sigv4test.Signer) aws.Credentials {
	c := s.Credential
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.Secret.Reveal(), SessionToken: c.SessionToken.Reveal()}
}

func always(c aws.Credentials) provider {
	return func(context.Context) (aws.Credentials, error) { return c, nil }
}

// site is a service behind the middleware.
type site struct {
	*httptest.Server
	caller   sigv4test.Signer
	spy      *sigv4test.Spy // what reached the handler
	received *sigv4test.Spy // what reached the server, before the middleware
}

// serve starts a service that admits one caller.
func serve(t *testing.T, arn string, change func(*sigv4auth.Config)) *site {
	t.Helper()
	s := &site{caller: sigv4test.NewSigner(arn), spy: &sigv4test.Spy{}}
	cfg := s.caller.Config()
	if change != nil {
		change(&cfg)
		s.caller.Service = cfg.Service
	}
	auth, err := sigv4auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.received = &sigv4test.Spy{Answer: auth.Handler(s.spy).ServeHTTP}
	s.Server = httptest.NewServer(s.received)
	t.Cleanup(s.Close)
	return s
}

// config is of a client of s.
func (s *site) config() sigv4client.Config {
	return sigv4client.Config{
		Credentials: always(keyOf(s.caller)), Region: sigv4test.Region, Service: s.caller.Service, Endpoints: []string{s.URL},
	}
}

func transport(t *testing.T, cfg sigv4client.Config) *sigv4client.Transport {
	t.Helper()
	if cfg.Next == nil {
		next := &http.Transport{}
		t.Cleanup(next.CloseIdleConnections)
		cfg.Next = next
	}
	tr, err := sigv4client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// client returns a client of s with the changes.
func (s *site) client(t *testing.T, change func(*sigv4client.Config)) *http.Client {
	t.Helper()
	cfg := s.config()
	if change != nil {
		change(&cfg)
	}
	return &http.Client{Transport: transport(t, cfg)}
}

// do sends a request and returns its status and its body.
func do(t *testing.T, c *http.Client, r *http.Request) (int, string) {
	t.Helper()
	response, err := c.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer response.Body.Close() //nolint:errcheck // it is read to its end
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// file returns an open file that holds text, at the offset at.
func file(t *testing.T, text string, at int64) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // closed by the transport, normally
	return f
}

// once is a reader that is nothing else.
type once struct{ io.Reader }

// next is a RoundTripper that is a function.
type next func(*http.Request) (*http.Response, error)

func (f next) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
