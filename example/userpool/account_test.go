package userpool_test

import (
	"maps"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
)

const password2 = "Another-Horse-8-Battery"

// TestWhatEndsWhen holds the package's comment: which sign-ins end by what.
func TestWhatEndsWhen(t *testing.T) {
	t.Parallel()
	forgot := func(s *site, _ tokens) {
		s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
		s.call("ConfirmForgotPassword", input{
			"ClientId": clientID, "Username": "alice", "ConfirmationCode": s.code(), "Password": password2,
		}).ok()
	}
	byAdmin := func(operation string, more input) func(*site, tokens) {
		return func(s *site, _ tokens) {
			in := input{"Username": "alice"}
			maps.Copy(in, more)
			s.as(s.admin, operation, in).ok()
		}
	}
	for _, tt := range []struct {
		name            string
		do              func(s *site, in tokens)
		own             bool   // whether the sign-in that it is done with goes on
		told, andAccess string // to the other sign-in
	}{
		{"GlobalSignOut", func(s *site, in tokens) {
			s.call("GlobalSignOut", input{"AccessToken": in.access}).ok()
		}, false, "revoked", "revoked"},
		{"AdminUserGlobalSignOut", byAdmin("AdminUserGlobalSignOut", nil), false, "revoked", "revoked"},
		{"AdminDisableUser", byAdmin("AdminDisableUser", nil), false, "", "User is disabled."},
		{"AdminDeleteUser", byAdmin("AdminDeleteUser", nil), false, "revoked", "revoked"},
		{"DeleteUser", func(s *site, in tokens) { s.call("DeleteUser", input{"AccessToken": in.access}).ok() }, false, "revoked", "revoked"},
		{"ChangePassword", func(s *site, in tokens) {
			s.call("ChangePassword", input{"AccessToken": in.access, "PreviousPassword": password, "ProposedPassword": password2}).ok()
		}, true, "revoked", "revoked"},
		{"ConfirmForgotPassword", forgot, false, "revoked", "revoked"},
		{
			"AdminSetUserPassword", byAdmin("AdminSetUserPassword", input{"Password": password2, "Permanent": true}),
			false, "revoked", "revoked",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.signUp("alice", password)
			s.signUp("bob", password)
			own, other := s.withPassword("alice", password).tokens(), s.withPassword("alice", password).tokens()
			bob := s.withPassword("bob", password).tokens()
			tt.do(s, own)
			s.rotate(other.refresh).says("NotAuthorizedException", tt.told)
			s.call("GetUser", input{"AccessToken": other.access}).says("NotAuthorizedException", tt.andAccess)
			if got := s.call("GetUser", input{"AccessToken": own.access}); (got.status == 200) != tt.own {
				t.Errorf("its own sign-in: %s", got.raw)
			}
			if got := s.rotate(own.refresh); (got.status == 200) != tt.own {
				t.Errorf("its own sign-in: %s", got.raw)
			}
			s.call("GetUser", input{"AccessToken": bob.access}).ok()
			s.rotate(bob.refresh).tokens()
		})
	}
}

// TestEnabledAgain: who was disabled cannot sign in, is told so only with the right password, and
// signs in anew when enabled.
func TestEnabledAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	in := s.signIn("alice", password).tokens()
	s.as(s.admin, "AdminDisableUser", input{"Username": "alice"}).ok()
	s.signIn("alice", password).says("NotAuthorizedException", "User is disabled.")
	s.withPassword("alice", password).says("NotAuthorizedException", "User is disabled.")
	s.signIn("alice", password2).says("NotAuthorizedException", incorrect)
	s.as(s.admin, "AdminEnableUser", input{"Username": "alice"}).ok()
	s.call("GetUser", input{"AccessToken": in.access}).says("NotAuthorizedException", "revoked")
	s.rotate(in.refresh).says("NotAuthorizedException", "revoked")
	s.signIn("alice", password).tokens()
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	in := s.signIn("alice", password).tokens()
	change := func(previous, proposed string) answer {
		return s.call("ChangePassword", input{"AccessToken": in.access, "PreviousPassword": previous, "ProposedPassword": proposed})
	}
	change(password2, password2).says("NotAuthorizedException", incorrect)
	change(password, "short").says("InvalidPasswordException", "Password not long enough")
	change(password, password2).ok()
	s.signIn("alice", password).says("NotAuthorizedException", incorrect)
	s.signIn("alice", password2).tokens()
}

func TestPasswordPolicy(t *testing.T) {
	t.Parallel()
	s := start(t)
	up := func(password string) answer {
		return s.call("SignUp", input{"ClientId": clientID, "Username": "alice", "Password": password})
	}
	for password, want := range map[string]string{
		"Aa1-": "not long enough", "aaaaaaa1-": "uppercase", "AAAAAAA1-": "lowercase", "AAAaaaaa-": "numeric", "AAAaaaa11": "symbol",
	} {
		up(password).says("InvalidPasswordException", want)
	}
	up("Aa1- Aa1-").says("InvalidParameterException", "")
	up("Aa1-Aa1-").ok()
	up("Aa1-Aa1-").says("UsernameExistsException", "User already exists")
	loose := start(t, func(cfg *userpool.Config) {
		cfg.Password = userpool.PasswordPolicy{MinLength: 6, NoUppercase: true, NoLowercase: true, NoNumbers: true, NoSymbols: true}
	})
	loose.call("SignUp", input{"ClientId": clientID, "Username": "alice", "Password": "------"}).ok()
}

// TestForgottenPassword: a code that went to a verified address sets a password, once, within an
// hour.
func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	reset := func(code string) answer {
		return s.call("ConfirmForgotPassword", input{
			"ClientId": clientID, "Username": "alice", "ConfirmationCode": code, "Password": password2,
		})
	}
	reset("123456").says("CodeMismatchException", "")
	forgot := s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
	if got := forgot.text("CodeDeliveryDetails", "Destination"); got != "a***@e***" {
		t.Errorf("%s", got)
	}
	first := s.code()
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
	second := s.code()
	if first != second {
		reset(first).says("CodeMismatchException", "") // it was replaced
	}
	s.pass(time.Hour)
	reset(second).says("ExpiredCodeException", "")
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
	reset(s.code()).ok()
	reset(s.code()).says("CodeMismatchException", "")
	s.signIn("alice", password).says("NotAuthorizedException", incorrect)
	s.signIn("alice", password2).tokens()

	// A delivery that fails is the operator's to know.
	s.mu.Lock()
	s.failing = errDelivery
	s.mu.Unlock()
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.failures) != 1 {
		t.Errorf("Failed was told %v", s.failures)
	}
}

type deliveryError struct{}

func (deliveryError) Error() string { return "the mail server is down" }

var errDelivery = deliveryError{}

// TestEmailIsRequired: where an address is required, nobody signs up without one; the name stays
// free.
func TestEmailIsRequired(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *userpool.Config) { cfg.RequireEmail = true })
	for _, attributes := range [][]input{nil, {{"Name": "email", "Value": ""}}, {{"Name": "nickname", "Value": "Al"}}} {
		s.call("SignUp", input{"ClientId": clientID, "Username": "alice", "Password": password, "UserAttributes": attributes}).
			says("InvalidParameterException", "email: The attribute is required")
	}
	s.signUp("alice", password)
}

// TestAttributes: what users may write, and that a new address has to be verified.
func TestAttributes(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *userpool.Config) { cfg.CustomAttributes = []string{"team"} })
	s.signUp("alice", password)
	in := s.signIn("alice", password).tokens()
	update := func(name, value string) answer {
		return s.call("UpdateUserAttributes", input{"AccessToken": in.access, "UserAttributes": []input{{"Name": name, "Value": value}}})
	}
	update("custom:team", "red").ok()
	update("nickname", "Al").ok()
	for name, code := range map[string]string{
		"email_verified": "NotAuthorizedException", "phone_number_verified": "NotAuthorizedException", "sub": "InvalidParameterException",
		"custom:other": "InvalidParameterException", "iss": "InvalidParameterException", "cognito:username": "InvalidParameterException",
	} {
		update(name, "true").says(code, "")
	}
	for _, email := range []string{
		"a@b@c", "alice", "Alice <a@example.com>", "a@example.com\r\nBcc: b@example.com", "a@example.com,b@example.com", `"a b"@example.com`,
	} {
		update("email", email).says("InvalidParameterException", "")
	}
	update("phone_number", "12").says("InvalidParameterException", "phone")
	token := s.rotate(in.refresh).tokens()
	if c := claims(t, token.id); c["custom:team"] != "red" || c["email_verified"] != true {
		t.Errorf("%v", c)
	}
	update("email", "alice@example.org").ok()
	token = s.rotate(token.refresh).tokens()
	if c := claims(t, token.id); c["email"] != "alice@example.org" || c["email_verified"] != nil {
		t.Errorf("%v", c)
	}
	verify := func(code string) answer {
		return s.call("VerifyUserAttribute", input{"AccessToken": in.access, "AttributeName": "email", "Code": code})
	}
	code := s.code()
	verify("abcdef").says("CodeMismatchException", "")
	// The code is for the address that it went to.
	update("email", "alice@example.net").ok()
	if code != s.code() {
		verify(code).says("CodeMismatchException", "")
	}
	verify(s.code()).ok()
	if c := claims(t, s.rotate(token.refresh).tokens().id); c["email"] != "alice@example.net" || c["email_verified"] != true {
		t.Errorf("%v", c)
	}
	const ask = "GetUserAttributeVerificationCode"
	s.call(ask, input{"AccessToken": in.access, "AttributeName": "email"}).ok()
	s.call(ask, input{"AccessToken": in.access, "AttributeName": "name"}).says("InvalidParameterException", "")
}

// TestAccessTokensThatAreNone: altered ones, ID tokens, another pool's, and those of who is gone.
func TestAccessTokensThatAreNone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	in := s.signIn("alice", password).tokens()
	elsewhere := start(t)
	elsewhere.signUp("alice", password)
	for name, token := range map[string]string{
		"an ID token": in.id, "another pool's": elsewhere.signIn("alice", password).tokens().access, "nothing": "x.y.z",
		"without a signature": in.access[:len(in.access)-342], "alg none": "eyJhbGciOiJub25lIn0." + in.access[len("eyJhbGciOiJub25lIn0."):],
	} {
		if got := s.call("GetUser", input{"AccessToken": token}); got.status != 400 || got.body["__type"] != "NotAuthorizedException" {
			t.Errorf("%s: %s", name, got.raw)
		}
	}
	for i := 0; i < len(in.access); i += 37 {
		flipped := "A"
		if in.access[i] == 'A' {
			flipped = "B"
		}
		if got := s.call("GetUser", input{"AccessToken": in.access[:i] + flipped + in.access[i+1:]}); got.status != 400 {
			t.Errorf("byte %d: %s", i, got.raw)
		}
	}
	s.call("GetUser", input{}).says("InvalidParameterException", "accessToken")
}
