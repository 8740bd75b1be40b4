package sigv4auth_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestBodyDelivery: the words for it.
func TestBodyDelivery(t *testing.T) {
	t.Parallel()
	for d, want := range map[sigv4auth.BodyDelivery]string{
		sigv4auth.BodyByMode: "by mode", sigv4auth.BodyStreamed: "streamed", sigv4auth.BodySpooled: "spooled", 3: "unknown",
	} {
		if text, err := d.MarshalText(); d.String() != want || string(text) != want || err != nil {
			t.Errorf("%d: %q, %q, %v", d, d, text, err)
		}
	}
}

// TestConfigBodyIsAskedLate: threat 222. Config.Body is asked about requests whose signature is
// right, and about no other that declares its digest; one that panics or answers nonsense refuses.
func TestConfigBodyIsAskedLate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer func() sigv4auth.BodyDelivery
		change func(*http.Request)
		asked  int
		code   sigv4auth.Reason
	}{
		"right":           {func() sigv4auth.BodyDelivery { return sigv4auth.BodyStreamed }, func(*http.Request) {}, 1, ""},
		"wrong signature": {func() sigv4auth.BodyDelivery { return sigv4auth.BodyStreamed }, badSignature, 0, sigv4auth.ErrSignatureMismatch},
		"panics":          {func() sigv4auth.BodyDelivery { panic("x") }, func(*http.Request) {}, 1, sigv4auth.ErrInternalFailure},
		"nonsense":        {func() sigv4auth.BodyDelivery { return 17 }, func(*http.Request) {}, 1, sigv4auth.ErrInternalFailure},
	} {
		for _, undeclared := range []bool{false, true} {
			asked := 0
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.Body = func(*http.Request) sigv4auth.BodyDelivery {
					asked++
					return tt.answer()
				}
			})
			r := sign(t, ride(), signing{digestHeader: !undeclared})
			tt.change(r)
			var handler spy
			w := httptest.NewRecorder()
			a.Handler(&handler).ServeHTTP(w, r)
			if (handler.ran == 1) != (tt.code == "") || !undeclared && asked != tt.asked {
				t.Errorf("%s, undeclared %t: the handler ran %d times, Body was asked %d times", name, undeclared, handler.ran, asked)
			}
			if want := (&sigv4auth.Error{Reason: tt.code}).HTTPStatus(); tt.code != "" && w.Code != want {
				t.Errorf("%s: %d; want %d", name, w.Code, want)
			}
		}
	}
}

// TestUndeclaredIsBounded: threat 220. A body that is read before anything is known of who sends it
// stays within 10 MiB, or what the configuration says, however long bodies with a digest may be.
// Diagnose holds no more either.
func TestUndeclaredIsBounded(t *testing.T) {
	t.Parallel()
	const size = 10<<20 + 1
	data := strings.Repeat("r", size)
	for _, delivery := range []sigv4auth.BodyDelivery{sigv4auth.BodyByMode, sigv4auth.BodyStreamed, sigv4auth.BodySpooled} {
		for _, undeclared := range []int64{0, size} {
			bounded := undeclared == 0
			for _, keyID := range []string{testKeyID, "AKIANOBODYKNOWSTHIS0"} {
				for _, length := range []int64{size, -1} {
					read := int64(0)
					request := func() *http.Request {
						r := request("PUT", "/prod/upload", "")
						r.Body, r.ContentLength = io.NopCloser(strings.NewReader(data)), -1
						r = sign(t, r, signing{keyID: keyID})
						r.Body, r.ContentLength = io.NopCloser(&counting{strings.NewReader(data), &read}), length
						return r
					}
					a := newAuthenticator(t, func(c *sigv4auth.Config) {
						c.MaxBodyBytes, c.MaxUndeclaredBytes, c.Body = 1<<30, undeclared, delivers(delivery)
					})
					_, err := a.Verify(request())
					want := error(nil)
					switch {
					case bounded:
						want = sigv4auth.ErrRequestTooLarge
					case keyID != testKeyID:
						want = sigv4auth.ErrUnrecognizedClient
					}
					if !errors.Is(err, want) {
						t.Errorf("%v, key %s, length %d: %v", delivery, keyID, length, err)
					}
					const remedy = "more than 10485760 bytes needs its SHA-256 in X-Amz-Content-Sha256"
					if bounded && !strings.Contains(fmt.Sprint(err), remedy) {
						t.Errorf("%v, length %d: the message does not say what to do: %v", delivery, length, err)
					}
					if most := int64(11 << 20); bounded && (read > most || length > 0 && read > 0) {
						t.Errorf("%v, length %d: %d bytes were read", delivery, length, read)
					}
					if d := a.Diagnose(request()); bounded && d.Verifies {
						t.Errorf("%v: %v", delivery, d)
					}
				}
			}
		}
	}
}

// counting counts what is read through it.
type counting struct {
	io.Reader
	n *int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.n += int64(n)
	return n, err
}

// TestDiagnoseHoldsNoStream: a diagnosis does not read a long body that streams or is spooled into
// memory, before Verify or after it has refused, and leaves it to be read.
func TestDiagnoseHoldsNoStream(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 1<<19)
	for _, m := range plainModes {
		for i, delivery := range []sigv4auth.BodyDelivery{sigv4auth.BodyStreamed, sigv4auth.BodySpooled} {
			a := m.authenticator(t, func(c *sigv4auth.Config) { c.Body = delivers(delivery) })
			read := int64(0)
			r := m.upload(data)
			r.Body = io.NopCloser(&counting{strings.NewReader(data), &read})
			if i > 0 {
				r.ContentLength = -1
			}
			d := a.Diagnose(r)
			if read > 0 || !slices.ContainsFunc(d.NotTried, func(s string) bool { return strings.Contains(s, "the body") }) {
				t.Errorf("%s, %v: %d bytes were read; %v", m.name, delivery, read, d)
			}
			denied := func(*http.Request, sigv4auth.Identity) error { return sigv4auth.ErrAccessDenied }
			b := m.authenticator(t, func(c *sigv4auth.Config) {
				c.Body = delivers(delivery)
				c.Denied = func(_ http.ResponseWriter, r *http.Request, _ error) { a.Diagnose(r) }
			})
			b.Require(denied)(&spy{}).ServeHTTP(httptest.NewRecorder(), r)
			if read > 0 {
				t.Errorf("%s, %v: %d bytes were read after the refusal", m.name, delivery, read)
			}
		}
	}
}

// TestRouteBody: a route says how its handler gets the body, and one that does not leaves it to
// Config.Body.
func TestRouteBody(t *testing.T) {
	t.Parallel()
	kinds, read := map[string]string{}, int64(0)
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, seeks := r.Body.(io.ReadSeekCloser)
		kinds[r.Pattern] = fmt.Sprintf("seeks %t, read %t", seeks, read > 0)
		if b, err := io.ReadAll(r.Body); err != nil || string(b) != rideBody {
			t.Errorf("%s: %q, %v", r.Pattern, b, err)
		}
	})
	do := func(body sigv4auth.BodyDelivery) sigv4auth.Route {
		return sigv4auth.Route{Action: "orders:Do", Resource: orderARN + "order", Body: body, Handler: h}
	}
	table := sigv4auth.Routes{
		"POST /default": do(sigv4auth.BodyByMode), "POST /streamed": do(sigv4auth.BodyStreamed), "POST /spooled": do(sigv4auth.BodySpooled),
	}
	const allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	for fallback, want := range map[sigv4auth.BodyDelivery]string{
		sigv4auth.BodyByMode: "seeks true, read true", sigv4auth.BodyStreamed: "seeks false, read false",
		sigv4auth.BodySpooled: "seeks true, read true",
	} {
		handler, _, _ := serveRoutes(t, withPolicy(t, allow, table), func(c *sigv4auth.Config) { c.Body = delivers(fallback) })
		for path, want := range map[string]string{
			"/default": want, "/streamed": "seeks false, read false", "/spooled": "seeks true, read true",
		} {
			read = 0
			r := sign(t, request("POST", path, rideBody), signing{digestHeader: true})
			r.Body = io.NopCloser(&counting{strings.NewReader(rideBody), &read})
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if got := kinds["POST "+path]; got != want {
				t.Errorf("%s, with %v for the others: %q; want %q: %d %s", path, fallback, got, want, w.Code, w.Body)
			}
		}
		// Nobody who is not allowed has anything read.
		read = 0
		r := sign(t, request("POST", "/spooled2", rideBody), signing{digestHeader: true})
		r.Body = io.NopCloser(&counting{strings.NewReader(rideBody), &read})
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || fallback != sigv4auth.BodyByMode && read > 0 {
			t.Errorf("no route: %d, %d bytes were read", w.Code, read)
		}
	}
}

// TestSpoolServer: over real connections, HTTP/1.1 and HTTP/2, a spooled body that is wrong is
// refused, and one that is right served after it on the same connection; 100 Continue goes out once
// the request is allowed.
func TestSpoolServer(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 100_000)
	wrong := data[:len(data)-1] + "x"
	m := plainMode{"", sigv4test.DeclaredDigest, 0, nil}
	for _, http2 := range []bool{false, true} {
		ran := 0
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			streamedConfig(c)
			c.Now, c.Credentials, c.Body = nil, lasting(), delivers(sigv4auth.BodySpooled)
			c.Spool = sigv4auth.Spool{MemoryBytes: 1, Dir: t.TempDir()}
		})
		server := serveReal(t, a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ran++
			_, _ = io.Copy(w, r.Body)
		})), http2)
		for i, body := range []string{wrong, data, wrong, data} {
			for _, declared := range []bool{true, false} {
				out, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/bucket/key", nil)
				if err != nil {
					t.Fatal(err)
				}
				signed := request("PUT", server.URL+"/bucket/key", data)
				signed.ContentLength = -1 // it is not signed
				out.Header = m.sign(signed, time.Now()).Header
				arrives(out, body, declared)
				res, err := server.Client().Do(out)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || body == data && (res.StatusCode != 200 || string(got) != data) || body == wrong && res.StatusCode != 403 {
					t.Errorf("HTTP/2 %t, request %d, declared %t: %d, %.100q, %v", http2, i, declared, res.StatusCode, got, err)
				}
			}
		}
		if ran != 4 {
			t.Errorf("the handler ran %d times", ran)
		}
	}
}

// TestSpoolContinue: threat 130. 100 Continue is asked for once the request is allowed, and only
// then.
func TestSpoolContinue(t *testing.T) {
	t.Parallel()
	m := plainMode{"", sigv4test.DeclaredDigest, 0, nil}
	for _, allowed := range []bool{true, false} {
		a := plainModes[len(plainModes)-1].authenticator(t, func(c *sigv4auth.Config) { c.Body = delivers(sigv4auth.BodySpooled) })
		var handler spy
		check := func(*http.Request, sigv4auth.Identity) error {
			if !allowed {
				return sigv4auth.ErrAccessDenied
			}
			return nil
		}
		server := newDrained(t, a.Require(check)(&handler))
		conn := server.dial(t)
		fmt.Fprintf(conn, "%sContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", head(m.upload(rideBody), "HTTP/1.1"), len(rideBody))
		answer := bufio.NewReader(conn)
		line, err := answer.ReadString('\n')
		if want := map[bool]string{true: "HTTP/1.1 100", false: "HTTP/1.1 403"}[allowed]; !strings.HasPrefix(line, want) {
			t.Errorf("%q, %v", line, err)
		}
		if allowed {
			fmt.Fprint(conn, rideBody)
		}
		server.isDone(t)
		if (handler.ran == 1) != allowed || allowed && handler.body != rideBody {
			t.Errorf("allowed %t: the handler ran %d times, and read %q", allowed, handler.ran, handler.body)
		}
	}
}
