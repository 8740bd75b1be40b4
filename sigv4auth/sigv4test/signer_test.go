package sigv4test_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	user    = "arn:aws:iam::111122223333:user/alice"
	session = "arn:aws:sts::111122223333:assumed-role/Rider/bob"
	ride    = `{"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}`
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// form is one way to sign.
type form struct {
	name   string
	arn    string
	change func(*sigv4test.Signer)
}

func forms() []form {
	return []form{
		{"a long-term key", user, func(*sigv4test.Signer) {}},
		{"the account's root", "arn:aws:iam::111122223333:root", func(*sigv4test.Signer) {}},
		{"temporary credentials", session, func(*sigv4test.Signer) {}},
		{"a federated user", "arn:aws:sts::111122223333:federated-user/carol", func(*sigv4test.Signer) {}},
		{"a declared digest", user, func(s *sigv4test.Signer) { s.Payload = sigv4test.DeclaredDigest }},
		{"an unsigned payload", user, func(s *sigv4test.Signer) { s.Payload = sigv4test.Unsigned }},
		{"presigned", user, func(s *sigv4test.Signer) { s.Presign = time.Minute }},
		{"presigned with temporary credentials", session, func(s *sigv4test.Signer) { s.Presign = 7 * 24 * time.Hour }},
		{"presigned with a declared digest", user, func(s *sigv4test.Signer) { s.Presign, s.Payload = time.Minute, sigv4test.DeclaredDigest }},
		{"presigned with an unsigned payload", session, func(s *sigv4test.Signer) { s.Presign, s.Payload = time.Minute, sigv4test.Unsigned }},
		{"s3", user, func(s *sigv4test.Signer) { s.Service = "s3" }},
		{"s3, unsigned", user, func(s *sigv4test.Signer) { s.Service, s.Payload = "s3", sigv4test.Unsigned }},
		{"s3, presigned", session, func(s *sigv4test.Signer) {
			s.Service, s.Presign, s.Payload = "s3", time.Minute, sigv4test.Unsigned
		}},
		{"s3, presigned with a digest", user, func(s *sigv4test.Signer) { s.Service, s.Presign = "s3", time.Minute }},
		{"another region and service", user, func(s *sigv4test.Signer) { s.Region, s.Service = "eu-central-2", "rides" }},
	}
}

func (f form) signer() sigv4test.Signer {
	s := sigv4test.NewSigner(f.arn)
	s.Now = sigv4test.NewClock(now).Now
	f.change(&s)
	return s
}

func protect(tb testing.TB, s sigv4test.Signer, next http.Handler) http.Handler {
	tb.Helper()
	auth, err := sigv4auth.New(s.Config())
	if err != nil {
		tb.Fatal(err)
	}
	return auth.Handler(next)
}

// targets are paths and queries on which a signer that encodes anew, or that signs what it does not
// send, goes wrong.
var targets = []string{
	"/", "/prod/ride", "/prod/ride?b=2&a=1&a=0", "/prod/a%2Fb%20c%c3%bc/~!'()*:@", "/prod/ride?x=a+b%20c&empty&y=%C3%BC/?&=v&&z=%7e",
}

// TestSign: what is signed in any form is admitted as received and as sent, over HTTP/1.1 and
// HTTP/2, by the Config of its signer; the handler sees who signed and the very body; and the
// Config of another signer refuses it.
func TestSign(t *testing.T) {
	t.Parallel()
	for _, f := range forms() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s, other := f.signer(), f.signer()
			var spy sigv4test.Spy
			handler := protect(t, s, &spy)
			admitted := func(name string, status int, body string) {
				t.Helper()
				seen := spy.Seen()
				if status != http.StatusOK || len(seen) != 1 || string(seen[0].Body) != body || seen[0].BodyErr != nil ||
					seen[0].Identity.Principal.ARN != f.arn {
					t.Errorf("%s: status %d, seen %+v", name, status, seen)
				}
				spy.Forget()
			}
			for _, target := range targets {
				for _, body := range []string{"", ride} {
					received := func() *http.Request {
						r := httptest.NewRequest("PUT", target, strings.NewReader(body))
						r.Header.Set("Content-Type", "application/json")
						r.Header["X-Amz-Meta-Note"] = []string{"  two   spaces ", "and, a comma"}
						r.Header.Set("User-Agent", "sigv4test")
						return r
					}
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, s.Sign(received()))
					admitted("received "+target, w.Code, body)

					w = httptest.NewRecorder()
					handler.ServeHTTP(w, s.Sign(other.Sign(s.Sign(received()))))
					admitted("signed anew "+target, w.Code, body)

					w = httptest.NewRecorder()
					handler.ServeHTTP(w, other.Sign(received()))
					if w.Code != http.StatusForbidden || len(spy.Seen()) > 0 {
						t.Errorf("another's: status %d", w.Code)
					}
				}
			}
			for _, http2 := range []bool{false, true} {
				server := httptest.NewUnstartedServer(handler)
				server.EnableHTTP2 = http2
				server.StartTLS()
				defer server.Close()
				client := s.Client(server.Client())
				for _, target := range targets {
					for name, body := range map[string]io.Reader{
						"of known length": strings.NewReader(ride), "of unknown length": io.MultiReader(strings.NewReader(ride)), "none": nil,
					} {
						r, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+target, body)
						if err != nil {
							t.Fatal(err)
						}
						r.Header.Set("X-Amz-Meta-Note", "x")
						response, err := client.Do(r)
						if err != nil {
							t.Fatal(err)
						}
						_ = response.Body.Close()
						if len(r.Header) != 1 {
							t.Errorf("the caller's request was changed: %v", r.Header)
						}
						want := ride
						if body == nil {
							want = ""
						}
						admitted(fmt.Sprintf("sent over %s, %s, body %s", response.Proto, target, name), response.StatusCode, want)
					}
				}
			}
		})
	}
}

// TestForms: each form is what it says, and not by chance another that is admitted, too.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, f := range forms() {
		s := f.signer()
		r := s.Sign(httptest.NewRequest("PUT", "/prod/ride", strings.NewReader(ride)))
		var spy sigv4test.Spy
		protect(t, s, &spy).ServeHTTP(httptest.NewRecorder(), r)
		if len(spy.Seen()) != 1 {
			t.Errorf("%s: not admitted", f.name)
			continue
		}
		id := spy.Seen()[0].Identity
		place, mode := sigv4auth.InHeader, sigv4auth.PayloadDigest
		if s.Presign > 0 {
			place = sigv4auth.InQuery
		}
		if s.Payload == sigv4test.Unsigned {
			mode = sigv4auth.InsecureUnsigned
		}
		_, isSession := id.Session()
		if id.SignatureLocation != place || id.PayloadMode != mode || !id.SignedAt.Equal(now) ||
			isSession == s.Credential.SessionToken.IsZero() {
			t.Errorf("%s: identity %+v", f.name, id)
		}
		// Digest declares nothing but for service s3, whose presigned URLs without a digest have
		// none to declare.
		declares := s.Payload == sigv4test.DeclaredDigest || s.Service == "s3" && s.Payload == sigv4test.Digest ||
			s.Payload == sigv4test.Unsigned && (s.Service != "s3" || s.Presign == 0)
		if declared := r.Header.Get("X-Amz-Content-Sha256"); (declared != "") != declares ||
			declares && (declared == "UNSIGNED-PAYLOAD") != (mode == sigv4auth.InsecureUnsigned) {
			t.Errorf("%s: X-Amz-Content-Sha256 %q", f.name, declared)
		}
	}
}

// TestDigest: a declared digest is signed as it stands, so that a test can declare a wrong one.
func TestDigest(t *testing.T) {
	t.Parallel()
	s := sigv4test.NewSigner(user)
	r := httptest.NewRequest("PUT", "/", strings.NewReader(ride))
	r.Header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64))
	auth, err := sigv4auth.New(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := auth.Verify(s.Sign(r)); !errors.Is(err, sigv4auth.ErrPayloadMismatch) {
		t.Errorf("%v", err)
	}
}

// TestOrigins: the host is signed as it arrives, also with the port that schemes imply, and a
// target in absolute form is not taken for a path.
func TestOrigins(t *testing.T) {
	t.Parallel()
	s := sigv4test.NewSigner(user)
	for _, presign := range []time.Duration{0, time.Minute} {
		s.Presign = presign
		for _, target := range []string{
			"http://example.com:80/prod/ride", "https://example.com:443/prod/ride", "http://[2001:db8::1]:8080/prod/ride?a=b", "http://example.com/" +
				"prod/http://x",
			"/prod/http://x",
		} {
			var spy sigv4test.Spy
			h := protect(t, s, &spy)
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, s.Sign(httptest.NewRequest("GET", strings.ReplaceAll(target, "//x", "/x"), nil))); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", target, w.Code, w.Body)
			}
		}
	}
}

// TestSignPanics: a mistake in a test is not taken for a refusal.
func TestSignPanics(t *testing.T) {
	t.Parallel()
	fraction := sigv4test.NewSigner(user)
	fraction.Presign = time.Second + time.Millisecond
	for name, sign := range map[string]func(){
		"no key": func() { sigv4test.Signer{Region: "r", Service: "s"}.Sign(httptest.NewRequest("GET", "/", nil)) },
		"a body that fails": func() {
			sigv4test.NewSigner(user).Sign(httptest.NewRequest("PUT", "/", iotest.ErrReader(errors.New("broken"))))
		},
		"parts of seconds": func() { fraction.Sign(httptest.NewRequest("GET", "/", nil)) },
	} {
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.HasPrefix(fmt.Sprint(v), "sigv4test: ") {
					t.Errorf("%s: %v", name, v)
				}
			}()
			sign()
		}()
	}
}

// closing tells whether a body was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// TestTransport: a request that cannot be signed is an error and is not sent; its body is closed
// either way; and a redirect is signed anew.
func TestTransport(t *testing.T) {
	t.Parallel()
	s := sigv4test.NewSigner(user)
	var spy sigv4test.Spy
	server := httptest.NewServer(protect(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		spy.ServeHTTP(w, r)
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusTemporaryRedirect)
		}
	})))
	defer server.Close()

	for _, tt := range []struct {
		reader io.Reader
		fails  bool
	}{{bytes.NewReader([]byte(ride)), false}, {iotest.ErrReader(errors.New("broken")), true}} {
		body := &closing{Reader: tt.reader}
		r, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.Client(nil).Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		if (err != nil) != tt.fails || !body.closed {
			t.Errorf("%v; closed: %t", err, body.closed)
		}
	}
	spy.Forget()

	response, err := s.Client(server.Client()).Post(server.URL+"/old", "application/json", strings.NewReader(ride))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if seen := spy.Seen(); response.StatusCode != http.StatusOK || len(seen) != 2 || seen[1].Request.URL.Path != "/new" ||
		string(seen[1].Body) != ride {
		t.Errorf("%d, %+v", response.StatusCode, seen)
	}

	// The caller may leave the header out, as net/http's own RoundTripper allows no longer.
	r := (&http.Request{Method: "GET", URL: response.Request.URL}).WithContext(t.Context())
	if response, err := s.Transport(&http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13}}).RoundTrip(r); err != nil {
		t.Error(err)
	} else if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Error(response.Status)
	}
}

// TestSpy: the body can be read once more by the Answer, and ends as it ended.
func TestSpy(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, want := range []error{nil, broken} {
		body := io.Reader(strings.NewReader(ride))
		if want != nil {
			body = io.MultiReader(body, iotest.ErrReader(want))
		}
		var again []byte
		var err error
		spy := sigv4test.Spy{Answer: func(w http.ResponseWriter, r *http.Request) {
			again, err = io.ReadAll(r.Body)
			w.WriteHeader(http.StatusTeapot)
		}}
		w := httptest.NewRecorder()
		spy.ServeHTTP(w, httptest.NewRequest("PUT", "/", body))
		seen := spy.Seen()
		if len(seen) != 1 || string(seen[0].Body) != ride || !errors.Is(seen[0].BodyErr, want) || string(again) != ride ||
			!errors.Is(err, want) || w.Code != http.StatusTeapot {
			t.Errorf("%+v; again %q, %v", seen, again, err)
		}
		if seen[0].Identity.AccessKeyID != "" {
			t.Error("an identity without a middleware")
		}
	}
}

// TestNewSigner: keys differ, and no part of one shows when it is printed.
func TestNewSigner(t *testing.T) {
	t.Parallel()
	a, b := sigv4test.NewSigner(session), sigv4test.NewSigner(session)
	if a.Credential.AccessKeyID == b.Credential.AccessKeyID || a.Credential.Secret.Equal(b.Credential.Secret.Reveal()) ||
		a.Credential.SessionToken.Equal(b.Credential.SessionToken.Reveal()) {
		t.Error("two signers share keys")
	}
	if text := fmt.Sprintf("%+v", a); strings.Contains(text, a.Credential.Secret.Reveal()) ||
		strings.Contains(text, a.Credential.SessionToken.Reveal()) {
		t.Errorf("printed: %s", text)
	}
}
