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

// TestLongBodies: a declared length claims no memory before bytes come (threat 221), and a limit of
// the server's own is a 413 too.
func TestLongBodies(t *testing.T) {
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.MaxBodyBytes, c.MaxUndeclaredBytes = 1<<30, 1<<30 })
	lying := sign(t, ride(), signing{})
	lying.ContentLength = 1 << 29
	lying.Header.Set("Content-Length", "536870912")
	bytes := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lying.Body = io.NopCloser(strings.NewReader(rideBody))
			if _, err := a.Verify(lying); err == nil {
				b.Fatal("admitted")
			}
		}
	}).AllocedBytesPerOp()
	if bytes > 200<<10 {
		t.Errorf("a request that announces 512 MiB and sends 80 bytes costs %d bytes of memory", bytes)
	}

	limited := sign(t, ride(), signing{})
	limited.Body = http.MaxBytesReader(httptest.NewRecorder(), limited.Body, 10)
	if _, err := a.Verify(limited); !errors.Is(err, sigv4auth.ErrRequestTooLarge) {
		t.Errorf("behind http.MaxBytesReader: %v", err)
	}

	big := strings.Repeat(rideBody, 20_000)
	r := sign(t, request("POST", "/prod/ride", big), signing{digestHeader: true})
	if _, err := a.Verify(r); err != nil {
		t.Errorf("a body of %d bytes: %v", len(big), err)
	}
	if got, _ := io.ReadAll(r.Body); string(got) != big || r.Body.Close() != nil {
		t.Error("the handler's body is not what was sent")
	}
	r = sign(t, request("POST", "/prod/ride", big), signing{})
	if _, err := a.Verify(r); err != nil {
		t.Error(err)
	}
	broken := errors.New("the disk is full")
	if _, err := r.Body.(io.WriterTo).WriteTo(writerFunc(func(p []byte) (int, error) { return 1, broken })); !errors.Is(err, broken) {
		t.Errorf("a writer that fails: %v", err)
	}
	if n, err := r.Body.(io.WriterTo).WriteTo(writerFunc(func(p []byte) (int, error) { return 1, nil })); n != 1 ||
		!errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a writer that stops: %d, %v", n, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
