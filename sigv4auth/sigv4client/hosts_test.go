package sigv4client_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// isReason reports whether err is an Error for the reason.
func isReason(err error, reason sigv4client.Reason) bool {
	e, ok := errors.AsType[*sigv4client.Error](err)
	return ok && errors.Is(err, reason) && e.Reason == reason && e.Detail != ""
}

// TestNothingSignedLeaves: a redirect to another host, port or scheme gets no signature and no
// session token, whatever the status and the method; by default it gets nothing at all.
func TestNothingSignedLeaves(t *testing.T) {
	t.Parallel()
	var stranger sigv4test.Spy
	other := httptest.NewServer(&stranger)
	defer other.Close()
	to := ""
	s := serve(t, rider, nil)
	s.spy.Answer = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, statusOf(r)) }
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, target := range []string{
			other.URL + "/x", strings.Replace(other.URL, "127.0.0.1", "localhost", 1), "//" + strings.TrimPrefix(other.URL, "http://"),
		} {
			to = target
			url := fmt.Sprintf("%s/prod?status=%d", s.URL, status)
			_, err := s.client(t, nil).Do(request(t, "POST", url, strings.NewReader("x")))
			if !isReason(err, sigv4client.ErrOtherHost) {
				t.Errorf("%d to %s: %v", status, to, err)
			}
			if n := len(stranger.Seen()); n != 0 {
				t.Fatalf("%d to %s: %d requests left", status, to, n)
			}
			c := s.client(t, func(c *sigv4client.Config) { c.OtherHosts = http.DefaultTransport })
			if got, _ := do(t, c, request(t, "POST", url, strings.NewReader("x"))); got != http.StatusOK || len(stranger.Seen()) != 1 {
				t.Errorf("%d to %s: %d, with OtherHosts", status, to, got)
			}
			for _, seen := range stranger.Seen() {
				for name := range seen.Request.Header {
					if name == "Authorization" || strings.HasPrefix(name, "X-Amz-") {
						t.Errorf("%d to %s: the other host got %s", status, to, name)
					}
				}
			}
			stranger.Forget()
		}
	}
}

func statusOf(r *http.Request) (status int) {
	_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status) // 0 panics, and the test fails
	return status
}

// TestNoSignatureInTheClear: an endpoint over https is none over http.
func TestNoSignatureInTheClear(t *testing.T) {
	t.Parallel()
	caller := sigv4test.NewSigner(rider)
	sent := 0
	tr := transport(t, sigv4client.Config{
		Credentials: always(keyOf(caller)), Region: sigv4test.Region, Service: sigv4test.Service,
		Endpoints: []string{"https://api.example.com"},
		Next: next(func(r *http.Request) (*http.Response, error) {
			sent++
			w := httptest.NewRecorder()
			http.Redirect(w, r, "http://api.example.com/prod", http.StatusFound)
			return w.Result(), nil
		}),
	})
	_, err := (&http.Client{Transport: tr}).Do(request(t, "GET", "https://api.example.com/prod", nil))
	if !isReason(err, sigv4client.ErrOtherHost) || sent != 1 {
		t.Errorf("%v, %d sent", err, sent)
	}
}

// TestHostOfAnother: a request to an endpoint cannot carry a signature for a host that is none; for
// one that is, it can.
func TestHostOfAnother(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	r := request(t, "GET", s.URL, nil)
	r.Host = "payments.example.com"
	if _, err := s.client(t, nil).Do(r); !isReason(err, sigv4client.ErrOtherHost) || len(s.received.Seen()) != 0 {
		t.Errorf("%v, and %d requests were sent", err, len(s.received.Seen()))
	}
	c := s.client(t, func(c *sigv4client.Config) { c.Endpoints = append(c.Endpoints, "https://payments.example.com") })
	if status, text := do(t, c, r); status != http.StatusOK || s.spy.Seen()[0].Request.Host != r.Host {
		t.Error(status, text)
	}
}

// TestRedirectWithin: a redirect within the endpoints is signed anew, with its body where the
// status says so, and without a digest of a body that is dropped.
func TestRedirectWithin(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	s.spy.Answer = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/from" {
			http.Redirect(w, r, "/to?a=1", statusOf(r))
		}
	}
	for _, tt := range []struct {
		status int
		want   string
	}{{302, "GET "}, {303, "GET "}, {307, "PUT body"}, {308, "PUT body"}} {
		s.spy.Forget()
		r := request(t, "PUT", fmt.Sprintf("%s/from?status=%d", s.URL, tt.status), strings.NewReader("body"))
		r.Header.Set("X-Amz-Content-Sha256", "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5") // of "body"
		status, text := do(t, s.client(t, nil), r)
		seen := s.spy.Seen()
		if status != http.StatusOK || len(seen) != 2 || seen[1].Request.Method+" "+string(seen[1].Body) != tt.want {
			t.Errorf("%d: %d %s, %d requests", tt.status, status, text, len(seen))
		}
	}
}

// TestZeroTransport: it refuses every request and every link.
func TestZeroTransport(t *testing.T) {
	t.Parallel()
	var zero sigv4client.Transport
	w := newWatched("body")
	if _, err := zero.RoundTrip(withBody(t, "https://api.example.com", w)); !isReason(err, sigv4client.ErrOtherHost) || !w.closed.Load() {
		t.Error(err)
	}
	if _, err := zero.Presign(request(t, "GET", "https://api.example.com", nil), time.Minute); !isReason(err, sigv4client.ErrOtherHost) {
		t.Error(err)
	}
	zero.CloseIdleConnections()
}

// idle is a RoundTripper that counts how often its connections are closed.
type idle struct {
	http.RoundTripper
	closed int
}

func (i *idle) CloseIdleConnections() { i.closed++ }

// TestCloseIdleConnections: that of an http.Client reaches both RoundTrippers.
func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	var to, others idle
	s.client(t, func(c *sigv4client.Config) { c.Next, c.OtherHosts = &to, &others }).CloseIdleConnections()
	if to.closed != 1 || others.closed != 1 {
		t.Errorf("%d and %d", to.closed, others.closed)
	}
}

// TestConfigErrors: every mistake at once, each with its field.
func TestConfigErrors(t *testing.T) {
	t.Parallel()
	_, err := sigv4client.New(sigv4client.Config{
		Region: "us east", Retries: 11,
		Endpoints: []string{
			"api.example.com", "ftp://api.example.com", "https://", "https://:443", "https://user:hunter2@api.example.com", "https://api.example.com/prod",
			"https://api.example.com?a", "https://*.example.com", "https://[fe80::1%25en0]", "https://bücher.example", "https://a b",
		},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"Config.Credentials is required", "Config.Region must", "Config.Service must", "Config.Retries must"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	for i := range 11 {
		if field := fmt.Sprintf("Config.Endpoints[%d] ", i); !strings.Contains(err.Error(), field) {
			t.Errorf("no %q in %v", field, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("a password in the error")
	}
	if _, ok := errors.AsType[*sigv4client.ConfigError](err); !ok {
		t.Errorf("%T", err)
	}
	if _, err := sigv4client.New(sigv4client.Config{}); err == nil || !strings.Contains(err.Error(), "Config.Endpoints is required") {
		t.Error(err)
	}
}
