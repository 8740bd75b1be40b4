package sigv4auth_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestBadBody: a body that does not verify ends in an *Error of the code that is told, never in
// io.EOF, and the operator's audit has a second event for it.
func TestBadBody(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 5000)
	replace := func(old, with string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, with, 1) }
	}
	tests := []struct {
		name   string
		u      upload
		code   sigv4auth.Reason
		status int
		s3     string
	}{
		{
			"threat 58: data of the first chunk changed",
			upload{mode: modeSigned, body: replace("riderider", "riderides")},
			sigv4auth.ErrSignatureMismatch, 403, "SignatureDoesNotMatch",
		},
		{
			"threat 58: data of the last chunk changed",
			upload{mode: modeSigned, body: replace("ride\r\n0;", "rode\r\n0;")},
			sigv4auth.ErrSignatureMismatch, 403, "SignatureDoesNotMatch",
		},
		{
			"threat 62: a body cut short",
			upload{mode: modeSigned, body: func(s string) string { return s[:len(s)-4] }},
			sigv4auth.ErrIncompleteBody, 400, "IncompleteBody",
		},
		{
			"threat 62: bytes behind the end",
			upload{mode: modeSigned, body: func(s string) string { return s + "x" }},
			sigv4auth.ErrMalformedRequest, 400, "InvalidRequest",
		},
		{"threat 63: chunks of less than 8 KiB", upload{mode: modeUnsignedTrailer, chunk: 8191}, sigv4auth.ErrMalformedRequest, 400, "InvalidRequest"},
		{"threat 64: a plain body", upload{mode: modeSigned, body: func(string) string { return data }}, sigv4auth.ErrMalformedRequest, 400, "InvalidRequest"},
		{
			"threat 65: another checksum in a signed trailer",
			upload{mode: modeSignedTrailer, body: replace(crc32Of(data), "AAAAAA==")},
			sigv4auth.ErrSignatureMismatch, 403, "SignatureDoesNotMatch",
		},
		{
			"threat 51: another body under an unsigned checksum",
			upload{mode: modeUnsignedTrailer, body: replace("riderider", "riderides")},
			sigv4auth.ErrChecksumMismatch, 400, "BadDigest",
		},
		{
			"another checksum in a header",
			upload{mode: modeSigned, header: map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA=="}},
			sigv4auth.ErrChecksumMismatch, 400, "BadDigest",
		},
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
					c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { events = append(events, e) }
				})
				w := httptest.NewRecorder()
				a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					n, err := read(r.Body)
					if _, again := r.Body.Read(make([]byte, 1)); again == nil || again == io.EOF || err != nil &&
						!errors.Is(again, tt.code) {
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
				want.Outcome, want.Reason = sigv4auth.BodyRefused, tt.code
				if events[1] != want || want.RequestID == "" || want.Principal == "" || want.PayloadMode != uploadModes[tt.u.mode] ||
					want.Outcome.String() != "body refused" {
					t.Errorf("the events are %+v and %+v", events[0], events[1])
				}
			})
		}
	}
}

// TestBodyAuditPanics: a hook that panics while the handler reads does not take the handler with
// it, and the body still does not verify.
func TestBodyAuditPanics(t *testing.T) {
	t.Parallel()
	calls := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		streamingConfig(c)
		c.Observe.Audit = func(context.Context, sigv4auth.Event) {
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
