package sigv4auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestStreams: a stream whose signature covers its body cannot be verified before its handler runs,
// and is refused at once, while its sender waits: not once that one's deadline has passed, and not
// before it is known to be allowed (threat 135).
func TestStreams(t *testing.T) {
	t.Parallel()
	const chat, get = "/chat.v1.Chat/Talk", "/chat.v1.Chat/Get"
	digest, wrong, undeclared := signing{digestHeader: true}, signing{digestHeader: true, secret: "another"}, signing{}
	sum := sha256.Sum256([]byte("hello"))
	for _, tt := range []struct {
		name, path string
		s          signing
		ended      bool  // the sender ends the body
		length     int64 // what the sender says of it; -1: nothing
		denied     bool  // the caller may not
		want       sigv4auth.Reason
		text       string
	}{
		{"a digest of a stream", chat, digest, false, -1, false, sigv4auth.ErrMalformedRequest, "UNSIGNED-PAYLOAD"},
		{"a digest of a stream that ends", chat, digest, true, -1, false, sigv4auth.ErrMalformedRequest, "UNSIGNED-PAYLOAD"},
		{"a wrong signature", chat, wrong, false, -1, false, sigv4auth.ErrSignatureMismatch, ""},
		{"a caller who may not", chat, digest, false, -1, true, sigv4auth.ErrAccessDenied, ""},
		{"nothing declared", chat, undeclared, false, -1, false, sigv4auth.ErrMalformedRequest, "x-amz-content-sha256"},
		{"nothing declared of what is no stream", get, undeclared, false, -1, false, sigv4auth.ErrMalformedRequest, "x-amz-content-sha256"},
		{"a digest of what is no stream", get, digest, true, -1, false, "", ""},
		{"a digest of what says its length", chat, digest, true, 5, false, "", ""},
		{"nothing declared of what says its length", get, undeclared, true, 5, false, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var event sigv4auth.Event
			audited := make(chan struct{})
			var asked []string
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.Now = time.Now
				c.Streams = func(r *http.Request) bool {
					asked = append(asked, r.URL.Path)
					return r.URL.Path == chat
				}
				c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { event = e; close(audited) }
			})
			var bodies []error
			check := func(r *http.Request, _ sigv4auth.Identity) error {
				if tt.want != "" {
					_, err := r.Body.Read(make([]byte, 1)) // it would wait
					bodies = append(bodies, err)
				}
				if tt.denied {
					return sigv4auth.ErrAccessDenied
				}
				return nil
			}
			var handler spy
			server := httptest.NewUnstartedServer(a.Require(check)(&handler))
			server.EnableHTTP2 = true
			server.StartTLS()
			defer server.Close()

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+tt.path, strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = max(tt.length, 0) // signed as it is sent
			s := tt.s
			s.at = time.Now()
			if s.digestHeader { // a digest that is there is signed, and the body left alone
				r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
				s.digestHeader = false
			}
			sign(t, r, s)
			body, write := io.Pipe()
			defer write.Close()
			go func() {
				_, _ = write.Write([]byte("hello")) // a server that has answered reads no more
				if tt.ended {
					_ = write.Close()
				}
			}()
			r.Body, r.GetBody, r.ContentLength = body, nil, tt.length
			res, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			<-audited
			if event.Reason != tt.want || (handler.ran == 1) != (tt.want == "") || !strings.Contains(string(text), tt.text) {
				t.Errorf("%d %q, ran %d: %q, want %q", res.StatusCode, text, handler.ran, event.Reason, tt.want)
			}
			if tt.want == "" && handler.body != "hello" {
				t.Errorf("the handler read %q", handler.body)
			}
			for _, err := range bodies {
				if err == nil {
					t.Error("the check read a body that is not verified")
				}
			}
			// A stranger decides neither what is asked nor what is logged.
			known := tt.s == digest
			if wantAsked := known && tt.length < 0; (len(asked) == 1) != wantAsked || len(asked) > 1 {
				t.Errorf("Streams was asked about %v", asked)
			}
			if known && event.Principal != userPrincipal.ARN {
				t.Errorf("the event tells of no caller: %+v", event)
			}
			if wantRead := known && tt.want != ""; (len(bodies) == 1) != wantRead {
				t.Errorf("the check ran %d times", len(bodies))
			}
		})
	}
}

// TestStreamsVerify: without a Check, too, and the body is left to its sender.
func TestStreamsVerify(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Streams = func(*http.Request) bool { return true } })
	r := ride()
	r.ContentLength = -1
	sign(t, r, signing{digestHeader: true})
	body := r.Body
	id, err := a.Verify(r)
	if e := sigv4auth.AsError(err); e == nil || e.Reason != sigv4auth.ErrMalformedRequest || id.Principal.ARN != "" || r.Body != body {
		t.Errorf("%v, %v, the body is another one: %v", id, err, r.Body != body)
	}
	if left, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(left, []byte(rideBody)) {
		t.Errorf("%q is left, %v", left, err)
	}
}

// TestStreamsPanic: threat 227. A Streams that panics refuses.
func TestStreamsPanic(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Streams = func(*http.Request) bool { panic("no") } })
	r := ride()
	r.ContentLength = -1
	sign(t, r, signing{digestHeader: true})
	if _, err := a.Verify(r); sigv4auth.AsError(err) == nil || sigv4auth.AsError(err).Reason != sigv4auth.ErrInternalFailure {
		t.Errorf("%v", err)
	}
}

// TestStreamsUnsigned: a stream that declares UNSIGNED-PAYLOAD is one: each side answers what the
// other has said, before either has ended.
func TestStreamsUnsigned(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Now, c.Payloads = time.Now, sigv4auth.InsecureUnsigned
		c.Streams = func(*http.Request) bool { return true }
	})
	server := httptest.NewUnstartedServer(a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := make([]byte, 4)
		for {
			if _, err := io.ReadFull(r.Body, said); err != nil {
				return
			}
			_, _ = w.Write(bytes.ToUpper(said))
			_ = http.NewResponseController(w).Flush()
		}
	})))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	body, write := io.Pipe()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/chat.v1.Chat/Talk", body)
	if err != nil {
		t.Fatal(err)
	}
	sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret)},
		Region:     testRegion, Service: testService, Payload: sigv4test.Unsigned,
	}.Sign(r)
	r.ContentLength = -1
	go func() { _, _ = write.Write([]byte("ping")) }() // the handler's answer says whether it has come
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	heard := make([]byte, 4)
	for _, say := range []string{"pong", "pang", ""} {
		if _, err := io.ReadFull(res.Body, heard); err != nil || !bytes.HasPrefix(heard, []byte("P")) {
			t.Fatalf("%d, %q: %v", res.StatusCode, heard, err)
		}
		if say != "" {
			if _, err := io.WriteString(write, say); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = write.Close()
	if left, err := io.ReadAll(res.Body); err != nil || len(left) > 0 {
		t.Errorf("%q: %v", left, err)
	}
}

// TestStreamsDelivered: a stream whose digest is verified as the handler reads it is one, and what
// has to be spooled is none.
func TestStreamsDelivered(t *testing.T) {
	t.Parallel()
	for delivery, want := range map[sigv4auth.BodyDelivery]sigv4auth.Reason{
		sigv4auth.BodyStreamed: "",
		sigv4auth.BodySpooled:  sigv4auth.ErrInternalFailure,
		sigv4auth.BodyByMode:   sigv4auth.ErrMalformedRequest,
	} {
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			c.Streams = func(*http.Request) bool { return true }
			c.Body = func(*http.Request) sigv4auth.BodyDelivery { return delivery }
		})
		r := ride()
		r.ContentLength = -1
		sign(t, r, signing{digestHeader: true})
		var handler spy
		w := httptest.NewRecorder()
		a.Handler(&handler).ServeHTTP(w, r)
		status := http.StatusNoContent
		if want != "" {
			status = (&sigv4auth.Error{Reason: want}).HTTPStatus()
		}
		if w.Code != status {
			t.Errorf("%v: %d %s", delivery, w.Code, w.Body)
		}
		if (handler.ran == 1) != (want == "") || want == "" && handler.body != rideBody {
			t.Errorf("%v: ran %d, and read %q", delivery, handler.ran, handler.body)
		}
	}
}
