package oidc_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

// TestNothingOfATokenIsTold: whatever is wrong with a token, no part of it is in the error, under
// any verb and in a log, in its own form or decoded. A token is a credential, and its claims are
// whoever made it's to choose.
func TestNothingOfATokenIsTold(t *testing.T) {
	t.Parallel()
	const canary = "CANARY"
	key := rs256("one", 0)
	i := newIssuer(someIssuer, key)
	v := verifierOf(t, i)
	good := with(claimsOf(someIssuer), object{
		"jti": canary, "nonce": canary, "email": canary, "x": canary, "_claim_names": object{"y": canary}, "at_hash": canary,
	})
	header := object{"alg": "RS256", "kid": canary, "x": canary}
	tokens := []string{canary, canary + "." + canary + "." + canary, key.tokenWith(header, good), rs256("one", 1).token(good)}
	for _, changes := range []object{
		{"iss": "https://" + canary},
		{"iss": canary},
		{"sub": canary + "\n"},
		{"aud": canary},
		{"azp": canary},
		{"iat": canary},
		{"exp": canary},
		{"nbf": canary},
		{"iat": 1, "exp": 2},
		{"amr": object{canary: canary}},
		{"https://aws.amazon.com/source_identity": canary + " "},
		{"https://aws.amazon.com/tags": object{canary: canary}},
		{"https://aws.amazon.com/tags/principal_tags/" + canary: []string{canary, canary}},
		{"https://aws.amazon.com/tags/transitive_tag_keys": canary},
	} {
		tokens = append(tokens, key.token(with(good, changes)))
	}
	for _, changes := range []object{
		{"alg": canary}, {"typ": canary}, {"cty": canary}, {"crit": []string{canary}}, {"jwk": object{canary: canary}},
	} {
		tokens = append(tokens, key.tokenWith(with(header, changes), good))
	}
	seen := 0
	for _, token := range tokens {
		_, err := v.VerifyToken(context.Background(), token)
		if err == nil {
			t.Errorf("admitted: %s", token)
			continue
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("refused", "err", err)
		slog.New(slog.NewTextHandler(&log, nil)).Info("refused", "err", err)
		e, _ := errors.AsType[*sts.TokenError](err)
		told := fmt.Sprintf("%v %+v %#v %s %q %+v %#v", err, err, err, err, err, *e, *e) + log.String()
		if strings.Contains(told, canary) {
			t.Errorf("told is %s", told)
		}
		for part := range strings.SplitSeq(token, ".") {
			if len(part) > 20 && strings.Contains(told, part[:20]) {
				t.Errorf("a part of the token is told: %s", told)
			}
		}
		seen++
	}
	if seen != len(tokens) {
		t.Errorf("%d of %d tokens were refused", seen, len(tokens))
	}
}

// TestConfigRefused: every mistake is found at New, all at once, by its path.
func TestConfigRefused(t *testing.T) {
	t.Parallel()
	good := oidc.Provider{Issuer: "https://a.example", Audiences: []string{"x"}}
	issuer := func(url string) oidc.Config {
		p := good
		p.Issuer = url
		return oidc.Config{Providers: []oidc.Provider{p}}
	}
	one := func(edit func(*oidc.Provider)) oidc.Config {
		p := good
		edit(&p)
		return oidc.Config{Providers: []oidc.Provider{p}}
	}
	both := func(a, b string) oidc.Config {
		c := issuer(a)
		c.Providers = append(c.Providers, issuer(b).Providers...)
		for i := range c.Providers {
			c.Providers[i].InsecureLoopback = true
		}
		return c
	}
	curve := jsonOf(object{"keys": []any{with((&testKey{"one", "ES384", ecKey(elliptic.P384())}).jwk(), object{"alg": "ES256"})}})
	// Anybody can make the signatures of a key with exponent 1.
	exponent := jsonOf(object{"keys": []any{with(rs256("one", 0).jwk(), object{"e": "AQ"})}})
	secret := jsonOf(object{"keys": []any{object{"kty": "oct", "k": b64([]byte("secret"))}}})
	for want, cfg := range map[string]oidc.Config{
		"Config.Providers is empty":                      {},
		"Config.Providers[0].Issuer: it does not":        issuer("http://127.0.0.1:80"),
		"Config.Providers[0].Issuer: it is no":           issuer(""),
		"Config.Providers[0].Issuer: it is no URL ":      issuer("https://"),
		"Config.Providers[0].Issuer: it has a user":      issuer("https://u:p@a.example"),
		"Config.Providers[0].Issuer: it has a user ":     issuer("https://a.example#"),
		"Config.Providers[0].Issuer: it has a query":     issuer("https://a.example?x"),
		"Config.Providers[0].Issuer: it is not":          issuer("https://A.example"),
		"Config.Providers[0].Issuer: it is not ":         issuer("https://a.example/../b"),
		"Config.Providers[0].Issuer: it is not written ": issuer("https://a.example/a b"),
		"Config.Providers[0].Issuer: it is longer":       issuer("https://a.example/" + strings.Repeat("x", 255)),
		"Config.Providers[1].Issuer: the provider":       both("https://localhost", "http://localhost"),
		"Config.Providers[0].Issuer: it does not begin":  both("http://10.0.0.1", "http://localhost"),
		"Config.Providers[0].Issuer: it does not begin ": both("http://localhost.example", "http://localhost"),
		"Config.Providers[0].Audiences has 0":            one(func(p *oidc.Provider) { p.Audiences = nil }),
		"Config.Providers[0].Audiences has 101":          one(func(p *oidc.Provider) { p.Audiences = make([]string, 101) }),
		"Config.Providers[0].Audiences[1] is":            one(func(p *oidc.Provider) { p.Audiences = []string{"x", ""} }),
		"Config.Providers[0].Algorithms is empty":        one(func(p *oidc.Provider) { p.Algorithms = []string{} }),
		"Config.Providers[0].Algorithms[0]: \"none\"":    one(func(p *oidc.Provider) { p.Algorithms = []string{"none"} }),
		"Config.Providers[0].Algorithms[0]: \"HS256\"":   one(func(p *oidc.Provider) { p.Algorithms = []string{"HS256"} }),
		"Config.Providers[0].Algorithms[0]: \"\"":        one(func(p *oidc.Provider) { p.Algorithms = []string{""} }),
		"Config.Providers[0].Keys: it is not":            one(func(p *oidc.Provider) { p.Keys = []byte("{}") }),
		"Config.Providers[0].Keys has no key":            one(func(p *oidc.Provider) { p.Keys = secret }),
		"Config.Providers[0].Keys has no key that":       one(func(p *oidc.Provider) { p.Keys = exponent }),
		"Config.Providers[0].Keys has no key that ":      one(func(p *oidc.Provider) { p.Keys = curve }),
		"Config.Providers[0].RootCAs and Transport": one(func(p *oidc.Provider) {
			p.RootCAs, p.Transport = x509.NewCertPool(), http.DefaultTransport
		}),
		"Config.Leeway is":       {Leeway: 6 * 60e9, Providers: []oidc.Provider{good}},
		"Config.FetchTimeout is": {FetchTimeout: -1, Providers: []oidc.Provider{good}},
		"Config.RefreshKeys is":  {RefreshKeys: 59e9, Providers: []oidc.Provider{good}},
		"Config.KeepKeys is":     {KeepKeys: 60e9, Providers: []oidc.Provider{good}},
		"Config.MaxWaiting is":   {MaxWaiting: -1, Providers: []oidc.Provider{good}},
	} {
		if v, err := oidc.New(cfg); err == nil || v != nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("the error is %v; want %s", err, want)
		}
	}
	_, err := oidc.New(oidc.Config{Providers: []oidc.Provider{{}, {}}, MaxWaiting: -1})
	if strings.Count(err.Error(), "oidc: Config.") != 5 {
		t.Errorf("not every mistake is told: %v", err)
	}
	if v, err := oidc.New(both("http://localhost:8080", "http://[::1]:8080")); err != nil {
		t.Error(err)
	} else if err := v.Close(); err != nil {
		t.Error(err)
	}
}
