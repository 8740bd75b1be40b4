package oidc_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

const (
	poolID    = "us-east-1:6f0c4dc2-8d4f-4a3b-a3a4-f2b5d8a4c001"
	otherPool = "us-east-1:6f0c4dc2-8d4f-4a3b-a3a4-f2b5d8a4c002"
	poolRole  = "arn:aws:iam::111122223333:role/Pool"
)

// oneRole is a store of one role, which trusts the pool's users who have logged in.
type oneRole struct{}

func (oneRole) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	if arn != poolRole {
		return sigv4auth.Role{}, sigv4auth.ErrNoSuchRole
	}
	trust, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
		"Principal": {"Federated": "cognito-identity.amazonaws.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
		"Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "`+poolID+`"},
		"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}}}]}`), iampolicy.TrustPolicy)
	return sigv4auth.Role{ARN: poolRole, ID: "AROAPOOL", TrustPolicy: trust}, err
}

// basicFlow is a pool with its signer, and an STS endpoint that trusts the pool's tokens.
type basicFlow struct {
	t      *testing.T
	clock  *clock
	signer *oidc.Signer
	login  *testKey
	pool   http.Handler
	sts    http.Handler
	store  *sts.Store
}

func newBasicFlow(t *testing.T) *basicFlow {
	t.Helper()
	f := &basicFlow{t: t, clock: &clock{}, login: rs256("login", 0)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	f.signer, err = oidc.NewSigner(oidc.SignerConfig{Issuer: sts.IdentityPoolIssuer, Now: f.clock.Now}, newKeys(t, start))
	must(err)
	ringKeys := keyring.New(start)
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return ringKeys, nil }, Now: f.clock.Now})
	must(err)
	f.store, err = sts.NewStore(sts.StoreConfig{Ring: ring, Roles: oneRole{}, Now: f.clock.Now})
	must(err)
	i := newIssuer(someIssuer, f.login)
	v := newVerifier(t, oidc.Config{Now: f.clock.Now, Providers: []oidc.Provider{i.provider()}})
	f.pool, err = sts.NewIdentityPool(sts.IdentityPoolConfig{
		ID: poolID, Store: f.store, Identities: &sts.MemoryIdentities{}, Tokens: v, AuthenticatedRole: poolRole, GuestRole: poolRole,
		OpenIDTokens: f.signer, Providers: []sts.LoginProvider{{
			Name: "issuer.example", ClientIDs: []string{audience}, Roles: &sts.RoleMapping{
				FallBack: true, Rules: []sts.RoleRule{{Claim: "groups", Match: sts.MatchEquals, Value: "staff", Role: poolRole + "s"}},
			},
		}},
	})
	must(err)
	// The STS endpoint has the keys of the signer in this process, and fetches nothing.
	own := newVerifier(t, oidc.Config{Now: f.clock.Now, Providers: []oidc.Provider{{
		Issuer: sts.IdentityPoolIssuer, Audiences: []string{poolID, otherPool}, Signer: f.signer,
		Transport: overHandler{http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("something was fetched") })},
	}}})
	f.sts, err = sts.NewEndpoint(sts.EndpointConfig{Store: f.store, WebIdentities: own, Auth: sigv4auth.Config{Region: "us-east-1"}})
	must(err)
	return f
}

func (f *basicFlow) ask(operation string, in any) (answer struct {
	Type       string `json:"__type"`
	Message    string `json:"message"`
	IdentityID string `json:"IdentityId"`
	Token      string
},
) {
	f.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		f.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityService."+operation)
	w := httptest.NewRecorder()
	f.pool.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		f.t.Fatal(err)
	}
	return answer
}

// assume presents a token to AssumeRoleWithWebIdentity, and returns the session, or the code of the
// refusal.
func (f *basicFlow) assume(token string) (*sts.Session, string) {
	f.t.Helper()
	form := url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {poolRole}, "RoleSessionName": {"basic"},
		"WebIdentityToken": {token},
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.sts.ServeHTTP(w, r)
	var a struct {
		AccessKeyID string `xml:"AssumeRoleWithWebIdentityResult>Credentials>AccessKeyId"`
		Token       string `xml:"AssumeRoleWithWebIdentityResult>Credentials>SessionToken"`
		Code        string `xml:"Error>Code"`
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &a); err != nil {
		f.t.Fatal(err)
	}
	if a.Code != "" {
		return nil, a.Code
	}
	s, err := f.store.Session(a.AccessKeyID, a.Token)
	if err != nil {
		f.t.Fatal(err)
	}
	return &s, ""
}

// TestBasicFlow: a token of GetOpenIdToken says whose it is for ten minutes, and
// AssumeRoleWithWebIdentity takes it for a session with the keys of the identity, fetching nothing;
// one of a guest, of another pool, or that is over, it refuses.
func TestBasicFlow(t *testing.T) {
	t.Parallel()
	f := newBasicFlow(t)
	logins := object{"issuer.example": f.login.token(claimsOf(someIssuer))}
	id := f.ask("GetId", object{"IdentityPoolId": poolID, "Logins": logins}).IdentityID
	a := f.ask("GetOpenIdToken", object{"IdentityId": id, "Logins": logins})
	if a.IdentityID != id || a.Token == "" {
		t.Fatalf("%+v", a)
	}
	claims := payload(t, a.Token)
	amr := []any{"authenticated", "issuer.example", "issuer.example:OIDC:somebody"}
	if claims["iss"] != "https://cognito-identity.amazonaws.com" || claims["sub"] != id || claims["aud"] != poolID ||
		fmt.Sprint(claims["amr"]) != fmt.Sprint(amr) || claims["exp"] != float64(start.Add(10*time.Minute).Unix()) || len(claims) != 7 {
		t.Errorf("the token says %v", claims)
	}
	s, code := f.assume(a.Token)
	if code != "" {
		t.Fatal(code)
	}
	if w := s.Federated; w.Provider != "cognito-identity.amazonaws.com" || w.Subject != id || w.Audience != poolID ||
		!slices.Equal(w.Methods, []string{"authenticated", "issuer.example", "issuer.example:OIDC:somebody"}) {
		t.Errorf("%+v", w)
	}

	guest := f.ask("GetId", object{"IdentityPoolId": poolID}).IdentityID
	g := f.ask("GetOpenIdToken", object{"IdentityId": guest})
	if amr := payload(t, g.Token)["amr"]; fmt.Sprint(amr) != "[unauthenticated]" {
		t.Errorf("a guest's amr is %v", amr)
	}
	if _, code := f.assume(g.Token); code != "AccessDenied" {
		t.Errorf("a guest: %s", code)
	}
	sign := func(c sts.TokenClaims) string {
		token, _, err := f.signer.SignToken(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	mine := sts.TokenClaims{Subject: id, Audiences: []string{otherPool}, Methods: []string{"authenticated"}, Algorithm: "RS256"}
	if _, code := f.assume(sign(mine)); code != "AccessDenied" {
		t.Errorf("another pool's: %s", code)
	}
	mine.Audiences = []string{"us-east-1:unknown"}
	if _, code := f.assume(sign(mine)); code != "InvalidIdentityToken" {
		t.Errorf("an unknown pool's: %s", code)
	}
	forged := f.login.token(with(claimsOf(sts.IdentityPoolIssuer), object{"aud": poolID}))
	if _, code := f.assume(forged); code != "InvalidIdentityToken" {
		t.Errorf("by another key: %s", code)
	}
	// The login's own token is none of the pool's.
	if _, code := f.assume(f.login.token(claimsOf(someIssuer))); code != "InvalidIdentityToken" {
		t.Errorf("the login's: %s", code)
	}
	// The keys of the signer are its present ones.
	f.clock.advance(time.Minute)
	if err := f.signer.SetKeys(newKeys(t, f.clock.Now())); err != nil {
		t.Fatal(err)
	}
	if _, code := f.assume(a.Token); code != "InvalidIdentityToken" {
		t.Errorf("by a key that is gone: %s", code)
	}
	a = f.ask("GetOpenIdToken", object{"IdentityId": id, "Logins": logins})
	if _, code := f.assume(a.Token); code != "" {
		t.Errorf("by the new key: %s", code)
	}
	f.clock.advance(10 * time.Minute)
	if _, code := f.assume(a.Token); code != "ExpiredTokenException" {
		t.Errorf("after ten minutes: %s", code)
	}
	if a := f.ask("GetOpenIdToken", object{"IdentityId": id, "Logins": logins}); !strings.HasPrefix(a.Message,
		"Invalid login token. Token expired: ") {
		t.Errorf("after the login has expired: %+v", a)
	}
}

// TestPoolTokens: tokens that are wrong are no login, and claims that are no condition keys choose
// the role.
func TestPoolTokens(t *testing.T) {
	t.Parallel()
	f := newBasicFlow(t)
	claims := claimsOf(someIssuer)
	good := f.login.token(claims)
	id := f.ask("GetId", object{"IdentityPoolId": poolID, "Logins": object{"issuer.example": good}}).IdentityID
	for name, token := range map[string]string{
		"no token":       "x.y.z",
		"another key":    rs256("login", 1).token(claims),
		"unsigned":       strings.Join(strings.Split(good, ".")[:2], ".") + ".",
		"none":           f.login.tokenWith(object{"alg": "none", "kid": "login"}, claims),
		"another issuer": f.login.token(claimsOf("https://else.example")),
		"other audience": f.login.token(with(claims, object{"aud": "another-app"})),
	} {
		a := f.ask("GetCredentialsForIdentity", object{"IdentityId": id, "Logins": object{"issuer.example": token}})
		if a.Type != "NotAuthorizedException" || a.Message != "Invalid login token. Couldn't verify signed token." {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if a := f.ask("GetCredentialsForIdentity", object{"IdentityId": id, "Logins": object{"issuer.example": good}}); a.Type != "" {
		t.Errorf("%+v", a)
	}
	// The role of the rule is not there: that it is asked for shows that the rule has matched.
	staff := f.login.token(with(claims, object{"groups": []string{"riders", "staff"}}))
	if a := f.ask("GetCredentialsForIdentity", object{"IdentityId": id, "Logins": object{"issuer.example": staff}}); a.Type !=
		"InvalidIdentityPoolConfigurationException" {
		t.Errorf("%+v", a)
	}
}

// TestClaims: a verified token tells its claims as texts, and of an object nothing.
func TestClaims(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	v := verifierOf(t, newIssuer(someIssuer, key))
	id := admitted(t, v, key.token(with(claimsOf(someIssuer), object{
		"plan": "gold", "groups": []any{"a", "b"}, "age": 7, "staff": true, "empty": []any{}, "object": object{"a": 1},
		"mixed": []any{object{}}, "null": nil,
	})))
	for name, want := range map[string]string{
		"plan": "[gold] true", "groups": "[a b] true", "age": "[7] true", "staff": "[true] true", "empty": "[] true",
		"object": "[] false", "mixed": "[] false", "null": "[] false", "absent": "[] false", "sub": "[somebody] true",
	} {
		values, ok := id.Claim(name)
		if got := fmt.Sprint(values, ok); got != want {
			t.Errorf("%s: %s; want %s", name, got, want)
		}
	}
}

// TestSignerOfAProvider: a provider whose signer is that of another issuer, or that has keys beside
// it, is a mistake.
func TestSignerOfAProvider(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := newSigner(t, c, newKeys(t, start))
	for want, p := range map[string]oidc.Provider{
		"that of another issuer":       {Issuer: someIssuer, Audiences: []string{"a"}, Signer: s},
		"Signer and Keys are both set": {Issuer: ourIssuer, Audiences: []string{"a"}, Signer: s, Keys: []byte(`{"keys": []}`)},
	} {
		if _, err := oidc.New(oidc.Config{Providers: []oidc.Provider{p}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
