package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

// TestLookup: a Verifier follows the identity providers of a directory, as aws iam makes, changes
// and deletes them, and fetches an issuer's keys no more often for that.
func TestLookup(t *testing.T) {
	t.Parallel()
	const account, accessKey = "111122223333", "AKIABOSSBOSSBOSSBOS1"
	dir, err := directory.Open(t.Context(), directory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	boss := sigv4auth.Credential{AccessKeyID: accessKey, Secret: sigv4auth.NewSecret("the-secret-of-the-boss")}
	if err := dir.Fill(t.Context(), directory.Contents{Accounts: []string{account}, Users: []directory.NewUser{{
		ARN: "arn:aws:iam::" + account + ":user/boss", Keys: []directory.NewKey{{ID: accessKey, Secret: boss.Secret}},
		Holder: directory.Holder{Inline: map[string]string{
			"All": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}`,
		}},
	}}}); err != nil {
		t.Fatal(err)
	}
	endpoint, err := directory.NewEndpoint(directory.EndpointConfig{Directory: dir, Auth: sigv4auth.Config{Region: "us-east-1"}})
	if err != nil {
		t.Fatal(err)
	}
	iam := func(action string, params ...string) {
		t.Helper()
		form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
		for i := 0; i < len(params); i += 2 {
			form.Set(params[i], params[i+1])
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://iam.amazonaws.com/", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		endpoint.ServeHTTP(w, sigv4test.Signer{Credential: boss, Region: "us-east-1", Service: "iam"}.Sign(r))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %s", action, w.Body)
		}
	}

	key := rs256("one", 0)
	issuer := newIssuer(someIssuer, key)
	v := newVerifier(t, oidc.Config{Lookup: func(iss string) (oidc.Provider, bool) {
		for _, p := range dir.IdentityProviders(account) {
			if p.URL == iss {
				return oidc.Provider{Issuer: p.URL, Audiences: p.ClientIDs, Transport: issuer}, true
			}
		}
		return oidc.Provider{}, false
	}})
	token := key.token(claimsOf(someIssuer))
	const provider = "arn:aws:iam::" + account + ":oidc-provider/issuer.example"
	refusedNow := func(what, message string) {
		t.Helper()
		if _, err := v.VerifyToken(t.Context(), token); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v; want %q", what, err, message)
		}
	}
	refusedNow("without a provider", "No OpenIDConnect provider found")
	iam("CreateOpenIDConnectProvider", "Url", someIssuer, "ClientIDList.member.1", "another")
	refusedNow("for another client", "Incorrect token audience")
	iam("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "ClientID", audience)
	admitted(t, v, token)
	fetched := issuer.asked.Load()
	for range 10 {
		admitted(t, v, token)
	}
	if got := issuer.asked.Load(); got != fetched {
		t.Errorf("the issuer was asked %d times for ten tokens", got-fetched)
	}
	iam("RemoveClientIDFromOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "ClientID", audience)
	refusedNow("for a client that was removed", "Incorrect token audience")
	iam("DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn", provider)
	refusedNow("of a provider that was deleted", "No OpenIDConnect provider found")
}

// TestLookupOfAnother: what is returned for an issuer has to be of that issuer, and valid.
func TestLookupOfAnother(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	for name, provider := range map[string]oidc.Provider{
		"another issuer": {Issuer: "https://other.example", Audiences: []string{audience}, Transport: newIssuer(someIssuer, key)},
		"no audience":    {Issuer: someIssuer, Transport: newIssuer(someIssuer, key)},
	} {
		v := newVerifier(t, oidc.Config{Lookup: func(string) (oidc.Provider, bool) { return provider, true }})
		if _, err := v.VerifyToken(t.Context(), key.token(claimsOf(someIssuer))); err == nil ||
			!strings.Contains(err.Error(), "No OpenIDConnect provider") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
