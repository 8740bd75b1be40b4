package sigv4auth_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

func streamingConfig(c *sigv4auth.Config) { c.Payloads = allStreaming }

var uploadModes = map[string]sigv4auth.PayloadMode{
	modeSigned: sigv4auth.PayloadStreamingSigned, modeSignedTrailer: sigv4auth.PayloadStreamingSignedTrailer, modeUnsignedTrailer: sigv4auth.PayloadStreamingUnsignedTrailer,
}

// TestStreaming: in each mode, what the handler sees is the decoded body, its length, and headers that do not tell of chunks any more.
func TestStreaming(t *testing.T) {
	t.Parallel()
	for mode, want := range uploadModes {
		for _, size := range []int{0, 1, 8192, 100_000} {
			u := upload{mode: mode, data: strings.Repeat("ride", size)[:size], header: map[string]string{"Content-Encoding": "gzip, aws-chunked"}}
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

// TestTrailerOfRefused: a Denied hook finds no trailer of a request that a policy refused, though its signature is right and it has read the body (threat 229).
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

// TestContentEncoding: aws-chunked need not be named, is taken out wherever it stands, and may not be named twice. Verify alone changes no header.
func TestContentEncoding(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, streamingConfig)
	for sent, want := range map[string]string{
		"": "", "aws-chunked": "", "gzip": "gzip", "aws-chunked,gzip": "gzip", "AWS-Chunked , br,  gzip": "br, gzip", "br,aws-chunked,gzip": "br, gzip", "x-aws-chunked": "x-aws-chunked",
	} {
		u := upload{mode: modeSigned, data: "hello", header: map[string]string{"Content-Encoding": sent}}
		var handler spy
		a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), u.request(t))
		if handler.ran != 1 || handler.body != "hello" {
			t.Errorf("%q: the handler read %q", sent, handler.body)
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

// TestStreamingRefused: what the headers say is decided before any byte of the body is read, and the handler does not run.
func TestStreamingRefused(t *testing.T) {
	t.Parallel()
	small := func(c *sigv4auth.Config) { streamingConfig(c); c.MaxBodyBytes = 1000 }
	length := func(v string) map[string]string { return map[string]string{"X-Amz-Decoded-Content-Length": v} }
	trailer := func(v string) map[string]string { return map[string]string{"X-Amz-Trailer": v} }
	tests := []struct {
		name   string
		u      upload
		config func(*sigv4auth.Config)
		change func(*http.Request)
		code   sigv4auth.ErrorCode
	}{
		{name: "threat 51: a fabricated signature", u: upload{mode: modeUnsignedTrailer}, change: badSignature, code: sigv4auth.ErrSignatureMismatch},
		{name: "threat 51: a fabricated signature of signed chunks", u: upload{mode: modeSigned}, change: badSignature, code: sigv4auth.ErrSignatureMismatch},
		{name: "threat 51: an unknown key", u: upload{mode: modeUnsignedTrailer}, change: authorization(testKeyID, "AKIAUNKNOWNEXAMPLE00"), code: sigv4auth.ErrUnrecognizedClient},
		{name: "threat 51: no signature", u: upload{mode: modeUnsignedTrailer}, change: func(r *http.Request) { r.Header.Del("Authorization") }, code: sigv4auth.ErrMissingAuthenticationToken},
		{name: "threat 52: another mode than was signed", u: upload{mode: modeSigned}, change: setHeader("X-Amz-Content-Sha256", modeUnsignedTrailer), code: sigv4auth.ErrMalformedRequest},
		{name: "threat 52: another mode than was signed, with all it needs", u: upload{mode: modeSignedTrailer}, change: setHeader("X-Amz-Content-Sha256", modeUnsignedTrailer), code: sigv4auth.ErrSignatureMismatch},
		{name: "threat 18: a mode that is not signed", u: upload{mode: modeUnsignedTrailer}, change: authorization("x-amz-content-sha256;", ""), code: sigv4auth.ErrHeaderNotSigned},
		{name: "threat 9: the chunks of another algorithm", u: upload{mode: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, code: sigv4auth.ErrNotEnabled},
		{name: "threat 9: the chunks and the trailer of another algorithm", u: upload{mode: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"}, code: sigv4auth.ErrNotEnabled},
		{name: "an unknown mode", u: upload{mode: "STREAMING-AWS4-HMAC-SHA512-PAYLOAD"}, code: sigv4auth.ErrNotEnabled},
		{name: "the mode of event streams", u: upload{mode: "STREAMING-AWS4-HMAC-SHA256-EVENTS"}, code: sigv4auth.ErrNotEnabled},
		{name: "threat 9: chunks signed by no algorithm", u: upload{mode: "STREAMING--PAYLOAD"}, code: sigv4auth.ErrNotEnabled},
		{name: "threat 9: chunks and a trailer signed by no algorithm", u: upload{mode: "STREAMING--PAYLOAD-TRAILER"}, code: sigv4auth.ErrNotEnabled},
		{name: "part of a mode's name", u: upload{mode: "STREAMING-"}, code: sigv4auth.ErrNotEnabled},
		{name: "a mode's name and more", u: upload{mode: modeSignedTrailer + "-TRAILER"}, code: sigv4auth.ErrNotEnabled},
		{name: "a mode in another case", u: upload{mode: strings.ToLower(modeSigned)}, code: sigv4auth.ErrMalformedRequest},

		{name: "threat 60: no decoded length", u: upload{mode: modeSigned, header: length("")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a decoded length that is not signed", u: upload{mode: modeSigned, header: length("")}, change: setHeader("X-Amz-Decoded-Content-Length", "0"), code: sigv4auth.ErrHeaderNotSigned},
		{name: "threat 60: another decoded length", u: upload{mode: modeSigned}, change: setHeader("X-Amz-Decoded-Content-Length", "4"), code: sigv4auth.ErrSignatureMismatch},
		{name: "threat 60: two decoded lengths", u: upload{mode: modeSigned}, change: addHeader("X-Amz-Decoded-Content-Length", "5"), code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a decoded length with a sign", u: upload{mode: modeSigned, header: length("+5")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a negative decoded length", u: upload{mode: modeSigned, header: length("-1")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a decoded length with a leading zero", u: upload{mode: modeSigned, header: length("05")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a hexadecimal decoded length", u: upload{mode: modeSigned, header: length("0x5")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a decoded length that wraps around", u: upload{mode: modeSigned, header: length("18446744073709551621")}, code: sigv4auth.ErrRequestTooLarge},
		{name: "threat 60: a decoded length that wraps around where none is too long", u: upload{mode: modeSigned, header: length("18446744073709551621")}, config: func(c *sigv4auth.Config) {
			streamingConfig(c)
			c.MaxBodyBytes = math.MaxInt64
		}, code: sigv4auth.ErrRequestTooLarge},
		{name: "threat 60: a decoded length whose digit is beyond 9", u: upload{mode: modeSigned, data: strings.Repeat("x", 10), header: length(":")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a decoded length whose digit is before 0", u: upload{mode: modeSigned, data: strings.Repeat("x", 265), header: length("1/")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a decoded length larger than Content-Length", u: upload{mode: modeSigned, header: length("1000")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 220: a decoded length beyond the limit", u: upload{mode: modeSigned, header: length("1001")}, config: small, code: sigv4auth.ErrRequestTooLarge},
		{name: "threat 220: a Content-Length that no framing explains", u: upload{mode: modeSigned, data: "hello", body: func(s string) string { return s + strings.Repeat("x", 2000) }}, config: small, code: sigv4auth.ErrRequestTooLarge},

		{name: "threat 63: a Content-Length that only chunks of one byte explain", u: upload{mode: modeSigned, data: strings.Repeat("ride", 5000), chunk: 1}, code: sigv4auth.ErrRequestTooLarge},

		{name: "threat 65: no x-amz-trailer", u: upload{mode: modeUnsignedTrailer, header: trailer("")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 65: an x-amz-trailer that is not signed", u: upload{mode: modeUnsignedTrailer, header: trailer("")}, change: setHeader("X-Amz-Trailer", "x-amz-checksum-crc32"), code: sigv4auth.ErrHeaderNotSigned},
		{name: "threat 65: another x-amz-trailer", u: upload{mode: modeUnsignedTrailer}, change: setHeader("X-Amz-Trailer", "x-amz-checksum-crc32c"), code: sigv4auth.ErrSignatureMismatch},
		{name: "threat 65: two trailers", u: upload{mode: modeUnsignedTrailer, header: trailer("x-amz-checksum-crc32,x-amz-checksum-sha1")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 65: two x-amz-trailer", u: upload{mode: modeUnsignedTrailer}, change: addHeader("X-Amz-Trailer", "x-amz-checksum-sha1"), code: sigv4auth.ErrMalformedRequest},
		{name: "threat 65: a trailer that is no checksum", u: upload{mode: modeSignedTrailer, header: trailer("x-amz-meta-note")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 65: a checksum of another algorithm", u: upload{mode: modeSignedTrailer, header: trailer("x-amz-checksum-md4")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 65: the trailer's own signature announced", u: upload{mode: modeSignedTrailer, header: trailer("x-amz-trailer-signature")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 65: a trailer in a mode without", u: upload{mode: modeSigned, header: trailer("x-amz-checksum-crc32")}, code: sigv4auth.ErrMalformedRequest},
		{name: "a checksum in a header and in the trailer", u: upload{mode: modeSignedTrailer, header: map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA=="}}, code: sigv4auth.ErrMalformedRequest},
		{name: "two checksums in headers", u: upload{mode: modeSigned, header: map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA==", "X-Amz-Checksum-Crc32c": "AAAAAA=="}}, code: sigv4auth.ErrMalformedRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.u.data == "" {
				tt.u.data = "hello"
			}
			if tt.config == nil {
				tt.config = streamingConfig
			}
			r := tt.u.request(t)
			if tt.change != nil {
				tt.change(r)
			}
			r.Body = io.NopCloser(untouched{t, tt.name})
			var handler spy
			var refused error
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				tt.config(c)
				c.Denied = func(_ http.ResponseWriter, _ *http.Request, err error) { refused = err }
			})
			a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
			if handler.ran != 0 || !errors.Is(refused, tt.code) {
				t.Errorf("the handler ran %d times; %v; want %v", handler.ran, refused, tt.code)
			}
		})
	}
}

func badSignature(r *http.Request) {
	h := r.Header.Get("Authorization")
	last := "0"
	if strings.HasSuffix(h, last) {
		last = "1"
	}
	r.Header.Set("Authorization", h[:len(h)-1]+last)
}

// TestPresignedChunks: a presigned URL cannot stand for a body in chunks, whose signatures begin with that of the Authorization header.
func TestPresignedChunks(t *testing.T) {
	t.Parallel()
	r := sign(t, request("GET", "/prod/rides", ""), signing{presign: 60e9})
	r.Header.Set("X-Amz-Content-Sha256", modeUnsignedTrailer)
	if _, err := newAuthenticator(t, streamingConfig).Verify(r); err == nil {
		t.Error("admitted")
	}
	out := request("PUT", "/prod/upload", "")
	out.Header.Set("X-Amz-Content-Sha256", modeSigned)
	out = sign(t, out, signing{presign: 60e9})
	out.Header.Set("X-Amz-Content-Sha256", modeSigned)
	if _, err := newAuthenticator(t, streamingConfig).Verify(out); !errors.Is(err, sigv4auth.ErrMalformedRequest) {
		t.Error(err)
	}
}

// TestBadBody: a body that does not verify ends in an *Error of the code that is told, never in io.EOF, and the operator's audit has a second event for it.
func TestBadBody(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 5000)
	replace := func(old, with string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, with, 1) }
	}
	tests := []struct {
		name   string
		u      upload
		code   sigv4auth.ErrorCode
		status int
		s3     string
	}{
		{"threat 58: data of the first chunk changed", upload{mode: modeSigned, body: replace("riderider", "riderides")}, sigv4auth.ErrSignatureMismatch, 403, "SignatureDoesNotMatch"},
		{"threat 58: data of the last chunk changed", upload{mode: modeSigned, body: replace("ride\r\n0;", "rode\r\n0;")}, sigv4auth.ErrSignatureMismatch, 403, "SignatureDoesNotMatch"},
		{"threat 62: a body cut short", upload{mode: modeSigned, body: func(s string) string { return s[:len(s)-4] }}, sigv4auth.ErrIncompleteBody, 400, "IncompleteBody"},
		{"threat 62: bytes behind the end", upload{mode: modeSigned, body: func(s string) string { return s + "x" }}, sigv4auth.ErrMalformedRequest, 400, "InvalidRequest"},
		{"threat 63: chunks of less than 8 KiB", upload{mode: modeUnsignedTrailer, chunk: 8191}, sigv4auth.ErrMalformedRequest, 400, "InvalidRequest"},
		{"threat 64: a plain body", upload{mode: modeSigned, body: func(string) string { return data }}, sigv4auth.ErrMalformedRequest, 400, "InvalidRequest"},
		{"threat 65: another checksum in a signed trailer", upload{mode: modeSignedTrailer, body: replace(crc32Of(data), "AAAAAA==")}, sigv4auth.ErrSignatureMismatch, 403, "SignatureDoesNotMatch"},
		{"threat 51: another body under an unsigned checksum", upload{mode: modeUnsignedTrailer, body: replace("riderider", "riderides")}, sigv4auth.ErrChecksumMismatch, 400, "BadDigest"},
		{"another checksum in a header", upload{mode: modeSigned, header: map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA=="}}, sigv4auth.ErrChecksumMismatch, 400, "BadDigest"},
		{"threat 57: a body longer than its Content-Length", upload{mode: modeSigned}, sigv4auth.ErrMalformedRequest, 400, "InvalidRequest"},
		{"threat 66: no body", upload{mode: modeSigned}, sigv4auth.ErrIncompleteBody, 400, "IncompleteBody"},
	}
	for _, tt := range tests {
		for how, read := range map[string]func(io.Reader) (int64, error){
			"Read": func(r io.Reader) (int64, error) { return io.Copy(io.Discard, struct{ io.Reader }{r}) },
			"Copy": func(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) },
			"exact": func(r io.Reader) (int64, error) {
				n, err := io.ReadFull(r, make([]byte, len(data)))
				return int64(n), err
			},
			"CopyN":  func(r io.Reader) (int64, error) { return io.CopyN(io.Discard, r, int64(len(data))) },
			"by one": func(r io.Reader) (int64, error) { return io.Copy(io.Discard, bufio.NewReaderSize(r, 16)) },
		} {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				t.Parallel()
				u := tt.u
				u.data = data
				r := u.request(t)
				switch {
				case strings.HasPrefix(tt.name, "threat 57"):
					r.ContentLength--
				case strings.HasPrefix(tt.name, "threat 66"):
					r.Body, r.ContentLength = nil, -1
				}
				var events []sigv4auth.Event
				a := newAuthenticator(t, func(c *sigv4auth.Config) {
					streamingConfig(c)
					c.Audit = func(_ context.Context, e sigv4auth.Event) { events = append(events, e) }
				})
				w := httptest.NewRecorder()
				a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					n, err := read(r.Body)
					if _, again := r.Body.Read(make([]byte, 1)); again == nil || again == io.EOF || err != nil && !errors.Is(again, tt.code) {
						t.Errorf("after %v, another Read returns %v", err, again)
					}
					if n >= int64(len(data)) || !errors.Is(err, tt.code) || errors.Is(err, io.EOF) {
						t.Errorf("%d bytes, %v", n, err)
					}
					if _, err := sigv4auth.VerifiedTrailer(r, "x-amz-checksum-crc32"); err == nil {
						t.Error("a trailer of a body that does not verify")
					}
					sigv4auth.WriteS3Error(w, r, err)
				})).ServeHTTP(w, r)
				if w.Code != tt.status || !strings.Contains(w.Body.String(), "<Code>"+tt.s3+"</Code>") {
					t.Errorf("answered %d %s", w.Code, w.Body)
				}
				if len(events) != 2 || events[0].Outcome != sigv4auth.Admitted || events[1].Outcome != sigv4auth.BodyRefused {
					t.Fatalf("events: %+v", events)
				}
				want := events[0]
				want.Outcome, want.ErrorCode = sigv4auth.BodyRefused, tt.code
				if events[1] != want || want.RequestID == "" || want.Principal == "" || want.PayloadMode != uploadModes[tt.u.mode] || want.Outcome.String() != "body refused" {
					t.Errorf("the events are %+v and %+v", events[0], events[1])
				}
			})
		}
	}
}

// TestBodyAuditPanics: a hook that panics while the handler reads does not take the handler with it, and the body still does not verify.
func TestBodyAuditPanics(t *testing.T) {
	t.Parallel()
	calls := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		streamingConfig(c)
		c.Audit = func(context.Context, sigv4auth.Event) {
			if calls++; calls > 1 {
				panic("disk full")
			}
		}
	})
	r := upload{mode: modeSigned, data: "hello", body: func(s string) string { return s + "x" }}.request(t)
	if _, err := a.Verify(r); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r.Body); len(b) > 0 || !errors.Is(err, sigv4auth.ErrMalformedRequest) || calls != 2 {
		t.Errorf("%q, %v, %d calls", b, err, calls)
	}
}

// TestMaxBytes: a server's own limit on the body is told as such.
func TestMaxBytes(t *testing.T) {
	t.Parallel()
	r := upload{mode: modeSigned, data: strings.Repeat("ride", 5000)}.request(t)
	r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 10_000)
	if _, err := newAuthenticator(t, streamingConfig).Verify(r); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r.Body); !errors.Is(err, sigv4auth.ErrRequestTooLarge) {
		t.Error(err)
	}
}

// TestStreamingServer: over the wire, with Content-Length and in HTTP's own chunks. 100 Continue goes out when the handler reads, and not for a refused request
// (threat 130).
func TestStreamingServer(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, streamingConfig)
	server := httptest.NewServer(a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			sigv4auth.WriteAPIGatewayError(w, r, err)
			return
		}
		fmt.Fprintf(w, "%d of %d", n, r.ContentLength)
	})))
	defer server.Close()
	for mode := range uploadModes {
		for _, httpChunks := range []bool{false, true} {
			for _, bad := range []bool{false, true} {
				r := upload{mode: mode, data: strings.Repeat("ride", 5000)}.request(t)
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				if bad {
					badSignature(r)
				}
				var sent bytes.Buffer
				fmt.Fprintf(&sent, "PUT /prod/upload HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\nConnection: close\r\n")
				if httpChunks {
					r.Header.Del("Content-Length")
					fmt.Fprintf(&sent, "Transfer-Encoding: chunked\r\n")
					body = fmt.Appendf(nil, "%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 100, body[:100], len(body)-100, body[100:])
				}
				if err := r.Header.Write(&sent); err != nil {
					t.Fatal(err)
				}
				sent.WriteString("\r\n")
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Write(sent.Bytes()); err != nil {
					t.Fatal(err)
				}
				answer := bufio.NewReader(conn)
				first, err := answer.ReadString('\n')
				if bad {
					if !strings.HasPrefix(first, "HTTP/1.1 403") {
						t.Errorf("%s: %q, %v", mode, first, err)
					}
				} else {
					if !strings.HasPrefix(first, "HTTP/1.1 100") {
						t.Errorf("%s: %q, %v", mode, first, err)
					}
					if _, err := conn.Write(body); err != nil {
						t.Fatal(err)
					}
					if rest, err := io.ReadAll(answer); !strings.HasSuffix(string(rest), "20000 of 20000") {
						t.Errorf("%s: %q, %v", mode, rest, err)
					}
				}
				conn.Close()
			}
		}
	}
}

// TestHTTPTrailers: threat 26. What HTTP itself carries behind the body is neither among the headers nor taken for the trailer that was announced.
func TestHTTPTrailers(t *testing.T) {
	t.Parallel()
	data := "hello"
	r := upload{mode: modeUnsignedTrailer, data: data, body: func(string) string { return "5\r\nhello\r\n0\r\n\r\n" }}.request(t)
	r.Trailer = http.Header{"X-Amz-Checksum-Crc32": {crc32Of(data)}}
	if _, err := newAuthenticator(t, streamingConfig).Verify(r); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r.Body); !errors.Is(err, sigv4auth.ErrMalformedRequest) {
		t.Errorf("a trailer of HTTP stands for that of the body: %v", err)
	}
	if r.Header.Get("X-Amz-Checksum-Crc32") != "" {
		t.Error("a trailer is among the headers")
	}
}

// TestCompressedBody: threat 56. The signature covers a compressed body as it is on the wire, and the handler gets it so.
func TestCompressedBody(t *testing.T) {
	t.Parallel()
	const notEvenGzip = "\x1f\x8b\x08 and so on"
	r := request("POST", "/prod/ride", notEvenGzip)
	r.Header.Set("Content-Encoding", "gzip")
	var handler spy
	newAuthenticator(t, nil).Handler(&handler).ServeHTTP(httptest.NewRecorder(), sign(t, r, signing{digestHeader: true}))
	if handler.body != notEvenGzip || handler.r.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the handler reads %q, in %q", handler.body, handler.r.Header.Get("Content-Encoding"))
	}
}

// TestReplacedBody: threat 49. The body that was verified is the one that the handler has; what the server's request held before is not to be reached through it.
func TestReplacedBody(t *testing.T) {
	t.Parallel()
	for mode := range uploadModes {
		r := upload{mode: mode, data: "hello"}.request(t)
		arrived := r.Body
		if _, err := newAuthenticator(t, streamingConfig).Verify(r); err != nil {
			t.Fatal(err)
		}
		if r.Body == arrived || r.GetBody != nil {
			t.Errorf("%s: the body is still the one that arrived", mode)
		}
	}
}
