package sts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const (
	poolID     = "us-east-1:6f0c4dc2-8d4f-4a3b-a3a4-f2b5d8a4c001"
	userPool   = "cognito-idp.us-east-1.amazonaws.com/us-east-1_RIDERS"
	partner    = "login.partner.example/tenant"
	poolAuth   = "arn:aws:iam::111122223333:role/Cognito_poolAuth_Role"
	poolGuest  = "arn:aws:iam::111122223333:role/Cognito_poolUnauth_Role"
	poolAdmin  = "arn:aws:iam::111122223333:role/Admins"
	poolDriver = "arn:aws:iam::111122223333:role/Drivers"
)

// pond is an identity pool on a process's store.
type pond struct {
	*process
	tokens     *tokens
	identities *sts.MemoryIdentities
	h          *sts.IdentityPool
	events     []sigv4auth.Event
	refused    []error
	failed     []error
}

// loggedIn is what the token of a user of a provider says.
func loggedIn(provider, subject, client string, claims map[string][]string) sts.WebIdentity {
	if provider == userPool {
		claims = with(claims, "token_use", "id")
	}
	return sts.WebIdentity{
		Issuer: "https://" + provider, Provider: provider, Subject: subject, Audience: client,
		Claims: map[string][]string{provider + ":aud": {client}, provider + ":sub": {subject}},
		Claim: func(name string) ([]string, bool) {
			values, ok := claims[name]
			return values, ok
		},
	}
}

func with(claims map[string][]string, name string, values ...string) map[string][]string {
	c := maps.Clone(claims)
	if c == nil {
		c = map[string][]string{}
	}
	if _, ok := c[name]; !ok {
		c[name] = values
	}
	return c
}

// poolTrust is the trust policy that Cognito writes.
func poolTrust(pool, amr string) *iampolicy.Policy {
	return policy(iampolicy.TrustPolicy, statement(allow, `"Principal": {"Federated": "cognito-identity.amazonaws.com"}`,
		`"Action": "sts:AssumeRoleWithWebIdentity"`, `"Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "`+pool+`"},
		"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "`+amr+`"}}`))
}

func newPond(t testing.TB, edit ...func(*sts.IdentityPoolConfig)) *pond {
	t.Helper()
	p := &pond{process: single(t), identities: &sts.MemoryIdentities{}, tokens: &tokens{
		known: map[string]sts.WebIdentity{
			"alice":       loggedIn(userPool, "sub-alice", "app", nil),
			"bob":         loggedIn(userPool, "sub-bob", "app", nil),
			"alice-else":  loggedIn(userPool, "sub-alice", "another-app", nil),
			"alice-party": loggedIn(partner, "alice", "portal", nil),
			"bob-party":   loggedIn(partner, "bob", "portal", nil),
			"access":      loggedIn(userPool, "sub-alice", "app", map[string][]string{"token_use": {"access"}}),
		},
		fails: map[string]error{
			"expired at noon": &sts.TokenError{Code: sts.ErrExpiredIdentityToken, Message: "Token expired", Expires: start},
			"expired":         fmt.Errorf("wrapped: %w", &sts.TokenError{Code: sts.ErrExpiredIdentityToken, Message: "Token expired"}),
			"away":            &sts.TokenError{Code: sts.ErrIDPCommunication, Message: "away"},
			"broken":          errors.New("the verifier is broken: secret-canary"),
		},
	}}
	for arn, amr := range map[string]string{
		poolAuth: "authenticated", poolGuest: "unauthenticated", poolAdmin: "authenticated", poolDriver: "authenticated",
	} {
		p.dir.roles[arn] = sigv4auth.Role{
			ARN: arn, ID: "AROA" + strings.ToUpper(regexp.MustCompile(`[^A-Za-z]`).ReplaceAllString(arn[31:], "")),
			TrustPolicy: poolTrust(poolID, amr),
		}
		p.dir.policies[arn] = []*iampolicy.Policy{parse(`"*"`, iampolicy.IdentityPolicy)}
	}
	cfg := sts.IdentityPoolConfig{
		ID: poolID, Store: p.Store, Identities: p.identities, Tokens: p.tokens, AuthenticatedRole: poolAuth, GuestRole: poolGuest,
		Providers: []sts.LoginProvider{
			{Name: userPool, Aliases: []string{"127.0.0.1:8080/us-east-1_RIDERS"}, ClientIDs: []string{"app"}, UserPool: true},
			{Name: partner, ClientIDs: []string{"portal"}},
		},
		Auth: sigv4auth.Config{
			Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) { p.events = append(p.events, e) }},
		},
		Refused: func(_ context.Context, err error) { p.refused = append(p.refused, err) },
		Failed:  func(_ context.Context, err error) { p.failed = append(p.failed, err) },
	}
	for _, e := range edit {
		e(&cfg)
	}
	h, err := sts.NewIdentityPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.h = h
	return p
}

// poolReply is an answer of a pool.
type poolReply struct {
	status int
	body   string

	Type        string `json:"__type"`
	Message     string `json:"message"`
	IdentityID  string `json:"IdentityId"`
	Token       string
	Credentials struct {
		AccessKeyID  string `json:"AccessKeyId"`
		SecretKey    string
		SessionToken string
		Expiration   float64
	}
}

func (p *pond) ask(operation string, in map[string]any) poolReply {
	p.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		p.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityService."+operation)
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	a := poolReply{status: w.Code, body: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		p.t.Fatalf("%v: %s", err, w.Body)
	}
	if a.status != 200 && w.Header().Get("X-Amzn-Errortype") != a.Type+":" {
		p.t.Errorf("%v", w.Header())
	}
	return a
}

func (a *poolReply) is(t testing.TB, what string, code, message string) {
	t.Helper()
	if a.status != 400 || a.Type != code || a.Message != message {
		t.Errorf("%s: %d %s; want %s %q", what, a.status, a.body, code, message)
	}
}

// logins is a Logins map.
func logins(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// id returns the identity of logins.
func (p *pond) id(pairs ...string) string {
	p.t.Helper()
	a := p.ask("GetId", map[string]any{"IdentityPoolId": poolID, "Logins": logins(pairs...)})
	if a.status != 200 {
		p.t.Fatal(a.body)
	}
	return a.IdentityID
}

func (p *pond) credentials(identity string, pairs ...string) poolReply {
	p.t.Helper()
	return p.ask("GetCredentialsForIdentity", map[string]any{"IdentityId": identity, "Logins": logins(pairs...)})
}

// session opens the session of what a pool has answered.
func (p *pond) session(a poolReply) (sigv4auth.Credential, sts.Session) {
	p.t.Helper()
	if a.status != 200 {
		p.t.Fatal(a.body)
	}
	c, err := p.Credential(p.t.Context(), a.Credentials.AccessKeyID, a.Credentials.SessionToken)
	if err != nil {
		p.t.Fatal(err)
	}
	s, err := p.Session(a.Credentials.AccessKeyID, a.Credentials.SessionToken)
	if err != nil {
		p.t.Fatal(err)
	}
	if !c.Secret.Equal(a.Credentials.SecretKey) {
		p.t.Error("the secret is another one")
	}
	return c, s
}

// TestIdentityPool: who has logged in gets an identity that stays, and credentials of the
// authenticated role for an hour, whose session says whose they are; the request's event tells the
// decision.
func TestIdentityPool(t *testing.T) {
	t.Parallel()
	p := newPond(t)
	id := p.id(userPool, "alice")
	if !regexp.MustCompile(`^us-east-1:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("the identity is %q", id)
	}
	if again := p.id("127.0.0.1:8080/us-east-1_RIDERS", "alice"); again != id {
		t.Errorf("the second time it is %q", again)
	}
	if bob := p.id(userPool, "bob"); bob == id {
		t.Error("two users are one identity")
	}
	a := p.credentials(id, userPool, "alice")
	c, s := p.session(a)
	want := sigv4auth.FederatedIdentity{
		Provider: "cognito-identity.amazonaws.com", Subject: id, Audience: poolID,
		Methods: []string{"authenticated", userPool, userPool + ":CognitoSignIn:sub-alice"},
	}
	if c.Principal.ARN != "arn:aws:sts::111122223333:assumed-role/Cognito_poolAuth_Role/CognitoIdentityCredentials" ||
		s.Federated == nil || fmt.Sprint(*s.Federated) != fmt.Sprint(want) || s.Policy != "" ||
		!c.Expires.Equal(start.Add(time.Hour)) || a.Credentials.Expiration != float64(start.Add(time.Hour).Unix()) || a.IdentityID != id {
		t.Errorf("%s\n%+v\n%+v", a.body, c.Principal, s)
	}
	e := p.events[len(p.events)-1]
	if e.Action != "sts:AssumeRoleWithWebIdentity" || e.Resource != poolAuth || !e.Decision.Allowed() ||
		e.Principal != "cognito-identity.amazonaws.com" || e.Outcome != sigv4auth.Admitted {
		t.Errorf("%+v", e)
	}
	// A provider that is no user pool.
	other := p.id(partner, "alice-party")
	if _, s := p.session(p.credentials(other, partner, "alice-party")); !slices.Equal(s.Federated.Methods,
		[]string{"authenticated", partner, partner + ":OIDC:alice"}) {
		t.Errorf("%v", s.Federated)
	}
}

// TestIdentityPoolRefusals: what is wrong with logins, identities and pools, in Cognito's words.
func TestIdentityPoolRefusals(t *testing.T) {
	t.Parallel()
	const (
		denied   = "NotAuthorizedException"
		differ   = "Logins don't match. Please include at least one valid login for this identity or identity pool."
		unsigned = "Invalid login token. Couldn't verify signed token."
		foreign  = "Token is not from a supported provider of this identity pool."
	)
	p := newPond(t, func(c *sts.IdentityPoolConfig) {
		c.Providers[1].Check = func(_ context.Context, who sts.WebIdentity) error {
			if who.Subject == "bob" {
				return errors.New("disabled")
			}
			return nil
		}
	})
	alice, bob, guest := p.id(userPool, "alice"), p.id(userPool, "bob"), p.id()
	unknown := "us-east-1:00000000-0000-4000-8000-000000000000"
	for name, c := range map[string]struct {
		in                    map[string]any
		operation, code, text string
	}{
		"another pool": {
			map[string]any{"IdentityPoolId": unknown}, "GetId", "ResourceNotFoundException", "IdentityPool '" + unknown + "' not found.",
		},
		"an unknown identity": {
			map[string]any{"IdentityId": unknown},
			"GetCredentialsForIdentity", "ResourceNotFoundException",
			"Identity '" + unknown + "' not found.",
		},
		"an unknown identity with a login": {
			map[string]any{"IdentityId": unknown, "Logins": logins(userPool, "alice")},
			"GetCredentialsForIdentity",
			"ResourceNotFoundException", "Identity '" + unknown + "' not found.",
		},
		"an identity without its login": {
			map[string]any{"IdentityId": alice}, "GetCredentialsForIdentity", denied, "Access to Identity '" + alice + "' is forbidden.",
		},
		"somebody else's identity": {
			map[string]any{"IdentityId": bob, "Logins": logins(userPool, "alice")}, "GetCredentialsForIdentity", denied, differ,
		},
		"somebody else's identity with an unlinked login": {
			map[string]any{"IdentityId": bob, "Logins": logins(partner, "alice-party")}, "GetCredentialsForIdentity", denied, differ,
		},
		"an unknown token": {
			map[string]any{"IdentityPoolId": poolID, "Logins": logins(userPool, "made-up")}, "GetId", denied, unsigned,
		},
		"an expired token": {
			map[string]any{"IdentityId": alice, "Logins": logins(userPool, "expired")},
			"GetCredentialsForIdentity", denied,
			"Invalid login token. Token is expired.",
		},
		"a token that expired at noon": {
			map[string]any{"IdentityId": alice, "Logins": logins(userPool, "expired at noon")},
			"GetCredentialsForIdentity", denied,
			fmt.Sprintf("Invalid login token. Token expired: %d >= %d", start.Unix(), start.Unix()),
		},
		"a token of another client": {
			map[string]any{"IdentityPoolId": poolID, "Logins": logins(userPool, "alice-else")}, "GetId", denied, foreign,
		},
		"a token of another provider": {
			map[string]any{"IdentityPoolId": poolID, "Logins": logins(partner, "alice")},
			"GetId", denied,
			"Invalid login token. Issuer doesn't match providerName",
		},
		"a provider that the pool does not have": {
			map[string]any{"IdentityPoolId": poolID, "Logins": logins("accounts.google.com", "alice")}, "GetId", denied, foreign,
		},
		"a provider twice": {
			map[string]any{"IdentityPoolId": poolID, "Logins": logins(userPool, "alice", "127.0.0.1:8080/us-east-1_RIDERS", "bob")},
			"GetId", denied, foreign,
		},
		"an access token": {
			map[string]any{"IdentityPoolId": poolID, "Logins": logins(userPool, "access")},
			"GetId", denied,
			"Invalid login token. Not a valid OpenId Connect identity token.",
		},
		"a user whom the provider has disabled": {
			map[string]any{"IdentityPoolId": poolID, "Logins": logins(partner, "bob-party")},
			"GetId", denied,
			"Invalid login token. Token is no longer valid.",
		},
		"an issuer that cannot be reached": {
			map[string]any{"IdentityPoolId": poolID, "Logins": logins(userPool, "away")},
			"GetId", "ExternalServiceException",
			"The identity provider could not be reached.",
		},
		"a right and a wrong login": {
			map[string]any{"IdentityId": alice, "Logins": logins(userPool, "alice", partner, "made-up")},
			"GetCredentialsForIdentity",
			denied, unsigned,
		},
		"a guest's custom role": {
			map[string]any{"IdentityId": guest, "CustomRoleArn": poolAdmin},
			"GetCredentialsForIdentity", denied,
			"You cannot assume the custom role: it is none of those of the login.",
		},
		"a custom role of a login without a mapping": {
			map[string]any{"IdentityId": alice, "Logins": logins(userPool, "alice"), "CustomRoleArn": poolAdmin},
			"GetCredentialsForIdentity", denied, "You cannot assume the custom role: it is none of those of the login.",
		},
		"no pool": {
			map[string]any{},
			"GetId", "ValidationException",
			"1 validation error detected: Value null at 'identityPoolId' failed to satisfy constraint: Member must not be null",
		},
		"no ID": {
			map[string]any{"IdentityPoolId": "pool"}, "GetId", "ValidationException", "1 validation error detected: Value 'pool' at " +
				`'identityPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+:[0-9a-f-]+`,
		},
		"a login that is no text": {
			map[string]any{"IdentityPoolId": poolID, "Logins": map[string]any{userPool: 7}},
			"GetId", "SerializationException",
			"NUMBER_VALUE can not be converted to a String",
		},
		"the basic flow": {
			map[string]any{"IdentityId": guest},
			"GetOpenIdToken", "InvalidParameterException",
			"Basic (classic) flow is not enabled, please use enhanced flow.",
		},
	} {
		a := p.ask(c.operation, c.in)
		a.is(t, name, c.code, c.text)
	}
	if a := p.ask("ListIdentities", nil); a.Type != "UnknownOperationException" {
		t.Error(a.body)
	}
	if a := p.id(userPool, "bob"); a != bob {
		t.Error("a refused request has changed an identity")
	}
}

// TestIdentityPoolLinks: logins that are presented together are one identity from then on, by
// either of them; those of two identities stay two.
func TestIdentityPoolLinks(t *testing.T) {
	t.Parallel()
	p := newPond(t)
	alice := p.id(userPool, "alice")
	_, s := p.session(p.credentials(alice, userPool, "alice", partner, "alice-party"))
	if want := []string{
		"authenticated", userPool, userPool + ":CognitoSignIn:sub-alice", partner, partner + ":OIDC:alice",
	}; !slices.Equal(s.Federated.Methods, want) {
		t.Errorf("%v", s.Federated.Methods)
	}
	if id := p.id(partner, "alice-party"); id != alice {
		t.Errorf("by the other login it is %s", id)
	}
	bob := p.id(partner, "bob-party")
	const conflict = "Logins are already linked to another account."
	a := p.ask("GetId", map[string]any{"IdentityPoolId": poolID, "Logins": logins(userPool, "alice", partner, "bob-party")})
	a.is(t, "logins of two identities", "ResourceConflictException", conflict)
	a = p.credentials(bob, userPool, "bob", partner, "alice-party")
	a.is(t, "somebody else's", "NotAuthorizedException",
		"Logins don't match. Please include at least one valid login for this identity or identity pool.")
	a = p.credentials(alice, userPool, "bob", partner, "alice-party")
	a.is(t, "a second user of one provider", "ResourceConflictException", conflict)
	// A guest who logs in goes on as their identity: the one that they had, or the guest's.
	guest := p.id()
	if a := p.credentials(guest, userPool, "alice"); a.status != 200 || a.IdentityID != alice {
		t.Error(a.body)
	}
	if a := p.credentials(guest, userPool, "bob"); a.status != 200 || a.IdentityID != guest || p.id(userPool, "bob") != guest {
		t.Error(a.body)
	}
	a = p.credentials(guest)
	a.is(t, "the guest that was", "NotAuthorizedException", "Access to Identity '"+guest+"' is forbidden.")
}

// TestIdentityPoolGuests: threat 200. Guests are off unless they have a role, and their session may
// do nothing outside its scope, whatever the role may do.
func TestIdentityPoolGuests(t *testing.T) {
	t.Parallel()
	p := newPond(t, func(c *sts.IdentityPoolConfig) { c.GuestRole = "" })
	a := p.ask("GetId", map[string]any{"IdentityPoolId": poolID, "Logins": map[string]string{}})
	a.is(t, "guests are off", "NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")
	identity := "us-east-1:00000000-0000-4000-8000-000000000001"
	if _, err := p.identities.Link(t.Context(), poolID, identity, nil); err != nil {
		t.Fatal(err)
	}
	a = p.credentials(identity)
	a.is(t, "an identity without logins", "NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")

	p = newPond(t)
	guest := p.id()
	if again := p.id(); again == guest {
		t.Error("two guests are one identity")
	}
	c, s := p.session(p.credentials(guest))
	if !slices.Equal(s.Federated.Methods, []string{"unauthenticated"}) || s.Federated.Subject != guest ||
		c.Principal.RoleARN != poolGuest {
		t.Errorf("%+v", s)
	}
	for action, may := range map[string]bool{
		"execute-api:Invoke": true, "s3:GetObject": true, "rum:PutRumEvents": true, "kms:Decrypt": true, "geo:GetMapTile": true,
		"iam:GetUser": false, "sts:AssumeRole": false, "ec2:RunInstances": false, "rum:GetAppMonitor": false, "kms:CreateKey": false,
		"ride:Read": false,
	} {
		if got := p.may(c, action); got != may {
			t.Errorf("a guest may %s: %t", action, got)
		}
	}
	// A scope of the operator's own.
	p = newPond(t, func(c *sts.IdentityPoolConfig) { c.GuestPolicy = document(`"ride:Read"`) })
	c, _ = p.session(p.credentials(p.id()))
	if p.allowed(c) != "Read" {
		t.Errorf("a guest may %s", p.allowed(c))
	}
	// Who has logged in is not limited.
	c, _ = p.session(p.credentials(p.id(userPool, "alice"), userPool, "alice"))
	if p.allowed(c) != "Read Book Close" {
		t.Errorf("who has logged in may %s", p.allowed(c))
	}
}

// TestIdentityPoolTrust: the role's trust policy decides, by the pool's ID, the
// identity's and how they have logged in; a role that does not trust the pool and one that is not
// there are told alike.
func TestIdentityPoolTrust(t *testing.T) {
	t.Parallel()
	const code, text = "InvalidIdentityPoolConfigurationException",
		"Invalid identity pool configuration. Check assigned IAM roles for this pool."
	p := newPond(t)
	alice, guest := p.id(userPool, "alice"), p.id()
	trust := func(arn string, to *iampolicy.Policy) {
		r := p.dir.roles[arn]
		r.TrustPolicy = to
		p.dir.roles[arn] = r
	}
	federated := func(condition string) *iampolicy.Policy {
		return policy(iampolicy.TrustPolicy, statement(allow, `"Principal": {"Federated": "cognito-identity.amazonaws.com"}`,
			`"Action": "sts:AssumeRoleWithWebIdentity"`, `"Condition": {`+condition+`}`))
	}
	for name, c := range map[string]struct {
		to    *iampolicy.Policy
		alice bool
		guest bool
	}{
		"as Cognito writes it":        {poolTrust(poolID, "authenticated"), true, false},
		"as Cognito writes it, guest": {poolTrust(poolID, "unauthenticated"), false, true},
		"another pool":                {poolTrust("us-east-1:00000000-0000-4000-8000-000000000000", "*authenticated"), false, false},
		"a provider":                  {poolTrust(poolID, userPool), true, false},
		"another provider":            {poolTrust(poolID, partner), false, false},
		"a user":                      {poolTrust(poolID, userPool+":CognitoSignIn:sub-alice"), true, false},
		"an identity":                 {federated(`"StringEquals": {"cognito-identity.amazonaws.com:sub": "` + alice + `"}`), true, false},
		"the session's name":          {federated(`"StringEquals": {"sts:RoleSessionName": "CognitoIdentityCredentials"}`), true, true},
		"nobody":                      {nil, false, false},
		"a user of IAM":               {policy(iampolicy.TrustPolicy, trusting(`"AWS": "`+adaARN+`"`)), false, false},
	} {
		for _, arn := range []string{poolAuth, poolGuest} {
			trust(arn, c.to)
		}
		for may, a := range map[*bool]poolReply{&c.alice: p.credentials(alice, userPool, "alice"), &c.guest: p.credentials(guest)} {
			if *may && a.status != 200 {
				t.Errorf("%s: %s", name, a.body)
			} else if !*may {
				a.is(t, name, code, text)
			}
		}
	}
	delete(p.dir.roles, poolAuth)
	a := p.credentials(alice, userPool, "alice")
	a.is(t, "no role", code, text)
	p = newPond(t, func(c *sts.IdentityPoolConfig) { c.AuthenticatedRole = "" })
	a = p.credentials(p.id(userPool, "alice"), userPool, "alice")
	a.is(t, "no role configured", code, text)
}
