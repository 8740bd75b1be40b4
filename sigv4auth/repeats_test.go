package sigv4auth_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestRepeats: threat 75, as the package documentation has it under Replays. The same request is
// admitted again, however it was signed, until its clock window or its URL's life ends, to the
// second, and is refused from then on, however often it was admitted. What strangers send between
// does not matter.
func TestRepeats(t *testing.T) {
	t.Parallel()
	const skew, life = 5 * time.Minute, 10 * time.Minute
	data := strings.Repeat("0123456789abcdef", 1200)
	tests := []struct {
		name string
		r    *http.Request
		last time.Duration // after it was signed, it is admitted for the last time
	}{
		{"a read", sign(t, rides(), signing{}), skew},
		{"a write, with a token", sign(t, ride(), temporary()), skew},
		{"a URL, which the window does not prolong", sign(t, rides(), signing{presign: life}), life},
		{"SigV4A", sign(t, ride(), signing{regions: "*"}), skew},
		{"signed chunks", upload{mode: modeSigned, data: data}.request(t), skew},
		{"unsigned chunks", upload{mode: modeUnsignedTrailer, data: data}.request(t), skew},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := testNow
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.Payloads, c.Algorithms = allStreaming, sigv4auth.SigV4A
				c.Now = func() time.Time { return now }
			})
			sent := wireOf(tt.r)
			for _, after := range []time.Duration{0, 0, 0, time.Second, tt.last - time.Second, tt.last, tt.last} {
				now = testNow.Add(after)
				r := sent.request()
				if _, err := a.Verify(r); err != nil {
					t.Fatalf("refused after %v: %v", after, err)
				}
				if _, err := io.ReadAll(r.Body); err != nil {
					t.Fatalf("its body is refused after %v: %v", after, err)
				}
				stranger := sent.request()
				stranger.Host = "example.org"
				if _, err := a.Verify(stranger); !errors.Is(err, sigv4auth.ErrSignatureMismatch) {
					t.Fatalf("another request with the same signature, after %v: %v", after, err)
				}
			}
			now = testNow.Add(tt.last + time.Second)
			if _, err := a.Verify(sent.request()); !errors.Is(err, sigv4auth.ErrRequestExpired) {
				t.Errorf("when its time is over: %v", err)
			}
		})
	}
}
