package sigv4client_test

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// follow sends the request that a link stands for, as somebody who has nothing but the link.
func follow(t *testing.T, link sigv4client.Link, body string) (int, string) {
	t.Helper()
	r := request(t, link.Method, link.URL, nil)
	if body != "" {
		r = request(t, link.Method, link.URL, strings.NewReader(body))
	}
	maps.Copy(r.Header, link.Header)
	return do(t, http.DefaultClient, r)
}

// TestPresign: links are admitted by the middleware as they are made, with and without a session
// token, until they expire, and for their own request alone.
func TestPresign(t *testing.T) {
	t.Parallel()
	clock := sigv4test.NewClock(time.Now().Truncate(time.Second))
	for _, service := range []struct {
		name   string
		change func(*sigv4auth.Config)
	}{
		{"execute-api", func(c *sigv4auth.Config) { c.MaxPresignExpiry, c.Now = time.Hour, clock.Now }},
		{"s3", func(c *sigv4auth.Config) {
			s3(c)
			c.MaxPresignExpiry, c.Now, c.Payloads = time.Hour, clock.Now, sigv4auth.InsecureUnsigned
		}},
	} {
		for _, arn := range []string{alice, rider} {
			s := serve(t, arn, service.change)
			cfg := s.config()
			cfg.Now = clock.Now
			tr := transport(t, cfg)
			for _, tt := range []struct {
				method, target, body string
				header               http.Header
			}{
				{"GET", "", "", nil},
				{"GET", "/prod/a%20b%2Fc/%C3%BC~'()*?z=1&a=2&a=1&b&c=%2F+x", "", nil},
				{"HEAD", "/prod/ride", "", nil},
				{"DELETE", "/prod/ride", "", nil},
				{"PUT", "/prod/ride", "an upload", nil},
				{"PUT", "/prod/ride", "an upload", http.Header{"Content-Type": {"text/plain"}, "X-Amz-Trip": {"1"}, "User-Agent": {"x"}}},
			} {
				r := request(t, tt.method, s.URL+tt.target, nil)
				if tt.body != "" && service.name != "s3" {
					r = request(t, tt.method, s.URL+tt.target, strings.NewReader(tt.body))
				}
				maps.Copy(r.Header, tt.header)
				link, err := tr.Presign(r, time.Minute)
				if err != nil {
					t.Errorf("%s %s: %v", tt.method, tt.target, err)
					continue
				}
				s.spy.Forget()
				if status, text := follow(t, link, tt.body); status != http.StatusOK {
					t.Errorf("%s, %s, %s %s: %d %s", service.name, arn, tt.method, tt.target, status, text)
					continue
				}
				seen := s.spy.Seen()[0]
				id := seen.Identity
				if string(seen.Body) != tt.body || id.Principal.ARN != arn || id.SignatureLocation != sigv4auth.InQuery {
					t.Errorf("%s, %s: %q by %s", service.name, tt.target, seen.Body, id.Principal.ARN)
				}
				if _, ok := link.Header["User-Agent"]; ok || link.Header.Get("X-Amz-Trip") != tt.header.Get("X-Amz-Trip") {
					t.Errorf("the headers to send are %v", link.Header)
				}
				if want := clock.Now().Add(time.Minute); !link.Expires.Equal(want) {
					t.Errorf("expires at %v; want %v", link.Expires, want)
				}

				other := link
				other.URL = strings.Replace(link.URL, s.URL, s.URL+"/other", 1)
				if status, _ := follow(t, other, tt.body); status != http.StatusForbidden {
					t.Errorf("%s: another path: %d", tt.target, status)
				}
				clock.Advance(time.Minute)
				if status, text := follow(t, link, tt.body); status != http.StatusOK {
					t.Errorf("%s: at its last second: %d %s", tt.target, status, text)
				}
				clock.Advance(time.Second)
				if status, _ := follow(t, link, tt.body); status != http.StatusForbidden {
					t.Errorf("%s: expired: %d", tt.target, status)
				}
			}
		}
	}
}

// TestPresignForOneBody: for other services than s3 a link is for one body; a length, where it is
// given, is signed too.
func TestPresignForOneBody(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, func(c *sigv4auth.Config) { c.MaxPresignExpiry = time.Hour })
	tr := transport(t, s.config())
	w := newWatched("body")
	link, err := tr.Presign(withBody(t, s.URL, streamed{w}), time.Minute)
	if err != nil || !w.closed.Load() {
		t.Fatal(err, w.closed.Load())
	}
	for body, want := range map[string]int{"body": 200, "BODY": 403, "": 403} {
		if status, _ := follow(t, link, body); status != want {
			t.Errorf("%q: %d; want %d", body, status, want)
		}
	}
	sized := serve(t, alice, func(c *sigv4auth.Config) {
		s3(c)
		c.MaxPresignExpiry, c.Payloads = time.Hour, sigv4auth.InsecureUnsigned
	})
	r := request(t, "PUT", sized.URL, nil)
	r.ContentLength = 4
	if link, err = transport(t, sized.config()).Presign(r, time.Minute); err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]int{"body": 200, "BODY": 200, "longer": 403} {
		if status, text := follow(t, link, body); status != want {
			t.Errorf("%q: %d %s; want %d", body, status, text, want)
		}
	}
	if got := link.Header.Get("Content-Length"); got != "4" {
		t.Errorf("Content-Length %q is to be sent", got)
	}
	// The caller can say otherwise: an upload that nobody knows yet, where the service accepts it.
	open := serve(t, alice, func(c *sigv4auth.Config) { c.MaxPresignExpiry, c.Payloads = time.Hour, sigv4auth.InsecureUnsigned })
	r = request(t, "PUT", open.URL, nil)
	r.Header.Set("X-Amz-Content-Sha256", sigv4client.UnsignedPayload)
	if link, err = transport(t, open.config()).Presign(r, time.Minute); err != nil {
		t.Fatal(err)
	}
	if status, text := follow(t, link, "whatever"); status != http.StatusOK {
		t.Error(status, text)
	}
}

// TestPresignRefused: what no link is made for, and why.
func TestPresignRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, rider, nil)
	tr := transport(t, s.config())
	otherHost := request(t, "GET", s.URL, nil)
	otherHost.Host = "payments.example.com"
	for _, tt := range []struct {
		name    string
		r       *http.Request
		expires time.Duration
		want    sigv4client.Reason
	}{
		{"no time", request(t, "GET", s.URL, nil), 0, sigv4client.ErrExpiry},
		{"negative", request(t, "GET", s.URL, nil), -time.Second, sigv4client.ErrExpiry},
		{"part of a second", request(t, "GET", s.URL, nil), 1500 * time.Millisecond, sigv4client.ErrExpiry},
		{"more than a week", request(t, "GET", s.URL, nil), sigv4client.MaxExpiry + time.Second, sigv4client.ErrExpiry},
		{"another host", request(t, "GET", "http://payments.example.com", nil), time.Minute, sigv4client.ErrOtherHost},
		{"the Host of another", otherHost, time.Minute, sigv4client.ErrOtherHost},
		{"presigned already", request(t, "GET", s.URL+"?X-Amz-Expires=1", nil), time.Minute, sigv4client.ErrRequest},
		{"a dot segment", request(t, "GET", s.URL+"/a/../b", nil), time.Minute, sigv4client.ErrRequest},
		{"no URL", &http.Request{}, time.Minute, sigv4client.ErrRequest},
		{"a body that fails", request(t, "PUT", s.URL, failing{context.DeadlineExceeded}), time.Minute, sigv4client.ErrBody},
	} {
		link, err := tr.Presign(tt.r, tt.expires)
		if !isReason(err, tt.want) || link.URL != "" {
			t.Errorf("%s: %v, %v", tt.name, link, err)
		}
	}
	for _, expires := range []time.Duration{time.Second, sigv4client.MaxExpiry} {
		if link, err := tr.Presign(request(t, "GET", s.URL, nil), expires); err != nil || !strings.Contains(link.URL, "X-Amz-Expires=") {
			t.Error(expires, err)
		}
	}
}

// TestLinkEndsWithItsCredentials: a link is not said to be valid for longer than the session token
// that it holds; and it is made with the corrected clock.
func TestLinkEndsWithItsCredentials(t *testing.T) {
	t.Parallel()
	s := serve(t, rider, func(c *sigv4auth.Config) { c.MaxPresignExpiry = time.Hour })
	ends := time.Now().Add(10 * time.Minute).Truncate(time.Second)
	cfg := s.config()
	cfg.Credentials = provider(func(context.Context) (aws.Credentials, error) {
		k := keyOf(s.caller)
		k.CanExpire, k.Expires = true, ends
		return k, nil
	})
	cfg.Now = func() time.Time { return time.Now().Add(30 * time.Minute) }
	tr := transport(t, cfg)
	if status, text := do(t, &http.Client{Transport: tr}, request(t, "GET", s.URL, nil)); status != http.StatusOK { // corrects the clock
		t.Fatal(status, text)
	}
	link, err := tr.Presign(request(t, "GET", s.URL, nil), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if link.Expires.After(ends) || link.Expires.Before(ends.Add(-time.Minute-time.Second)) {
		t.Errorf("expires at %v, its credentials at %v", link.Expires, ends)
	}
	if status, text := follow(t, link, ""); status != http.StatusOK {
		t.Error(status, text)
	}
}
