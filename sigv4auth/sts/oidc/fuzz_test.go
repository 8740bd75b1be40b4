package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

// FuzzToken: a token of any header and claims, with the right signature and without one. None
// panics; one that was not signed is refused; and of one that is admitted, each condition key is
// the provider's and has the values that encoding/json reads in the claims.
func FuzzToken(f *testing.F) {
	key := fuzzKey()
	for _, claims := range []object{githubToken(), kubernetesToken(), claimsOf(fuzzURL), with(claimsOf(fuzzURL), object{
		"https://aws.amazon.com/tags":                  object{"principal_tags": object{"a": []string{"b"}}, "transitive_tag_keys": []string{"a"}},
		"https://aws.amazon.com/tags/principal_tags/c": "d", "https://aws.amazon.com/source_identity": "ada", "amr": []any{"x", 1, true},
	})} {
		f.Add(`{"alg":"ES256","kid":"one"}`, string(jsonOf(with(claims, object{"iss": fuzzURL}))))
	}
	f.Add(`{"alg":"ES256"}`, `{"\`)
	f.Add(`{"alg":"none"}`, `{"iss":"`+fuzzURL+`","iss":"x"}`)
	f.Add(`{"alg":"ES256","kid":"../one","jku":"https://x"}`, `[{"sub":"\ud800"}]`)
	v, err := oidc.New(oidc.Config{Now: (&clock{}).Now, Providers: []oidc.Provider{{
		Issuer: fuzzURL, Audiences: []string{audience}, Keys: jsonOf(object{"keys": []any{key.jwk()}}),
	}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header, claims string) {
		input := b64([]byte(header)) + "." + b64([]byte(claims))
		for _, unsigned := range []string{input + ".", input + "." + b64(make([]byte, 64)), header + "." + claims, claims} {
			if _, err := v.VerifyToken(context.Background(), unsigned); err == nil {
				t.Fatalf("admitted without a signature: %s", unsigned)
			}
		}
		id, err := v.VerifyToken(context.Background(), input+"."+b64(key.signInput("ES256", input)))
		if err != nil {
			e, ok := errors.AsType[*sts.TokenError](err)
			odd := func(r rune) bool { return r < ' ' || r > '~' }
			if !ok || e.Code == sts.ErrIDPCommunication || strings.ContainsFunc(e.Error(), odd) {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		var read map[string]any
		if err := json.Unmarshal([]byte(claims), &read); err != nil {
			t.Fatalf("admitted, and no JSON: %v", err)
		}
		if read["iss"] != fuzzURL || read["sub"] != id.Subject || len(id.Claims) > 30 || len(id.Tags) > 50 {
			t.Fatalf("the claims are %v, and the identity %+v", read, id)
		}
		for name, values := range id.Claims {
			short, of := strings.CutPrefix(name, id.Provider+":")
			claim, is := read[short]
			if !of || !is && short != "oaud" || len(values) > 50 {
				t.Fatalf("the key %s has %q; the claims are %v", name, values, read)
			}
			for _, value := range values {
				if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
					t.Fatalf("the key %s has the value %q", name, value)
				}
				if text, is := claim.(string); is && text != value {
					t.Fatalf("the key %s has the value %q, and the claim %q", name, value, text)
				}
			}
		}
		for key := range id.Tags {
			if strings.HasPrefix(strings.ToLower(key), "aws:") {
				t.Fatalf("a tag is %q", key)
			}
		}
	})
}

// FuzzKeys: no key set makes anything but an error or a set of public keys; one of the issuer's own
// keys in it verifies a token.
func FuzzKeys(f *testing.F) {
	key := fuzzKey()
	own := string(jsonOf(key.jwk()))
	f.Add(`{"keys":[`+own+`]}`, ``)
	f.Add(`{"keys":[{"kty":"oct","k":"AA","kid":"one"}]}`, `,{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}`)
	f.Add(`{"keys":[]}`, `,{"kty":"RSA","n":"AQAB","e":"AQAB","x5c":["AA"]}`)
	token := key.token(claimsOf(fuzzURL))
	f.Fuzz(func(t *testing.T, doc, more string) {
		provider := func(keys string) oidc.Config {
			return oidc.Config{Now: (&clock{}).Now, Providers: []oidc.Provider{
				{Issuer: fuzzURL, Audiences: []string{audience}, Keys: []byte(keys)},
			}}
		}
		if v, err := oidc.New(provider(doc)); err == nil {
			_, verified := v.VerifyToken(context.Background(), token)
			if x, _ := key.jwk()["x"].(string); verified == nil && !strings.Contains(doc, x) {
				t.Fatalf("verified by %s", doc)
			}
		}
		other := !strings.Contains(more, "one") && !strings.Contains(more, `\`) // no key of the same name
		if v, err := oidc.New(provider(`{"keys":[` + own + more + `]}`)); err == nil && other {
			if _, err := v.VerifyToken(context.Background(), token); err != nil {
				t.Fatalf("beside %s: %v", more, err)
			}
		}
	})
}
