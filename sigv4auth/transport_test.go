package sigv4auth_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// seen is what came through to the handler.
type seen struct{ method, target, host, body, date string }

// watched is a real server behind an Authenticator whose handler notes what came through, and whose
// refusals are noted too.
type watched struct {
	address string
	mu      sync.Mutex
	through []seen
	refused []sigv4auth.Reason
	events  []sigv4auth.Event
}

func newWatched(t *testing.T, change func(*sigv4auth.Config)) *watched {
	t.Helper()
	w := &watched{}
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Denied = func(rw http.ResponseWriter, r *http.Request, err error) {
			w.mu.Lock()
			w.refused = append(w.refused, sigv4auth.AsError(err).Reason)
			w.mu.Unlock()
			sigv4auth.WriteAPIGatewayError(rw, r, err)
		}
		c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) {
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
		}
		if change != nil {
			change(c)
		}
	})
	z := newAuthorizer(t,
		sigv4auth.AuthorizerConfig{
			Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
				`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)),
		})
	handler := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		w.through = append(w.through, seen{r.Method, r.RequestURI, r.Host, string(body), r.Header.Get("X-Amz-Date")})
		w.mu.Unlock()
	})
	server := httptest.NewUnstartedServer(a.Require(z.Check)(handler))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	w.address = server.Listener.Addr().String()
	return w
}

func (w *watched) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.through, w.refused, w.events = nil, nil, nil
}

func (w *watched) noted() ([]seen, []sigv4auth.Reason) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.through, w.refused
}

// exchange sends text as it is, and returns the statuses of the answers until the server closes the
// connection.
func (w *watched) exchange(t *testing.T, text string) (statuses []int, through []seen) {
	t.Helper()
	w.forget()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	for in := bufio.NewReader(conn); ; {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			break
		}
		statuses = append(statuses, res.StatusCode)
		if res.StatusCode != http.StatusContinue {
			_, _ = io.Copy(io.Discard, res.Body)
		}
	}
	through, _ = w.noted()
	return statuses, through
}

// head writes a signed request's line and headers as they go over the wire, but for the ones in
// without, and without the empty line.
func head(r *http.Request, version string, without ...string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s %s\r\n", r.Method, r.RequestURI, version)
	header := r.Header.Clone()
	header.Set("Host", r.Host)
	for _, name := range without {
		header.Del(name)
	}
	_ = header.Write(&b)
	return b.String()
}

// TestWire sends bytes that a client library would not: whatever a front and net/http could take
// for two requests, at most the signed one comes through, as it was signed.
func TestWire(t *testing.T) {
	t.Parallel()
	w := newWatched(t, nil)
	// One that signs its length, as most clients do, and one that leaves it out.
	withLength := sign(t, ride(), signing{})
	r := ride()
	r.ContentLength = -1
	without := sign(t, r, signing{})
	empty := sign(t, request("GET", "/prod/rides", ""), signing{})
	length := fmt.Sprintf("Content-Length: %d\r\n", len(rideBody))
	chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(rideBody), rideBody)
	smuggled := "GET /prod/admin HTTP/1.1\r\nHost: example.com\r\n\r\n"
	const v11, v10 = "HTTP/1.1", "HTTP/1.0"
	tests := []struct {
		name    string
		text    string
		through bool  // the signed request comes through
		codes   []int // of all answers
	}{
		{"as it was signed", head(withLength, v11) + "\r\n" + rideBody, true, []int{200}},
		{"in chunks", head(without, v11) + "Transfer-Encoding: chunked\r\n\r\n" + chunk, true, []int{200}},
		{"threat 129: both lengths, the signed one is dropped", head(withLength, v11) + "Transfer-Encoding: chunked\r\n\r\n" + chunk, false, []int{403}},
		{"threat 129: both lengths, chunks count", head(without, v11) + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk, true, []int{200}},
		{
			"threat 129: a second request in what a front takes for the body",
			head(without, v11) + length + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, false,
			[]int{403, 403},
		},
		{"threat 129: a second request behind the body", head(withLength, v11) + "\r\n" + rideBody + smuggled, true, []int{200, 403}},
		{"threat 129: two lengths", head(without, v11) + length + "Content-Length: 0\r\n\r\n" + rideBody, false, []int{400}},
		{"threat 129: a length with a sign", head(without, v11) + "Content-Length: +83\r\n\r\n" + rideBody, false, []int{400}},
		{"threat 129: a coding after chunked", head(without, v11) + "Transfer-Encoding: chunked, identity\r\n\r\n" + chunk, false, []int{501}},
		{"threat 129: chunked twice", head(without, v11) + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk, false, []int{501}},
		{"threat 129: a space before the colon", head(without, v11) + "Transfer-Encoding : chunked\r\n\r\n" + chunk, false, []int{400}},
		{"threat 129: a vertical tab in the coding", head(without, v11) + "Transfer-Encoding: \vchunked\r\n\r\n" + chunk, false, []int{400}},
		{"threat 129: a bare carriage return", head(without, v11) + "X: a\rTransfer-Encoding: chunked\r\n\r\n" + chunk, false, []int{400}},
		{"threat 129: a chunk size with a sign", head(without, v11) + "Transfer-Encoding: chunked\r\n\r\n+" + chunk, false, []int{400}},
		{"threat 129: chunks that break off", head(without, v11) + "Transfer-Encoding: chunked\r\n\r\n" + chunk[:30], false, []int{400}},
		{"threat 131: two Host lines", head(empty, v11) + "Host: example.com\r\n\r\n", false, []int{400}},
		{"threat 131: two Host lines that differ", head(empty, v11) + "Host: example.org\r\n\r\n", false, []int{400}},
		{"threat 131: no Host", head(empty, v11, "Host") + "\r\n", false, []int{400}},
		{"threat 131: an empty Host", head(empty, v11, "Host") + "Host:\r\n\r\n", false, []int{400}},
		{"threat 131: HTTP/1.0 without a Host", head(empty, v10, "Host") + "\r\n", false, []int{400}},
		{"threat 131: HTTP/1.0 with the Host", head(empty, v10) + "\r\n", true, []int{200}},
		// net/http ignores the chunks, and the body is empty
		{"threat 131: HTTP/1.0 and chunks", head(without, v10) + "Transfer-Encoding: chunked\r\n\r\n" + chunk, false, []int{403}},
		{"threat 126: Connection names a signed header", head(empty, v11) + "Connection: x-amz-date, authorization\r\n\r\n", true, []int{200}},
		{
			"threat 132: a method in a header",
			head(empty, v11) + "X-HTTP-Method-Override: DELETE\r\nX-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\n\r\n", true,
			[]int{200},
		},
		{
			"threat 133: a preflight",
			"OPTIONS /prod/ride HTTP/1.1\r\nHost: example.com\r\nOrigin: https://example.org\r\nAccess-Control-Request-Method: " +
				"POST\r\nAccess-Control-Request-Headers: authorization\r\n\r\n",
			false,
			[]int{403},
		},
		{
			"threat 134: CONNECT",
			"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nX-Amz-Date: " + empty.Header.Get("X-Amz-Date") +
				"\r\nAuthorization: " + empty.Header.Get("Authorization") + "\r\n\r\n",
			false,
			[]int{400},
		},
		{"threat 46: OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n", false, []int{200}}, // net/http's own answer
	}
	for _, tt := range tests {
		codes, through := w.exchange(t, tt.text)
		if fmt.Sprint(codes) != fmt.Sprint(tt.codes) || len(through) > 1 || (len(through) == 1) != tt.through {
			t.Errorf("%s: %v, %+v; want %v", tt.name, codes, through, tt.codes)
			continue
		}
		for _, s := range through {
			want := seen{"POST", "/prod/ride", "example.com", rideBody, "20260102T030405Z"}
			if strings.HasPrefix(tt.text, "GET") {
				want = seen{"GET", "/prod/rides", "example.com", "", "20260102T030405Z"}
			}
			if s != want {
				t.Errorf("%s: the handler saw %+v; want %+v", tt.name, s, want)
			}
			if resource := w.events[0].Resource; !strings.HasSuffix(resource, "/"+want.method+strings.TrimPrefix(want.target, "/prod")) {
				t.Errorf("%s: the resource is %s", tt.name, resource)
			}
		}
	}
}

// TestContinue: a request that is refused for anything but its body is never asked for it: threat
// 130.
func TestContinue(t *testing.T) {
	t.Parallel()
	w := newWatched(t, func(c *sigv4auth.Config) {
		c.MaxBodyBytes, c.Hosts = 1<<10, []string{"example.com"}
	})
	declared := signing{digestHeader: true}
	unsigned := func(line string) func(string) string {
		return func(s string) string { return s + line }
	}
	without := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	tests := []struct {
		name   string
		s      signing
		change func(string) string
		codes  []int
	}{
		{"right, with a digest", declared, nil, []int{100, 200}},
		{"right, without one", signing{}, nil, []int{100, 200}},
		{"no credentials", declared, without("Authorization: ", "X-Authorization: "), []int{403}},
		{"a malformed Authorization", declared, without("SignedHeaders=", "SignedHeaders=;"), []int{400}},
		{"a header that is not signed", declared, unsigned("X-Amz-Acl: private\r\n"), []int{403}},
		{"a signed header that did not arrive", declared, without("Content-Type:", "X-Content-Type:"), []int{403}},
		{"another host", declared, without("Host: example.com", "Host: example.org"), []int{403}},
		{"a bad path", declared, without("/prod/ride", "/prod//ride"), []int{400}},
		{"signed too long ago", signing{digestHeader: true, at: testNow.Add(-time.Hour)}, nil, []int{403}},
		{"another region", signing{region: "eu-west-1"}, nil, []int{403}},
		{"a payload mode that is off", declared, without("X-Amz-Content-Sha256: ", "X-Amz-Content-Sha256: STREAMING-"), []int{403}},
		{"a length beyond the limit", declared, without(fmt.Sprintf("Content-Length: %d", len(rideBody)), "Content-Length: 1048576"), []int{413}},
		{"an unknown key, with a digest", signing{keyID: "AKIAUNKNOWN", digestHeader: true}, nil, []int{403}},
		{"a wrong signature, with a digest", signing{secret: "x", digestHeader: true}, nil, []int{403}},
	}
	for _, tt := range tests {
		text := head(sign(t, ride(), tt.s), "HTTP/1.1")
		if tt.change != nil {
			text = tt.change(text)
		}
		codes, through := w.exchange(t, text+"Expect: 100-continue\r\nConnection: close\r\n\r\n"+rideBody)
		if fmt.Sprint(codes) != fmt.Sprint(tt.codes) || (len(through) == 1) != (codes[len(codes)-1] == 200) {
			t.Errorf("%s: %v, %+v; want %v", tt.name, codes, through, tt.codes)
		}
	}
}

// TestHopByHop: a proxy that obeys Connection takes away the headers that a client lists there,
// signed ones too: what then arrives is refused, and nothing that the verifier has seen is hidden
// from the handler: threat 126.
func TestHopByHop(t *testing.T) {
	t.Parallel()
	w := newWatched(t, nil)
	target, err := url.Parse("http://" + w.address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target)
		p.Out.Host = p.In.Host
	}}
	for _, tt := range []struct {
		connection string
		status     int
		code       sigv4auth.Reason
	}{
		{"", 200, ""},
		{"x-unsigned", 200, ""},
		{"X-Amz-Security-Token", 403, sigv4auth.ErrHeaderNotSigned},
		{"x-amz-date", 403, sigv4auth.ErrIncompleteSignature},
		{"authorization", 403, sigv4auth.ErrMissingAuthenticationToken},
	} {
		r := sign(t, request("GET", "/prod/rides", ""), temporary())
		r.Header.Set("Connection", tt.connection)
		w.forget()
		rec := httptest.NewRecorder()
		proxy.ServeHTTP(rec, r)
		through, refused := w.noted()
		if rec.Code != tt.status || (len(through) == 1) != (tt.status == 200) || tt.code != "" &&
			(len(refused) != 1 || refused[0] != tt.code) {
			t.Errorf("%q: %d %v %+v", tt.connection, rec.Code, refused, through)
		}
	}
}

// TestUpgrade: an upgraded connection is verified once, and what follows is the handler's own
// business: threat 134.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	server := httptest.NewServer(a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		_, _ = io.WriteString(conn, line)
	})))
	t.Cleanup(server.Close)
	for _, s := range []signing{{}, {secret: "x"}} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.WriteString(conn, head(sign(t, request("GET", "/prod/rides", ""), s), "HTTP/1.1")+"Connection: upgrade\r\nUpgrade: "+
			"echo\r\n\r\n")
		in := bufio.NewReader(conn)
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]int{"": 101, "x": 403}[s.secret]; res.StatusCode != want {
			t.Fatalf("%+v: %d; want %d", s, res.StatusCode, want)
		}
		if s.secret == "" {
			_, _ = io.WriteString(conn, "not signed\n")
			if line, err := in.ReadString('\n'); line != "not signed\n" {
				t.Errorf("%q, %v", line, err)
			}
		}
		_ = conn.Close()
	}
}
