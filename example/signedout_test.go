package main_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the README's table "Who signs in" says, from a program that runs.

// refreshed presents a refresh token.
func (s *site) refreshed(token string) answer {
	s.t.Helper()
	return s.ask(userPool, "GetTokensFromRefreshToken", map[string]any{"ClientId": s.ids().UserPoolClientID, "RefreshToken": token})
}

// ended checks that a sign-in is over, and that what was got for it before lives on.
func (s *site) ended(t *testing.T, m member, refresh string) {
	t.Helper()
	s.ask(userPool, "GetUser", map[string]any{"AccessToken": m.tokens.AccessToken}).wants(t, 400)
	s.refreshed(refresh).wants(t, 400)
	got := s.ask(identityPool, "GetCredentialsForIdentity", map[string]any{
		"IdentityId": m.identity, "Logins": map[string]any{s.provider(): m.tokens.IDToken},
	}).wants(t, 400)
	if !strings.Contains(got.body, "Token is no longer valid") {
		t.Errorf("its ID token is answered with %s", got.body)
	}
	s.as(m, "POST", "/prod/ride", seattle).wants(t, 201)
}

// dispatcherAdministers lets the dispatcher administer the user pool, from the next start on.
func dispatcherAdministers(t *testing.T, data string) {
	t.Helper()
	i := (&site{t: t, data: data}).ids()
	write(t, filepath.Join(data, "policies"), "Administer.json", `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Action": "cognito-idp:*",
		"Resource": "arn:aws:cognito-idp:us-east-1:`+i.AccountID+`:userpool/`+i.UserPoolID+`"}]}`)
	text := readFile(t, filepath.Join(data, "principals.json"))
	const last = `, "WildRydesAPI-DispatcherPolicy"`
	write(t, data, "principals.json", strings.Replace(text, last+"]", last+`, "Administer"]`, 1))
}

// administer sends a request that the named caller has signed for the user pool.
func (s *site) administer(caller, operation string, members map[string]any) answer {
	s.t.Helper()
	members["UserPoolId"] = s.ids().UserPoolID
	with := signer(s.credentials(caller))
	with.Service = "cognito-idp"
	return s.send(with.Sign(s.jsonRequest(userPool, operation, members)))
}

func TestWhatEndsASignIn(t *testing.T) {
	data := t.TempDir()
	startFiles(t, data).stop()
	(&site{t: t, data: data}).attachToAuthRole("WildRydesAPI-StandardUserPolicy")
	dispatcherAdministers(t, data)
	s := startFiles(t, data)
	client := s.ids().UserPoolClientID
	for _, tt := range []struct {
		name string
		end  func(m member) (refresh string)
	}{
		{"signedout", func(m member) string {
			s.ask(userPool, "RevokeToken", map[string]any{"ClientId": client, "Token": m.tokens.RefreshToken}).wants(t, 200)
			return m.tokens.RefreshToken
		}},
		{"everywhere", func(m member) string {
			other := s.signIn(m.name)
			s.ask(userPool, "GlobalSignOut", map[string]any{"AccessToken": other.AccessToken}).wants(t, 200)
			s.refreshed(other.RefreshToken).wants(t, 400)
			return m.tokens.RefreshToken
		}},
		// Of a stolen refresh token: the thief uses it, and then its owner, or the other way round;
		// whoever is second ends it for both.
		{"stolen", func(m member) string {
			first := s.refreshed(m.tokens.RefreshToken).wants(t, 200)
			var got struct{ AuthenticationResult tokens }
			first.into(t, &got)
			second := s.refreshed(got.AuthenticationResult.RefreshToken).wants(t, 200)
			second.into(t, &got)
			again := s.refreshed(m.tokens.RefreshToken).wants(t, 400)
			if again.header.Get("X-Amzn-Errortype") != "RefreshTokenReuseException:" {
				t.Errorf("a refresh token that was used before is answered with %s", again.body)
			}
			return got.AuthenticationResult.RefreshToken // which had not been used
		}},
		{"disabled", func(m member) string {
			s.administer("dispatcher", "AdminDisableUser", map[string]any{"Username": m.name}).wants(t, 200)
			s.ask(userPool, "InitiateAuth", map[string]any{
				"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH",
				"AuthParameters": map[string]any{"USERNAME": m.name, "PASSWORD": password},
			}).wants(t, 400)
			return m.tokens.RefreshToken
		}},
		{"deleted", func(m member) string {
			s.administer("dispatcher", "AdminDeleteUser", map[string]any{"Username": m.name}).wants(t, 200)
			return m.tokens.RefreshToken
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := s.member(tt.name)
			s.ended(t, m, tt.end(m))
		})
	}
	// The role ends credentials, too.
	m := s.member("alice")
	s.as(m, "POST", "/prod/ride", seattle).wants(t, 201)
	s.attachToAuthRole()
	eventually(t, "the role counts", func() bool { return s.as(m, "POST", "/prod/ride", seattle).status == 403 })
}

// Who may administer the user pool is for policies to say: nobody at the first start, and neither
// who has signed in, by the Auth role, nor anybody by a signature for another service.
func TestWhoAdministersTheUserPool(t *testing.T) {
	data := t.TempDir()
	first := startFiles(t, data)
	first.administer("dispatcher", "ListUsers", map[string]any{}).wants(t, 400)
	first.stop()
	dispatcherAdministers(t, data)
	s := startFiles(t, data)
	s.signUp("alice")
	listed := s.administer("dispatcher", "ListUsers", map[string]any{}).wants(t, 200)
	if !strings.Contains(listed.body, `"Username":"alice"`) || strings.Contains(listed.body, "sealed") {
		t.Errorf("the users are %s", listed.body)
	}
	for caller, code := range map[string]string{"newcomer": "AccessDeniedException:", "rider": "AccessDeniedException:"} {
		got := s.administer(caller, "AdminDisableUser", map[string]any{"Username": "alice"}).wants(t, 400)
		if got.header.Get("X-Amzn-Errortype") != code {
			t.Errorf("%s: %s %s", caller, got.header.Get("X-Amzn-Errortype"), got.body)
		}
	}
	r := s.jsonRequest(userPool, "ListUsers", map[string]any{"UserPoolId": s.ids().UserPoolID})
	s.send(signer(s.credentials("dispatcher")).Sign(r)).wants(t, 400) // execute-api
}

// Nothing of a sign-in is told: neither by the log, at its lowest level, nor by the database.
func TestASignInIsNotTold(t *testing.T) {
	s := start(t, t.TempDir(), "-log-level", "DEBUG", "-explain", "-diagnose")
	alice := s.member("alice")
	s.refreshed(alice.tokens.RefreshToken).wants(t, 200)
	s.refreshed(alice.tokens.RefreshToken[:20]+"x").wants(t, 400)
	s.ask(userPool, "InitiateAuth", map[string]any{
		"ClientId": s.ids().UserPoolClientID, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]any{"USERNAME": "alice", "PASSWORD": "Not-this-one-2026!"},
	}).wants(t, 400)
	s.ask(identityPool, "GetId", map[string]any{
		"IdentityPoolId": s.ids().IdentityPoolID, "Logins": map[string]any{s.provider(): alice.tokens.IDToken + "x"},
	}).wants(t, 400)
	code := s.code("alice@example.com", 1)
	s.stop()
	told := map[string]string{"the log": s.stderr.String()}
	maps.Copy(told, contents(t, s.data))
	for _, name := range []string{"rides.db", "rides.db-wal"} {
		if b, err := os.ReadFile(filepath.Join(s.data, name)); err == nil {
			told[name] = string(b)
		}
	}
	parts := strings.Split(alice.tokens.IDToken, ".")
	for what, secret := range map[string]string{
		"the password": password, "a wrong password": "Not-this-one-2026!", "the ID token": parts[1], "its signature": parts[2],
		"the access token": strings.Split(alice.tokens.AccessToken, ".")[1], "the refresh token": alice.tokens.RefreshToken,
		"the secret key": alice.credentials.SecretAccessKey, "the session token": alice.credentials.SessionToken,
		"the code": " " + code + " ",
	} {
		for name, text := range told {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s", name, what)
			}
		}
	}
	if !strings.Contains(s.stderr.String(), "operation=ConfirmSignUp") ||
		!strings.Contains(s.stderr.String(), "reason=NotAuthorizedException") {
		t.Errorf("the log says nothing of the sign-in:\n%s", s.stderr)
	}
}
