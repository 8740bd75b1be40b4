package sigv4auth_test

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestStreamingRefused: what the headers say is decided before any byte of the body is read, and
// the handler does not run.
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
		code   sigv4auth.Reason
	}{
		{name: "threat 51: a fabricated signature", u: upload{mode: modeUnsignedTrailer}, change: badSignature, code: sigv4auth.ErrSignatureMismatch},
		{name: "threat 51: a fabricated signature of signed chunks", u: upload{mode: modeSigned}, change: badSignature, code: sigv4auth.ErrSignatureMismatch},
		{
			name: "threat 51: an unknown key", u: upload{mode: modeUnsignedTrailer},
			change: authorization(testKeyID, "AKIAUNKNOWNEXAMPLE00"), code: sigv4auth.ErrUnrecognizedClient,
		},
		{
			name: "threat 51: no signature", u: upload{mode: modeUnsignedTrailer},
			change: func(r *http.Request) { r.Header.Del("Authorization") }, code: sigv4auth.ErrMissingAuthenticationToken,
		},
		{
			name: "threat 52: another mode than was signed", u: upload{mode: modeSigned},
			change: setHeader("X-Amz-Content-Sha256", modeUnsignedTrailer), code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "threat 52: another mode than was signed, with all it needs", u: upload{mode: modeSignedTrailer},
			change: setHeader("X-Amz-Content-Sha256", modeUnsignedTrailer), code: sigv4auth.ErrSignatureMismatch,
		},
		{
			name: "threat 18: a mode that is not signed", u: upload{mode: modeUnsignedTrailer},
			change: authorization("x-amz-content-sha256;", ""), code: sigv4auth.ErrHeaderNotSigned,
		},
		{name: "threat 9: the chunks of another algorithm", u: upload{mode: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, code: sigv4auth.ErrNotEnabled},
		{
			name: "threat 9: the chunks and the trailer of another algorithm",
			u:    upload{mode: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"}, code: sigv4auth.ErrNotEnabled,
		},
		{name: "an unknown mode", u: upload{mode: "STREAMING-AWS4-HMAC-SHA512-PAYLOAD"}, code: sigv4auth.ErrNotEnabled},
		{name: "the mode of event streams", u: upload{mode: "STREAMING-AWS4-HMAC-SHA256-EVENTS"}, code: sigv4auth.ErrNotEnabled},
		{name: "threat 9: chunks signed by no algorithm", u: upload{mode: "STREAMING--PAYLOAD"}, code: sigv4auth.ErrNotEnabled},
		{name: "threat 9: chunks and a trailer signed by no algorithm", u: upload{mode: "STREAMING--PAYLOAD-TRAILER"}, code: sigv4auth.ErrNotEnabled},
		{name: "part of a mode's name", u: upload{mode: "STREAMING-"}, code: sigv4auth.ErrNotEnabled},
		{name: "a mode's name and more", u: upload{mode: modeSignedTrailer + "-TRAILER"}, code: sigv4auth.ErrNotEnabled},
		{name: "a mode in another case", u: upload{mode: strings.ToLower(modeSigned)}, code: sigv4auth.ErrMalformedRequest},

		{name: "threat 60: no decoded length", u: upload{mode: modeSigned, header: length("")}, code: sigv4auth.ErrMalformedRequest},
		{
			name: "threat 60: a decoded length that is not signed", u: upload{mode: modeSigned, header: length("")},
			change: setHeader("X-Amz-Decoded-Content-Length", "0"), code: sigv4auth.ErrHeaderNotSigned,
		},
		{
			name: "threat 60: another decoded length", u: upload{mode: modeSigned}, change: setHeader("X-Amz-Decoded-Content-Length", "4"),
			code: sigv4auth.ErrSignatureMismatch,
		},
		{
			name: "threat 60: two decoded lengths", u: upload{mode: modeSigned}, change: addHeader("X-Amz-Decoded-Content-Length", "5"),
			code: sigv4auth.ErrMalformedRequest,
		},
		{name: "threat 60: a decoded length with a sign", u: upload{mode: modeSigned, header: length("+5")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a negative decoded length", u: upload{mode: modeSigned, header: length("-1")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a decoded length with a leading zero", u: upload{mode: modeSigned, header: length("05")}, code: sigv4auth.ErrMalformedRequest},
		{name: "threat 60: a hexadecimal decoded length", u: upload{mode: modeSigned, header: length("0x5")}, code: sigv4auth.ErrMalformedRequest},
		{
			name: "threat 60: a decoded length that wraps around", u: upload{mode: modeSigned, header: length("18446744073709551621")},
			code: sigv4auth.ErrRequestTooLarge,
		},
		{name: "threat 60: a decoded length that wraps around where none is too long", u: upload{
			mode: modeSigned, header: length("18446744073709551621"),
		}, config: func(c *sigv4auth.Config) {
			streamingConfig(c)
			c.MaxBodyBytes = math.MaxInt64
		}, code: sigv4auth.ErrRequestTooLarge},
		{
			name: "threat 60: a decoded length whose digit is beyond 9",
			u:    upload{mode: modeSigned, data: strings.Repeat("x", 10), header: length(":")}, code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "threat 60: a decoded length whose digit is before 0",
			u:    upload{mode: modeSigned, data: strings.Repeat("x", 265), header: length("1/")}, code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "threat 60: a decoded length larger than Content-Length", u: upload{mode: modeSigned, header: length("1000")},
			code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "threat 220: a decoded length beyond the limit", u: upload{mode: modeSigned, header: length("1001")}, config: small,
			code: sigv4auth.ErrRequestTooLarge,
		},
		{
			name:   "threat 220: a Content-Length that no framing explains",
			u:      upload{mode: modeSigned, data: "hello", body: func(s string) string { return s + strings.Repeat("x", 2000) }},
			config: small,
			code:   sigv4auth.ErrRequestTooLarge,
		},

		{
			name: "threat 63: a Content-Length that only chunks of one byte explain",
			u:    upload{mode: modeSigned, data: strings.Repeat("ride", 5000), chunk: 1}, code: sigv4auth.ErrRequestTooLarge,
		},

		{name: "threat 65: no x-amz-trailer", u: upload{mode: modeUnsignedTrailer, header: trailer("")}, code: sigv4auth.ErrMalformedRequest},
		{
			name: "threat 65: an x-amz-trailer that is not signed", u: upload{mode: modeUnsignedTrailer, header: trailer("")},
			change: setHeader("X-Amz-Trailer", "x-amz-checksum-crc32"), code: sigv4auth.ErrHeaderNotSigned,
		},
		{
			name: "threat 65: another x-amz-trailer", u: upload{mode: modeUnsignedTrailer},
			change: setHeader("X-Amz-Trailer", "x-amz-checksum-crc32c"), code: sigv4auth.ErrSignatureMismatch,
		},
		{
			name: "threat 65: two trailers",
			u:    upload{mode: modeUnsignedTrailer, header: trailer("x-amz-checksum-crc32,x-amz-checksum-sha1")},
			code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "threat 65: two x-amz-trailer", u: upload{mode: modeUnsignedTrailer},
			change: addHeader("X-Amz-Trailer", "x-amz-checksum-sha1"), code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "threat 65: a trailer that is no checksum", u: upload{mode: modeSignedTrailer, header: trailer("x-amz-meta-note")},
			code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "threat 65: a checksum of another algorithm", u: upload{mode: modeSignedTrailer, header: trailer("x-amz-checksum-md4")},
			code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "threat 65: the trailer's own signature announced",
			u:    upload{mode: modeSignedTrailer, header: trailer("x-amz-trailer-signature")}, code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "threat 65: a trailer in a mode without", u: upload{mode: modeSigned, header: trailer("x-amz-checksum-crc32")},
			code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "a checksum in a header and in the trailer",
			u:    upload{mode: modeSignedTrailer, header: map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA=="}},
			code: sigv4auth.ErrMalformedRequest,
		},
		{
			name: "two checksums in headers",
			u: upload{mode: modeSigned, header: map[string]string{
				"X-Amz-Checksum-Crc32":  "AAAAAA==",
				"X-Amz-Checksum-Crc32c": "AAAAAA==",
			}},
			code: sigv4auth.ErrMalformedRequest,
		},
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

// TestPresignedChunks: a presigned URL cannot stand for a body in chunks, whose signatures begin
// with that of the Authorization header.
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
