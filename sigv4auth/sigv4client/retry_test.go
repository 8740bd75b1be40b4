package sigv4client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// overload is an answer that asks for a later request.
func overload(status int, kind string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("X-Amz-Retry-After", "1")
		if kind != "" {
			w.Header().Set("X-Amzn-Errortype", kind)
		}
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

// TestRetries: what is sent again is what is safe to repeat, after the answers that say so, as
// often as is asked for: by default never.
func TestRetries(t *testing.T) {
	t.Parallel()
	const date = "Fri, 02 Jan 2026 03:04:05 GMT"
	for _, tt := range []struct {
		name    string
		method  string
		answer  func(http.ResponseWriter)
		retries int
		header  []string
		want    int
	}{
		{"by default", "GET", overload(503, ""), 0, nil, 1},
		{"503", "GET", overload(503, ""), 3, nil, 4},
		{"429", "GET", overload(429, ""), 3, nil, 4},
		{"502", "HEAD", overload(502, ""), 3, nil, 4},
		{"504", "OPTIONS", overload(504, ""), 3, nil, 4},
		{"throttled with 400", "GET", overload(400, "ThrottlingException"), 2, nil, 3},
		{"throttled by API Gateway", "GET", overload(429, "TooManyRequestsException"), 2, nil, 3},
		{"PUT", "PUT", overload(503, ""), 1, nil, 2},
		{"DELETE", "DELETE", overload(503, ""), 1, nil, 2},
		{"POST", "POST", overload(503, ""), 3, nil, 1},
		{"PATCH", "PATCH", overload(503, ""), 3, nil, 1},
		{"POST that is idempotent", "POST", overload(503, ""), 3, []string{"Idempotency-Key", "1"}, 4},
		{"POST that says so in the other way", "POST", overload(503, ""), 3, []string{"X-Idempotency-Key", "1"}, 4},
		{"500", "GET", overload(500, ""), 3, nil, 1},
		{"501", "GET", overload(501, ""), 3, nil, 1},
		{"400", "GET", overload(400, "ValidationException"), 3, nil, 1},
		{"404", "GET", overload(404, ""), 3, nil, 1},
		{"denied", "GET", overload(403, "AccessDeniedException"), 3, nil, 1},
		{"200", "GET", overload(200, "ThrottlingException"), 3, nil, 1},
		{"a wait that is too long", "GET", overload(503, "", "X-Amz-Retry-After", "20001"), 3, nil, 1},
		{"seconds that are too long", "GET", overload(503, "", "X-Amz-Retry-After", "", "Retry-After", "21"), 3, nil, 1},
		{"a date too late", "GET", overload(503, "", "X-Amz-Retry-After", "x", "Date", date, "Retry-After", "Fri, 02 Jan 2026 03:05:05 GMT"), 3, nil, 1},
		{"a date that is past", "GET", overload(503, "", "X-Amz-Retry-After", "", "Date", date, "Retry-After", "Fri, 02 Jan 2026 03:03:05 GMT"), 3, nil, 4},
		{"no word of when", "GET", overload(503, "", "X-Amz-Retry-After", "-1"), 1, nil, 2},
	} {
		var requests []*http.Request
		var now atomic.Int64
		tr := transport(t, sigv4client.Config{
			Credentials: always(keyOf(sigv4test.NewSigner(alice))), Region: "us-east-1", Service: "execute-api",
			Endpoints: []string{"https://api.example.com"},
			Next:      answers(&requests, tt.answer), Retries: tt.retries,
			Now: func() time.Time { return time.Unix(1767323045+now.Add(1), 0) },
		})
		r := request(t, tt.method, "https://api.example.com/", strings.NewReader("x"))
		for i := 0; i < len(tt.header); i += 2 {
			r.Header.Set(tt.header[i], tt.header[i+1])
		}
		do(t, &http.Client{Transport: tr}, r)
		if len(requests) != tt.want {
			t.Errorf("%s: sent %d times; want %d", tt.name, len(requests), tt.want)
		}
		signatures := map[string]bool{}
		for _, r := range requests {
			signatures[r.Header.Get("Authorization")] = true
		}
		if len(signatures) != len(requests) {
			t.Errorf("%s: %d signatures of %d requests", tt.name, len(signatures), len(requests))
		}
	}
}

// TestRetriesOfTheMiddleware: its 503, while a store is down, is waited out.
func TestRetriesOfTheMiddleware(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	s := serve(t, alice, func(c *sigv4auth.Config) {
		store := c.Credentials
		c.Credentials = sigv4test.StoreFunc(func(ctx context.Context, id, token string) (sigv4auth.Credential, error) {
			if calls.Add(1) == 1 {
				return sigv4auth.Credential{}, errors.New("down")
			}
			return store.Credential(ctx, id, token)
		})
	})
	began := time.Now()
	status, text := do(t, s.client(t, func(c *sigv4client.Config) { c.Retries = 1 }), request(t, "GET", s.URL, nil))
	if status != http.StatusOK || len(s.received.Seen()) != 2 {
		t.Errorf("%d %s, sent %d times", status, text, len(s.received.Seen()))
	}
	if waited := time.Since(began); waited < time.Second {
		t.Errorf("waited for %v; the answer asks for a second", waited)
	}
}

// TestRetriesEndWithTheContext: an answer is not thrown away for a retry that would come too late,
// and waiting ends with the context.
func TestRetriesEndWithTheContext(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	s.spy.Answer = func(w http.ResponseWriter, _ *http.Request) { overload(503, "", "X-Amz-Retry-After", "15000")(w) }
	c := s.client(t, func(c *sigv4client.Config) { c.Retries = 3 })
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	status, _ := do(t, c, request(t, "GET", s.URL, nil).WithContext(soon))
	if status != http.StatusServiceUnavailable || len(s.spy.Seen()) != 1 {
		t.Errorf("%d, sent %d times", status, len(s.spy.Seen()))
	}
	ctx, stop := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	time.AfterFunc(50*time.Millisecond, func() { stop(enough) })
	response, err := c.Do(request(t, "GET", s.URL, nil).WithContext(ctx))
	if !errors.Is(err, enough) && !errors.Is(err, context.Canceled) || len(s.spy.Seen()) != 2 {
		t.Errorf("%v %v, sent %d times", response, err, len(s.spy.Seen()))
	}
}

// TestErrorsOfNext: an error of the connection is returned as it is, and nothing is sent again.
func TestErrorsOfNext(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	broken := errors.New("the line is dead")
	n := 0
	c := s.client(t, func(c *sigv4client.Config) {
		c.Retries = 3
		c.Next = next(func(*http.Request) (*http.Response, error) { n++; return nil, broken })
	})
	if _, err := c.Do(request(t, "GET", s.URL, nil)); !errors.Is(err, broken) || n != 1 {
		t.Errorf("%v, sent %d times", err, n)
	}
}

// TestAnswersAreWhole: an answer that was looked into is read from its beginning.
func TestAnswersAreWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("no ", 10_000)
	for _, kind := range []string{"", "ExpiredTokenException"} {
		s := serve(t, rider, nil)
		s.spy.Answer = func(w http.ResponseWriter, r *http.Request) {
			refusal(403, time.Now().Add(time.Hour), kind, long)(w)
		}
		if status, text := do(t, s.client(t, nil), request(t, "GET", s.URL, nil)); status != http.StatusForbidden || text != long {
			t.Errorf("%d, %d bytes", status, len(text))
		}
	}
}

// TestConcurrency: many goroutines with one Transport, whose clock is wrong and whose credentials
// are replaced all the time.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	s := serve(t, rider, func(c *sigv4auth.Config) { c.MaxPresignExpiry = time.Hour })
	var asked atomic.Int64
	c := s.client(t, func(c *sigv4client.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Hour) }
		key := keyOf(s.caller)
		c.Credentials = provider(func(context.Context) (aws.Credentials, error) {
			asked.Add(1)
			k := key
			k.CanExpire, k.Expires = true, time.Now().Add(300*time.Millisecond)
			return k, nil
		})
	})
	tr := c.Transport.(*sigv4client.Transport)
	done := make(chan error)
	const workers, each = 8, 30
	for w := range workers {
		go func() {
			done <- func() error {
				for i := range each {
					text := fmt.Sprint("body of ", w, " ", i)
					r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/prod", strings.NewReader(text))
					if err != nil {
						return err
					}
					response, err := c.Do(r)
					if err != nil {
						return err
					}
					_ = response.Body.Close()
					if response.StatusCode != http.StatusOK {
						return fmt.Errorf("%d", response.StatusCode)
					}
					if _, err := tr.Presign(request(t, "GET", s.URL+"/prod", nil), time.Minute); err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range workers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	bodies := map[string]int{}
	for _, seen := range s.spy.Seen() {
		bodies[string(seen.Body)]++
	}
	if len(bodies) != workers*each || len(s.spy.Seen()) != workers*each {
		t.Errorf("%d bodies of %d requests; want %d of as many", len(bodies), len(s.spy.Seen()), workers*each)
	}
	if sent := len(s.received.Seen()); sent > workers*each+workers {
		t.Errorf("%d requests were sent: the correction does not hold", sent)
	}
	if n := asked.Load(); n < 1 || n > workers*each {
		t.Errorf("the provider was asked %d times", n)
	}
}
