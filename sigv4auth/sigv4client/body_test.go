package sigv4client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// watched is a body that counts what is read of it, and tells whether it was closed. It can seek.
type watched struct {
	*bytes.Reader
	read   *atomic.Int64
	closed atomic.Bool
}

func newWatched(text string) *watched {
	return &watched{Reader: bytes.NewReader([]byte(text)), read: &atomic.Int64{}}
}

func (w *watched) Read(p []byte) (int, error) {
	if w.closed.Load() {
		return 0, errors.New("read after close")
	}
	n, err := w.Reader.Read(p)
	w.read.Add(int64(n))
	return n, err
}

func (w *watched) Close() error { w.closed.Store(true); return nil }

// WriteTo hides that of bytes.Reader.
func (w *watched) WriteTo(to io.Writer) (int64, error) { return io.Copy(to, struct{ io.Reader }{w}) }

// streamed is watched without Seek.
type streamed struct{ w *watched }

func (s streamed) Read(p []byte) (int, error) { return s.w.Read(p) }
func (s streamed) Close() error               { return s.w.Close() }

// withBody returns a request with a body of its own, which net/http has not looked at.
func withBody(t *testing.T, url string, body io.ReadCloser) *http.Request {
	t.Helper()
	r := request(t, "PUT", url, nil)
	r.Body, r.ContentLength = body, -1
	return r
}

// skewedOnce is a site whose first request is refused because of the client's clock.
func skewedOnce(t *testing.T) (*site, *http.Client) {
	t.Helper()
	s := serve(t, alice, nil)
	return s, s.client(t, func(c *sigv4client.Config) { c.Now = func() time.Time { return time.Now().Add(time.Hour) } })
}

// TestBodyIsHashedOnce: however often a request is sent, its body is read once for the digest, and
// once each time that it is sent; with a declared digest only to be sent; and what can be read only
// once is read once. It is always closed.
func TestBodyIsHashedOnce(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("unicorn", 10_000)
	sum := sha256.Sum256([]byte(text))
	for _, tt := range []struct {
		name     string
		make     func(w *watched, r *http.Request)
		declared bool
		sent     int   // how often the request is
		most     int64 // that is read, in bodies
	}{
		{"it can seek", func(w *watched, r *http.Request) { r.Body = w }, false, 2, 3},
		{"GetBody", func(w *watched, r *http.Request) {
			r.Body = streamed{w}
			r.GetBody = func() (io.ReadCloser, error) {
				twin := newWatched(text)
				twin.read = w.read
				return streamed{twin}, nil
			}
		}, false, 2, 3},
		{"it can be read once", func(w *watched, r *http.Request) { r.Body = streamed{w} }, false, 2, 1},
		{"declared, and it can seek", func(w *watched, r *http.Request) { r.Body = w }, true, 2, 2},
		{"declared, and it can be read once", func(w *watched, r *http.Request) { r.Body = streamed{w} }, true, 1, 1},
	} {
		s, c := skewedOnce(t)
		w := newWatched(text)
		r := withBody(t, s.URL, nil)
		tt.make(w, r)
		if tt.declared {
			r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
			r.ContentLength = int64(len(text))
		}
		status, answer := do(t, c, r)
		want, sent := map[int]int{1: http.StatusForbidden, 2: http.StatusOK}[tt.sent], len(s.received.Seen())
		if status != want || sent != tt.sent {
			t.Errorf("%s: %d %s, sent %d times", tt.name, status, answer, sent)
		}
		for _, seen := range s.spy.Seen() {
			if string(seen.Body) != text || seen.Request.ContentLength != int64(len(text)) {
				t.Errorf("%s: the handler read %d bytes", tt.name, len(seen.Body))
			}
		}
		// The server refuses a first request without reading all of it.
		if got := w.read.Load(); got > tt.most*int64(len(text)) || got < int64(len(text)) {
			t.Errorf("%s: %d bytes were read of %d", tt.name, got, len(text))
		}
		eventually(t, tt.name+": the body is not closed", w.closed.Load)
	}
}

// eventually waits for what happens once http.Transport is done with a body, which can be later
// than its answer.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error(what)
}

// TestBodyIsClosed: also where a request is refused.
func TestBodyIsClosed(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	failing := func(c *sigv4client.Config) {
		c.Credentials = provider(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("no") })
	}
	for _, tt := range []struct {
		name   string
		change func(*sigv4client.Config)
		alter  func(*http.Request)
	}{
		{"sent", nil, func(*http.Request) {}},
		{"no URL", nil, func(r *http.Request) { r.URL = nil }},
		{"another host", nil, func(r *http.Request) { r.URL.Host = "other.example" }},
		{"the Host of another", nil, func(r *http.Request) { r.Host = "other.example" }},
		{"not signable", nil, func(r *http.Request) { r.URL.Path = "//" }},
		{"a wrong length", nil, func(r *http.Request) { r.ContentLength = 1 }},
		{"no credentials", failing, func(*http.Request) {}},
		{"cancelled", nil, func(r *http.Request) { *r = *r.WithContext(cancelled) }},
		{"GetBody fails", nil, func(r *http.Request) { r.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("no") } }},
		{"too large", func(c *sigv4client.Config) { c.MaxBufferedBody = 1 }, func(*http.Request) {}},
	} {
		for _, seeks := range []bool{true, false} {
			if tt.name == "too large" && seeks {
				continue
			}
			w := newWatched("body")
			r := withBody(t, s.URL, w)
			if !seeks {
				r.Body = streamed{w}
			}
			tt.alter(r)
			cfg := s.config()
			if tt.change != nil {
				tt.change(&cfg)
			}
			response, err := transport(t, cfg).RoundTrip(r)
			if (err == nil) != (tt.name == "sent") {
				t.Errorf("%s: %v", tt.name, err)
			}
			if err == nil {
				_ = response.Body.Close()
			}
			eventually(t, tt.name+": the body is not closed", w.closed.Load)
		}
	}
}

// TestBodyErrors: what cannot be hashed is not sent, and the error says what to do.
func TestBodyErrors(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	broken := errors.New("the disk is gone")
	for _, tt := range []struct {
		name string
		body io.ReadCloser
		size int64
		most int64
		says string
	}{
		{"larger than the bound", streamed{newWatched(strings.Repeat("x", 1<<20+1))}, -1, 0, "set Request.GetBody"},
		{"declared larger than the bound", streamed{newWatched(strings.Repeat("x", 1<<20+1))}, 1<<20 + 1, 0, "set Request.GetBody"},
		{"a bound of one's own", streamed{newWatched("abc")}, -1, 2, "larger than 2 bytes"},
		{"no memory at all", streamed{newWatched("a")}, -1, -1, "larger than 0 bytes"},
		{"shorter than it says", newWatched("abc"), 4, 0, "the body has 3 bytes, and ContentLength is 4"},
		{"longer than it says", streamed{newWatched("abc")}, 2, 0, "the body has 3 bytes, and ContentLength is 2"},
		{"one that fails", io.NopCloser(io.MultiReader(strings.NewReader("a"), failing{broken})), -1, 0, "the disk is gone"},
	} {
		r := withBody(t, s.URL, tt.body)
		r.ContentLength = tt.size
		_, err := s.client(t, func(c *sigv4client.Config) { c.MaxBufferedBody = tt.most }).Do(r)
		if !isReason(err, sigv4client.ErrBody) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if s, ok := tt.body.(streamed); ok && strings.HasPrefix(tt.name, "declared") && s.w.read.Load() != 0 {
			t.Errorf("%s: %d bytes were read", tt.name, s.w.read.Load())
		}
		if strings.Contains(tt.name, "fails") && !errors.Is(err, broken) {
			t.Errorf("%s: the error is not wrapped: %v", tt.name, err)
		}
	}
	if n := len(s.received.Seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	// As large as the bound, and a pipe, which is an *os.File that cannot seek.
	largest := streamed{newWatched(strings.Repeat("x", 1<<20))}
	if status, text := do(t, s.client(t, nil), withBody(t, s.URL, largest)); status != http.StatusOK {
		t.Error(status, text)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = write.WriteString("piped")
		_ = write.Close()
	}()
	if status, text := do(t, s.client(t, nil), request(t, "PUT", s.URL, read)); status != http.StatusOK {
		t.Error(status, text)
	}
	if seen := s.spy.Seen(); string(seen[1].Body) != "piped" {
		t.Errorf("%q", seen[1].Body)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestUnsignedPayload: a body that is not to be signed is sent while it is read.
func TestUnsignedPayload(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, func(c *sigv4auth.Config) { s3(c); c.Payloads = sigv4auth.InsecureUnsigned })
	w := newWatched("body")
	r := withBody(t, s.URL+"/bucket/key", streamed{w})
	r.Header.Set("X-Amz-Content-Sha256", sigv4client.UnsignedPayload)
	if status, text := do(t, s.client(t, nil), r); status != http.StatusOK || w.read.Load() != 4 {
		t.Errorf("%d %s, %d bytes read", status, text, w.read.Load())
	}
	if seen := s.spy.Seen()[0]; string(seen.Body) != "body" || seen.Identity.PayloadMode != sigv4auth.InsecureUnsigned {
		t.Errorf("%q, %v", seen.Body, seen.Identity)
	}
}

// TestLargeBodiesAreStreamed: a file of 64 MiB is hashed and sent, refused, and sent again, with
// less than 4 MiB of memory.
func TestLargeBodiesAreStreamed(t *testing.T) {
	const size = 64 << 20
	name := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, size); err != nil {
		t.Fatal(err)
	}
	var got []int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		n, err := io.Copy(h, r.Body)
		if err != nil || hex.EncodeToString(h.Sum(nil)) != r.Header.Get("X-Amz-Content-Sha256") || r.ContentLength != size {
			t.Errorf("%d bytes of %d, %v", n, r.ContentLength, err)
		}
		if got = append(got, n); len(got) == 1 {
			w.Header().Set("X-Amzn-Errortype", "RequestTimeTooSkewed")
			w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer server.Close()
	tr := transport(t, sigv4client.Config{
		Credentials: always(keyOf(sigv4test.NewSigner(alice))), Region: "us-east-1", Service: "s3", Endpoints: []string{server.URL},
	})
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	status, text := do(t, &http.Client{Transport: tr}, request(t, "PUT", server.URL+"/bucket/large", f))
	runtime.ReadMemStats(&after)
	if status != http.StatusOK || len(got) != 2 || got[1] != size {
		t.Errorf("%d %s, received %d", status, text, got)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4<<20 {
		t.Errorf("%d bytes were allocated", allocated)
	}
	eventually(t, "the file is not closed", func() bool { _, err := f.Stat(); return errors.Is(err, os.ErrClosed) })
}

// TestRefusedWhileSending: a server that refuses a large upload without reading it gets it again
// from its beginning.
func TestRefusedWhileSending(t *testing.T) {
	t.Parallel()
	s, c := skewedOnce(t)
	text := strings.Repeat("0123456789abcdef", 1<<18)
	if status, answer := do(t, c, request(t, "PUT", s.URL, file(t, "skipped"+text, 7))); status != http.StatusOK {
		t.Fatal(status, answer)
	}
	if seen := s.spy.Seen(); len(seen) != 1 || string(seen[0].Body) != text {
		t.Errorf("%d requests, %d bytes", len(seen), len(seen[0].Body))
	}
}

// slow is a body that takes its time for the second read.
type slow struct {
	*watched
	reads atomic.Int64
}

func (s *slow) Read(p []byte) (int, error) {
	if s.reads.Add(1) == 4 { // two are for the digest
		time.Sleep(100 * time.Millisecond)
	}
	return s.watched.Read(p)
}

// TestBodyOfASlowRoundTripper: a body that can seek is not rewound while it is still being read,
// also if it has been closed meanwhile.
func TestBodyOfASlowRoundTripper(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 1000)
	var bodies []string
	reading := make(chan struct{})
	var answered atomic.Int64
	tr := transport(t, sigv4client.Config{
		Credentials: always(keyOf(sigv4test.NewSigner(alice))), Region: "us-east-1", Service: "execute-api",
		Endpoints: []string{"http://api.example.com"},
		Next: next(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			if answered.Add(1) == 1 {
				refusal(403, time.Now().Add(time.Hour), "RequestExpired", "")(w)
				go func() { // still sending, once it is answered
					<-reading
					_, _ = r.Body.Read(make([]byte, 100))
					time.AfterFunc(20*time.Millisecond, func() { _ = r.Body.Close() })
					_, _ = r.Body.Read(make([]byte, 100))
				}()
				close(reading)
				return w.Result(), nil
			}
			time.Sleep(150 * time.Millisecond) // the first one's read is over by now
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			bodies = append(bodies, string(body))
			time.AfterFunc(50*time.Millisecond, func() { _ = r.Body.Close() }) // once RoundTrip has returned
			return w.Result(), nil
		}),
	})
	w := &slow{watched: newWatched(text)}
	if status, answer := do(t, &http.Client{Transport: tr}, withBody(t, "http://api.example.com/", w)); status != http.StatusOK {
		t.Fatal(status, answer)
	}
	if len(bodies) != 1 || bodies[0] != text {
		t.Errorf("%d bodies, of %d bytes", len(bodies), len(strings.Join(bodies, "")))
	}
	eventually(t, "the body is not closed", w.closed.Load)
}

// TestSentAgainInVain: a body that cannot be had again ends the request with an error that says so,
// and waiting for a RoundTripper that does not let go of it ends with the context.
func TestSentAgainInVain(t *testing.T) {
	t.Parallel()
	var requests []*http.Request
	cfg := sigv4client.Config{
		Credentials: always(keyOf(sigv4test.NewSigner(alice))), Region: "us-east-1", Service: "execute-api",
		Endpoints: []string{"http://api.example.com"},
		Next:      answers(&requests, refusal(403, time.Now().Add(time.Hour), "RequestExpired", "")),
	}
	r := withBody(t, "http://api.example.com", newWatched("body"))
	gone := errors.New("gone")
	calls := 0
	r.GetBody = func() (io.ReadCloser, error) {
		if calls++; calls > 2 { // to be hashed, and to be sent once
			return nil, gone
		}
		return newWatched("body"), nil
	}
	if _, err := transport(t, cfg).RoundTrip(r); !isReason(err, sigv4client.ErrBody) || !errors.Is(err, gone) || len(requests) != 1 {
		t.Errorf("%v, sent %d times", err, len(requests))
	}

	ctx, cancel := context.WithCancel(t.Context())
	cfg.Next = next(func(*http.Request) (*http.Response, error) {
		time.AfterFunc(20*time.Millisecond, cancel)
		w := httptest.NewRecorder()
		refusal(403, time.Now().Add(time.Hour), "RequestExpired", "")(w)
		return w.Result(), nil
	})
	stuck := withBody(t, "http://api.example.com", newWatched("body")).WithContext(ctx)
	if _, err := transport(t, cfg).RoundTrip(stuck); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestTrailers: a request with trailers is sent in chunks, which is how they can follow. They are
// not signed.
func TestTrailers(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	r := request(t, "PUT", s.URL, strings.NewReader("body"))
	r.ContentLength, r.Method = -1, "POST"
	r.Trailer = http.Header{"X-After": {"1"}}
	if status, text := do(t, s.client(t, nil), r); status != http.StatusOK {
		t.Error(status, text)
	}
	if seen := s.received.Seen()[0].Request; seen.ContentLength != -1 || seen.Trailer.Get("X-After") != "1" {
		t.Errorf("%d bytes, %v", seen.ContentLength, seen.Trailer)
	}
}

// TestNoMethod: it means GET, and is signed so.
func TestNoMethod(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	r := request(t, "", s.URL, http.NoBody)
	r.Method = ""
	response, err := s.client(t, nil).Transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it is empty
	if response.StatusCode != http.StatusOK || response.Request != r {
		t.Errorf("%d, of another request: %t", response.StatusCode, response.Request != r)
	}
}

// TestHTTP2: the same over TLS and HTTP/2, where an early refusal resets the stream.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	s := serve(t, rider, nil)
	tls := httptest.NewUnstartedServer(s.received)
	tls.EnableHTTP2 = true
	tls.StartTLS()
	defer tls.Close()
	text := strings.Repeat("x", 1<<20)
	cfg := s.config()
	cfg.Endpoints, cfg.Next = []string{tls.URL}, tls.Client().Transport
	cfg.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	c := &http.Client{Transport: transport(t, cfg)}
	for _, body := range []io.Reader{file(t, text, 0), strings.NewReader(text), once{strings.NewReader(text)}} {
		r := request(t, "PUT", tls.URL+"/prod", body)
		r.Header.Set("Cookie", "a=1; b=2")
		if status, answer := do(t, c, r); status != http.StatusOK {
			t.Fatal(status, answer)
		}
	}
	if seen := s.spy.Seen(); len(seen) != 3 || string(seen[0].Body) != text || seen[0].Request.ProtoMajor != 2 {
		t.Errorf("%d requests", len(seen))
	}
}

// rewinding is a body whose GetBody winds it back and returns the same one, as the unary calls of
// connect-go have it. Close does nothing.
type rewinding struct{ *bytes.Reader }

func (rewinding) Close() error { return nil }

// TestBodyThatRewindsItself: a body is sent from its beginning once it was hashed, also where
// GetBody returns the body itself, and however often it is sent.
func TestBodyThatRewindsItself(t *testing.T) {
	t.Parallel()
	s := serve(t, "arn:aws:iam::111122223333:user/alice", nil)
	var sent []string
	client := s.client(t, func(c *sigv4client.Config) {
		c.Retries = 1
		c.Next = next(func(r *http.Request) (*http.Response, error) {
			b, err := io.ReadAll(r.Body)
			if sent = append(sent, string(b)); err != nil || len(sent) == 1 {
				return &http.Response{StatusCode: 503, Body: http.NoBody, Header: http.Header{}}, err
			}
			return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}}, r.Body.Close()
		})
	})
	body := rewinding{bytes.NewReader([]byte("a message"))}
	r := request(t, http.MethodPut, s.URL+"/", body)
	r.ContentLength = int64(body.Len())
	r.GetBody = func() (io.ReadCloser, error) {
		_, err := body.Seek(0, io.SeekStart)
		return body, err
	}
	if status, _ := do(t, client, r); status != 200 || len(sent) != 2 || sent[0] != "a message" || sent[1] != "a message" {
		t.Errorf("%d, sent %q", status, sent)
	}
}
