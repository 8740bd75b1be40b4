package oidc_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

const audience = "sts.amazonaws.com"

// start is when the tests take place.
var start = time.Unix(1_790_000_000, 0).UTC()

// testKey is a key of an issuer. Tokens are signed here by the standard library alone, so that
// nothing which verifies them has made them.
type testKey struct {
	id, alg string
	private crypto.Signer
}

// keys of each kind, made once: keys are costly.
var (
	rsaKeys = sync.OnceValue(func() []*rsa.PrivateKey { return []*rsa.PrivateKey{newRSA(2048), newRSA(2048)} })
	weakRSA = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(1024) })
)

func newRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func ecKey(curve elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

func rs256(id string, n int) *testKey { return &testKey{id, "RS256", rsaKeys()[n]} }

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwk returns the public key as it is published.
func (k *testKey) jwk() map[string]any {
	m := map[string]any{"kid": k.id, "use": "sig", "alg": k.alg}
	switch pub := k.private.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", b64(pub.N.Bytes()), b64(big.NewInt(int64(pub.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := pub.Bytes()
		if err != nil {
			panic(err)
		}
		half := (len(point) - 1) / 2
		m["kty"], m["crv"], m["x"], m["y"] = "EC", pub.Curve.Params().Name, b64(point[1:1+half]), b64(point[1+half:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", b64(pub)
	}
	return m
}

// signInput returns the signature of a header and claims, both encoded.
func (k *testKey) signInput(alg, input string) []byte {
	hash := map[string]crypto.Hash{
		"RS256": crypto.SHA256, "PS256": crypto.SHA256, "ES256": crypto.SHA256, "RS384": crypto.SHA384, "ES384": crypto.SHA384, "ES512": crypto.SHA512,
	}[alg]
	digest := []byte(input)
	switch hash {
	case crypto.SHA256:
		d := sha256.Sum256(digest)
		digest = d[:]
	case crypto.SHA384:
		d := sha512.Sum384(digest)
		digest = d[:]
	case crypto.SHA512:
		d := sha512.Sum512(digest)
		digest = d[:]
	}
	var opts crypto.SignerOpts = hash
	if alg == "PS256" {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	if ec, ok := k.private.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, ec, digest)
		if err != nil {
			panic(err)
		}
		size := (ec.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	sig, err := k.private.Sign(rand.Reader, digest, opts)
	if err != nil {
		panic(err)
	}
	return sig
}

type object = map[string]any

func encode(v any) string {
	if text, ok := v.(string); ok {
		return b64([]byte(text))
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b64(b)
}

// token signs claims, an object or JSON as it stands.
func (k *testKey) token(claims any) string {
	return k.tokenWith(object{"alg": k.alg, "kid": k.id, "typ": "JWT"}, claims)
}

func (k *testKey) tokenWith(header, claims any) string {
	input := encode(header) + "." + encode(claims)
	return input + "." + b64(k.signInput(k.alg, input))
}

func hs256(secret []byte, header, claims any) string {
	input := encode(header) + "." + encode(claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + b64(mac.Sum(nil))
}

// with returns claims with some changed; nil takes one away.
func with(claims object, changes object) object {
	claims = maps.Clone(claims)
	for name, v := range changes {
		if v == nil {
			delete(claims, name)
		} else {
			claims[name] = v
		}
	}
	return claims
}

// claimsOf are those of a plain ID token.
func claimsOf(issuer string) object {
	return object{
		"iss": issuer, "sub": "somebody", "aud": audience, "iat": start.Unix(), "exp": start.Add(10 * time.Minute).Unix(),
	}
}

// issuer is an issuer in memory, as a transport.
type issuer struct {
	url     string
	fetches atomic.Int64 // of the key set
	asked   atomic.Int64 // requests

	mu   sync.Mutex
	keys []any
	// serve, if set, answers in place of the issuer.
	serve func(*http.Request) (*http.Response, error)
}

func newIssuer(url string, keys ...*testKey) *issuer {
	i := &issuer{url: url}
	i.publish(keys...)
	return i
}

func (i *issuer) publish(keys ...*testKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = []any{}
	for _, k := range keys {
		i.keys = append(i.keys, k.jwk())
	}
}

func (i *issuer) answer(serve func(*http.Request) (*http.Response, error)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.serve = serve
}

func (i *issuer) down() {
	i.answer(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") })
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.asked.Add(1)
	i.mu.Lock()
	serve := i.serve
	i.mu.Unlock()
	if serve != nil {
		return serve(r)
	}
	w := httptest.NewRecorder()
	i.ServeHTTP(w, r)
	return w.Result(), nil
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var answer any
	switch "https://" + r.Host + r.URL.Path {
	case i.url + "/.well-known/openid-configuration":
		answer = object{
			"issuer": i.url, "jwks_uri": i.url + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"},
		}
	case i.url + "/keys":
		i.fetches.Add(1)
		answer = object{"keys": i.keys}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// provider configures the issuer.
func (i *issuer) provider() oidc.Provider {
	return oidc.Provider{Issuer: i.url, Audiences: []string{audience}, Transport: i}
}

// clock is a clock that tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time          { return start.Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// newVerifier returns a Verifier at the time of the tests.
func newVerifier(tb testing.TB, cfg oidc.Config) *oidc.Verifier {
	tb.Helper()
	if cfg.Now == nil {
		cfg.Now = (&clock{}).Now
	}
	v, err := oidc.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = v.Close() })
	return v
}

func verifierOf(tb testing.TB, issuers ...*issuer) *oidc.Verifier {
	tb.Helper()
	var cfg oidc.Config
	for _, i := range issuers {
		cfg.Providers = append(cfg.Providers, i.provider())
	}
	return newVerifier(tb, cfg)
}

// refused verifies a token that has to be refused with a code.
func refused(tb testing.TB, v *oidc.Verifier, token string, code sts.TokenErrorCode) *sts.TokenError {
	tb.Helper()
	id, err := v.VerifyToken(context.Background(), token)
	e, ok := errors.AsType[*sts.TokenError](err)
	if !ok || e.Code != code {
		tb.Fatalf("the answer is %+v, %v; want %s", id, err, string(code))
	}
	if fmt.Sprint(id) != fmt.Sprint(sts.WebIdentity{}) {
		tb.Fatalf("beside the error stands %+v", id)
	}
	return e
}

// admitted verifies a token that has to be admitted.
func admitted(tb testing.TB, v *oidc.Verifier, token string) sts.WebIdentity {
	tb.Helper()
	id, err := v.VerifyToken(context.Background(), token)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// decode decodes a part of a token.
func decode(tb testing.TB, part string) []byte {
	tb.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

const fuzzURL = "https://token.actions.githubusercontent.com"

// fuzzKey is the same in every process that fuzzes.
var fuzzKey = sync.OnceValue(func() *testKey {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{1}, 32))
	if err != nil {
		panic(err)
	}
	return &testKey{"one", "ES256", private}
})
