package sigv4client_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestSkewedClock: a client whose clock is wrong is refused once, in each dialect and for each
// method; the same request is sent again, and later ones are right from the start.
func TestSkewedClock(t *testing.T) {
	t.Parallel()
	for _, dialect := range []struct {
		name   string
		denied func(http.ResponseWriter, *http.Request, error)
	}{
		{"API Gateway", sigv4auth.WriteAPIGatewayError},
		{"S3", sigv4auth.WriteS3Error},
		{"query", sigv4auth.WriteQueryError},
		{"S3 without a header", func(w http.ResponseWriter, r *http.Request, err error) {
			sigv4auth.WriteS3Error(withoutErrorType{w}, r, err)
		}},
	} {
		for _, off := range []time.Duration{-20 * time.Hour, -time.Hour, -6 * time.Minute, 6 * time.Minute, time.Hour, 20 * time.Hour} {
			s := serve(t, rider, func(c *sigv4auth.Config) { c.Denied = dialect.denied })
			c := s.client(t, func(c *sigv4client.Config) { c.Now = func() time.Time { return time.Now().Add(off) } })
			for i, method := range []string{"POST", "GET", "HEAD"} {
				var body *strings.Reader
				r := request(t, method, s.URL+"/prod", nil)
				if method == "POST" {
					body = strings.NewReader("a ride")
					r = request(t, method, s.URL+"/prod", body)
				}
				if status, text := do(t, c, r); status != http.StatusOK {
					t.Fatalf("%s, off by %v, %s: %d %s", dialect.name, off, method, status, text)
				}
				if sent, handled := len(s.received.Seen()), len(s.spy.Seen()); sent != i+2 || handled != i+1 {
					t.Errorf("%s, off by %v: %d sent and %d handled after %d requests", dialect.name, off, sent, handled, i+1)
				}
			}
			if got := string(s.spy.Seen()[0].Body); got != "a ride" {
				t.Errorf("%q was sent again", got)
			}
			correction := c.Transport.(*sigv4client.Transport).Correction()
			if d := (correction + off).Abs(); d > 30*time.Second {
				t.Errorf("off by %v, and corrected by %v", off, correction)
			}
		}
	}
}

// withoutErrorType is a service like Amazon S3, which has no x-amzn-ErrorType.
type withoutErrorType struct{ http.ResponseWriter }

func (w withoutErrorType) WriteHeader(status int) {
	w.Header().Del("X-Amzn-Errortype")
	w.ResponseWriter.WriteHeader(status)
}

// TestSkewedHead: an answer to HEAD says nothing but the status and the date.
func TestSkewedHead(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, func(c *sigv4auth.Config) {
		c.Denied = func(w http.ResponseWriter, r *http.Request, err error) {
			sigv4auth.WriteS3Error(withoutErrorType{w}, r, err)
		}
	})
	c := s.client(t, func(c *sigv4client.Config) { c.Now = func() time.Time { return time.Now().Add(time.Hour) } })
	if status, _ := do(t, c, request(t, "HEAD", s.URL, nil)); status != http.StatusOK {
		t.Error(status)
	}
}

// TestLateSignature: a request that was held up, and is refused as expired, is signed anew, though
// no clock is wrong.
func TestLateSignature(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	late := true
	c := s.client(t, func(c *sigv4client.Config) {
		c.Now = func() time.Time {
			if late {
				late = false
				return time.Now().Add(-10 * time.Minute)
			}
			return time.Now()
		}
	})
	if status, text := do(t, c, request(t, "POST", s.URL, strings.NewReader("x"))); status != http.StatusOK {
		t.Error(status, text)
	}
	if correction := c.Transport.(*sigv4client.Transport).Correction().Abs(); correction > 10*time.Second {
		t.Errorf("corrected by %v", correction)
	}
}

// answers is a server of the given answers, in turn, the last one for ever.
func answers(requests *[]*http.Request, all ...func(http.ResponseWriter)) next {
	return func(r *http.Request) (*http.Response, error) {
		i := min(len(*requests), len(all)-1)
		*requests = append(*requests, r)
		if r.Body != nil {
			_ = r.Body.Close()
		}
		w := httptest.NewRecorder()
		all[i](w)
		return w.Result(), nil
	}
}

func refusal(status int, date time.Time, kind, text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Date", date.UTC().Format(http.TimeFormat))
		if kind != "" {
			w.Header().Set("X-Amzn-Errortype", kind)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// TestWhichRefusalsAreOfTheClock: only those that say so, or that cannot be anything else; and each
// request is sent again once.
func TestWhichRefusalsAreOfTheClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const expired = `{"message":"Signature expired: 20260102T030405Z is now earlier than ..."}`
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter)
		most   time.Duration
		want   int
	}{
		{"expired", refusal(403, now.Add(time.Hour), "InvalidSignatureException", expired), 0, 2},
		{"the type has a URL behind it", refusal(403, now.Add(time.Hour), "InvalidSignatureException:http://internal.example/", "{}"), 0, 2},
		{"the type has a namespace", refusal(400, now.Add(time.Hour), "com.amazon#InvalidSignatureException", "{}"), 0, 2},
		{"not yet current", refusal(403, now.Add(-time.Minute), "", "Signature not yet current: "), 0, 2},
		{"a short window", refusal(403, now.Add(20*time.Second), "InvalidSignatureException", expired), 0, 2},
		{"S3", refusal(403, now.Add(time.Minute), "", "<Error><Code>RequestTimeTooSkewed</Code>"), 0, 2},
		{"by its type alone", refusal(403, now.Add(time.Minute), "RequestExpired", ""), 0, 2},
		{"a wrong signature, and clocks that are surely apart", refusal(403, now.Add(5*time.Minute), "SignatureDoesNotMatch", ""), 0, 2},
		{"a wrong signature in XML, and clocks apart", refusal(403, now.Add(5*time.Minute), "", "<Code>SignatureDoesNotMatch</Code>"), 0, 2},
		{"nothing but a status, and clocks apart", refusal(403, now.Add(5*time.Minute), "", ""), 0, 2},
		{"nothing but a status, and clocks nearly right", refusal(403, now.Add(3*time.Minute), "", ""), 0, 1},
		{"a wrong signature, and clocks nearly right", refusal(403, now.Add(3*time.Minute), "InvalidSignatureException", "{}"), 0, 1},
		{"expired, and clocks that are right", refusal(403, now.Add(9*time.Second), "InvalidSignatureException", expired), 0, 1},
		{"denied, and clocks apart", refusal(403, now.Add(time.Hour), "AccessDeniedException", `{"Message":"no"}`), 0, 1},
		{"a wrong signature in XML, and clocks nearly right", refusal(403, now.Add(time.Minute), "", "<Code>SignatureDoesNotMatch</Code>"), 0, 1},
		{"denied with a type and nothing else", refusal(403, now.Add(time.Hour), "AccessDeniedException", ""), 0, 1},
		{"denied in XML, and clocks apart", refusal(403, now.Add(time.Hour), "", "<Code>AccessDenied</Code>"), 0, 1},
		{"a page that says so", refusal(200, now.Add(time.Hour), "", expired), 0, 1},
		{"a server that fails", refusal(500, now.Add(time.Hour), "InvalidSignatureException", expired), 0, 1},
		{"a date that is too far off", refusal(403, now.Add(25*time.Hour), "InvalidSignatureException", expired), 0, 1},
		{"a date that is too far back", refusal(403, now.Add(-25*time.Hour), "InvalidSignatureException", expired), 0, 1},
		{"a bound of one's own", refusal(403, now.Add(25*time.Hour), "InvalidSignatureException", expired), 26 * time.Hour, 2},
		{"no correction at all", refusal(403, now.Add(time.Hour), "InvalidSignatureException", expired), -1, 1},
		{"a date that does not parse", func(w http.ResponseWriter) {
			refusal(403, now.Add(time.Hour), "", expired)(discardDate{w})
		}, 0, 1},
		{"a cache's answer", func(w http.ResponseWriter) {
			w.Header().Set("Age", "3600")
			refusal(403, now.Add(time.Hour), "InvalidSignatureException", expired)(w)
		}, 0, 1},
	} {
		var requests []*http.Request
		tr := transport(t, sigv4client.Config{
			Credentials: always(keyOf(sigv4test.NewSigner(alice))), Region: "us-east-1", Service: "execute-api",
			Endpoints: []string{"https://api.example.com"},
			Now:       func() time.Time { return now }, MaxClockCorrection: tt.most, Next: answers(&requests, tt.answer),
		})
		want := httptest.NewRecorder()
		tt.answer(want)
		status, text := do(t, &http.Client{Transport: tr}, request(t, "POST", "https://api.example.com/", strings.NewReader("x")))
		if status != want.Code || text != want.Body.String() {
			t.Errorf("%s: %d %q; want %d %q", tt.name, status, text, want.Code, want.Body)
		}
		if len(requests) != tt.want {
			t.Errorf("%s: sent %d times; want %d", tt.name, len(requests), tt.want)
		}
		if corrected := tr.Correction() != 0; corrected != (tt.want == 2) {
			t.Errorf("%s: corrected by %v", tt.name, tr.Correction())
		}
		if len(requests) == 2 && requests[0].Header.Get("Authorization") == requests[1].Header.Get("Authorization") {
			t.Errorf("%s: sent again with the same signature", tt.name)
		}
	}
}

// discardDate is a server with a broken clock.
type discardDate struct{ http.ResponseWriter }

func (w discardDate) WriteHeader(status int) {
	w.Header().Set("Date", "today")
	w.ResponseWriter.WriteHeader(status)
}

// TestCorrectionIsTakenBack: a wrong correction lasts until the next refusal.
func TestCorrectionIsTakenBack(t *testing.T) {
	t.Parallel()
	s := serve(t, alice, nil)
	lies := 1
	c := s.client(t, func(c *sigv4client.Config) {
		sender := c.Next
		if sender == nil {
			sender = http.DefaultTransport
		}
		c.Next = next(func(r *http.Request) (*http.Response, error) {
			response, err := sender.RoundTrip(r)
			if lies > 0 {
				lies--
				w := httptest.NewRecorder()
				refusal(403, time.Now().Add(20*time.Hour), "RequestTimeTooSkewed", "")(w)
				return w.Result(), err
			}
			return response, err
		})
	})
	if status, _ := do(t, c, request(t, "GET", s.URL, nil)); status != http.StatusForbidden {
		t.Error("a signature for tomorrow was admitted: ", status)
	}
	if status, text := do(t, c, request(t, "GET", s.URL, nil)); status != http.StatusOK {
		t.Error(status, text)
	}
}
