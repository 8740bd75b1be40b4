package sigv4auth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

func streamingConfig(c *sigv4auth.Config) { c.Payloads = allStreaming }

var uploadModes = map[string]sigv4auth.PayloadMode{
	modeSigned: sigv4auth.StreamingSigned, modeSignedTrailer: sigv4auth.StreamingSignedTrailer,
	modeUnsignedTrailer: sigv4auth.InsecureStreamingUnsignedTrailer,
}

// TestStreaming: in each mode, what the handler sees is the decoded body, its length, and headers
// that do not tell of chunks any more.
func TestStreaming(t *testing.T) {
	t.Parallel()
	for mode, want := range uploadModes {
		for _, size := range []int{0, 1, 8192, 100_000} {
			u := upload{
				mode: mode, data: strings.Repeat("ride", size)[:size],
				header: map[string]string{"Content-Encoding": "gzip, aws-chunked"},
			}
			a := newAuthenticator(t, func(c *sigv4auth.Config) { streamingConfig(c); c.StripHeaders = []string{"Authorization"} })
			ran := false
			w := httptest.NewRecorder()
			r := u.request(t)
			a.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				ran = true
				if id, ok := sigv4auth.IdentityFrom(r.Context()); !ok || id.PayloadMode != want || id.PayloadMode.String() == "none" {
					t.Errorf("%s: the identity says %v", mode, id.PayloadMode)
				}
				if r.ContentLength != int64(size) {
					t.Errorf("%s: ContentLength is %d", mode, r.ContentLength)
				}
				if got := r.Header["Content-Encoding"]; len(got) != 1 || got[0] != "gzip" {
					t.Errorf("%s: Content-Encoding is %q", mode, got)
				}
				if r.Header.Get("Authorization") != "" || r.Header.Get("X-Amz-Content-Sha256") != mode {
					t.Errorf("%s: other headers were changed: %v", mode, r.Header)
				}
				if _, err := sigv4auth.VerifiedTrailer(r, "x-amz-checksum-crc32"); err == nil {
					t.Errorf("%s: a trailer before the body was read", mode)
				}
				if body, err := io.ReadAll(r.Body); err != nil || string(body) != u.data {
					t.Errorf("%s: %d bytes, %v", mode, len(body), err)
				}
				value, err := sigv4auth.VerifiedTrailer(r, "X-Amz-Checksum-CRC32")
				if (err == nil) != (mode != modeSigned) || err == nil && value != crc32Of(u.data) {
					t.Errorf("%s: trailer %q, %v", mode, value, err)
				}
				if _, err := sigv4auth.VerifiedTrailer(r, "x-amz-checksum-sha1"); err == nil {
					t.Errorf("%s: a trailer that was not announced", mode)
				}
				if err := r.Body.Close(); err != nil {
					t.Error(err)
				}
			})).ServeHTTP(w, r)
			if !ran {
				t.Errorf("%s: refused: %s", mode, w.Body)
			}
			if r.Header.Get("Content-Encoding") != "gzip, aws-chunked" || r.Header.Get("Authorization") == "" {
				t.Error("the server's own header was changed")
			}
		}
	}
	if _, err := sigv4auth.VerifiedTrailer(ride(), "x-amz-checksum-crc32"); err == nil {
		t.Error("a trailer of a request that was not verified")
	}
	newAuthenticator(t, nil).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := sigv4auth.VerifiedTrailer(r, ""); err == nil {
			t.Error("a trailer of a plain body")
		}
	})).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
}

// TestStreamingClose: who closes a body learns what the connection's own Close says.
func TestStreamingClose(t *testing.T) {
	t.Parallel()
	r := upload{mode: modeSigned, data: "hello"}.request(t)
	r.Body = closer{r.Body, errors.New("the connection is gone")}
	if _, err := newAuthenticator(t, streamingConfig).Verify(r); err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err == nil || err.Error() != "the connection is gone" {
		t.Errorf("Close returns %v", err)
	}
}

type closer struct {
	io.Reader
	err error
}

func (c closer) Close() error { return c.err }

// TestTrailerOfRefused: a Denied hook finds no trailer of a request that a policy refused, though
// its signature is right and it has read the body (threat 229).
func TestTrailerOfRefused(t *testing.T) {
	t.Parallel()
	denied := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		streamingConfig(c)
		c.Denied = func(w http.ResponseWriter, r *http.Request, err error) {
			denied++
			if body, err := io.ReadAll(r.Body); err != nil || string(body) != rideBody {
				t.Errorf("the hook reads %q, %v", body, err)
			}
			if value, err := sigv4auth.VerifiedTrailer(r, "x-amz-checksum-crc32"); err == nil {
				t.Errorf("the trailer of a refused request is %q", value)
			}
			sigv4auth.WriteAPIGatewayError(w, r, err)
		}
	})
	var handler spy
	deny := func(*http.Request, sigv4auth.Identity) error { return errors.New("no") }
	a.Require(deny)(&handler).ServeHTTP(httptest.NewRecorder(), upload{mode: modeSignedTrailer, data: rideBody}.request(t))
	if denied != 1 || handler.ran != 0 {
		t.Errorf("refused %d times; the handler ran %d times", denied, handler.ran)
	}
}

// TestContentEncoding: aws-chunked need not be named, is taken out of the handler's copy wherever
// it stands, and may not be named twice. Verify alone changes no header (threat 231).
func TestContentEncoding(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, streamingConfig)
	for sent, want := range map[string]string{
		"": "", "aws-chunked": "", "gzip": "gzip", "aws-chunked,gzip": "gzip", "AWS-Chunked , br,  gzip": "br, gzip", "br,aws-chunked,gzip": "br, gzip",
		"x-aws-chunked": "x-aws-chunked",
	} {
		u := upload{mode: modeSigned, data: "hello", header: map[string]string{"Content-Encoding": sent}}
		var handler spy
		served := u.request(t)
		a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), served)
		if handler.ran != 1 || handler.body != "hello" || served.Header.Get("Content-Encoding") != sent {
			t.Errorf("%q: the handler read %q; the server's own header is %q", sent, handler.body, served.Header.Get("Content-Encoding"))
			continue
		}
		if got, there := handler.r.Header["Content-Encoding"]; strings.Join(got, ";") != want || there != (want != "") {
			t.Errorf("%q: the handler sees %q", sent, got)
		}
		r := u.request(t)
		if _, err := a.Verify(r); err != nil || r.Header.Get("Content-Encoding") != sent {
			t.Errorf("%q: %v; Verify leaves %q", sent, err, r.Header.Get("Content-Encoding"))
		}
	}
	for _, sent := range []string{"aws-chunked,aws-chunked", "aws-chunked, gzip, AWS-CHUNKED"} {
		u := upload{mode: modeSigned, data: "hello", header: map[string]string{"Content-Encoding": sent}}
		if _, err := a.Verify(u.request(t)); !errors.Is(err, sigv4auth.ErrMalformedRequest) {
			t.Errorf("%q: %v", sent, err)
		}
	}
}
