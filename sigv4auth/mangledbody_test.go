package sigv4auth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// verifiedMode is a mode in which there is a right body and wrong ones, as it is on the wire.
type verifiedMode struct {
	name   string
	config func(*sigv4auth.Config)
	// upload makes a request of data, and the body as it is sent.
	upload func(t *testing.T, data string) (r *http.Request, sent string)
}

// verifiedModes are all of them.
func verifiedModes() (modes []verifiedMode) {
	for _, m := range plainModes {
		if m.verified() {
			modes = append(modes, verifiedMode{m.name, m.config, func(_ *testing.T, data string) (*http.Request, string) {
				return m.upload(data), data
			}})
		}
		if m.presign == 0 {
			modes = append(modes, verifiedMode{m.name + ", checksum", m.config, func(_ *testing.T, data string) (*http.Request, string) {
				return m.upload(data, "X-Amz-Checksum-Crc32", crc32Of(data)), data
			}})
		}
	}
	for mode := range uploadModes {
		modes = append(modes, verifiedMode{mode, streamingConfig, func(t *testing.T, data string) (*http.Request, string) {
			r := upload{mode: mode, data: data}.request(t)
			sent, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			return arrives(r, string(sent), true), string(sent)
		}})
	}
	return modes
}

// mangledBodies are all bodies that differ from sent in one byte: changed, dropped, doubled or
// added.
func mangledBodies(sent string) (bodies []string) {
	for i := range len(sent) {
		for _, flip := range []byte{0x01, 0x20, 0x80} {
			bodies = append(bodies, sent[:i]+string(append([]byte(nil), sent[i]^flip))+sent[i+1:])
		}
		bodies = append(bodies, sent[:i]+sent[i+1:], sent[:i+1]+sent[i:], sent[:i])
	}
	return append(bodies, sent+"x", sent+"\r\n", "")
}

// TestMangledBody: threats 48, 57 and 62. Whatever byte of a body is changed, in every mode whose
// body is verified and with every delivery that has it: a handler that reads it as it arrives never
// sees io.EOF, nor all of another body if it looks at no error; a handler of spooled bodies, and of
// those that are in memory, does not run. What differs on the wire alone is the same body.
func TestMangledBody(t *testing.T) {
	t.Parallel()
	const data = "hello rydes"
	for _, m := range verifiedModes() {
		for _, delivery := range []sigv4auth.BodyDelivery{sigv4auth.BodyByMode, sigv4auth.BodyStreamed, sigv4auth.BodySpooled} {
			for _, memory := range []int64{1 << 20, 1} {
				if delivery != sigv4auth.BodySpooled && memory == 1 {
					continue
				}
				t.Run(m.name+", "+delivery.String(), func(t *testing.T) {
					t.Parallel()
					dir := t.TempDir()
					a := newAuthenticator(t, func(c *sigv4auth.Config) {
						c.Credentials = sigv4auth.StaticCredentials(session(), streamed())
						m.config(c)
						c.Body, c.Spool = delivers(delivery), sigv4auth.Spool{MemoryBytes: memory, Dir: dir}
					})
					_, sent := m.upload(t, data)
					admitted := 0
					for _, body := range append(mangledBodies(sent), sent) {
						whole := len(data) // of what is decoded
						if sent == data {
							whole = len(body)
						}
						for _, declared := range []bool{true, false} {
							for how, read := range bodyReaders {
								r, _ := m.upload(t, data)
								r = arrives(r, body, declared)
								r.Header.Del("Content-Length")
								ran := false
								a.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
									ran = true
									got, err := read(r.Body)
									switch {
									case err == nil && string(got) == data:
										admitted++
									case err == nil, errors.Is(err, io.EOF), delivery == sigv4auth.BodySpooled:
										t.Errorf("%q, %s: the handler reads %q, %v", body, how, got, err)
									case len(got) > 0 && len(got) >= whole:
										t.Errorf("%q, %s: %q was released before %v", body, how, got, err)
									}
								})).ServeHTTP(httptest.NewRecorder(), r)
								if body == sent && !ran {
									t.Error("the right body is refused")
								}
							}
						}
					}
					if atLeast := 2 * len(bodyReaders); admitted < atLeast {
						t.Errorf("%d bodies were admitted; want %d", admitted, atLeast)
					}
					if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
						t.Errorf("left: %v, %v", left, err)
					}
				})
			}
		}
	}
}

// TestIgnoredBodyError: threat 48. A handler that looks at no error has stored a part at most, and
// whoever it answers to, the audit says that the body was refused.
func TestIgnoredBodyError(t *testing.T) {
	t.Parallel()
	for _, m := range plainModes {
		if !m.verified() {
			continue
		}
		var last sigv4auth.Event
		n := 0
		a := m.authenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&last, &n) })
		stored := ""
		a.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			b := make([]byte, r.ContentLength)
			_, _ = io.ReadFull(r.Body, b)
			stored = string(b)
		})).ServeHTTP(httptest.NewRecorder(), arrives(m.upload("hello rydes"), "hullo rydes", true))
		if stored == "hullo rydes" || n != 2 || last.Outcome != sigv4auth.BodyRefused || last.Reason != sigv4auth.ErrPayloadMismatch {
			t.Errorf("%s: stored %q, %d events, %+v", m.name, stored, n, last)
		}
	}
}

// TestStreamedDigestIsDecidedFirst: threats 48 and 220. The signature and the policies decide by
// the declared digest, before any of the body is read.
func TestStreamedDigestIsDecidedFirst(t *testing.T) {
	t.Parallel()
	for _, delivery := range []sigv4auth.BodyDelivery{sigv4auth.BodyStreamed, sigv4auth.BodySpooled} {
		for name, tt := range map[string]struct {
			change func(*http.Request)
			check  error
			code   sigv4auth.Reason
		}{
			"another digest": {
				func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", digest("another body")) }, nil, sigv4auth.ErrSignatureMismatch,
			},
			"another path": {func(r *http.Request) { r.RequestURI += "2" }, nil, sigv4auth.ErrSignatureMismatch},
			"not allowed":  {func(*http.Request) {}, sigv4auth.ErrAccessDenied, sigv4auth.ErrAccessDenied},
			"too long":     {func(r *http.Request) { r.ContentLength = 10<<20 + 1 }, nil, sigv4auth.ErrRequestTooLarge},
		} {
			m := plainModes[len(plainModes)-1]
			var last sigv4auth.Event
			n := 0
			a := m.authenticator(t, func(c *sigv4auth.Config) {
				c.Body = delivers(delivery)
				c.Observe.Audit = auditInto(&last, &n)
			})
			r := plainMode{"", sigv4test.DeclaredDigest, 0, nil}.upload(rideBody)
			tt.change(r)
			r.Body = &slowBody{r.Body, func() { t.Errorf("%v, %s: the body is read", delivery, name) }}
			var handler spy
			check := func(*http.Request, sigv4auth.Identity) error { return tt.check }
			a.Require(check)(&handler).ServeHTTP(httptest.NewRecorder(), r)
			if handler.ran != 0 || n != 1 || last.Reason != tt.code {
				t.Errorf("%v, %s: the handler ran %d times; %+v", delivery, name, handler.ran, last)
			}
		}
	}
}
