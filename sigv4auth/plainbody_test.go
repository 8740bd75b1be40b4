package sigv4auth_test

import (
	"bytes"
	"context"
	"errors"
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

// bodyReaders are ways in which handlers read.
var bodyReaders = map[string]func(io.Reader) ([]byte, error){
	"Read":   func(r io.Reader) ([]byte, error) { return io.ReadAll(r) },
	"by one": func(r io.Reader) ([]byte, error) { return io.ReadAll(iotest.OneByteReader(r)) },
	"Copy": func(r io.Reader) ([]byte, error) {
		var b bytes.Buffer
		_, err := io.Copy(&b, r)
		return b.Bytes(), err
	},
}

// TestPlainBodyStreams: the handler begins before the body has arrived, reads each piece as it
// comes, and io.EOF at its end, with a length that is declared and one that is not.
func TestPlainBodyStreams(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 50_000)
	for _, m := range plainModes {
		for how, read := range bodyReaders {
			for _, declared := range []bool{true, false} {
				r := m.upload(data)
				begun := false
				r.Body = &slowBody{strings.NewReader(data), func() { begun = true }}
				if !declared {
					r.ContentLength = -1
				}
				want := r.ContentLength
				ran := false
				w := httptest.NewRecorder()
				m.authenticator(t, nil).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if ran = true; begun {
						t.Errorf("%s: the body was read before the handler began", m.name)
					}
					if got, err := read(r.Body); err != nil || string(got) != data {
						t.Errorf("%s, %s, declared %t: %d bytes, %v", m.name, how, declared, len(got), err)
					}
					if n, err := r.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
						t.Errorf("%s, %s: behind the end: %d, %v", m.name, how, n, err)
					}
					if r.ContentLength != want {
						t.Errorf("%s: ContentLength is %d; want %d", m.name, r.ContentLength, want)
					}
				})).ServeHTTP(w, r)
				if !ran {
					t.Errorf("%s: %d %s", m.name, w.Code, w.Body)
				}
			}
		}
	}
}

// TestEmptyPlainBody: a request without a body has none to be read later, and costs no reader.
func TestEmptyPlainBody(t *testing.T) {
	t.Parallel()
	for _, m := range plainModes {
		for _, body := range []io.ReadCloser{nil, http.NoBody, io.NopCloser(strings.NewReader(""))} {
			r := m.upload("")
			r.Body = body
			if _, err := m.authenticator(t, nil).Verify(r); err != nil {
				t.Errorf("%s: %v", m.name, err)
			} else if b, err := io.ReadAll(r.Body); err != nil || len(b) > 0 {
				t.Errorf("%s: %q, %v", m.name, b, err)
			} else if (body == nil || body == http.NoBody) && r.Body != http.NoBody {
				t.Errorf("%s: the body is a %T", m.name, r.Body)
			}
		}
		r := m.upload("")
		r.Body, r.ContentLength = http.NoBody, 4
		if _, err := m.authenticator(t, nil).Verify(r); !errors.Is(err, sigv4auth.ErrIncompleteBody) {
			t.Errorf("%s: no body of 4 bytes: %v", m.name, err)
		}
	}
}

// TestPlainBodyBounds: threats 57 and 220. A body of MaxBodyBytes is read to io.EOF. One that is
// longer is refused before the handler where it says so, and otherwise ends in an error, as does
// one that is not as long as its Content-Length.
func TestPlainBodyBounds(t *testing.T) {
	t.Parallel()
	const most = 100
	long := strings.Repeat("r", most+1)
	for _, m := range plainModes {
		for _, tt := range []struct {
			name    string
			signed  string
			arrives string
			length  int64
			code    sigv4auth.Reason
			before  bool // the handler does not run
		}{
			{"exactly, declared", long[:most], long[:most], most, "", false},
			{"exactly, not declared", long[:most], long[:most], -1, "", false},
			{"one over, declared", long, long, most + 1, sigv4auth.ErrRequestTooLarge, true},
			{"one over, not declared", long, long, -1, sigv4auth.ErrRequestTooLarge, false},
			{"shorter than declared", long[:50], long[:49], 50, sigv4auth.ErrIncompleteBody, false},
			{"empty and declared", long[:50], "", 50, sigv4auth.ErrIncompleteBody, false},
			{"longer than declared", long[:50], long[:51], 50, sigv4auth.ErrIncompleteBody, false},
			{"longer than declared, and than the bound", long[:most], long, most, sigv4auth.ErrRequestTooLarge, false},
		} {
			for how, read := range bodyReaders {
				var events []sigv4auth.Event
				a := m.authenticator(t, func(c *sigv4auth.Config) {
					c.MaxBodyBytes = most
					c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { events = append(events, e) }
				})
				r := arrives(m.upload(tt.signed), tt.arrives, false)
				r.ContentLength = tt.length
				ran := 0
				a.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					ran++
					got, err := read(r.Body)
					if tt.code == "" && (err != nil || string(got) != tt.arrives) ||
						tt.code != "" && (!errors.Is(err, tt.code) || errors.Is(err, io.EOF) || len(got) > most) {
						t.Errorf("%s, %s, %s: %d bytes, %v", m.name, tt.name, how, len(got), err)
					}
				})).ServeHTTP(httptest.NewRecorder(), r)
				want := 1
				if tt.code != "" && !tt.before {
					want = 2
				}
				if ran == 1 == tt.before || len(events) != want {
					t.Fatalf("%s, %s: the handler ran %d times; events %+v", m.name, tt.name, ran, events)
				}
				if last := events[want-1]; last.Reason != tt.code || want == 2 && last.Outcome != sigv4auth.BodyRefused {
					t.Errorf("%s, %s: %+v", m.name, tt.name, events)
				}
			}
		}
	}
}

// TestPlainBodyChecksum: the checksum that a header declares is verified at the end of a body that
// streams, and the last byte of another body is never released.
func TestPlainBodyChecksum(t *testing.T) {
	t.Parallel()
	for _, m := range plainModes {
		if m.presign != 0 {
			continue // it is in the query then: TestPresignedChecksum
		}
		for how, read := range bodyReaders {
			for _, declared := range []bool{true, false} {
				for _, sum := range []string{crc32Of(rideBody), crc32Of("another body")} {
					r := arrives(m.upload(rideBody, "X-Amz-Checksum-Crc32", sum), rideBody, declared)
					if _, err := m.authenticator(t, nil).Verify(r); err != nil {
						t.Fatal(err)
					}
					got, err := read(r.Body)
					if right := sum == crc32Of(rideBody); right && (err != nil || string(got) != rideBody) ||
						!right && (!errors.Is(err, sigv4auth.ErrChecksumMismatch) || len(got) >= len(rideBody)) {
						t.Errorf("%s, %s, %s: %q, %v", m.name, how, sum, got, err)
					}
				}
			}
		}
	}
}

// TestPlainBodyFails: a body that cannot be read to its end is an error that does not go away, and
// neither is a body that was closed.
func TestPlainBodyFails(t *testing.T) {
	t.Parallel()
	for _, m := range plainModes {
		for name, source := range map[string]io.Reader{
			"an error":          iotest.ErrReader(errors.New("reset by peer")),
			"bytes, then one":   io.MultiReader(strings.NewReader("ri"), iotest.ErrReader(errors.New("reset by peer"))),
			"unexpected EOF":    io.MultiReader(strings.NewReader("ri"), iotest.ErrReader(io.ErrUnexpectedEOF)),
			"bytes with one":    iotest.DataErrReader(io.MultiReader(strings.NewReader("ri"), iotest.ErrReader(errors.New("reset")))),
			"nothing, for ever": nothing{},
		} {
			for how, read := range bodyReaders {
				r := m.upload(rideBody)
				r.Body = io.NopCloser(source)
				if how != "Read" && strings.HasPrefix(name, "bytes") {
					continue // the source is used up
				}
				if _, err := m.authenticator(t, nil).Verify(r); err != nil {
					t.Fatal(err)
				}
				_, err := read(r.Body)
				_, again := r.Body.Read(make([]byte, 1))
				if want := sigv4auth.ErrIncompleteBody; !errors.Is(err, want) || errors.Is(err, io.EOF) || !errors.Is(again, want) {
					t.Errorf("%s, %s, %s: %v, then %v", m.name, name, how, err, again)
				}
			}
		}
	}
}

// nothing is a source that returns nothing, and no error.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

// TestRevokedWhileReadingPlain: threat 233. A body that streams ends in a refusal at the next piece
// once its request would be refused, and the audit is told.
func TestRevokedWhileReadingPlain(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 10_000)
	for _, m := range plainModes {
		for _, tt := range meanwhile {
			for how, read := range bodyReaders {
				for where, offset := range map[string]int{"at once": 0, "in the middle": len(data) / 2, "before the end": len(data) - 1} {
					clock, store := sigv4test.NewClock(testNow), &changingStore{credential: session()}
					var events []sigv4auth.Event
					a := m.authenticator(t, func(c *sigv4auth.Config) {
						c.Credentials, c.Now = store, clock.Now
						c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { events = append(events, e) }
					})
					r := m.upload(data)
					r.Body = &paused{text: data, at: offset, pause: func() {
						clock.Advance(2 * time.Second)
						tt.change(store)
					}}
					a.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						got, err := read(r.Body)
						if tt.code == "" {
							if err != nil || string(got) != data {
								t.Errorf("%s, %s: %d bytes, %v", m.name, tt.name, len(got), err)
							}
							return
						}
						if len(got) > offset || !errors.Is(err, tt.code) || errors.Is(err, io.EOF) {
							t.Errorf("%s, %s, %s, %s: %d bytes, %v", m.name, tt.name, where, how, len(got), err)
						}
					})).ServeHTTP(httptest.NewRecorder(), r)
					want := 2
					if tt.code == "" {
						want = 1
					}
					if len(events) != want || events[want-1].Reason != tt.code || store.lookups != 2 {
						t.Errorf("%s, %s, %s: events %+v; %d lookups", m.name, tt.name, where, events, store.lookups)
					}
				}
			}
		}
	}
}

// TestTelemetryOfPlainBodies: sigv4auth.streamed_bodies counts a body that streams, once and
// however it ends, and none that was there before the handler.
func TestTelemetryOfPlainBodies(t *testing.T) {
	t.Parallel()
	for _, m := range plainModes {
		counted := &meter{counts: map[string]int{}}
		a := m.authenticator(t, func(c *sigv4auth.Config) { c.Observe.Meter = counted })
		for _, body := range []string{rideBody, rideBody[1:], ""} {
			r := m.upload(rideBody)
			if body == "" {
				r = m.upload("")
			} else {
				r.Body = io.NopCloser(strings.NewReader(body))
			}
			if _, err := a.Verify(r); err != nil {
				t.Fatal(err)
			}
			_, _ = io.ReadAll(r.Body)
			_, _ = io.ReadAll(r.Body)
		}
		if counted.counts["sigv4auth.streamed_bodies verified"] != 1 || counted.counts["sigv4auth.streamed_bodies IncompleteBody"] != 1 {
			t.Errorf("%s: %v", m.name, counted.counts)
		}
	}
}
