package main_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const password = "Unicorns-2026!"

// ask sends a request of AWS JSON, which nobody signs.
func (s *site) ask(service, operation string, members map[string]any) answer {
	s.t.Helper()
	return s.send(s.jsonRequest(service, operation, members))
}

func (s *site) jsonRequest(service, operation string, members map[string]any) *http.Request {
	s.t.Helper()
	body, err := json.Marshal(members)
	if err != nil {
		s.t.Fatal(err)
	}
	r := s.request("POST", "/", string(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", service+"."+operation)
	return r
}

const (
	userPool     = "AWSCognitoIdentityProviderService"
	identityPool = "AWSCognitoIdentityService"
)

// into reads the answer's JSON.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
}

// code waits for the code that the program prints for an address.
func (s *site) code(email string, n int) string {
	s.t.Helper()
	printed := regexp.MustCompile(`(?m)^Code (\d{6}) for ` + regexp.QuoteMeta(email) + ` \(`)
	var all [][]string
	eventually(s.t, "the code for "+email+" is printed", func() bool {
		all = printed.FindAllStringSubmatch(s.stdout.String(), -1)
		return len(all) >= n
	})
	return all[n-1][1]
}

// signUp signs up a user, whose address is NAME@example.com, and confirms it.
func (s *site) signUp(name string) {
	s.t.Helper()
	i := s.ids()
	s.ask(userPool, "SignUp", map[string]any{
		"ClientId": i.UserPoolClientID, "Username": name, "Password": password,
		"UserAttributes": []any{map[string]any{"Name": "email", "Value": name + "@example.com"}},
	}).wants(s.t, 200)
	s.ask(userPool, "ConfirmSignUp", map[string]any{
		"ClientId": i.UserPoolClientID, "Username": name, "ConfirmationCode": s.code(name+"@example.com", 1),
	}).wants(s.t, 200)
}

// tokens are what a sign-in gets.
type tokens struct{ AccessToken, IDToken, RefreshToken string }

func (s *site) signIn(name string) tokens {
	s.t.Helper()
	var got struct{ AuthenticationResult tokens }
	s.ask(userPool, "InitiateAuth", map[string]any{
		"ClientId": s.ids().UserPoolClientID, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]any{"USERNAME": name, "PASSWORD": password},
	}).wants(s.t, 200).into(s.t, &got)
	return got.AuthenticationResult
}

// provider is what the identity pool calls the user pool.
func (s *site) provider() string {
	i := s.ids()
	return "cognito-idp." + i.Region + ".amazonaws.com/" + i.UserPoolID
}

// identity returns the identity of who has an ID token.
func (s *site) identity(idToken string) string {
	s.t.Helper()
	return s.ask(identityPool, "GetId", map[string]any{
		"IdentityPoolId": s.ids().IdentityPoolID, "Logins": map[string]any{s.provider(): idToken},
	}).wants(s.t, 200).field(s.t, "IdentityId")
}

// poolCredentials returns credentials of the Auth role.
func (s *site) poolCredentials(identity, idToken string) aws.Credentials {
	s.t.Helper()
	var got struct {
		Credentials struct {
			AccessKeyID  string `json:"AccessKeyId"`
			SecretKey    string
			SessionToken string
			Expiration   float64
		}
	}
	s.ask(identityPool, "GetCredentialsForIdentity", map[string]any{
		"IdentityId": identity, "Logins": map[string]any{s.provider(): idToken},
	}).wants(s.t, 200).into(s.t, &got)
	c := got.Credentials
	if left := time.Until(time.Unix(int64(c.Expiration), 0)); left < 50*time.Minute || left > 61*time.Minute {
		s.t.Errorf("the credentials last for %v", left)
	}
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretKey, SessionToken: c.SessionToken}
}

// member is somebody who has signed up and in.
type member struct {
	name, identity string
	tokens         tokens
	credentials    aws.Credentials
}

func (s *site) member(name string) member {
	s.t.Helper()
	s.signUp(name)
	m := member{name: name, tokens: s.signIn(name)}
	m.identity = s.identity(m.tokens.IDToken)
	m.credentials = s.poolCredentials(m.identity, m.tokens.IDToken)
	return m
}

// as sends a request that a member has signed.
func (s *site) as(m member, method, path, body string) answer {
	s.t.Helper()
	return s.send(signer(m.credentials).Sign(s.request(method, path, body)))
}

// attachToAuthRole attaches policies to the Auth role, as the README does it: by one line.
func (s *site) attachToAuthRole(policies ...string) {
	s.t.Helper()
	text := s.read("principals.json")
	before, after, found := strings.Cut(text, authRole+`"`)
	if !found {
		s.t.Fatal("there is no Auth role")
	}
	list, err := json.Marshal(append([]string{}, policies...)) // and not null
	if err != nil {
		s.t.Fatal(err)
	}
	line := regexp.MustCompile(`"AttachedPolicies": \[.*\]`)
	at := line.FindStringIndex(after)
	write(s.t, s.data, "principals.json", before+authRole+`"`+after[:at[0]]+`"AttachedPolicies": `+string(list)+after[at[1]:])
}

// TestTheWorkshop: who has signed in is refused until the policy is attached to the Auth role, and
// then has the ride, which is shown with the name that the rider signed up with.
func TestTheWorkshop(t *testing.T) {
	s := startFiles(t, t.TempDir())
	alice := s.member("alice")
	s.as(alice, "POST", "/prod/ride", seattle).wants(t, 403)
	s.attachToAuthRole("WildRydesAPI-StandardUserPolicy")
	var ride answer
	eventually(t, "the policy counts", func() bool {
		ride = s.as(alice, "POST", "/prod/ride", seattle)
		return ride.status != 403
	})
	if got := ride.wants(t, 201).field(t, "Rider"); got != "alice" {
		t.Errorf("the rider is shown as %q", got)
	}
	if !strings.HasPrefix(alice.identity, "us-east-1:") || s.identity(alice.tokens.IDToken) != alice.identity {
		t.Errorf("alice's identity is %s, and then %s", alice.identity, s.identity(alice.tokens.IDToken))
	}
	who := s.sts(alice, "GetCallerIdentity").wants(t, 200)
	if !strings.Contains(who.body, ":assumed-role/"+authRole+"/CognitoIdentityCredentials</Arn>") {
		t.Errorf("she calls as %s", who.body)
	}
	// The same after a restart: users, identities and rides are in the database, keys in the ring.
	path := "/prod/ride/" + ride.field(t, "RideId")
	s.stop()
	again := startFiles(t, s.data)
	again.as(alice, "GET", path, "").wants(t, 200)
	if got := again.identity(again.signIn("alice").IDToken); got != alice.identity {
		t.Errorf("after a restart the identity is %s", got)
	}
}

// sts sends a request of the query protocol that a member has signed.
func (s *site) sts(m member, name string) answer {
	s.t.Helper()
	r := s.request("POST", "/", action(name).Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	with := signer(m.credentials)
	with.Service = "sts"
	return s.send(with.Sign(r))
}
