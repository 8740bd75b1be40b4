package oidc_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	coreos "github.com/coreos/go-oidc/v3/oidc"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

const ourIssuer = "https://sts.rides.example/issuer"

func callerClaims() sts.TokenClaims {
	return sts.TokenClaims{
		Subject: "arn:aws:iam::111122223333:role/Rider", Audiences: []string{"https://api.example"}, Algorithm: "RS256",
		AccountID: "111122223333", Region: "us-east-1", PrincipalTags: map[string]string{"team": "rides"},
		RequestTags: map[string]string{"job": "7"},
	}
}

func newKeys(tb testing.TB, now time.Time) []byte {
	tb.Helper()
	keys, err := oidc.NewSigningKeys(now)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func newSigner(tb testing.TB, c *clock, keys []byte) *oidc.Signer {
	tb.Helper()
	s, err := oidc.NewSigner(oidc.SignerConfig{Issuer: ourIssuer, Now: c.Now}, keys)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// overHandler answers requests by a handler, without a network.
type overHandler struct{ http.Handler }

func (h overHandler) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

func payload(tb testing.TB, token string) (claims object) {
	tb.Helper()
	b := decode(tb, strings.Split(token, ".")[1])
	if err := json.Unmarshal(b, &claims); err != nil {
		tb.Fatal(err)
	}
	return claims
}

// TestSignedTokens: a token of each algorithm has AWS's claims, and both go-oidc as it is and our
// Verifier verify it by the discovery document.
func TestSignedTokens(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := newSigner(t, c, newKeys(t, start))
	web := overHandler{s.Handler()}
	ctx := coreos.ClientContext(context.Background(), &http.Client{Transport: web})
	provider, err := coreos.NewProvider(ctx, ourIssuer)
	if err != nil {
		t.Fatal(err)
	}
	theirs := provider.Verifier(&coreos.Config{ClientID: "https://api.example", Now: c.Now})
	ours := newVerifier(t, oidc.Config{Providers: []oidc.Provider{
		{Issuer: ourIssuer, Audiences: []string{"https://api.example"}, Transport: web},
	}, Now: c.Now})
	ids := map[any]bool{}
	for _, alg := range []string{"RS256", "ES384"} {
		claims := callerClaims()
		claims.Algorithm = alg
		token, expires, err := s.SignToken(ctx, claims)
		if err != nil {
			t.Fatal(err)
		}
		if !expires.Equal(start.Add(5 * time.Minute)) {
			t.Errorf("%s: it expires %v", alg, expires)
		}
		if _, err := theirs.Verify(ctx, token); err != nil {
			t.Errorf("%s: go-oidc: %v", alg, err)
		}
		if id := admitted(t, ours, token); id.Subject != claims.Subject || id.SigningAlgorithm != alg || !id.Expires.Equal(expires) {
			t.Errorf("%s: %+v", alg, id)
		}
		got := payload(t, token)
		ids[got["jti"]] = true
		delete(got, "jti")
		want := object{
			"iss": ourIssuer, "sub": claims.Subject, "aud": "https://api.example", "iat": 1.79e9, "exp": 1.79e9 + 300,
			"https://sts.amazonaws.com/": object{
				"aws_account": "111122223333", "source_region": "us-east-1", "principal_tags": object{"team": "rides"},
				"request_tags": object{"job": "7"},
			},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the claims are\n%v; want\n%v", alg, got, want)
		}
	}
	if len(ids) != 2 {
		t.Error("two tokens have one jti")
	}
	claims := callerClaims()
	claims.Audiences, claims.Lifetime = []string{"a", "b"}, time.Hour
	token, expires, err := s.SignToken(ctx, claims)
	if got := payload(t, token); err != nil || !expires.Equal(start.Add(time.Hour)) || !reflect.DeepEqual(got["aud"], []any{"a", "b"}) {
		t.Errorf("an hour for two: %v, %v, %v", got, expires, err)
	}
}

// TestSignRefused: claims that break a rule are not signed, and the error does not repeat them.
func TestSignRefused(t *testing.T) {
	t.Parallel()
	s := newSigner(t, &clock{}, newKeys(t, start))
	for name, edit := range map[string]func(*sts.TokenClaims){
		"no subject":               func(c *sts.TokenClaims) { c.Subject = "" },
		"subject with a NUL":       func(c *sts.TokenClaims) { c.Subject = "CANARY\x00" },
		"no account":               func(c *sts.TokenClaims) { c.AccountID = "" },
		"region with a line break": func(c *sts.TokenClaims) { c.Region = "CANARY\n" },
		"no algorithm":             func(c *sts.TokenClaims) { c.Algorithm = "" },
		"none":                     func(c *sts.TokenClaims) { c.Algorithm = "none" },
		"HS256":                    func(c *sts.TokenClaims) { c.Algorithm = "HS256" },
		"ES256":                    func(c *sts.TokenClaims) { c.Algorithm = "ES256" },
		"59 s":                     func(c *sts.TokenClaims) { c.Lifetime = 59 * time.Second },
		"3,601 s":                  func(c *sts.TokenClaims) { c.Lifetime = time.Hour + time.Second },
		"61.5 s":                   func(c *sts.TokenClaims) { c.Lifetime = 61500 * time.Millisecond },
		"negative":                 func(c *sts.TokenClaims) { c.Lifetime = -time.Minute },
		"no audience":              func(c *sts.TokenClaims) { c.Audiences = nil },
		"an empty audience":        func(c *sts.TokenClaims) { c.Audiences = []string{""} },
		"11 audiences":             func(c *sts.TokenClaims) { c.Audiences = strings.Split("a,a,a,a,a,a,a,a,a,a,a", ",") },
		"a long audience":          func(c *sts.TokenClaims) { c.Audiences = []string{strings.Repeat("CANARY", 200)} },
		"an odd tag":               func(c *sts.TokenClaims) { c.RequestTags = map[string]string{"CANARY<": "x"} },
		"51 tags of the request":   func(c *sts.TokenClaims) { c.RequestTags = numbered(51) },
		"101 tags of the caller":   func(c *sts.TokenClaims) { c.PrincipalTags = numbered(101) },
	} {
		claims := callerClaims()
		edit(&claims)
		token, _, err := s.SignToken(context.Background(), claims)
		if err == nil || token != "" || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %q, %v", name, token, err)
		}
	}
	// A role has 50 tags, and so has its session.
	most := callerClaims()
	most.RequestTags, most.PrincipalTags = numbered(50), numbered(100)
	if _, _, err := s.SignToken(context.Background(), most); err != nil {
		t.Errorf("the most tags: %v", err)
	}
	large := callerClaims()
	large.RequestTags = map[string]string{}
	for n := range 50 {
		large.RequestTags[fmt.Sprintf("%0128d", n)] = strings.Repeat("é", 256)
	}
	if _, _, err := s.SignToken(context.Background(), large); !errors.Is(err, sts.ErrJWTPayloadSizeExceeded) {
		t.Errorf("too large: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := s.SignToken(ctx, callerClaims()); !errors.Is(err, context.Canceled) {
		t.Errorf("the request has ended: %v", err)
	}
}

// numbered returns n tags.
func numbered(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprint(i)] = ""
	}
	return tags
}

// published returns the names of the keys that the Signer's handler shows.
func published(t *testing.T, s *oidc.Signer) (ids []string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, ourIssuer+"/.well-known/jwks.json", nil))
	if w.Code != http.StatusOK {
		t.Fatal(w.Code)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		for member := range k {
			if strings.Contains(" d p q dp dq qi k oth ", " "+member+" ") {
				t.Fatalf("a private member %s is published", member)
			}
		}
		ids = append(ids, k["kid"])
	}
	return ids
}

// TestRotatedSigningKeys: a new key is published before it signs; the old one until its last token
// is over; every token is verified for as long as it lives, also by a verifier that has fetched the
// keys only once in the overlap.
func TestRotatedSigningKeys(t *testing.T) {
	t.Parallel()
	c := &clock{}
	keys := newKeys(t, start)
	s := newSigner(t, c, keys)
	verifier := newVerifier(t, oidc.Config{Providers: []oidc.Provider{
		{Issuer: ourIssuer, Audiences: []string{"https://api.example"}, Transport: overHandler{s.Handler()}},
	}, Now: c.Now})
	sign := func() string {
		t.Helper()
		claims := callerClaims()
		claims.Lifetime = time.Hour
		token, _, err := s.SignToken(context.Background(), claims)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	kid := func(token string) string {
		var h struct{ Kid string }
		if err := json.Unmarshal(decode(t, strings.Split(token, ".")[0]), &h); err != nil {
			t.Fatal(err)
		}
		return h.Kid
	}
	first := sign()
	rotated, err := oidc.RotateSigningKeys(keys, c.Now(), 30*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetKeys(rotated); err != nil {
		t.Fatal(err)
	}
	if len(published(t, s)) != 4 {
		t.Errorf("published are %v; want 4 keys", published(t, s))
	}
	admitted(t, verifier, first)
	c.advance(30*time.Minute - time.Second)
	last := sign()
	if kid(last) != kid(first) {
		t.Error("the new key signs before the overlap has passed")
	}
	c.advance(time.Second)
	next := sign()
	if kid(next) == kid(first) {
		t.Error("the old key still signs")
	}
	admitted(t, verifier, next)
	c.advance(time.Hour - 2*time.Second)
	admitted(t, verifier, last)
	if ids := published(t, s); len(ids) != 4 {
		t.Errorf("published are %v; the old key's last token is valid", ids)
	}
	c.advance(5*time.Minute + 2*time.Second)
	if ids := published(t, s); len(ids) != 2 || ids[0] == kid(first) || ids[1] == kid(first) {
		t.Errorf("published are %v; the old key is %s", ids, kid(first))
	}
	again, err := oidc.RotateSigningKeys(rotated, c.Now(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(again), `"alg"`) != 4 {
		t.Error("keys that are over are kept by a rotation")
	}
	// Whoever rotates again and again does not lose keys that are needed, nor grow without end.
	for n := 0; ; n++ {
		if again, err = oidc.RotateSigningKeys(again, c.Now(), time.Hour); err != nil {
			if n < 4 {
				t.Errorf("the %dth rotation at once: %v", n, err)
			}
			break
		}
	}
}

// TestSigningKeysRefused: documents that are no keys, and what they hold is in no error. A Signer
// that is given one goes on with what it has.
func TestSigningKeysRefused(t *testing.T) {
	t.Parallel()
	keys := string(newKeys(t, start))
	other := string(newKeys(t, start))
	s := newSigner(t, &clock{}, []byte(keys))
	entry := func(doc string, n int) string {
		return strings.Split(strings.TrimSuffix(strings.TrimPrefix(doc, `{"version":1,"keys":[`), "]}"), "},")[n]
	}
	with := func(alg string, private any) string { // one key of the document replaced
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		one := `{"alg":"` + alg + `","from":0,"pkcs8":"` + base64.StdEncoding.EncodeToString(der) + `"`
		if alg == "RS256" {
			return `{"version":1,"keys":[` + one + `},` + entry(keys, 1) + `]}`
		}
		return `{"version":1,"keys":[` + entry(keys, 0) + `},` + one + `}]}`
	}
	if err := s.SetKeys([]byte(with("RS256", rsaKeys()[0]))); err != nil {
		t.Fatal(err)
	}
	for name, doc := range map[string]string{
		"empty":                   "",
		"a weak key":              with("RS256", weakRSA()),
		"a key of another curve":  with("ES384", ecKey(elliptic.P256())),
		"a key of another kind":   with("ES384", rsaKeys()[0]),
		"no JSON":                 keys[:len(keys)-1],
		"another version":         strings.Replace(keys, `"version":1`, `"version":2`, 1),
		"no keys":                 `{"version":1,"keys":[]}`,
		"one algorithm":           `{"version":1,"keys":[` + entry(keys, 1) + `]}`,
		"one key twice":           strings.Replace(keys, `"keys":[`, `"keys":[`+entry(keys, 0)+`},`, 1),
		"the algorithms swapped":  strings.NewReplacer("RS256", "ES384", "ES384", "RS256").Replace(keys),
		"another algorithm":       strings.Replace(keys, "RS256", "RS512", 1),
		"a key that is no base64": strings.Replace(keys, `"pkcs8":"M`, `"pkcs8":"!`, 1),
		"a key that is no key":    strings.Replace(keys, `"pkcs8":"M`, `"pkcs8":"A`, 1),
		"a member twice":          strings.Replace(keys, `"version":1`, `"version":1,"version":1`, 1),
		"far too large":           keys + strings.Repeat(" ", 1<<20),
	} {
		before := published(t, s)
		err := s.SetKeys([]byte(doc))
		if err == nil || !reflect.DeepEqual(published(t, s), before) {
			t.Errorf("%s: %v", name, err)
		} else if len(doc) > 200 && len(err.Error()) > 200 {
			t.Errorf("%s: the error is long: %v", name, err)
		}
		if _, err := oidc.RotateSigningKeys([]byte(doc), start, 0); err == nil {
			t.Errorf("%s: it was rotated", name)
		}
	}
	if _, err := oidc.RotateSigningKeys([]byte(keys), start, -time.Second); err == nil {
		t.Error("a negative overlap was taken")
	}
	if err := s.SetKeys([]byte(other)); err != nil {
		t.Error(err)
	}
	for _, url := range []string{
		"", "http://sts.example", "http://127.0.0.1:1", "https://", "https://a/?q", "https://a/#", "https://u@a", "https://a/",
	} {
		if _, err := oidc.NewSigner(oidc.SignerConfig{Issuer: url}, []byte(keys)); err == nil {
			t.Errorf("the issuer %q was taken", url)
		}
	}
	future, err := oidc.NewSigner(oidc.SignerConfig{Issuer: ourIssuer, Now: (&clock{}).Now}, newKeys(t, start.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := future.SignToken(context.Background(), callerClaims()); err == nil {
		t.Error("a key signed before its time")
	}
}

// TestSignerIsSecret: no verb prints a part of a private key.
func TestSignerIsSecret(t *testing.T) {
	t.Parallel()
	s := newSigner(t, &clock{}, newKeys(t, start))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		if got := fmt.Sprintf(verb, s); got != "oidc.Signer("+ourIssuer+")" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

// TestPublished: the handler answers GET and HEAD of its two paths, and nothing else.
func TestPublished(t *testing.T) {
	t.Parallel()
	s := newSigner(t, &clock{}, newKeys(t, start))
	for request, want := range map[string]int{
		"GET /issuer/.well-known/openid-configuration":     200,
		"HEAD /issuer/.well-known/openid-configuration":    200,
		"GET /issuer/.well-known/jwks.json":                200,
		"POST /issuer/.well-known/jwks.json":               405,
		"GET /.well-known/jwks.json":                       404,
		"GET /issuer/.well-known/jwks.json/":               404,
		"GET /issuer/.well-known/":                         404,
		"DELETE /issuer/.well-known/openid-configuration":  405,
		"GET /issuer/.well-known/openid-configuration?a=b": 200,
	} {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != want {
			t.Errorf("%s is answered with %d; want %d", request, w.Code, want)
		}
		h := w.Header()
		if want == 200 && (h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "public, max-age=300") {
			t.Errorf("%s: the headers are %v", request, w.Header())
		}
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/issuer/.well-known/openid-configuration", nil))
	var got object
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got["issuer"] != ourIssuer ||
		got["jwks_uri"] != ourIssuer+"/.well-known/jwks.json" {
		t.Errorf("the document is %s, %v", bytes.TrimSpace(w.Body.Bytes()), err)
	}
}
