package sigv4client_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

func s3(c *sigv4auth.Config) { c.Service, c.Path = "s3", sigv4auth.PathS3 }

// TestAdmitted: what a Transport signs is admitted by the middleware, and reaches the handler as it
// was made: paths with escapes, queries in any order, repeated headers, bodies of each kind, with
// and without a session token.
func TestAdmitted(t *testing.T) {
	t.Parallel()
	for _, service := range []struct {
		name   string
		change func(*sigv4auth.Config)
	}{{"execute-api", nil}, {"s3", s3}} {
		for _, arn := range []string{alice, rider} {
			s := serve(t, arn, service.change)
			c := s.client(t, nil)
			for _, tt := range []struct {
				method, target string
				body           io.Reader
				header         http.Header
				want           string
			}{
				{"GET", "", nil, nil, ""},
				{"GET", "/", nil, nil, ""},
				{"GET", "/prod/rides", nil, nil, ""},
				{"HEAD", "/prod/rides/", nil, nil, ""},
				{"DELETE", "/prod/a%20b%2Fc%2520d/%C3%BC~'()*!;=:@&$+,", nil, nil, ""},
				{"GET", "/prod/ride?z=1&a=2&a=1&A=&b&c=%2F+%20~'()*&%C3%BC=", nil, nil, ""},
				{"GET", "/prod/ride?a=a/b&a=a-b", nil, nil, ""},
				{"POST", "/prod/ride", strings.NewReader(`{"a":1}`), nil, `{"a":1}`},
				{"POST", "/prod/ride", strings.NewReader(""), nil, ""},
				{"PUT", "/prod/ride", file(t, "skipped, and sent", 9), nil, "and sent"},
				{"PUT", "/prod/ride", once{strings.NewReader("read once")}, nil, "read once"},
				{"PUT", "/prod/ride", once{strings.NewReader("")}, nil, ""},
				{"PATCH", "/prod/ride", strings.NewReader("x"), http.Header{
					"X-Two": {"a  b ", "c"}, "Content-Type": {"application/json"}, "X-Amz-Meta-A": {"1"}, "x-lower": {"2"}, "X-LOWER": {"3"},
					"Accept-Encoding": {"br"}, "Cookie": {"a=1; b=2"}, "X-Latin": {"caf\xe9"}, "X-Empty": {""}, "Host": {"other.example"},
				}, "x"},
				{"GET", "/prod/ride", nil, http.Header{
					"Authorization": {"Bearer old"}, "X-Amz-Date": {"20200101T000000Z"}, "X-Amz-Security-Token": {"old"},
					"X-Amz-Content-Sha256": {strings.Repeat("0", 64)}, // of a body that is not sent any more
				}, ""},
			} {
				r := request(t, tt.method, s.URL+tt.target, tt.body)
				if tt.header != nil {
					r.Header = tt.header.Clone()
				}
				s.spy.Forget()
				if status, text := do(t, c, r); status != http.StatusOK {
					t.Errorf("%s, %s, %s %s: %d %s", service.name, arn, tt.method, tt.target, status, text)
					continue
				}
				seen := s.spy.Seen()[0]
				if got := string(seen.Body); got != tt.want || seen.Identity.Principal.ARN != arn {
					t.Errorf("%s, %s %s: %q by %s; want %q", service.name, tt.method, tt.target, got, seen.Identity.Principal.ARN, tt.want)
				}
				if want := r.URL.RequestURI(); seen.Request.RequestURI != want {
					t.Errorf("%s: %q was sent; want %q", service.name, seen.Request.RequestURI, want)
				}
				if got, want := r.Header.Get("Authorization"), tt.header.Get("Authorization"); got != want {
					t.Errorf("%s: the caller's request was changed", tt.target)
				}
			}
		}
	}
}

// TestAdmittedByS3: keys that other services refuse.
func TestAdmittedByS3(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, s3)
	c := s.client(t, nil)
	for _, target := range []string{"/bucket/a//b", "/bucket/./x/../y", "/bucket/a%2fb", "/bucket/a%41", "//"} {
		r := request(t, "GET", s.URL+target, nil)
		if status, text := do(t, c, r); status != http.StatusOK {
			t.Errorf("%s: %d %s", target, status, text)
		}
	}
}

// TestNotSignable: what no signature would be right for is refused before anything is sent, and the
// error says why.
func TestNotSignable(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	c := s.client(t, nil)
	for _, tt := range []struct{ name, target, says string }{
		{"an empty segment", "/prod//ride", "empty or a dot segment"},
		{"a dot segment", "/prod/./ride", "empty or a dot segment"},
		{"a dot segment at the end", "/prod/..", "empty or a dot segment"},
		{"a percent sign alone", "/prod?a=%", "cannot be parsed"},
		{"a semicolon", "/prod?a=1;b=2", "cannot be parsed"},
		{"a presigned URL", "/prod?X-Amz-Signature=00", "presigned"},
		{"a session token in the query", "/prod?x-amz-security-token=00", "presigned"},
	} {
		_, err := c.Do(request(t, "GET", s.URL+tt.target, nil))
		if !isReason(err, sigv4client.ErrRequest) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	opaque := request(t, "GET", s.URL, nil)
	opaque.URL.Opaque = "//" + opaque.URL.Host + "/x"
	declared := request(t, "PUT", s.URL, strings.NewReader("x"))
	declared.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
	tab, line := request(t, "GET", s.URL, nil), request(t, "GET", s.URL, nil)
	tab.Header.Set("X-Note", "a\tb")
	line.Header.Set("X-Note", "a\nb")
	for _, r := range []*http.Request{opaque, declared, tab, line, {Method: "GET"}} {
		if _, err := transport(t, s.config()).RoundTrip(r); !isReason(err, sigv4client.ErrRequest) {
			t.Errorf("%v: %v", r.URL, err)
		}
	}
	if n := len(s.received.Seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestHeadersThatProxiesChange: a proxy may change what belongs to a connection, and what proxies
// and tracing change; the rest is signed.
func TestHeadersThatProxiesChange(t *testing.T) {
	t.Parallel()
	changed := []string{
		"Accept-Encoding", "B3", "Baggage", "Cache-Control", "Forwarded", "From", "Max-Forwards", "Pragma", "Referer", "Traceparent",
		"Tracestate", "User-Agent", "Via", "X-Amzn-Trace-Id", "X-Real-Ip", "Sec-Fetch-Mode", "X-B3-Traceid", "X-Forwarded-For",
		"X-Forwarded-Proto", "X-Hop",
	}
	kept := []string{"Content-Type", "Accept", "Cookie", "X-Custom", "Range", "If-Match", "X-Amz-Meta-A"}
	s := serve(t, alice, nil)
	back, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(back)
		r.Out.Host = r.In.Host
		for _, name := range changed {
			r.Out.Header.Set(name, "changed")
		}
	}})
	defer proxy.Close()
	c := s.client(t, func(c *sigv4client.Config) { c.Endpoints = []string{proxy.URL} })
	r := request(t, "POST", proxy.URL+"/prod", strings.NewReader("x"))
	for _, name := range changed {
		r.Header.Set(name, "as it was")
	}
	for _, name := range kept {
		r.Header.Set(name, "bytes=0-1")
	}
	kept = append(kept, "X-Amz-Date", "X-Amz-Content-Sha256", "Content-Length")
	for name, value := range map[string]string{
		"Connection": "x-hop, Keep-Alive", "Te": "trailers", "Keep-Alive": "1", "Proxy-Connection": "close",
	} {
		r.Header.Set(name, value)
	}
	if status, text := do(t, c, r); status != http.StatusOK {
		t.Fatal(status, text)
	}
	seen := s.spy.Seen()[0]
	for _, name := range changed {
		if seen.Identity.Signed(name) {
			t.Errorf("%s is signed", name)
		}
	}
	for _, name := range kept {
		if !seen.Identity.Signed(name) {
			t.Errorf("%s is not signed", name)
		}
	}
}

// TestDefaultPort: the host is signed as proxies and browsers have it.
func TestDefaultPort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ endpoint, url, want string }{
		{"https://api.example.com", "https://api.example.com:443/x", "api.example.com"},
		{"https://API.example.com:443/", "https://api.EXAMPLE.com/x", "api.EXAMPLE.com"},
		{"http://api.example.com", "HTTP://api.example.com:80/x", "api.example.com"},
		{"https://api.example.com:80", "https://api.example.com:80/x", "api.example.com:80"},
		{"https://[::1]:443", "https://[::1]/x", "[::1]"},
		{"https://[::1]", "https://[::1]:443/x", "[::1]"},
	} {
		caller := sigv4test.NewSigner(alice)
		auth, err := sigv4auth.New(caller.Config())
		if err != nil {
			t.Fatal(err)
		}
		tr := transport(t, sigv4client.Config{
			Credentials: always(keyOf(caller)), Region: sigv4test.Region, Service: sigv4test.Service,
			Endpoints: []string{tt.endpoint},
			Next: next(func(r *http.Request) (*http.Response, error) {
				if r.Host != tt.want {
					t.Errorf("%s: the Host is %q; want %q", tt.url, r.Host, tt.want)
				}
				in := httptest.NewRequest(r.Method, r.URL.RequestURI(), nil)
				in.Host, in.Header = r.Host, r.Header
				w := httptest.NewRecorder()
				auth.Handler(http.NotFoundHandler()).ServeHTTP(w, in)
				return w.Result(), nil
			}),
		})
		if status, text := do(t, &http.Client{Transport: tr}, request(t, "GET", tt.url, nil)); status != http.StatusNotFound {
			t.Errorf("%s: %d %s", tt.url, status, text)
		}
	}
}
