package sigv4auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	modeSignedV4A        = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
	modeSignedTrailerV4A = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
)

// uploaderV4A is a client of S3 that signs by SigV4A with a key pair of its own, with crypto/ecdsa
// and the text of the specification: no signer for Go sends such bodies.
type uploaderV4A struct {
	key    *ecdsa.PrivateKey
	chunks *ecdsa.PrivateKey // signs the chunks; nil: key
	bare   bool              // without padding
}

func (c uploaderV4A) credential(tb testing.TB) sigv4auth.Credential {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(&c.key.PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	public, err := sigv4auth.ParsePublicKey(der)
	if err != nil {
		tb.Fatal(err)
	}
	return sigv4auth.Credential{AccessKeyID: testKeyID, PublicKey: public, Principal: userPrincipal}
}

func ecdsaSign(tb testing.TB, key *ecdsa.PrivateKey, text string) string {
	tb.Helper()
	sum := sha256.Sum256([]byte(text))
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		tb.Fatal(err)
	}
	return hex.EncodeToString(sig)
}

// request makes the upload as a server receives it.
func (c uploaderV4A) request(tb testing.TB, u upload) *http.Request {
	tb.Helper()
	r := u.request(tb)
	r.Header.Del("Authorization")
	r.Header.Del("Content-Length")
	r.Header.Set("X-Amz-Region-Set", "*")
	lines := map[string]string{"host": r.Host}
	for key := range r.Header {
		lines[strings.ToLower(key)] = r.Header.Get(key)
	}
	names := slices.Sorted(maps.Keys(lines))
	var canonical strings.Builder
	canonical.WriteString("PUT\n/prod/upload\n\n")
	for _, name := range names {
		canonical.WriteString(name + ":" + lines[name] + "\n")
	}
	list := strings.Join(names, ";")
	canonical.WriteString("\n" + list + "\n" + u.mode)
	const stamp, scope = "20260102T030405Z", "20260102/" + testService + "/aws4_request"
	seed := ecdsaSign(tb, c.key, "AWS4-ECDSA-P256-SHA256\n"+stamp+"\n"+scope+"\n"+digest(canonical.String()))
	r.Header.Set("Authorization", "AWS4-ECDSA-P256-SHA256 Credential="+testKeyID+"/"+scope+", SignedHeaders="+list+", Signature="+seed)

	key := c.key
	if c.chunks != nil {
		key = c.chunks
	}
	previous := seed
	body := u.encodeWith(func(what, text string) string {
		previous = ecdsaSign(tb, key, "AWS4-ECDSA-P256-SHA256-"+what+"\n"+stamp+"\n"+scope+"\n"+previous+"\n"+text)
		if c.bare {
			return previous
		}
		return previous + strings.Repeat("*", 144-len(previous))
	})
	if u.body != nil {
		body = u.body(body)
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return r
}

func generateKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// TestStreamingV4A: bodies in chunks that are signed by SigV4A, and unsigned ones under its
// signature.
func TestStreamingV4A(t *testing.T) {
	t.Parallel()
	client := uploaderV4A{key: generateKey(t)}
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		streamingConfig(c)
		withV4A(c)
		c.Credentials = sigv4auth.StaticCredentials(client.credential(t))
	})
	for mode, want := range map[string]sigv4auth.PayloadMode{
		modeSignedV4A: sigv4auth.StreamingSigned, modeSignedTrailerV4A: sigv4auth.StreamingSignedTrailer,
		modeUnsignedTrailer: sigv4auth.InsecureStreamingUnsignedTrailer,
	} {
		for _, size := range []int{0, 1, 8192, 100_000} {
			u := upload{mode: mode, data: strings.Repeat("ride", size)[:size]}
			r := client.request(t, u)
			id, err := a.Verify(r)
			if err != nil || id.Algorithm != "AWS4-ECDSA-P256-SHA256" || id.PayloadMode != want {
				t.Errorf("%s, %d bytes: %s, %v, %v", mode, size, id.Algorithm, id.PayloadMode, err)
				continue
			}
			if body, err := io.ReadAll(r.Body); err != nil || string(body) != u.data {
				t.Errorf("%s, %d bytes: read %d, %v", mode, size, len(body), err)
			}
		}
	}
}

// TestStreamingV4ARefused: what is wrong with the mode is refused at once, what is wrong with a
// chunk when it is read.
func TestStreamingV4ARefused(t *testing.T) {
	t.Parallel()
	key := generateKey(t)
	client, data := uploaderV4A{key: key}, strings.Repeat("ride", 5000)
	signed, trailer := upload{mode: modeSignedV4A, data: data}, upload{mode: modeSignedTrailerV4A, data: data}
	off := func(bit sigv4auth.PayloadMode) func(*sigv4auth.Config) {
		return func(c *sigv4auth.Config) { c.Payloads &^= bit }
	}
	// spoil changes the nth signature of a body.
	spoil := func(n int) func(string) string {
		return func(body string) string {
			parts := strings.SplitAfter(body, "signature")
			at := strings.IndexAny(parts[n], "=:") + 3
			parts[n] = parts[n][:at] + "f" + parts[n][at+1:]
			return strings.Join(parts, "")
		}
	}
	with := func(u upload, body func(string) string) upload { u.body = body; return u }
	swap := func(body string) string { // the two whole chunks
		first := strings.Index(body, "\r\n") + 2 + 8192 + 2
		return body[first:2*first] + body[:first] + body[2*first:]
	}
	tests := []struct {
		name   string
		r      *http.Request
		config func(*sigv4auth.Config)
		early  sigv4auth.Reason // by Verify
		late   sigv4auth.Reason // by r.Body.Read
	}{
		{"threat 52: signed chunks are off", client.request(t, signed), off(sigv4auth.StreamingSigned), sigv4auth.ErrNotEnabled, ""},
		{"threat 52: signed chunks with a trailer are off", client.request(t, trailer), off(sigv4auth.StreamingSignedTrailer), sigv4auth.ErrNotEnabled, ""},
		{"threat 9: SigV4A is off", client.request(t, signed), func(c *sigv4auth.Config) { c.Algorithms = 0 }, sigv4auth.ErrIncompleteSignature, ""},
		{"threat 9: chunks of the HMAC under a signature of SigV4A", client.request(t, upload{mode: modeSigned, data: data}), nil, sigv4auth.ErrNotEnabled, ""},
		{
			"threat 9: chunks of SigV4A under an HMAC", signed.request(t), func(c *sigv4auth.Config) { c.Credentials = testCredentials() },
			sigv4auth.ErrNotEnabled, "",
		},
		{"threat 58: the first signature", client.request(t, with(signed, spoil(1))), nil, "", sigv4auth.ErrSignatureMismatch},
		{"threat 58: one in the middle", client.request(t, with(signed, spoil(2))), nil, "", sigv4auth.ErrSignatureMismatch},
		{"threat 58: the last", client.request(t, with(signed, spoil(4))), nil, "", sigv4auth.ErrSignatureMismatch},
		{"threat 65: the trailer's", client.request(t, with(trailer, spoil(5))), nil, "", sigv4auth.ErrSignatureMismatch},
		{"threat 58: chunks in another order", client.request(t, with(signed, swap)), nil, "", sigv4auth.ErrSignatureMismatch},
		{"threat 58: chunks of another key", uploaderV4A{key: key, chunks: generateKey(t)}.request(t, signed), nil, "", sigv4auth.ErrSignatureMismatch},
		{"threat 58: signatures without padding", uploaderV4A{key: key, bare: true}.request(t, signed), nil, "", sigv4auth.ErrSignatureMismatch},
		{"threat 64: a plain body", client.request(t, with(signed, func(string) string { return data })), nil, "", sigv4auth.ErrMalformedRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				streamingConfig(c)
				withV4A(c)
				if c.Credentials = sigv4auth.StaticCredentials(client.credential(t)); tt.config != nil {
					tt.config(c)
				}
			})
			_, err := a.Verify(tt.r)
			if tt.early != "" {
				if !errors.Is(err, tt.early) {
					t.Errorf("%v; want %v", err, tt.early)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(tt.r.Body)
			if !errors.Is(err, tt.late) || len(body) == len(data) || !strings.HasPrefix(data, string(body)) {
				t.Errorf("%d bytes, %v; want %v", len(body), err, tt.late)
			}
		})
	}
}
