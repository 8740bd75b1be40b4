package main_test

import (
	"strings"
	"testing"
)

// Whoever asks the identity pool signs nothing: a line says what was asked for.
func TestTheLogNamesWhatTheIdentityPoolIsAskedFor(t *testing.T) {
	for _, level := range []string{"INFO", "DEBUG"} {
		s := start(t, t.TempDir(), "-log-level", level)
		s.ask(identityPool, "GetId", map[string]any{"IdentityPoolId": s.ids().IdentityPoolID}).wants(t, 400)
		lines := s.logged("refused")
		if len(lines) != 1 || !strings.Contains(lines[0], " operation=GetId") || !strings.Contains(lines[0], "reason=AccessDenied") {
			t.Errorf("%s: %q", level, lines)
		}
		// What is no operation stays out of the log (threat 214).
		s.ask(identityPool, "x y=1", nil).wants(t, 400)
		for _, line := range s.logged("refused") {
			if strings.Contains(line, "y=1") {
				t.Errorf("%s: %s", level, line)
			}
		}
	}
}

// Behind a proxy, the line of a refused sign-in has the address that the proxy tells, as tries are
// counted by it.
func TestTheLogHasTheAddressOfWhoSignsIn(t *testing.T) {
	from := func(args ...string) string {
		s := start(t, t.TempDir(), args...)
		r := s.jsonRequest(userPool, "InitiateAuth", map[string]any{
			"ClientId": s.ids().UserPoolClientID, "AuthFlow": "USER_PASSWORD_AUTH",
			"AuthParameters": map[string]any{"USERNAME": "alice", "PASSWORD": password},
		})
		r.Header.Set("X-Forwarded-For", "192.0.2.7")
		s.send(r).wants(t, 400)
		lines := s.logged(`"user pool"`)
		if len(lines) != 1 {
			t.Fatalf("%q", lines)
		}
		_, from, _ := strings.Cut(lines[0], " from=")
		return strings.TrimSpace(from)
	}
	if got := from("-proxies", "127.0.0.1"); got != "192.0.2.7" {
		t.Errorf("behind a proxy it is from %s", got)
	}
	if got := from(); got != "127.0.0.1" { // a header that anybody can send is not believed
		t.Errorf("without one it is from %s", got)
	}
}

// An action of the services beside the rides is not taken for a misspelt one; a misspelt one is.
func TestActionsOfThePoolsAndOfSTSAreKnown(t *testing.T) {
	s := startFiles(t, t.TempDir())
	s.edit("policies/WildRydesAPI-DispatcherPolicy.json", `"Statement": [`,
		`"Statement": [{"Effect": "Allow", "Resource": "*", "Action": [`+
			`"cognito-idp:*", "cognito-idp:AdminDisableUser", "cognito-idp:ListUsers", "cognito-idp:DescribeUserPool",`+
			`"sts:*", "sts:AssumeRole", "sts:TagSession", "sts:GetSessionToken"]},`+
			`{"Effect": "Allow", "Resource": "*", "Action": ["cognito-idp:AdminDisabelUser", "cognito-idp:SignUp"]},`)
	eventually(t, "the misspelt one is logged", func() bool { return strings.Contains(s.stderr.String(), "AdminDisabelUser") })
	lines := s.logged(`"warning in the data folder"`)
	if len(lines) != 2 || !strings.Contains(lines[0], "cognito-idp:AdminDisabelUser") || !strings.Contains(lines[1], "cognito-idp:SignUp") {
		t.Errorf("%q", lines)
	}
}
