package userpool_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const provider = "cognito-idp.us-east-1.amazonaws.com/" + poolID

// TestLogins: an identity pool learns from an ID token who it is about, under the name that it has
// for the user pool.
func TestLogins(t *testing.T) {
	t.Parallel()
	s := start(t)
	sub := s.signUp("alice", password)
	who, err := s.pool.Logins(provider).VerifyToken(t.Context(), s.signIn("alice", password).tokens().id)
	if err != nil {
		t.Fatal(err)
	}
	if who.Provider != provider || who.Subject != sub || who.Audience != clientID || who.Issuer != s.server.URL+"/"+poolID ||
		!who.Expires.Equal(begin.Add(time.Hour)) || who.Claims[provider+":aud"][0] != clientID || who.Claims[provider+":sub"][0] != sub {
		t.Errorf("%+v", who)
	}
	for name, want := range map[string]string{
		"cognito:username": "alice", "email": "alice@example.com", "email_verified": "true", "token_use": "id",
	} {
		if got, ok := who.Claim(name); !ok || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got, ok := who.Claim("cognito:roles"); ok {
		t.Errorf("a claim that is not there: %q", got)
	}
	if name, err := s.pool.Username(t.Context(), sub); err != nil || name != "alice" {
		t.Errorf("%q, %v", name, err)
	}
	if name, err := s.pool.Username(t.Context(), "nobody's"); err != nil || name != "" {
		t.Errorf("%q, %v", name, err)
	}
}

// TestLoginsThatAreNone: what is not an ID token of this pool, for one of its clients, and of now,
// is refused.
func TestLoginsThatAreNone(t *testing.T) {
	t.Parallel()
	s, other := start(t), start(t)
	s.signUp("alice", password)
	other.signUp("alice", password)
	good := s.signIn("alice", password).tokens()
	logins := s.pool.Logins(provider)
	refused := func(what, token string, code sts.TokenErrorCode) {
		t.Helper()
		who, err := logins.VerifyToken(t.Context(), token)
		if wrong, ok := errors.AsType[*sts.TokenError](err); !ok || wrong.Code != code || who.Subject != "" {
			t.Errorf("%s: %+v, %v", what, who, err)
		}
	}
	header, payload, signature := split(good.id)
	refused("nothing", "", sts.ErrInvalidIdentityToken)
	refused("an access token", good.access, sts.ErrInvalidIdentityToken)
	refused("a refresh token", good.refresh, sts.ErrInvalidIdentityToken)
	refused("a token of another pool with its ID", other.signIn("alice", password).tokens().id, sts.ErrInvalidIdentityToken)
	refused("a token that is too long", good.id+strings.Repeat("A", 300<<10), sts.ErrInvalidIdentityToken)
	for _, alg := range []string{`{"alg":"none"}`, `{"alg":"HS256"}`, `{"alg":"RS256"}`, `{"alg":"RS256","kid":"other"}`} {
		refused(alg, base64.RawURLEncoding.EncodeToString([]byte(alg))+"."+payload+"."+signature, sts.ErrInvalidIdentityToken)
	}
	refused("no signature", header+"."+payload+".", sts.ErrInvalidIdentityToken)
	for _, at := range []int{0, len(payload) / 2, len(payload) - 2} {
		refused("an altered payload", header+"."+altered(payload, at)+"."+signature, sts.ErrInvalidIdentityToken)
	}
	for _, at := range []int{0, len(signature) / 2, len(signature) - 3} {
		refused("an altered signature", header+"."+payload+"."+altered(signature, at), sts.ErrInvalidIdentityToken)
	}
	s.pass(time.Hour - time.Second)
	if _, err := logins.VerifyToken(t.Context(), good.id); err != nil {
		t.Errorf("a second before it expires: %v", err)
	}
	s.pass(time.Second)
	refused("an expired token", good.id, sts.ErrExpiredIdentityToken)

	fresh := s.signIn("alice", password).tokens().id
	issuer := s.server.URL
	s.open(func(c *userpool.Config) {
		c.Issuer = issuer + "/" + poolID
		c.Clients = []userpool.Client{{ID: "another0client"}}
	})
	logins = s.pool.Logins(provider)
	refused("a token of a client that is gone", fresh, sts.ErrInvalidIdentityToken)
}

func split(token string) (header, payload, signature string) {
	parts := strings.Split(token, ".")
	return parts[0], parts[1], parts[2]
}

// altered returns a text in which one letter is another.
func altered(s string, at int) string {
	replacement := "A"
	if s[at] == 'A' {
		replacement = "B"
	}
	return s[:at] + replacement + s[at+1:]
}

// TestLoginsAreChecked: a token that is right counts until its sign-in ends, or its user is
// disabled or deleted.
func TestLoginsAreChecked(t *testing.T) {
	t.Parallel()
	s := start(t)
	logins := s.pool.Logins(provider)
	for name, end := range map[string]func(name string, in tokens){
		"signedout": func(_ string, in tokens) {
			s.call("RevokeToken", input{"ClientId": clientID, "Token": in.refresh}).ok()
		},
		"everywhere": func(name string, _ tokens) {
			s.call("GlobalSignOut", input{"AccessToken": s.signIn(name, password).tokens().access}).ok()
		},
		"disabled": func(name string, _ tokens) { s.as(s.admin, "AdminDisableUser", input{"Username": name}).ok() },
		"deleted":  func(name string, _ tokens) { s.as(s.admin, "AdminDeleteUser", input{"Username": name}).ok() },
	} {
		s.signUp(name, password)
		in := s.signIn(name, password).tokens()
		who, err := logins.VerifyToken(t.Context(), in.id)
		if err != nil {
			t.Fatal(err)
		}
		if err := logins.Check(t.Context(), who); err != nil {
			t.Errorf("%s, before: %v", name, err)
		}
		end(name, in)
		if err := logins.Check(t.Context(), who); err == nil {
			t.Errorf("%s: the token counts", name)
		}
	}
	if err := logins.Check(t.Context(), sts.WebIdentity{}); err == nil {
		t.Error("nobody is checked")
	}
}
