package sts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestIdentityPoolMistakes: a pool that lacks what it needs, or says two things, is not made, and
// each mistake is named.
func TestIdentityPoolMistakes(t *testing.T) {
	t.Parallel()
	p := newPond(t)
	good := func() sts.IdentityPoolConfig {
		return sts.IdentityPoolConfig{
			ID: poolID, Store: p.Store, Identities: p.identities, Tokens: p.tokens,
			Providers: []sts.LoginProvider{{Name: partner, ClientIDs: []string{"portal"}}},
		}
	}
	if _, err := sts.NewIdentityPool(good()); err != nil {
		t.Fatal(err)
	}
	rule := sts.RoleRule{Claim: "c", Match: sts.MatchEquals, Value: "v", Role: poolAdmin}
	mapped := func(m sts.RoleMapping) func(*sts.IdentityPoolConfig) {
		return func(c *sts.IdentityPoolConfig) { c.Providers[0].Roles = &m }
	}
	ruled := func(edit func(*sts.RoleRule)) func(*sts.IdentityPoolConfig) {
		r := rule
		edit(&r)
		return mapped(sts.RoleMapping{Rules: []sts.RoleRule{r}})
	}
	for want, edit := range map[string]func(*sts.IdentityPoolConfig){
		"ID is not":                   func(c *sts.IdentityPoolConfig) { c.ID = "us-east-1" },
		"55 characters":               func(c *sts.IdentityPoolConfig) { c.ID = "a-region-that-is-long:6f0c4dc2" },
		"Store is required":           func(c *sts.IdentityPoolConfig) { c.Store = nil },
		"Identities is required":      func(c *sts.IdentityPoolConfig) { c.Identities = nil },
		"Tokens is required":          func(c *sts.IdentityPoolConfig) { c.Tokens = nil },
		"AuthenticatedRole is no ARN": func(c *sts.IdentityPoolConfig) { c.AuthenticatedRole = "Admins" },
		"GuestRole is no ARN":         func(c *sts.IdentityPoolConfig) { c.GuestRole = adaARN },
		"GuestPolicy is no session":   func(c *sts.IdentityPoolConfig) { c.GuestPolicy = `{"Statement": []` },
		"AtOnce is negative":          func(c *sts.IdentityPoolConfig) { c.RequestsAtOnce = -1 },
		"which are the pool's own":    func(c *sts.IdentityPoolConfig) { c.Auth.Service = "sts" },
		"the name \"\" is empty":      func(c *sts.IdentityPoolConfig) { c.Providers[0].Name = "" },
		"or that of identity pools":   func(c *sts.IdentityPoolConfig) { c.Providers[0].Aliases = []string{"cognito-identity.amazonaws.com"} },
		"ClientIDs is required":       func(c *sts.IdentityPoolConfig) { c.Providers[0].ClientIDs = nil },
		"one of ClientIDs is empty":   func(c *sts.IdentityPoolConfig) { c.Providers[0].ClientIDs = []string{""} },
		"is the name of two":          func(c *sts.IdentityPoolConfig) { c.Providers = append(c.Providers, c.Providers[0]) },
		"needs FromToken or Rules":    mapped(sts.RoleMapping{}),
		"and not both":                mapped(sts.RoleMapping{FromToken: true, Rules: []sts.RoleRule{rule}}),
		"26 rules":                    mapped(sts.RoleMapping{Rules: make([]sts.RoleRule, 26)}),
		"a Claim or a Value":          ruled(func(r *sts.RoleRule) { r.Value = strings.Repeat("v", 129) }),
		"the Match of rule 0":         ruled(func(r *sts.RoleRule) { r.Match = 0 }),
		"Match of rule 0 is none":     ruled(func(r *sts.RoleRule) { r.Match = sts.MatchNotEqual + 1 }),
		"no ARN of a role: \"x\"":     ruled(func(r *sts.RoleRule) { r.Role = "x" }),
	} {
		cfg := good()
		edit(&cfg)
		if _, err := sts.NewIdentityPool(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestIdentityPoolSlowBodies: threat 222. A body that does not come to its end holds no place among
// the requests that are looked at.
func TestIdentityPoolSlowBodies(t *testing.T) {
	t.Parallel()
	p := newPond(t, func(c *sts.IdentityPoolConfig) { c.RequestsAtOnce = 1 })
	body, end := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := httptest.NewRequest("POST", "/", body)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityService.GetId")
		p.h.ServeHTTP(httptest.NewRecorder(), r)
	}()
	if _, err := end.Write([]byte("{")); err != nil { // it is being read
		t.Fatal(err)
	}
	if a := p.ask("GetId", map[string]any{"IdentityPoolId": poolID}); a.status != 200 {
		t.Error(a.body)
	}
	if err := end.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
}

// TestIdentityPoolLimits: threat 222. A client presents so many logins in a minute, whatever
// requests they come in, and only so many requests are looked at at one time; no token of more is
// verified.
func TestIdentityPoolLimits(t *testing.T) {
	t.Parallel()
	p := newPond(t, func(c *sts.IdentityPoolConfig) { c.RequestsPerMinute = 4 })
	get := func(pairs ...string) poolReply {
		return p.ask("GetId", map[string]any{"IdentityPoolId": poolID, "Logins": logins(pairs...)})
	}
	if a := get(userPool, "alice", partner, "alice-party"); a.status != 200 {
		t.Fatal(a.body)
	}
	get()
	asked := p.tokens.asked
	a := get(userPool, "alice", partner, "alice-party")
	a.is(t, "a fourth and a fifth login", "TooManyRequestsException", "Rate exceeded")
	a = get()
	a.is(t, "a sixth request", "TooManyRequestsException", "Rate exceeded")
	if p.tokens.asked != asked {
		t.Error("a token was verified beyond the limit")
	}
	p.clock.Advance(time.Minute)
	if a := get(userPool, "alice"); a.status != 200 {
		t.Error(a.body)
	}

	p = newPond(t, func(c *sts.IdentityPoolConfig) { c.RequestsAtOnce = 1 })
	p.tokens.hold = make(chan struct{})
	done := make(chan poolReply)
	go func() {
		done <- p.ask("GetId", map[string]any{"IdentityPoolId": poolID, "Logins": logins(userPool, "alice")})
	}()
	for {
		p.tokens.mu.Lock()
		n := p.tokens.asked
		p.tokens.mu.Unlock()
		if n > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityService.GetId")
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), "TooManyRequestsException") {
		t.Error(w.Body)
	}
	close(p.tokens.hold)
	if a := <-done; a.status != 200 {
		t.Error(a.body)
	}
}

// moving is a store in which somebody else has linked the logins since they were looked up.
type moving struct{ sts.IdentityStore }

func (m moving) Link(ctx context.Context, pool, identity string, logins []sts.ProviderLogin) (string, error) {
	if len(logins) > 1 {
		return "us-east-1:00000000-0000-4000-8000-000000000009", nil
	}
	return m.IdentityStore.Link(ctx, pool, identity, logins)
}

// TestIdentityPoolHostileLogins: a token that another client has asked for, one whose subject a
// session cannot hold, and an identity that changes while it is looked at, get no credentials.
func TestIdentityPoolHostileLogins(t *testing.T) {
	t.Parallel()
	p := newPond(t, func(c *sts.IdentityPoolConfig) { c.Identities = moving{&sts.MemoryIdentities{}} })
	alice := p.id(userPool, "alice")
	a := p.credentials(alice, userPool, "alice", partner, "alice-party")
	a.is(t, "an identity that changes", "NotAuthorizedException",
		"Logins don't match. Please include at least one valid login for this identity or identity pool.")
	party := p.tokens.known["alice-party"]
	party.AuthorizedParty = "another"
	p.tokens.known["party"] = party
	a = p.ask("GetId", map[string]any{"IdentityPoolId": poolID, "Logins": logins(partner, "party")})
	a.is(t, "another party", "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
	for _, subject := range []string{"", "a\nb", strings.Repeat("s", 256)} {
		p.tokens.known["subject"] = loggedIn(partner, subject, "portal", nil)
		a = p.ask("GetId", map[string]any{"IdentityPoolId": poolID, "Logins": logins(partner, "subject")})
		a.is(t, "a subject", "NotAuthorizedException", "Invalid login token. Couldn't verify signed token.")
	}
}

// TestIdentityPoolManyLogins: ten logins are one identity's, and those that do not fit into a
// session token are refused.
func TestIdentityPoolManyLogins(t *testing.T) {
	t.Parallel()
	for length, fits := range map[int]bool{20: true, 110: false} {
		var providers []sts.LoginProvider
		var pairs []string
		known := map[string]sts.WebIdentity{}
		for i := range 10 {
			name := fmt.Sprintf("login-%d.example", i)
			providers = append(providers, sts.LoginProvider{Name: name + strings.Repeat("x", length), ClientIDs: []string{"app"}})
			known[name] = loggedIn(name+strings.Repeat("x", length), strings.Repeat("s", length), "app", nil)
			pairs = append(pairs, name+strings.Repeat("x", length), name)
		}
		p := newPond(t, func(c *sts.IdentityPoolConfig) { c.Providers = providers })
		p.tokens.known = known
		a := p.credentials(p.id(pairs...), pairs...)
		if fits {
			if _, s := p.session(a); len(s.Federated.Methods) != 21 {
				t.Errorf("%v", s.Federated.Methods)
			}
			continue
		}
		a.is(t, "logins that do not fit", "InvalidParameterException", "The logins are too large for one session.")
	}
}

// failing is a store of identities that fails.
type failing struct {
	sts.IdentityStore
	err error
}

func (f failing) Logins(context.Context, string, string) ([]sts.ProviderLogin, error) {
	return nil, f.err
}

func (f failing) Link(context.Context, string, string, []sts.ProviderLogin) (string, error) {
	return "", f.err
}

// TestIdentityPoolStoresFail: a store that fails is the server's fault and admits nobody, and a
// full one says so.
func TestIdentityPoolStoresFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{errors.New("connection refused"), 503, "ServiceUnavailableException"},
		{fmt.Errorf("wrapped: %w", sts.ErrTooManyIdentities), 400, "LimitExceededException"},
	} {
		p := newPond(t, func(cfg *sts.IdentityPoolConfig) { cfg.Identities = failing{err: c.err} })
		for operation, in := range map[string]map[string]any{
			"GetId":                     {"IdentityPoolId": poolID, "Logins": logins(userPool, "alice")},
			"GetCredentialsForIdentity": {"IdentityId": poolID, "Logins": logins(userPool, "alice")},
		} {
			if a := p.ask(operation, in); a.status != c.status || a.Type != c.code || strings.Contains(a.body, "refused") {
				t.Errorf("%s: %d %s", operation, a.status, a.body)
			}
		}
	}
	p := newPond(t)
	alice := p.id(userPool, "alice")
	p.dir.roleFails = errors.New("connection refused")
	if a := p.credentials(alice, userPool, "alice"); a.status != 503 {
		t.Error(a.body)
	}
	full := newPond(t, func(c *sts.IdentityPoolConfig) { c.Identities = &sts.MemoryIdentities{Max: 1} })
	full.id()
	a := full.ask("GetId", map[string]any{"IdentityPoolId": poolID})
	a.is(t, "a full store", "LimitExceededException", "The identity pool has too many identities.")
}

// TestIdentityPoolTellsNoSecrets: no token and no secret is in an answer that refuses, in an event,
// in what the hooks are told, or in anything printed.
func TestIdentityPoolTellsNoSecrets(t *testing.T) {
	t.Parallel()
	p := newPond(t)
	const canary = "secret-canary"
	p.tokens.fails[canary] = &sts.TokenError{Code: sts.ErrInvalidIdentityToken, Message: "no", Detail: "made up"}
	alice := p.id(userPool, "alice")
	var said []string
	for _, in := range []map[string]any{
		{"IdentityPoolId": poolID, "Logins": logins(userPool, canary)},
		{"IdentityPoolId": poolID, "Logins": logins(partner+"x", canary)},
		{"IdentityPoolId": poolID, "Logins": map[string]any{userPool: []string{canary}}},
		{"IdentityPoolId": poolID, "Logins": logins(userPool, canary+strings.Repeat("x", 50_001))},
		{"IdentityPoolId": poolID, "Logins": logins(userPool, "broken")},
		{"IdentityPoolId": 7, "Logins": canary},
	} {
		a := p.ask("GetId", in)
		if a.status == 200 {
			t.Errorf("%v: %s", in, a.body)
		}
		said = append(said, a.body)
	}
	good := p.credentials(alice, userPool, "alice")
	for _, e := range p.events {
		said = append(said, fmt.Sprintf("%+v", e))
	}
	for _, err := range p.refused {
		if !strings.Contains(err.Error(), "the verifier of logins failed") { // whose own text is the operator's
			said = append(said, err.Error())
		}
	}
	said = append(said, fmt.Sprintf("%+v %#v", p.h, p.h), fmt.Sprintf("%+v", p.failed))
	for _, text := range said {
		for _, secret := range []string{canary, good.Credentials.SecretKey, good.Credentials.SessionToken} {
			if strings.Contains(text, secret) {
				t.Errorf("a secret is told: %.200s", text)
			}
		}
	}
	if len(p.refused) != 6 {
		t.Errorf("%d refusals were told", len(p.refused))
	}
}

// TestIdentityPoolSessions: the condition keys of the identity hold for the session's own requests:
// a policy with ${cognito-identity.amazonaws.com:sub} keeps users to what is theirs.
func TestIdentityPoolSessions(t *testing.T) {
	t.Parallel()
	p := newPond(t)
	own := policy(iampolicy.IdentityPolicy, statement(allow, `"Action": "execute-api:Invoke"`,
		`"Resource": "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/rides/${cognito-identity.amazonaws.com:sub}"`,
		`"Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "`+poolID+`"},
		"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "`+userPool+`:*"}}`))
	p.dir.policies[poolAuth], p.dir.policies[poolGuest] = []*iampolicy.Policy{own}, []*iampolicy.Policy{own}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api", Credentials: p.Store, Now: p.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: p.Store, ResourceAccount: account,
		Target: sigv4auth.APIGateway{Region: "us-east-1", AccountID: account, APIID: "rides", Stage: "prod"}.Target,
	})
	if err != nil {
		t.Fatal(err)
	}
	served := auth.Require(authz.Check)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	alice, bob, guest := p.id(userPool, "alice"), p.id(userPool, "bob"), p.id()
	status := func(a poolReply, of string) int {
		c, _ := p.session(a)
		r := sigv4test.Signer{
			Credential: c, Region: "us-east-1", Service: "execute-api", Now: p.clock.Now,
		}.Sign(httptest.NewRequest("GET", "/prod/rides/"+of, nil))
		r.RemoteAddr = netip.AddrPortFrom(netip.IPv4Unspecified(), 1).String()
		w := httptest.NewRecorder()
		served.ServeHTTP(w, r)
		return w.Code
	}
	a, b, g := p.credentials(alice, userPool, "alice"), p.credentials(bob, userPool, "bob"), p.credentials(guest)
	for _, c := range []struct {
		by   poolReply
		of   string
		want int
	}{{a, alice, 204}, {a, bob, 403}, {b, bob, 204}, {b, alice, 403}, {g, guest, 403}, {g, alice, 403}} {
		if got := status(c.by, c.of); got != c.want {
			t.Errorf("%s asks for what is %s's: %d", c.by.IdentityID, c.of, got)
		}
	}
	p.clock.Advance(time.Hour)
	if got := status(a, alice); got != 403 {
		t.Errorf("after an hour: %d", got)
	}
}
