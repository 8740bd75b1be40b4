package userpool_test

import (
	"testing"
	"time"
)

// TestSignUpAndSignIn is the way of a user: sign up, confirm, sign in by SRP and by the password.
func TestSignUpAndSignIn(t *testing.T) {
	t.Parallel()
	s := start(t)
	up := s.call("SignUp", input{
		"ClientId": clientID, "Username": "Alice", "Password": password,
		"UserAttributes": []input{{"Name": "email", "Value": "alice@example.com"}, {"Name": "name", "Value": "Alice"}},
	}).ok()
	if got := up.text("CodeDeliveryDetails", "Destination"); got != "a***@e***" {
		t.Errorf("Destination: %q", got)
	}
	s.signIn("alice", password).says("UserNotConfirmedException", "User is not confirmed.")
	s.call("ConfirmSignUp", input{"ClientId": clientID, "Username": "alice", "ConfirmationCode": s.code()}).ok()
	s.pass(time.Minute)
	for name, in := range map[string]tokens{
		"SRP": s.signIn("ALICE", password).tokens(), "the password": s.withPassword("alice", password).tokens(),
	} {
		id, access := claims(t, in.id), claims(t, in.access)
		for claim, want := range map[string]any{
			"token_use": "id", "aud": clientID, "cognito:username": "alice", "sub": up.text("UserSub"), "email": "alice@example.com",
			"email_verified": true, "name": "Alice", "iss": s.server.URL + "/" + poolID, "auth_time": float64(s.now().Unix()),
			"exp": float64(s.now().Add(time.Hour).Unix()), "origin_jti": access["origin_jti"], "event_id": access["event_id"],
		} {
			if id[claim] != want {
				t.Errorf("%s: %s of the ID token is %v; want %v", name, claim, id[claim], want)
			}
		}
		for claim, want := range map[string]any{
			"token_use": "access", "client_id": clientID, "username": "alice", "sub": up.text("UserSub"),
			"scope": "aws.cognito.signin.user.admin", "iss": s.server.URL + "/" + poolID,
		} {
			if access[claim] != want {
				t.Errorf("%s: %s of the access token is %v; want %v", name, claim, access[claim], want)
			}
		}
		who := s.call("GetUser", input{"AccessToken": in.access}).ok()
		if who.text("Username") != "alice" {
			t.Errorf("%s", who.raw)
		}
	}
	s.signIn("alice", "Wrong-Horse-7-Battery").says("NotAuthorizedException", "Incorrect username or password.")
	s.withPassword("alice", "Wrong-Horse-7-Battery").says("NotAuthorizedException", "Incorrect username or password.")
}
