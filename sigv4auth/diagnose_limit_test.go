package sigv4auth_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// delayed is a body that arrives at the instant arrives of a clock: reading it takes until then.
type delayed struct {
	io.Reader
	clock   *time.Time
	arrives time.Time
}

func (d *delayed) Read(p []byte) (int, error) {
	*d.clock = d.arrives
	return d.Reader.Read(p)
}

func (*delayed) Close() error { return nil }

// TestDiagnosisLimitIsMonotone: threats 228 and 247. Observe.DiagnosesPerMinute bounds the
// diagnoses that are made in one minute, whatever minutes the requests began in, and a clock that
// goes backwards begins no minute.
func TestDiagnosisLimitIsMonotone(t *testing.T) {
	t.Parallel()
	const most = 3
	back := func(i int) int { return []int{0, -3, 0, 1}[i/10] }
	for name, tt := range map[string]struct {
		// begins and ends are the minutes of the i-th request's first and last byte.
		begins, ends func(i int) int
		requests     int
		want         int
	}{
		"two minutes in turn":                    {func(i int) int { return i % 2 }, func(i int) int { return i % 2 }, 40, 1 + most},
		"bodies from the minute before, in turn": {func(i int) int { return i % 2 }, func(int) int { return 1 }, 40, most},
		"all began in minutes of their own":      {func(i int) int { return i / 10 }, func(int) int { return 4 }, 40, most},
		"the clock goes backwards for good":      {func(i int) int { return -i / 10 }, func(i int) int { return -i / 10 }, 40, most},
		"it comes back":                          {back, back, 40, 2 * most},
		"each minute has its own":                {func(i int) int { return i / 10 }, func(i int) int { return i / 10 }, 40, 4 * most},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := testNow
			a, e := audited(t, most, func(c *sigv4auth.Config) { c.Now = func() time.Time { return now } })
			minute := func(n int) time.Time { return testNow.Add(time.Duration(n) * time.Minute) }
			diagnosed := 0
			for i := range tt.requests {
				now = minute(tt.begins(i))
				r := sign(t, ride(), signing{at: now, secret: "wrong"})
				r.Body = &delayed{strings.NewReader(rideBody), &now, minute(tt.ends(i))}
				if _, err := a.Verify(r); err == nil {
					t.Fatal("admitted")
				}
				if e.Diagnosis != nil {
					diagnosed++
				}
			}
			if diagnosed != tt.want {
				t.Errorf("%d diagnoses at %d a minute; want %d", diagnosed, most, tt.want)
			}
		})
	}
}

// TestDiagnosisLimitOfSlowBodies: threats 228 and 247, through a real server. Requests of four
// minutes whose bodies end in the last of them get the diagnoses of that minute, in whatever order
// they end.
func TestDiagnosisLimitOfSlowBodies(t *testing.T) {
	t.Parallel()
	const most, minutes, each = 5, 4, 10
	for name, order := range map[string]func(i int) int{
		"the oldest first": func(i int) int { return i },
		"minutes in turn":  func(i int) int { return i%minutes*each + i/minutes },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock, begun atomic.Int64
			clock.Store(testNow.Unix())
			w := newWatched(t, func(c *sigv4auth.Config) {
				c.Observe.DiagnosesPerMinute = most
				c.Now = func() time.Time { return time.Unix(clock.Load(), 0).UTC() }
				store := c.Credentials
				c.Credentials = countingStore{store, &begun}
			})
			text := head(sign(t, ride(), signing{secret: "wrong"}), "HTTP/1.1") + "Connection: close\r\n\r\n"
			var open []net.Conn
			for m := range minutes {
				clock.Store(testNow.Add(time.Duration(m) * time.Minute).Unix())
				for range each {
					conn, err := net.Dial("tcp", w.address)
					if err != nil {
						t.Fatal(err)
					}
					defer conn.Close()
					_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
					if _, err := io.WriteString(conn, text+rideBody[:len(rideBody)/2]); err != nil {
						t.Fatal(err)
					}
					open = append(open, conn)
				}
				// The key is looked up once the request has begun, and before its body.
				for wait := time.Now(); begun.Load() < int64(len(open)); time.Sleep(time.Millisecond) {
					if time.Since(wait) > 20*time.Second {
						t.Fatalf("%d of %d requests have begun", begun.Load(), len(open))
					}
				}
			}
			for i := range open {
				conn := open[order(i)]
				if _, err := io.WriteString(conn, rideBody[len(rideBody)/2:]); err != nil {
					t.Fatal(err)
				}
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil || res.StatusCode != http.StatusForbidden {
					t.Fatal(res, err)
				}
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			diagnosed := 0
			for _, e := range w.events {
				if e.Diagnosis != nil {
					diagnosed++
				}
			}
			if len(w.events) != minutes*each || diagnosed != most {
				t.Errorf("%d events with %d diagnoses in one minute; want %d with %d", len(w.events), diagnosed, minutes*each, most)
			}
		})
	}
}

// countingStore counts how often it is asked.
type countingStore struct {
	sigv4auth.CredentialStore
	asked *atomic.Int64
}

func (s countingStore) Credential(ctx context.Context, id, token string) (sigv4auth.Credential, error) {
	s.asked.Add(1)
	return s.CredentialStore.Credential(ctx, id, token)
}
