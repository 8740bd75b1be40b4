package sts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// tokens is a TokenVerifier that knows tokens by their text.
type tokens struct {
	mu     sync.Mutex
	known  map[string]sts.WebIdentity
	fails  map[string]error
	asked  int
	panics bool
	hold   chan struct{} // nil => answers at once
}

func (v *tokens) VerifyToken(ctx context.Context, token string) (sts.WebIdentity, error) {
	v.mu.Lock()
	v.asked++
	v.mu.Unlock()
	if v.panics {
		panic("secret-value")
	}
	if v.hold != nil {
		select {
		case <-v.hold:
		case <-ctx.Done():
			return sts.WebIdentity{}, ctx.Err()
		}
	}
	if err := v.fails[token]; err != nil {
		return sts.WebIdentity{}, err
	}
	if w, ok := v.known[token]; ok {
		return w, nil
	}
	return sts.WebIdentity{}, fmt.Errorf("tokens: %w", &sts.TokenError{
		Code: sts.ErrInvalidIdentityToken, Message: "Couldn't retrieve verification key from your identity provider", Detail: "made up",
	})
}

// github returns what a token of GitHub's says.
func github() sts.WebIdentity {
	const provider = "token.actions.githubusercontent.com"
	return sts.WebIdentity{
		Issuer: "https://" + provider, Provider: provider, Subject: "repo:acme/shop:ref:refs/heads/main", Audience: "sts.amazonaws.com",
		Claims: map[string][]string{
			provider + ":sub": {"repo:acme/shop:ref:refs/heads/main"}, provider + ":aud": {"sts.amazonaws.com"}, provider +
				":repository": {"acme/shop"},
			provider + ":amr": {"one", "two"},
		},
	}
}

func webDesk(t testing.TB, edit ...func(*sts.EndpointConfig)) (*desk, *tokens) {
	v := &tokens{known: map[string]sts.WebIdentity{"github": github()}, fails: map[string]error{}}
	d := open(t, append([]func(*sts.EndpointConfig){func(c *sts.EndpointConfig) { c.WebIdentities = v }}, edit...)...)
	d.trustGitHub(`"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
		"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/shop:*"}`)
	return d, v
}

const githubProvider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"

func (d *desk) trustGitHub(condition string) {
	d.trust(riderARN, statement(allow, `"Principal": {"Federated": "`+githubProvider+`"}`,
		`"Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]`, `"Condition": {`+condition+`}`))
}

// web asks for a session with a token.
func (d *desk) web(token string, parameters ...string) reply {
	d.t.Helper()
	return d.serve(post(form("AssumeRoleWithWebIdentity",
		append([]string{"RoleArn", riderARN, "RoleSessionName", "build", "WebIdentityToken", token}, parameters...)...)))
}

// TestAssumeRoleWithWebIdentity: a token that the trust policy admits gets a session that says
// whose it is; the answer has what STS's has, and the event the decision.
func TestAssumeRoleWithWebIdentity(t *testing.T) {
	t.Parallel()
	d, _ := webDesk(t)
	a := d.web("github", "DurationSeconds", "1800", "Policy", document(`"ride:Read"`), "MinimumSessionTokenSize", "1500")
	for name, want := range map[string]string{
		"Arn": "arn:aws:sts::111122223333:assumed-role/Rider/build", "AssumedRoleId": "AROARIDER:build", "Expiration": "2026-11-30T12:30:00Z",
		"SubjectFromWebIdentityToken": "repo:acme/shop:ref:refs/heads/main", "Audience": "sts.amazonaws.com",
		"Provider": "https://token.actions.githubusercontent.com",
	} {
		if got := a.text(name); got != want {
			t.Errorf("%s is %q; want %q", name, got, want)
		}
	}
	if !a.has("PackedPolicySize") || !a.has("SessionTokenUtilization") || len(a.text("SessionToken")) < 1500 {
		t.Error(a.body)
	}
	e := d.last()
	if e.Action != "sts:AssumeRoleWithWebIdentity" || e.Resource != riderARN || e.Principal != githubProvider || !e.Decision.Allowed() ||
		e.Authorization != sigv4auth.AuthorizationCustom || e.Outcome != sigv4auth.Admitted || e.AccessKeyID != "" {
		t.Errorf("%+v", e)
	}
	c := a.credential()
	s, err := d.Session(c.AccessKeyID, c.SessionToken.Reveal())
	if err != nil || s.Federated == nil || s.Federated.Provider != "token.actions.githubusercontent.com" ||
		s.Federated.Subject != "repo:acme/shop:ref:refs/heads/main" || len(s.Federated.Methods) != 2 || s.Policy == "" {
		t.Errorf("%v: %+v", err, s)
	}
	d.dir.gone = 1 // which only those have whose policies are asked for
	if a := d.web("github"); a.status != 200 || d.dir.gone != 1 {
		t.Errorf("the policies of an identity provider are asked for: %s", a.body)
	}
	d.dir.gone = 0
	// As configure-aws-credentials does, always.
	if who := d.call(c, "GetCallerIdentity"); who.text("Arn") != "arn:aws:sts::111122223333:assumed-role/Rider/build" {
		t.Error(who.body)
	}
}

// TestWebIdentityTrust: the trust policy decides, by the provider's ARN or the name of a provider
// that AWS knows by itself, by the token's claims and by what the server knows. Nothing of a
// refusal tells whether the role is there.
func TestWebIdentityTrust(t *testing.T) {
	t.Parallel()
	google := sts.WebIdentity{
		Issuer: "https://accounts.google.com", Provider: "accounts.google.com", Subject: "7", Audience: "app",
		Claims: map[string][]string{"accounts.google.com:sub": {"7"}, "accounts.google.com:aud": {"app"}},
	}
	web := func(principal string, more ...string) string {
		return statement(append([]string{
			allow, `"Principal": {"Federated": "` + principal + `"}`,
			`"Action": "sts:AssumeRoleWithWebIdentity"`,
		}, more...)...)
	}
	condition := func(text string) string {
		return web(githubProvider, `"Condition": {`+text+`}`)
	}
	for _, c := range []struct {
		name, token, trust string
		may                bool
	}{
		{"the provider's ARN", "github", web(githubProvider), true},
		{"another account's provider", "github", web(strings.Replace(githubProvider, account, otherAccount, 1)), false},
		{"another provider", "github", web("arn:aws:iam::111122223333:oidc-provider/gitlab.com"), false},
		{"the provider's name, where an ARN is meant", "github", web("cognito-identity.amazonaws.com"), false},
		{"a provider that AWS knows", "google", web("accounts.google.com"), true},
		{"a provider that AWS knows, by ARN", "google", web("arn:aws:iam::111122223333:oidc-provider/accounts.google.com"), false},
		{"an account", "github", trusting(`"AWS": "` + account + `"`), false},
		{"everybody", "github", trusting(`"AWS": "*"`), false},
		{"another action", "github", strings.Replace(web(githubProvider), "WithWebIdentity", "", 1), false},
		{"a claim", "github", condition(`"StringEquals": {"token.actions.githubusercontent.com:repository": "acme/shop"}`), true},
		{"another claim", "github", condition(`"StringEquals": {"token.actions.githubusercontent.com:repository": "acme/bank"}`), false},
		{"a claim of many values", "github", condition(`"ForAnyValue:StringEquals": {"token.actions.githubusercontent.com:amr": "two"}`), true},
		{"the provider", "github", condition(`"StringEquals": {"aws:FederatedProvider": "token.actions.githubusercontent.com"}`), true},
		{"the name of the session", "github", condition(`"StringEquals": {"sts:RoleSessionName": "build"}`), true},
		{"the address", "github", condition(`"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}`), true},
		{"another address", "github", condition(`"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}`), false},
		{"no second factor", "github", condition(`"Null": {"aws:MultiFactorAuthPresent": "true"}`), true},
		{"a Deny", "github", web(githubProvider) + ", " + statement(`"Effect": "Deny"`, `"Principal": "*"`, `"Action": "sts:*"`), false},
	} {
		d, v := webDesk(t)
		v.known["google"] = google
		d.trust(riderARN, c.trust)
		a := d.web(c.token)
		if (a.status == 200) != c.may {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
		if e := d.last(); e.Decision.Allowed() != c.may || e.Resource != riderARN {
			t.Errorf("%s: %+v", c.name, e)
		}
		if c.may {
			continue
		}
		gone := d.web(c.token, "RoleArn", riderARN+"2")
		const want = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
		if a.status != 403 || a.code != "AccessDenied" || a.message != want || gone.status != 403 || gone.message != want {
			t.Errorf("%s: %s; of a role that is not there: %s", c.name, a.body, gone.body)
		}
	}
}

// TestWebIdentityTags: tags and the source identity of a token become the session's, with the
// role's permission.
func TestWebIdentityTags(t *testing.T) {
	t.Parallel()
	d, v := webDesk(t)
	w := github()
	w.Tags, w.TransitiveTagKeys, w.SourceIdentity = map[string]string{"team": "ops", "site": "home"}, []string{"team"}, "octo"
	v.known["tagged"] = w
	d.trustGitHub(`"StringEquals": {"aws:RequestTag/team": "ops", "sts:SourceIdentity": "octo"},
		"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "site"], "sts:TransitiveTagKeys": ["team"]}`)
	a := d.web("tagged")
	c := a.credential()
	s, err := d.Session(c.AccessKeyID, c.SessionToken.Reveal())
	if err != nil || s.Tags["team"] != "ops" || len(s.Tags) != 2 || len(s.TransitiveTags) != 1 || s.SourceIdentity != "octo" ||
		a.text("SourceIdentity") != "octo" {
		t.Errorf("%v %s", err, a.body)
	}
	d.trust(riderARN, statement(allow, `"Principal": {"Federated": "`+githubProvider+`"}`,
		`"Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]`))
	if a := d.web("tagged"); a.code != "AccessDenied" || d.last().Action != "sts:SetSourceIdentity" {
		t.Errorf("%d %s", a.status, a.body)
	}
	for name, edit := range map[string]func(*sts.WebIdentity){
		"a source identity": func(w *sts.WebIdentity) { w.SourceIdentity = "a b" },
		"two tags":          func(w *sts.WebIdentity) { w.Tags = map[string]string{"a": "", "A": ""}; w.TransitiveTagKeys = nil },
		"a transitive key":  func(w *sts.WebIdentity) { w.TransitiveTagKeys = []string{"x"} },
		"a subject":         func(w *sts.WebIdentity) { w.Subject = "a\nb" },
		"no subject":        func(w *sts.WebIdentity) { w.Subject = "" },
		"methods": func(w *sts.WebIdentity) {
			w.Claims = map[string][]string{w.Provider + ":amr": strings.Split(strings.Repeat("a,", 24)+"a", ",")}
		},
		"an audience": func(w *sts.WebIdentity) { w.Audience = strings.Repeat("a", 3000) },
	} {
		bad := w
		edit(&bad)
		v.known["wrong"] = bad
		if a := d.web("wrong"); a.code != "IDPRejectedClaim" || a.status != 403 {
			t.Errorf("%s that no session can hold: %d %s", name, a.status, a.body)
		}
	}
}

// TestWebIdentityErrors: tokens that the verifier refuses get STS's codes, statuses and what the
// verifier says to the caller; the event gets the rest. What is wrong with the form comes first.
func TestWebIdentityErrors(t *testing.T) {
	t.Parallel()
	d, v := webDesk(t)
	for code, status := range map[sts.TokenErrorCode]int{
		sts.ErrInvalidIdentityToken: 400, sts.ErrExpiredIdentityToken: 400, sts.ErrIDPRejectedClaim: 403, sts.ErrIDPCommunication: 400,
	} {
		v.fails["wrong"] = fmt.Errorf("tokens: %w", &sts.TokenError{Code: code, Message: "It is bad", Detail: "secret detail"})
		if a := d.web("wrong"); a.code != string(code) || a.status != status || a.message != "It is bad" || strings.Contains(a.body,
			"secret") {
			t.Errorf("%s: %d %s", code, a.status, a.body)
		}
		if e := d.last(); e.Outcome != sigv4auth.Refused || e.Reason == "" {
			t.Errorf("%s: %+v", code, e)
		}
	}
	v.fails["wrong"] = errors.New("secret-host is down")
	if a := d.web("wrong"); a.status != 503 || strings.Contains(a.body, "secret") {
		t.Errorf("%d %s", a.status, a.body)
	}
	v.asked = 0
	for _, c := range []struct {
		name       string
		parameters []string
		code       string
	}{
		{"no token", []string{"WebIdentityToken", ""}, "ValidationError"},
		{"a long token", []string{"WebIdentityToken", strings.Repeat("t", 20001)}, "ValidationError"},
		{"a name", []string{"RoleSessionName", "a b"}, "ValidationError"},
		{"an ARN", []string{"RoleArn", "nothing-valid-in-here"}, "ValidationError"},
		{"a provider", []string{"ProviderId", "www.amazon.com"}, "InvalidParameterValue"},
		{"a policy", []string{"Policy", "{"}, "MalformedPolicyDocument"},
	} {
		if a := d.web("github", c.parameters...); a.code != c.code || strings.Contains(a.body, "tttt") {
			t.Errorf("%s: %s", c.name, a.body)
		}
	}
	if v.asked != 0 {
		t.Errorf("the verifier was asked %d times about forms that are wrong", v.asked)
	}
	if a := d.web("github", "DurationSeconds", "43200"); a.status != 200 {
		t.Error(a.body)
	}
	none := open(t)
	if a := none.web("github"); a.code != "InvalidIdentityToken" || a.status != 400 {
		t.Errorf("without a verifier: %s", a.body)
	}
}

// TestWebIdentityLimits: what nobody has signed costs bounded work: a client that asks too often,
// and who comes while as many are worked on as may be, is refused before a token is looked at.
func TestWebIdentityLimits(t *testing.T) {
	t.Parallel()
	d, v := webDesk(t, func(c *sts.EndpointConfig) {
		c.WebIdentitiesPerMinute = 3
		c.WebIdentitiesAtOnce = 2
		c.Auth.Proxies = sigv4auth.TrustedProxies{
			Networks:     []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
			ClientHeader: "X-Forwarded-For",
		}
	})
	from := func(peer, client string) reply {
		r := post(form("AssumeRoleWithWebIdentity", "RoleArn", riderARN, "RoleSessionName", "build", "WebIdentityToken", "github"))
		if r.RemoteAddr = peer; client != "" {
			r.Header.Set("X-Forwarded-For", client)
		}
		return d.serve(r)
	}
	for _, c := range []struct {
		name, peer, client, same string
	}{
		{"an IPv4 address", "192.0.2.7:1", "", "192.0.2.7:9"},
		{"another IPv4 address", "192.0.2.8:1", "", "192.0.2.8:1"},
		{"an IPv6 network", "[2001:db8::1]:1", "", "[2001:db8::ffff:2]:1"},
		{"another IPv6 network", "[2001:db8:0:1::1]:1", "", "[2001:db8:0:1::1]:1"},
		{"behind a proxy", "10.0.0.1:1", "198.51.100.1", "10.0.0.2:1"},
		{"no address", "@", "", ""},
	} {
		for i := range 3 {
			if a := from(c.peer, c.client); a.status != 200 {
				t.Errorf("%s, %d: %d %s", c.name, i, a.status, a.body)
			}
		}
		v.asked = 0
		if a := from(c.same, c.client); a.code != "Throttling" || a.status != 400 || a.message != "Rate exceeded" || v.asked != 0 {
			t.Errorf("%s: %d %s: asked %d times", c.name, a.status, a.body, v.asked)
		}
		if e := d.last(); e.Outcome != sigv4auth.Refused || e.Reason != sigv4auth.ErrServiceUnavailable {
			t.Errorf("%+v", e)
		}
	}
	d.clock.Advance(-2 * time.Minute)
	if a := from("192.0.2.7:1", ""); a.code != "Throttling" {
		t.Errorf("a clock that goes backwards: %d %s", a.status, a.body)
	}
	d.clock.Advance(3 * time.Minute)
	if a := from("192.0.2.7:1", ""); a.status != 200 {
		t.Errorf("a minute later: %d %s", a.status, a.body)
	}
	if a := d.call(d.key(adaKey), "GetCallerIdentity"); a.status != 200 {
		t.Errorf("who signs is limited too: %d %s", a.status, a.body)
	}

	// Two are worked on; the third is refused, and there is room once one has ended.
	e, err := sts.NewEndpoint(sts.EndpointConfig{
		Store: d.Store, Auth: sigv4auth.Config{Region: "us-east-1"}, WebIdentities: v, WebIdentitiesAtOnce: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	v.hold, v.asked = make(chan struct{}), 0
	ask := func() int {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, post(form("AssumeRoleWithWebIdentity", "RoleArn", riderARN, "RoleSessionName", "build", "WebIdentityToken",
			"github")))
		return w.Code
	}
	codes := make(chan int, 2)
	for range 2 {
		go func() { codes <- ask() }()
	}
	for asked := 0; asked < 2; time.Sleep(time.Millisecond) {
		v.mu.Lock()
		asked = v.asked
		v.mu.Unlock()
	}
	if code := ask(); code != http.StatusBadRequest {
		t.Errorf("the third: %d", code)
	}
	close(v.hold)
	for range 2 {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("one of two: %d", code)
		}
	}
	if code := ask(); code != http.StatusOK {
		t.Errorf("once there is room: %d", code)
	}
}

// signer is a TokenSigner that writes down what it is asked for.
type signer struct{ fails error }

func (s signer) SignToken(_ context.Context, c sts.TokenClaims) (string, time.Time, error) {
	if s.fails != nil {
		return "", time.Time{}, s.fails
	}
	return fmt.Sprintf("%s%v %s %v %s %s %v %v", c.Subject, c.Audiences, c.Algorithm, c.Lifetime, c.AccountID, c.Region,
		c.PrincipalTags, c.RequestTags), start.Add(c.Lifetime), nil
}

// TestGetWebIdentityToken: who may gets a token about itself; conditions are on its audiences, its
// algorithm and how long it lasts.
func TestGetWebIdentityToken(t *testing.T) {
	t.Parallel()
	s := &signer{}
	d := open(t, func(c *sts.EndpointConfig) { c.IdentityTokens = s })
	d.identityPolicy(adaARN, statement(allow,
		`"Action": ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken", "sts:AssumeRole"]`, `"Resource": "*"`,
		`"Condition": {"ForAllValues:StringEquals": {"sts:IdentityTokenAudience": ["a", "b"]}, "StringEqualsIfExists": {"sts:SigningAlgorithm": "ES384", "aws:RequestTag/x": "y"},
		"NumericLessThanEqualsIfExists": {"sts:DurationSeconds": "600"}}`))
	ask := func(who sigv4auth.Credential, parameters ...string) reply {
		return d.call(who, "GetWebIdentityToken", append([]string{"Audience.member.1", "a", "SigningAlgorithm", "ES384"}, parameters...)...)
	}
	a := ask(d.key(adaKey), "Audience.member.2", "b", "DurationSeconds", "600", "Tags.member.1.Key", "x", "Tags.member.1.Value", "y")
	want := adaARN + "[a b] ES384 10m0s 111122223333 us-east-1 map[team:ops] map[x:y]"
	if got := strings.Join(strings.Fields(a.text("WebIdentityToken")), " "); got != want || a.text("Expiration") != "2026-11-30T12:10:00Z" {
		t.Errorf("%q; want %q: %s", got, want, a.body)
	}
	if e := d.last(); e.Action != "sts:GetWebIdentityToken" || !e.Decision.Allowed() {
		t.Errorf("%+v", e)
	}
	rider := d.assume(d.key(adaKey), riderARN, "Tags.member.1.Key", "team", "Tags.member.1.Value", "mine").credential()
	if a := ask(rider); !strings.Contains(a.text("WebIdentityToken"), riderARN+"[a]") ||
		!strings.Contains(a.text("WebIdentityToken"), "team:mine") {
		t.Error(a.body)
	}
	for _, c := range []struct {
		name       string
		parameters []string
		code       string
	}{
		{"another audience", []string{"Audience.member.2", "c"}, "AccessDenied"},
		{"another algorithm", []string{"SigningAlgorithm", "RS256"}, "AccessDenied"},
		{"too long", []string{"DurationSeconds", "601"}, "AccessDenied"},
		{"another tag", []string{"Tags.member.1.Key", "x", "Tags.member.1.Value", "z"}, "AccessDenied"},
		{"no algorithm", []string{"SigningAlgorithm", "none!"}, "ValidationError"},
		{"longer than any", []string{"DurationSeconds", "3601"}, "ValidationError"},
	} {
		if a := ask(d.key(adaKey), c.parameters...); a.code != c.code {
			t.Errorf("%s: %s", c.name, a.body)
		}
	}
	// Tags need a permission of their own: who has it not could say anything of itself in a token.
	tagged := []string{"Tags.member.1.Key", "team", "Tags.member.1.Value", "admins"}
	d.identityPolicy(adaARN, statement(allow, `"Action": "sts:GetWebIdentityToken"`, `"Resource": "*"`))
	a = ask(d.key(adaKey), tagged...)
	if e := d.last(); a.code != "AccessDenied" || !strings.Contains(a.message, "sts:TagGetWebIdentityToken") ||
		e.Action != "sts:TagGetWebIdentityToken" || e.Decision.Allowed() {
		t.Errorf("tags without permission: %s: %+v", a.body, e)
	}
	if a := ask(d.key(adaKey)); a.status != 200 {
		t.Errorf("without tags: %s", a.body)
	}
	d.identityPolicy(adaARN, statement(allow, `"Action": "sts:TagGetWebIdentityToken"`, `"Resource": "*"`))
	if a := ask(d.key(adaKey), tagged...); a.code != "AccessDenied" || strings.Contains(a.message, "sts:Tag") {
		t.Errorf("tags alone: %s", a.body)
	}
	d.dir.policies[adaARN] = []*iampolicy.Policy{parse(`"sts:*"`, iampolicy.IdentityPolicy)}
	if a := ask(d.key(adaKey), tagged...); a.status != 200 || d.last().Action != "sts:GetWebIdentityToken" {
		t.Errorf("with permission: %s", a.body)
	}
	// Of one key a token has one tag, however it is written: the session's.
	other := d.assume(d.key(adaKey), riderARN, "Tags.member.1.Key", "TEAM", "Tags.member.1.Value", "mine").credential()
	if a := ask(other); !strings.Contains(a.text("WebIdentityToken"), " map[TEAM:mine site:home] ") {
		t.Errorf("a tag of the role beside the session's: %s", a.body)
	}
	s.fails = &sts.TokenError{Code: sts.ErrJWTPayloadSizeExceeded, Message: "Too large"}
	if a := ask(d.key(adaKey)); a.code != "JWTPayloadSizeExceededException" || a.status != 400 {
		t.Error(a.body)
	}
	s.fails = errors.New("secret-host is down")
	if a := ask(d.key(adaKey)); a.status != 500 || strings.Contains(a.body, "secret") || len(d.failed) != 1 {
		t.Errorf("%s: %v", a.body, d.failed)
	}
	none := open(t)
	none.dir.policies[adaARN] = []*iampolicy.Policy{parse(`"sts:*"`, iampolicy.IdentityPolicy)}
	if a := none.call(none.key(adaKey), "GetWebIdentityToken", "Audience.member.1", "a", "SigningAlgorithm", "ES384"); a.status != 403 ||
		a.code != "OutboundWebIdentityFederationDisabledException" {
		t.Error(a.body)
	}
}
