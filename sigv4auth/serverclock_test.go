package sigv4auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestServerClock: threat 74. Each request is judged by what the injected clock says then, also
// once the clock has jumped ahead and back, whatever is cached; the refusal tells the server's
// time, and the skew of a wrong clock is measured.
func TestServerClock(t *testing.T) {
	t.Parallel()
	now := testNow
	m := &meter{counts: map[string]int{}}
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Now, c.Observe.Meter = func() time.Time { return now }, m
	})
	const day = 24 * time.Hour
	for _, jump := range []time.Duration{0, day, -day, 0, -400 * day, day} {
		now = testNow.Add(jump)
		for _, at := range []time.Duration{0, day, -day, -400 * day} {
			_, err := a.Verify(sign(t, ride(), signing{at: testNow.Add(at)}))
			switch {
			case at == jump && err != nil:
				t.Errorf("the clock at %v: a request of the same time: %v", jump, err)
			case at < jump && !errors.Is(err, sigv4auth.ErrRequestExpired), at > jump && !errors.Is(err, sigv4auth.ErrRequestNotYetCurrent):
				t.Errorf("the clock at %v, a request of %v: %v", jump, at, err)
			case err != nil && !strings.Contains(sigv4auth.AsError(err).Message, now.Format("20060102T150405Z")):
				t.Errorf("the refusal does not tell the server's time: %v", err)
			}
		}
	}
	if m.counts["sigv4auth.clock_skew "] != 6*4 {
		t.Errorf("the skew was recorded %d times", m.counts["sigv4auth.clock_skew "])
	}
}
