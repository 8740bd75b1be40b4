package oidc_test

import (
	"context"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

func jsonOf(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// TestHostileIssuers: what a server that is, or stands for, an issuer can answer. Nothing of it is
// believed, no answer is read without end, no redirect is followed, and nothing that it says is in
// the error.
func TestHostileIssuers(t *testing.T) {
	t.Parallel()
	const canary = "CANARY-OF-THE-ISSUER"
	key := rs256("one", 0)
	keys := jsonOf(object{"keys": []any{key.jwk()}})
	endless := func(w http.ResponseWriter, beginning string) int64 {
		_, _ = io.WriteString(w, beginning)
		var n int64
		for range 1 << 12 { // 256 MiB
			written, err := w.Write([]byte(strings.Repeat(" ", 1<<16)))
			if n += int64(written); err != nil {
				break
			}
		}
		return n
	}
	type server struct {
		discovery, keys func(w http.ResponseWriter, r *http.Request, self string)
		code            sts.TokenErrorCode
	}
	good := func(w http.ResponseWriter, _ *http.Request, self string) {
		_, _ = w.Write(jsonOf(object{"issuer": self, "jwks_uri": self + "/keys"}))
	}
	says := func(format string) func(http.ResponseWriter, *http.Request, string) {
		return func(w http.ResponseWriter, _ *http.Request, self string) {
			_, _ = io.WriteString(w, strings.ReplaceAll(format, "SELF", self))
		}
	}
	status := func(n int) func(http.ResponseWriter, *http.Request, string) {
		return func(w http.ResponseWriter, _ *http.Request, _ string) { http.Error(w, canary, n) }
	}
	redirect := func(w http.ResponseWriter, r *http.Request, self string) {
		http.Redirect(w, r, self+"/elsewhere", http.StatusFound)
	}
	hangs := func(_ http.ResponseWriter, r *http.Request, _ string) { <-r.Context().Done() }
	drips := func(w http.ResponseWriter, r *http.Request, _ string) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}
	closes := func(http.ResponseWriter, *http.Request, string) { panic(http.ErrAbortHandler) }
	cut := func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "{")
	}
	const invalid, down = sts.ErrInvalidIdentityToken, sts.ErrIDPCommunication
	var sent atomic.Int64
	for name, c := range map[string]server{
		"discovery hangs":                {hangs, nil, down},
		"discovery drips":                {drips, nil, down},
		"discovery without end":          {func(w http.ResponseWriter, _ *http.Request, _ string) { sent.Add(endless(w, "{")) }, nil, invalid},
		"discovery closes":               {closes, nil, down},
		"discovery is cut off":           {cut, nil, down},
		"discovery redirects":            {redirect, nil, invalid},
		"discovery not found":            {status(404), nil, invalid},
		"discovery busy":                 {status(429), nil, down},
		"discovery broken":               {status(500), nil, down},
		"discovery no JSON":              {says("<html>" + canary), nil, invalid},
		"discovery a list":               {says(`["` + canary + `"]`), nil, invalid},
		"discovery of another issuer":    {says(`{"issuer":"https://` + canary + `","jwks_uri":"SELF/keys"}`), nil, invalid},
		"discovery of a longer issuer":   {says(`{"issuer":"SELF/","jwks_uri":"SELF/keys"}`), nil, invalid},
		"discovery without issuer":       {says(`{"jwks_uri":"SELF/keys"}`), nil, invalid},
		"discovery without keys":         {says(`{"issuer":"SELF"}`), nil, invalid},
		"discovery twice":                {says(`{"issuer":"SELF","jwks_uri":"SELF/keys","jwks_uri":"SELF/keys"}`), nil, invalid},
		"keys at plain http":             {says(`{"issuer":"SELF","jwks_uri":"http://169.254.169.254/keys"}`), nil, invalid},
		"keys in a file":                 {says(`{"issuer":"SELF","jwks_uri":"file:///etc/passwd"}`), nil, invalid},
		"keys with a user":               {says(`{"issuer":"SELF","jwks_uri":"https://user:pass@localhost/keys"}`), nil, invalid},
		"keys nowhere":                   {says(`{"issuer":"SELF","jwks_uri":7}`), nil, invalid},
		"the keys hang":                  {good, hangs, down},
		"the keys drip":                  {good, drips, down},
		"the keys without end":           {good, func(w http.ResponseWriter, _ *http.Request, _ string) { sent.Add(endless(w, `{"keys":[`)) }, invalid},
		"the keys close":                 {good, closes, down},
		"the keys redirect":              {good, redirect, invalid},
		"the keys not found":             {good, status(404), invalid},
		"the keys broken":                {good, status(503), down},
		"the keys no JSON":               {good, says(canary), invalid},
		"the keys no list":               {good, says(`{"keys":{"kid":"` + canary + `"}}`), invalid},
		"the keys twice":                 {good, says(`{"keys":[],"keys":` + string(keys[len(`{"keys":`):])), invalid},
		"the keys in upper case":         {good, says(strings.Replace(string(keys), `"keys"`, `"KEYS"`, 1)), invalid},
		"too many keys":                  {good, says(`{"keys":[` + strings.Repeat("{},", 128) + string(keys[len(`{"keys":[`):])), invalid},
		"the keys with status 201":       {good, func(w http.ResponseWriter, _ *http.Request, _ string) { w.WriteHeader(201); _, _ = w.Write(keys) }, invalid},
		"a key among garbage is a key":   {good, says(`{"keys":[7,{"kty":"x"},{"kty":"RSA","kid":"one"},` + string(keys[len(`{"keys":[`):])), ""},
		"a charset and a BOM are no key": {good, says("\ufeff" + string(keys)), invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var self string
			mux := http.NewServeMux()
			mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) { c.discovery(w, r, self) })
			mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) { c.keys(w, r, self) })
			mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, _ *http.Request) {
				t.Error("a redirect was followed")
				_, _ = w.Write(keys)
			})
			s := httptest.NewTLSServer(mux)
			defer s.Close()
			self = s.URL
			roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			v := newVerifier(t, oidc.Config{
				Providers:    []oidc.Provider{{Issuer: self, Audiences: []string{audience}, RootCAs: roots}},
				FetchTimeout: 500 * time.Millisecond,
			})
			token := key.token(claimsOf(self))
			if c.code == "" {
				admitted(t, v, token)
				return
			}
			e := refused(t, v, token, c.code)
			if strings.Contains(fmt.Sprintf("%+v %s", *e, e), canary) {
				t.Errorf("the error holds what the issuer answered: %v", e)
			}
		})
	}
	t.Cleanup(func() {
		// What the kernel holds on the way to a reader who has stopped reading counts as sent.
		if n := sent.Load(); n > 64<<20 {
			t.Errorf("%d bytes of documents without end were read", n)
		}
	})
}

// TestCertificate: an issuer whose certificate is of no authority that is trusted is not believed.
func TestCertificate(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	s := httptest.NewUnstartedServer(nil)
	s.Config.ErrorLog = nil
	s.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	s.StartTLS()
	defer s.Close()
	v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{{Issuer: s.URL, Audiences: []string{audience}}}})
	refused(t, v, key.token(claimsOf(s.URL)), sts.ErrIDPCommunication)
}

// TestPanickingTransport: a panic in the caller's Transport is a failure of that fetch.
func TestPanickingTransport(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	i, c := newIssuer(someIssuer, key), &clock{}
	i.answer(func(*http.Request) (*http.Response, error) { panic("CANARY") })
	v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, Now: c.Now})
	if e := refused(t, v, key.token(claimsOf(someIssuer)), sts.ErrIDPCommunication); strings.Contains(e.Error(), "CANARY") {
		t.Error(e)
	}
	i.answer(nil)
	c.advance(time.Second)
	admitted(t, v, key.token(claimsOf(someIssuer)))
}

// TestPublishedKeys: which keys of an issuer verify a token, and which do not.
func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	weak := &testKey{"one", "RS256", weakRSA()}
	secret := object{"kty": "oct", "kid": "one", "k": b64([]byte("secret")), "alg": "HS256"}
	private := key.jwk()
	private["d"] = b64(rsaKeys()[0].D.Bytes())
	private["p"], private["q"] = b64(rsaKeys()[0].Primes[0].Bytes()), b64(rsaKeys()[0].Primes[1].Bytes())
	jwk := func(changes object) object { return with(key.jwk(), changes) }
	valid := key.token(claimsOf(someIssuer))
	nameless := key.tokenWith(object{"alg": "RS256"}, claimsOf(someIssuer))
	for name, c := range map[string]struct {
		keys  []any
		token string
		good  bool
	}{
		"as it is":                     {[]any{jwk(nil)}, valid, true},
		"without use and alg":          {[]any{jwk(object{"use": nil, "alg": nil})}, valid, true},
		"to verify":                    {[]any{jwk(object{"key_ops": []string{"verify"}})}, valid, true},
		"beside others":                {[]any{secret, rs256("two", 1).jwk(), jwk(nil), (&testKey{"one", "ES256", ecKey(elliptic.P256())}).jwk()}, valid, true},
		"for encryption":               {[]any{jwk(object{"use": "enc"})}, valid, false},
		"to wrap keys":                 {[]any{jwk(object{"key_ops": []string{"wrapKey"}})}, valid, false},
		"for another algorithm":        {[]any{jwk(object{"alg": "RS512"})}, valid, false},
		"for RSA-OAEP":                 {[]any{jwk(object{"alg": "RSA-OAEP"})}, valid, false},
		"of another name":              {[]any{jwk(object{"kid": "two"})}, valid, false},
		"without a name":               {[]any{jwk(object{"kid": nil})}, valid, false},
		"with its private half":        {[]any{private}, valid, false},
		"a secret":                     {[]any{secret}, valid, false},
		"weak":                         {[]any{weak.jwk()}, weak.token(claimsOf(someIssuer)), false},
		"two of one name":              {[]any{jwk(nil), rs256("one", 1).jwk()}, valid, false},
		"two of one name, the other":   {[]any{rs256("one", 1).jwk(), jwk(nil)}, valid, false},
		"none":                         {[]any{}, valid, false},
		"a token without a name, 1":    {[]any{jwk(nil)}, nameless, true},
		"a token without a name, 2":    {[]any{jwk(nil), rs256("two", 1).jwk()}, nameless, false},
		"a token without a name, 2nd":  {[]any{rs256("two", 1).jwk(), jwk(nil)}, nameless, false},
		"a token without a name, 1+EC": {[]any{jwk(nil), (&testKey{"x", "ES256", ecKey(elliptic.P256())}).jwk()}, nameless, true},
		"an exponent of 1":             {[]any{jwk(object{"e": "AQ"})}, valid, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(someIssuer)
			i.keys = c.keys
			v := verifierOf(t, i)
			if _, err := v.VerifyToken(context.Background(), c.token); (err == nil) != c.good {
				t.Errorf("the answer is %v", err)
			} else if err != nil && !errors.Is(err, sts.ErrInvalidIdentityToken) {
				t.Error(err)
			}
		})
	}
}
