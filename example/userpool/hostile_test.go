package userpool_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestOperationIsSigned: what an administrator has signed is good for the operation that it was
// signed for, whether X-Amz-Target was changed, left out and added, doubled, or is in a presigned
// URL; and for the body that was signed.
func TestOperationIsSigned(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	who := s.admin
	who.Now = s.now
	const prefix = "AWSCognitoIdentityProviderService."
	request := func(target, body string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+"/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		if target != "" {
			r.Header.Set("X-Amz-Target", prefix+target)
		}
		return r
	}
	const body = `{"UserPoolId":"` + poolID + `","Username":"alice"}`
	unsignedBody := func(r *http.Request) *http.Request {
		r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
		return r
	}
	presigned := func() *http.Request {
		r := request("AdminDeleteUser", body)
		q := r.URL.Query()
		q.Set("X-Amz-Algorithm", "AWS4-HMAC-SHA256")
		q.Set("X-Amz-Credential", who.Credential.AccessKeyID+"/20261130/us-east-1/cognito-idp/aws4_request")
		q.Set("X-Amz-Date", s.now().Format("20060102T150405Z"))
		q.Set("X-Amz-Expires", "300")
		q.Set("X-Amz-SignedHeaders", "host")
		q.Set("X-Amz-Signature", strings.Repeat("0", 64))
		r.URL.RawQuery = q.Encode()
		return r
	}
	for name, send := range map[string]func() *http.Request{
		"changed": func() *http.Request {
			r := who.Sign(request("AdminGetUser", body))
			r.Header.Set("X-Amz-Target", prefix+"AdminDeleteUser")
			return r
		},
		"added": func() *http.Request {
			r := who.Sign(request("", body))
			r.Header.Set("X-Amz-Target", prefix+"AdminDeleteUser")
			return r
		},
		"doubled": func() *http.Request {
			r := who.Sign(request("AdminGetUser", body))
			r.Header.Add("X-Amz-Target", prefix+"AdminDeleteUser")
			return r
		},
		"another body": func() *http.Request {
			r := who.Sign(request("AdminDeleteUser", `{"UserPoolId":"`+poolID+`","Username":"other"}`))
			other := request("AdminDeleteUser", body)
			other.Header = r.Header
			return other
		},
		"no hash of the body": func() *http.Request { return who.Sign(unsignedBody(request("AdminDeleteUser", body))) },
		"presigned":           presigned,
	} {
		got, err := s.server.Client().Do(send())
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode < 400 || got.StatusCode > 499 {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	s.as(s.admin, "AdminGetUser", input{"Username": "alice"}).ok()
}

// TestHostileInput: whatever stands where a text, a list or a map belongs, the answer is the
// caller's mistake, and nothing fails behind it.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	s := start(t)
	testHostileInput(t, s)
}

func testHostileInput(t *testing.T, s *site) {
	t.Helper()
	s.signUp("trudy", password)
	in := s.withPassword("trudy", password).tokens()
	session := s.startSRP("trudy").sign(password2, s.now()).responses
	values := []string{
		`"\u0000"`, `"a\u0000b"`, `"\ud800"`, "\"\xff\xfe\"", `"` + strings.Repeat("x", 3000) + `"`, `"` + strings.Repeat("é", 128) + `"`,
		`"' OR 1=1 --"`, `"%"`, `"\u202e"`, `"İ"`, `" "`, `""`, `null`, `0`, `-1`, `1e400`, `true`, `[]`, `{}`, `[null]`, `[{"Name":"name","Value":null}]`,
		`[{"Name":"sub","Value":"x"},{"Name":"cognito:roles","Value":"x"}]`, `[{"Name":"custom:","Value":"x"}]`, `{"USERNAME":null,"PASSWORD":7}`,
		`{"USERNAME":"a\u0000","PASSWORD":"\u0000","SRP_A":"-1"}`, `{"USERNAME":"trudy","SRP_A":"+1"}`, `{"USERNAME":"trudy","SRP_A":"0x1"}`,
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50),
	}
	members := map[string]string{
		"ClientId": `"` + clientID + `"`, "Username": `"trudy"`, "Password": `"` + password + `"`, "ConfirmationCode": `"123456"`,
		"AuthFlow": `"USER_SRP_AUTH"`, "AuthParameters": `{"USERNAME":"trudy","SRP_A":"12"}`, "ChallengeName": `"PASSWORD_VERIFIER"`,
		"ChallengeResponses": "", "AccessToken": `"` + in.access + `"`, "RefreshToken": `"` + in.refresh + `"`, "Token": `"` + in.refresh + `"`,
		"UserAttributes": `[]`, "AttributeName": `"email"`, "Code": `"123456"`, "PreviousPassword": `"x"`, "ProposedPassword": `"x"`,
		"Session": `"` + strings.Repeat("A", 40) + `"`, "SecretHash": `"x"`, "ClientSecret": `"x"`,
	}
	responses, err := json.Marshal(session)
	if err != nil {
		t.Fatal(err)
	}
	members["ChallengeResponses"] = string(responses)
	for _, operation := range []string{
		"SignUp", "ConfirmSignUp", "ResendConfirmationCode", "InitiateAuth", "RespondToAuthChallenge", "GetTokensFromRefreshToken",
		"RevokeToken", "ForgotPassword", "ConfirmForgotPassword", "GetUser", "UpdateUserAttributes", "GetUserAttributeVerificationCode",
		"VerifyUserAttribute", "ChangePassword", "GlobalSignOut", "DeleteUser",
	} {
		for name := range members {
			for _, value := range values {
				var all []string
				for other, usual := range members {
					if other == name {
						usual = value
					}
					all = append(all, `"`+other+`":`+usual)
				}
				if strings.HasPrefix(operation, "Revoke") || operation == "DeleteUser" || operation == "GlobalSignOut" {
					if name != "AccessToken" && name != "Token" {
						continue // it would be done
					}
				}
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("{"+strings.Join(all, ",")+"}"))
				r.Header.Set("Content-Type", "application/x-amz-json-1.1")
				r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
				w := httptest.NewRecorder()
				s.server.Config.Handler.ServeHTTP(w, r)
				if w.Code >= 500 {
					t.Fatalf("%s, %s %.60q: %d %s", operation, name, value, w.Code, w.Body)
				}
			}
		}
	}
	if len(s.failures) > 0 {
		t.Errorf("%d failures: %v", len(s.failures), s.failures[0])
	}
}

// TestUnsoundPaginationToken: a token that no page has is refused, and does not reach the database.
func TestUnsoundPaginationToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, after := range []string{"a\x00b", "\xff\xfe", "a b"} {
		s.as(s.admin, "ListUsers", input{"PaginationToken": base64.RawURLEncoding.EncodeToString([]byte(after))}).
			says("InvalidParameterException", "Invalid pagination token")
	}
}

// TestAttributesHaveRoom: what users say of themselves is bounded as a whole, in one request and in
// many: it is in their ID tokens, which others have to take, and in the database.
func TestAttributesHaveRoom(t *testing.T) {
	t.Parallel()
	s := start(t)
	const most = 16 << 10
	long := strings.Repeat("ß", 2048) // 4 KiB
	attributes := func(names ...string) (all []input) {
		for _, name := range names {
			all = append(all, input{"Name": name, "Value": long})
		}
		return all
	}
	s.call("SignUp", input{
		"ClientId": clientID, "Username": "alice", "Password": password, "UserAttributes": attributes("name", "address", "profile", "picture"),
	}).says("InvalidParameterException", "longer than 16384 bytes")
	s.signUp("alice", password)
	access := s.withPassword("alice", password).tokens().access
	set := func(names ...string) answer {
		return s.call("UpdateUserAttributes", input{"AccessToken": access, "UserAttributes": attributes(names...)})
	}
	set("name", "address", "profile").ok()
	set("name").ok()
	set("picture").says("InvalidParameterException", "longer than 16384 bytes")
	s.as(s.admin, "AdminUpdateUserAttributes", input{"Username": "alice", "UserAttributes": attributes("picture")}).
		says("InvalidParameterException", "longer than 16384 bytes")
	s.as(s.admin, "AdminCreateUser", input{"Username": "bob", "UserAttributes": attributes("name", "address", "profile", "picture")}).
		says("InvalidParameterException", "longer than 16384 bytes")
	s.call("UpdateUserAttributes", input{"AccessToken": access, "UserAttributes": []input{{"Name": "name", "Value": ""}}}).ok()
	set("picture").ok()
	if id := s.withPassword("alice", password).tokens().id; len(id) > 2*most {
		t.Errorf("the ID token has %d bytes", len(id))
	}
}
