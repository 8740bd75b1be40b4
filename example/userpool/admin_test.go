package userpool_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
)

var adminOperations = []string{
	"AdminCreateUser", "AdminSetUserPassword", "AdminConfirmSignUp", "AdminDisableUser", "AdminEnableUser", "AdminGetUser",
	"AdminDeleteUser", "AdminUserGlobalSignOut", "AdminUpdateUserAttributes", "AdminInitiateAuth", "AdminRespondToAuthChallenge",
	"ListUsers", "DescribeUserPool", "DescribeUserPoolClient",
}

// TestAdministratorsSignAndArePermitted: without a signature, and without a policy, none of these
// operations does anything.
func TestAdministratorsSignAndArePermitted(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	in := func() input {
		return input{
			"UserPoolId": poolID, "Username": "alice", "Password": password2, "ClientId": clientID, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
			"AuthParameters": input{"USERNAME": "alice", "PASSWORD": password}, "UserAttributes": []input{{"Name": "name", "Value": "x"}},
		}
	}
	for _, operation := range adminOperations {
		s.call(operation, in()).says("MissingAuthenticationTokenException", "")
		s.as(s.nobody, operation, in()).says("AccessDeniedException", "cognito-idp:"+operation)
	}
	s.signIn("alice", password).tokens()
	elsewhere := in()
	elsewhere["UserPoolId"] = "us-east-1_Other"
	for _, operation := range adminOperations {
		s.as(s.admin, operation, elsewhere).says("ResourceNotFoundException", "User pool us-east-1_Other does not exist.")
	}
}

// TestNewPasswordRequired: who was made by an administrator signs in with a temporary password,
// sets another one, and is signed in.
func TestNewPasswordRequired(t *testing.T) {
	t.Parallel()
	s := start(t)
	made := s.as(s.admin, "AdminCreateUser", input{
		"Username": "Bob", "UserAttributes": []input{{"Name": "email", "Value": "bob@example.com"}, {"Name": "email_verified", "Value": "true"}},
	}).ok()
	if made.text("User", "UserStatus") != "FORCE_CHANGE_PASSWORD" || made.text("User", "Username") != "bob" {
		t.Errorf("%s", made.raw)
	}
	temporary := s.code()
	if s.sent[0].Purpose != userpool.Invitation || s.sent[0].Email != "bob@example.com" {
		t.Errorf("%+v", s.sent[0])
	}
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "bob"}).ok()
	if len(s.sent) != 1 {
		t.Error("a code was sent to who never signed in")
	}
	respond := func(challenge answer, password string) answer {
		return s.call("RespondToAuthChallenge", input{
			"ClientId": clientID, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": challenge.text("Session"),
			"ChallengeResponses": input{"USERNAME": "bob", "NEW_PASSWORD": password, "userAttributes.name": "Bob"},
		})
	}
	challenge := s.signIn("bob", temporary).ok()
	if challenge.text("ChallengeName") != "NEW_PASSWORD_REQUIRED" || challenge.text("ChallengeParameters", "requiredAttributes") != "[]" {
		t.Errorf("%s", challenge.raw)
	}
	second := s.withPassword("bob", temporary).ok()
	respond(challenge, "short").says("InvalidPasswordException", "")
	s.call("RespondToAuthChallenge", input{
		"ClientId": clientID, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": challenge.text("Session"),
		"ChallengeResponses": input{"USERNAME": "alice", "NEW_PASSWORD": password},
	}).says("NotAuthorizedException", "Invalid session")
	c := claims(t, respond(challenge, password).tokens().id)
	if c["name"] != "Bob" || c["email_verified"] != true {
		t.Errorf("%v", c)
	}
	respond(challenge, password2).says("NotAuthorizedException", "Invalid session") // it is good once
	respond(second, password2).says("NotAuthorizedException", "Invalid session")
	s.signIn("bob", temporary).says("NotAuthorizedException", incorrect)
	s.signIn("bob", password).tokens()

	// A session lasts for three minutes, and a temporary password for seven days.
	s.as(s.admin, "AdminSetUserPassword", input{"Username": "bob", "Password": password2}).ok()
	late := s.signIn("bob", password2).ok()
	s.pass(3 * time.Minute)
	respond(late, password).says("NotAuthorizedException", "session is expired")
	s.pass(7 * 24 * time.Hour)
	s.signIn("bob", password2).says("NotAuthorizedException", "Temporary password has expired")
	again := input{"Username": "bob", "MessageAction": "RESEND"}
	s.as(s.admin, "AdminCreateUser", again).ok()
	respond(s.signIn("bob", s.code()).ok(), password).tokens()
	s.as(s.admin, "AdminCreateUser", input{"Username": "bob", "MessageAction": "RESEND"}).says("UnsupportedUserStateException", "")
	s.as(s.admin, "AdminCreateUser", input{"Username": "bob"}).says("UsernameExistsException", "")
	sent := len(s.sent)
	s.as(s.admin, "AdminCreateUser", input{"Username": "carol", "MessageAction": "SUPPRESS", "TemporaryPassword": password}).ok()
	if len(s.sent) != sent {
		t.Error("a message was sent in spite of SUPPRESS")
	}
}

func TestAdministratorsOfUsers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.call("SignUp", input{"ClientId": clientID, "Username": "alice", "Password": password}).ok()
	s.as(s.admin, "AdminConfirmSignUp", input{"Username": "ALICE"}).ok()
	s.as(s.admin, "AdminConfirmSignUp", input{"Username": "alice"}).says("NotAuthorizedException", "Current status is CONFIRMED")
	s.as(s.admin, "AdminUpdateUserAttributes", input{
		"Username": "alice", "UserAttributes": []input{{"Name": "email", "Value": "a@example.com"}, {"Name": "email_verified", "Value": "true"}},
	}).ok()
	got := s.as(s.admin, "AdminGetUser", input{"Username": "alice"}).ok()
	if got.text("UserStatus") != "CONFIRMED" || got.body["Enabled"] != true ||
		!strings.Contains(got.raw, `"Name":"email_verified","Value":"true"`) || got.body["UserCreateDate"] != float64(begin.Unix()) {
		t.Errorf("%s", got.raw)
	}
	auth := input{
		"ClientId": clientID, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": input{"USERNAME": "alice", "PASSWORD": password},
	}
	s.as(s.admin, "AdminInitiateAuth", auth).tokens()
	delete(auth, "UserPoolId")
	s.call("InitiateAuth", auth).says("InvalidParameterException", "ADMIN_USER_PASSWORD_AUTH is not enabled for the client.")
	for _, operation := range []string{
		"AdminConfirmSignUp", "AdminDisableUser", "AdminEnableUser", "AdminGetUser", "AdminDeleteUser", "AdminUserGlobalSignOut",
	} {
		s.as(s.admin, operation, input{"Username": "nobody"}).says("UserNotFoundException", "User does not exist.")
	}
	pool := s.as(s.admin, "DescribeUserPool", input{}).ok()
	if pool.text("UserPool", "Arn") != s.pool.ARN() || pool.text("UserPool", "Name") != "WildRydes" {
		t.Errorf("%s", pool.raw)
	}
	client := s.as(s.admin, "DescribeUserPoolClient", input{"ClientId": clientID}).ok()
	if client.text("UserPoolClient", "RefreshTokenRotation", "Feature") != "ENABLED" {
		t.Errorf("%s", client.raw)
	}
	s.as(s.admin, "DescribeUserPoolClient", input{"ClientId": "none"}).says("ResourceNotFoundException", "")
}

// TestWhatAnAdministratorReplaces: a session of a temporary password that was replaced, and a code
// that went to an address that was replaced, are worth nothing.
func TestWhatAnAdministratorReplaces(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.as(s.admin, "AdminCreateUser", input{"Username": "bob", "TemporaryPassword": password}).ok()
	old := s.withPassword("bob", password).ok().text("Session")
	s.as(s.admin, "AdminSetUserPassword", input{"Username": "bob", "Password": password2}).ok()
	s.call("RespondToAuthChallenge", input{
		"ClientId": clientID, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": old,
		"ChallengeResponses": input{"USERNAME": "bob", "NEW_PASSWORD": password},
	}).says("NotAuthorizedException", "Invalid session")

	s.call("SignUp", input{
		"ClientId": clientID, "Username": "alice", "Password": password, "UserAttributes": []input{{"Name": "email", "Value": "a@example.com"}},
	}).ok()
	s.as(s.admin, "AdminUpdateUserAttributes", input{
		"Username": "alice", "UserAttributes": []input{{"Name": "email", "Value": "b@example.com"}},
	}).ok()
	s.call("ConfirmSignUp", input{"ClientId": clientID, "Username": "alice", "ConfirmationCode": s.code()}).
		says("CodeMismatchException", "")
}

// TestListUsers goes through pages, and filters.
func TestListUsers(t *testing.T) {
	t.Parallel()
	s := start(t)
	for i := range 7 {
		s.as(s.admin, "AdminCreateUser", input{
			"Username": fmt.Sprintf("user%d", i), "MessageAction": "SUPPRESS", "TemporaryPassword": password,
			"UserAttributes": []input{{"Name": "email", "Value": fmt.Sprintf("u%d@example.com", i%2)}},
		}).ok()
	}
	names := func(a answer) (all []string) {
		t.Helper()
		users, _ := a.ok().body["Users"].([]any)
		for _, u := range users {
			m, _ := u.(map[string]any)
			all = append(all, fmt.Sprint(m["Username"]))
		}
		return all
	}
	var all []string
	in := input{"Limit": 3}
	for {
		page := s.as(s.admin, "ListUsers", in)
		all = append(all, names(page)...)
		token, more := page.body["PaginationToken"]
		if !more {
			break
		}
		in = input{"Limit": 3, "PaginationToken": token}
	}
	if got := strings.Join(all, " "); got != "user0 user1 user2 user3 user4 user5 user6" {
		t.Errorf("%s", got)
	}
	for filter, want := range map[string]string{
		`email = "u1@example.com"`: "user1 user3 user5", `username ^= "user"`: "user0 user1 user2 user3 user4 user5 user6",
		`username = "USER4"`: "user4", `cognito:user_status = "CONFIRMED"`: "", `status = "Disabled"`: "",
		`name = ""`: "user0 user1 user2 user3 user4 user5 user6",
	} {
		if got := strings.Join(names(s.as(s.admin, "ListUsers", input{"Filter": filter})), " "); got != want {
			t.Errorf("%s: %q; want %q", filter, got, want)
		}
	}
	for _, filter := range []string{"x", `sealed ^= "a"`, `email = u1`, `email ^ "x"`, `email = "x`, `email = 'x'`} {
		s.as(s.admin, "ListUsers", input{"Filter": filter}).says("InvalidParameterException", "filter")
	}
	only := s.as(s.admin, "ListUsers", input{"AttributesToGet": []string{"email"}, "Limit": 1}).ok()
	if got := only; strings.Contains(got.raw, `"sub"`) || !strings.Contains(got.raw, `"email"`) {
		t.Errorf("%s", got.raw)
	}
	s.as(s.admin, "ListUsers", input{"Limit": 61}).says("InvalidParameterException", "")
	s.as(s.admin, "ListUsers", input{"PaginationToken": "!"}).says("InvalidParameterException", "")
}
