package sigv4client_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// FuzzAdmitted: a request is refused before it is sent, or is admitted by the middleware as it
// arrives, with the same path, query, header and body; a link for it likewise.
func FuzzAdmitted(f *testing.F) {
	for _, seed := range []struct{ path, query, header, body string }{
		{"", "", "", ""},
		{"/prod/ride", "a=1&b=2", "text/plain", "{}"},
		{"/prod/a b/%2F/ü~'()*!;=:@&$+,", "z&a=%2F+%20&a=&=x&ü", " a  b\t", "\x00"},
		{"/a//b/./..", "a=%zz;", "caf\xe9", "x"},
		{"//", "?", "\xff", ""},
		{"/a%2e/%2e%2e/%", "%", "x", ""},
		{"0", "0", "0\n0", "0"},
		{"0", "", "0\t0", "0"},
	} {
		f.Add(seed.path, seed.query, seed.header, seed.body, false)
		f.Add(seed.path, seed.query, seed.header, seed.body, true)
	}
	caller := sigv4test.NewSigner(rider)
	f.Fuzz(func(t *testing.T, path, query, header, body string, isS3 bool) {
		cfg := caller.Config()
		cfg.MaxPresignExpiry, cfg.MaxBodyBytes = time.Hour, 1<<20
		if cfg.Payloads = sigv4auth.InsecureUnsigned; isS3 {
			s3(&cfg)
		}
		auth, err := sigv4auth.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var spy sigv4test.Spy
		send := next(func(r *http.Request) (*http.Response, error) {
			var wire bytes.Buffer
			if err := r.Write(&wire); err != nil {
				return nil, err
			}
			in, err := http.ReadRequest(bufio.NewReader(&wire))
			if err != nil {
				return nil, err // net/http's server would refuse it too
			}
			w := httptest.NewRecorder()
			auth.Handler(&spy).ServeHTTP(w, in)
			return w.Result(), nil
		})
		tr, err := sigv4client.New(sigv4client.Config{
			Credentials: always(keyOf(caller)), Region: cfg.Region, Service: cfg.Service, Next: send,
			Endpoints: []string{"http://api.example.com"},
		})
		if err != nil {
			t.Fatal(err)
		}
		u := &url.URL{Scheme: "http", Host: "api.example.com", RawQuery: query}
		if path != "" {
			// A request from elsewhere, whose path is taken as it is written, or as text.
			if parsed, err := url.Parse("http://api.example.com/" + path); err == nil && parsed.Host == u.Host {
				u.Path, u.RawPath = parsed.Path, parsed.RawPath
			} else {
				u.Path = "/" + path
			}
		}
		for _, presign := range []bool{false, true} {
			spy.Forget()
			r := &http.Request{Method: "PUT", URL: u, Body: io.NopCloser(strings.NewReader(body))}
			r.Header = http.Header{"X-Fuzz": {header}, "X-Amz-Meta-Fuzz": {header, "2"}}
			if presign && isS3 {
				r.Body = nil
			}
			var response *http.Response
			if presign {
				var link sigv4client.Link
				if link, err = tr.Presign(r.WithContext(t.Context()), time.Minute); err == nil {
					r, err = http.NewRequestWithContext(t.Context(), link.Method, link.URL, strings.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					r.Header = link.Header.Clone()
					response, err = send(r)
				}
			} else {
				response, err = tr.RoundTrip(r.WithContext(t.Context()))
			}
			if err != nil {
				continue
			}
			if response.StatusCode == http.StatusBadRequest {
				continue // what the middleware refuses whoever signed it, such as control characters
			}
			if response.StatusCode != http.StatusOK {
				text, _ := io.ReadAll(response.Body)
				t.Fatalf("%q: %d %s", r.URL, response.StatusCode, text)
			}
			seen := spy.Seen()[0]
			if got := seen.Request.Header.Get("X-Fuzz"); strings.TrimSpace(got) != strings.TrimSpace(header) || string(seen.Body) != body {
				t.Errorf("%q %q; want %q %q", got, seen.Body, header, body)
			}
			if got := seen.Request.URL.Path; got != u.Path && u.Path != "" {
				t.Errorf("the path is %q; want %q", got, u.Path)
			}
		}
	})
}
