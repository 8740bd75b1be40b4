package sigv4auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
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

// streamed is the credential that upload signs with.
func streamed() sigv4auth.Credential {
	return sigv4auth.Credential{AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal}
}

// paused is a body that calls pause once before its byte at the offset.
type paused struct {
	text  string
	at    int // the offset
	read  int
	pause func()
}

func (b *paused) Read(p []byte) (int, error) {
	rest := b.text[b.read:]
	if b.read < b.at {
		rest = b.text[b.read:b.at]
	} else if b.pause != nil {
		b.pause()
		b.pause = nil
	}
	if rest == "" {
		return 0, io.EOF
	}
	n := copy(p, rest)
	b.read += n
	return n, nil
}

func (*paused) Close() error { return nil }

// TestRevokedWhileStreaming: threat 233. A body in chunks ends at the next one once its request
// would be refused, in an error and never in io.EOF, wherever the pause was and however it is read;
// and the audit is told.
func TestRevokedWhileStreaming(t *testing.T) {
	t.Parallel()
	const chunk, chunks = 8 << 10, 4
	data := strings.Repeat("ride", chunk*chunks/4)
	readers := map[string]func(io.Reader) ([]byte, error){
		"Read":   func(r io.Reader) ([]byte, error) { return io.ReadAll(r) },
		"by one": func(r io.Reader) ([]byte, error) { return io.ReadAll(iotest.OneByteReader(r)) },
		"Copy": func(r io.Reader) ([]byte, error) {
			var b strings.Builder
			_, err := io.Copy(&b, r)
			return []byte(b.String()), err
		},
		"exact": func(r io.Reader) ([]byte, error) {
			b := make([]byte, len(data))
			n, err := io.ReadFull(r, b)
			return b[:n], err
		},
	}
	pauses := map[string]func(body string) int{
		"before the first chunk":  func(string) int { return 0 },
		"within the second chunk": func(string) int { return chunk + chunk/2 },
		"within the last chunk":   func(string) int { return chunk*chunks - 100 },
		"before the end":          func(s string) int { return len(s) - 2 },
	}
	for _, tt := range meanwhile {
		for mode := range uploadModes {
			for where, offset := range pauses {
				for how, read := range readers {
					t.Run(strings.Join([]string{tt.name, mode, where, how}, ", "), func(t *testing.T) {
						t.Parallel()
						clock, store := sigv4test.NewClock(testNow), &changingStore{credential: streamed()}
						var events []sigv4auth.Event
						a := newAuthenticator(t, func(c *sigv4auth.Config) {
							streamingConfig(c)
							c.Credentials, c.Now = store, clock.Now
							c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { events = append(events, e) }
						})
						r := upload{mode: mode, data: data}.request(t)
						encoded, err := io.ReadAll(r.Body)
						if err != nil {
							t.Fatal(err)
						}
						r.Body = &paused{text: string(encoded), at: offset(string(encoded)), pause: func() {
							clock.Advance(2 * time.Second)
							tt.change(store)
						}}
						w := httptest.NewRecorder()
						a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							got, err := read(r.Body)
							if tt.code == "" {
								if err != nil || string(got) != data {
									t.Errorf("%d bytes, %v", len(got), err)
								}
								return
							}
							if len(got) >= len(data) || !strings.HasPrefix(data, string(got)) || !errors.Is(err, tt.code) ||
								errors.Is(err, io.EOF) {
								t.Errorf("%d bytes, %v", len(got), err)
							}
							if mode != modeUnsignedTrailer && len(got) > (offset(string(encoded))/chunk)*chunk {
								t.Errorf("%d bytes were released", len(got))
							}
							if _, err := r.Body.Read(make([]byte, 1)); !errors.Is(err, tt.code) {
								t.Errorf("another Read returns %v", err)
							}
							if _, err := sigv4auth.VerifiedTrailer(r, "x-amz-checksum-crc32"); err == nil {
								t.Error("a trailer of a body that was not admitted to its end")
							}
							sigv4auth.WriteAPIGatewayError(w, r, err)
						})).ServeHTTP(w, r)
						if store.lookups != 2 {
							t.Errorf("%d lookups", store.lookups)
						}
						if tt.code == "" {
							if len(events) != 1 {
								t.Errorf("events: %+v", events)
							}
							return
						}
						if len(events) != 2 || events[0].Outcome != sigv4auth.Admitted ||
							events[1].Outcome != sigv4auth.BodyRefused || events[1].Reason != tt.code {
							t.Errorf("events: %+v", events)
						}
						if want := (&sigv4auth.Error{Reason: tt.code}).HTTPStatus(); w.Code != want {
							t.Errorf("answered %d; want %d", w.Code, want)
						}
					})
				}
			}
		}
	}
}

// TestStreamingAsksOnceASecond: the store is asked no more than once for each second that a body
// takes, and not at all for one that is fast or under a clock that stands still.
func TestStreamingAsksOnceASecond(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 100<<10)
	for mode := range uploadModes {
		for perRead, want := range map[time.Duration]int{0: 1, time.Millisecond: 1, 250 * time.Millisecond: 0} {
			clock, store := sigv4test.NewClock(testNow), &changingStore{credential: streamed()}
			a := newAuthenticator(t, func(c *sigv4auth.Config) { streamingConfig(c); c.Credentials, c.Now = store, clock.Now })
			r := upload{mode: mode, data: data}.request(t)
			r.Body = ticking{r.Body, func() { clock.Advance(perRead) }}
			if _, err := a.Verify(r); err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(r.Body); err != nil || string(b) != data {
				t.Fatalf("%s: %d bytes, %v", mode, len(b), err)
			}
			seconds := int(clock.Now().Sub(testNow) / time.Second)
			if want > 0 && store.lookups != want || want == 0 && (store.lookups < seconds/2 || store.lookups > seconds+1) {
				t.Errorf("%s, %v for each read: %d lookups in %d s", mode, perRead, store.lookups, seconds)
			}
		}
	}
}

// ticking calls tick for each Read.
type ticking struct {
	io.ReadCloser
	tick func()
}

func (b ticking) Read(p []byte) (int, error) {
	b.tick()
	return b.ReadCloser.Read(p)
}

// TestRevokedWhileStreamingV4A: the same for SigV4A, whose key is public, and for a request whose
// host a proxy named.
func TestRevokedWhileStreamingV4A(t *testing.T) {
	t.Parallel()
	var keys [2]*ecdsa.PrivateKey
	for i := range keys {
		var err error
		if keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	for _, replaced := range []bool{false, true} {
		for _, host := range []string{"example.com", "other.example.com, example.com"} {
			client := uploaderV4A{key: keys[0]}
			clock, store := sigv4test.NewClock(testNow), &changingStore{credential: client.credential(t)}
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				streamingConfig(c)
				c.Credentials, c.Now, c.Algorithms = store, clock.Now, sigv4auth.SigV4A
				c.Proxies = sigv4auth.TrustedProxies{Networks: peerNetwork, HostHeader: "X-Forwarded-Host"}
			})
			r := client.request(t, upload{mode: modeSignedV4A, data: "hello"})
			r.Host = "backend"
			r.Header["X-Forwarded-Host"] = []string{host}
			r.Body = &slowBody{r.Body, func() {
				clock.Advance(time.Hour)
				if replaced {
					store.credential = uploaderV4A{key: keys[1]}.credential(t)
				}
			}}
			if _, err := a.Verify(r); err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r.Body)
			if replaced && (!errors.Is(err, sigv4auth.ErrSignatureMismatch) || len(b) > 0) || !replaced &&
				(err != nil || string(b) != "hello") {
				t.Errorf("replaced %t, host %q: %q, %v", replaced, host, b, err)
			}
			if store.lookups != 2 {
				t.Errorf("%d lookups", store.lookups)
			}
		}
	}
}
