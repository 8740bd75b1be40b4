package main_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// Threat 241: two riders whose sessions are of one role, and have one name, are two owners, and so
// is one who signs up under the name of a user who was deleted.
func TestRidersOfOneRoleAreTwoOwners(t *testing.T) {
	data := t.TempDir()
	startFiles(t, data).stop()
	(&site{t: t, data: data}).attachToAuthRole("WildRydesAPI-StandardUserPolicy")
	s := startFiles(t, data)
	alice, bob := s.member("alice"), s.member("bob")
	ride := "/prod/ride/" + s.as(alice, "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	s.as(bob, "GET", ride, "").wants(t, 404)
	s.as(bob, "DELETE", ride, "").wants(t, 404)
	if got := s.as(alice, "GET", ride, "").wants(t, 200).field(t, "Rider"); got != "alice" {
		t.Errorf("alice is shown as %q", got)
	}
	// Her next credentials are hers, too.
	again := alice
	again.credentials = s.poolCredentials(alice.identity, s.signIn("alice").IDToken)
	s.as(again, "GET", ride, "").wants(t, 200)

	s.ask(userPool, "DeleteUser", map[string]any{"AccessToken": alice.tokens.AccessToken}).wants(t, 200)
	// The credentials live on, as Cognito's do; who they were for has no name any more.
	sub := s.as(alice, "POST", "/prod/ride", seattle).wants(t, 201).field(t, "Rider")
	if len(sub) != 36 || sub == alice.identity {
		t.Errorf("a deleted user is shown as %q", sub)
	}
	i := s.ids()
	s.ask(userPool, "SignUp", map[string]any{
		"ClientId": i.UserPoolClientID, "Username": "alice", "Password": password,
		"UserAttributes": []any{map[string]any{"Name": "email", "Value": "alice@example.com"}},
	}).wants(t, 200)
	s.ask(userPool, "ConfirmSignUp", map[string]any{
		"ClientId": i.UserPoolClientID, "Username": "alice", "ConfirmationCode": s.code("alice@example.com", 2),
	}).wants(t, 200)
	other := member{tokens: s.signIn("alice")}
	other.identity = s.identity(other.tokens.IDToken)
	if other.identity == alice.identity {
		t.Fatal("who signs up under the name of a deleted user is that user")
	}
	other.credentials = s.poolCredentials(other.identity, other.tokens.IDToken)
	s.as(other, "GET", ride, "").wants(t, 404)
}

// Threat 241: a policy with ${cognito-identity.amazonaws.com:sub} keeps riders to their own: below
// /prod/riders/IDENTITY it alone decides whose rides somebody asks for, sees and cancels.
func TestAPolicyKeepsRidersToTheirOwn(t *testing.T) {
	data := t.TempDir()
	first := startFiles(t, data)
	i := first.ids()
	first.stop()
	arn := "arn:aws:execute-api:us-east-1:" + i.AccountID + ":" + i.APIID + "/prod/*/riders/"
	policy := func(name, resource string) {
		write(t, filepath.Join(data, "policies"), name+".json", `{"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "`+resource+`"}]}`)
	}
	policy("OwnRides", arn+"${cognito-identity.amazonaws.com:sub}/*")
	policy("AnybodysRides", arn+"*")
	(&site{t: t, data: data}).attachToAuthRole("OwnRides")
	text := readFile(t, filepath.Join(data, "principals.json"))
	write(t, data, "principals.json", strings.Replace(text, noPolicy, strings.Replace(noPolicy, "[]", `["AnybodysRides"]`, 1), 1))
	s := startFiles(t, data)
	alice, bob := s.member("alice"), s.member("bob")

	own, others := "/prod/riders/"+alice.identity+"/rides", "/prod/riders/"+bob.identity+"/rides"
	asked := s.as(alice, "POST", own, seattle).wants(t, 201)
	id := asked.field(t, "RideId")
	if got := asked.field(t, "Rider"); got != "alice" {
		t.Errorf("alice is shown as %q", got)
	}
	s.as(alice, "GET", own+"/"+id, "").wants(t, 200)
	s.as(alice, "POST", others, seattle).wants(t, 403)
	s.as(alice, "GET", others+"/"+id, "").wants(t, 403)
	s.as(bob, "GET", own+"/"+id, "").wants(t, 403)
	s.as(bob, "DELETE", own+"/"+id, "").wants(t, 403)
	s.as(bob, "GET", others+"/"+id, "").wants(t, 404) // his own, among which it is not
	s.as(alice, "POST", "/prod/ride", seattle).wants(t, 403)

	// Whoever may see anybody's: the ride is the identity's, whoever asked for it.
	s.call("newcomer", "GET", own+"/"+id, "").wants(t, 200)
	s.call("newcomer", "GET", others+"/"+id, "").wants(t, 404)
	helped := s.call("newcomer", "POST", others, seattle).wants(t, 201)
	if got := helped.field(t, "Rider"); got != bob.identity {
		t.Errorf("a ride that somebody else asked for is shown as %q's", got)
	}
	s.as(bob, "GET", others+"/"+helped.field(t, "RideId"), "").wants(t, 200)
	s.as(alice, "DELETE", own+"/"+id, "").wants(t, 204)

	// With the workshop's own policy too, the two are the same rides.
	(&site{t: t, data: data}).attachToAuthRole("OwnRides", "WildRydesAPI-StandardUserPolicy")
	eventually(t, "the policy counts", func() bool { return s.as(alice, "GET", "/prod/ride/"+id, "").status == 200 })
	// And it allows nothing below riders/: /ride stands at no path's end there.
	for _, path := range []string{
		"/prod/riders/" + bob.identity + "/rides", "/prod/riders/" + bob.identity + "/ride", "/prod/riders/" + bob.identity + "/rides/ride",
	} {
		if got := s.as(alice, "POST", path, seattle); got.status != 403 && got.status != 404 && got.status != 405 {
			t.Errorf("POST %s: %d %s", path, got.status, got.body)
		}
	}
	for _, path := range []string{
		"/prod/riders/rides", "/prod/riders//rides", "/prod/riders/us-east-1:x/rides", "/prod/riders/" + bob.identity + "/rides/a/b",
		"/prod/riders/" + bob.identity + "/rides/..%2f..%2frides", "/prod/riders/" + strings.ToUpper(bob.identity) + "/rides",
	} {
		if got := s.call("newcomer", "GET", path, ""); got.status != 404 && got.status != 400 && got.status != 403 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

// Threat 148: whose rides a path names counts for nobody who was not verified.
func TestAPathIsNoRider(t *testing.T) {
	const identity = "us-east-1:11111111-1111-4111-8111-111111111111"
	asked := 0
	handler := example.OfIdentity("us-east-1", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/prod/ride" {
			t.Errorf("the path is %s", r.URL.Path)
		}
		if key, err := example.RiderOf(r); err == nil {
			t.Errorf("nobody owns as %q", key)
		}
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/prod/riders/"+identity+"/rides", nil))

	// The key is the one that the identity's own sessions have.
	signer := sigv4test.NewSigner("arn:aws:sts::111122223333:assumed-role/Auth/CognitoIdentityCredentials")
	signer.Credential.Principal.UserID = "AROAEXAMPLE:CognitoIdentityCredentials"
	signer.Credential.Session = &sigv4auth.Session{Federated: &sigv4auth.FederatedIdentity{
		Provider: "cognito-identity.amazonaws.com", Subject: identity, Audience: "us-east-1:pool", Methods: []string{"authenticated"},
	}}
	own, ok := signer.Credential.OwnerKey()
	auth, err := sigv4auth.New(signer.Config())
	if err != nil || !ok {
		t.Fatal(err, ok)
	}
	auth.Handler(example.OfIdentity("us-east-1", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked++
		if key, err := example.RiderOf(r); err != nil || key != own {
			t.Errorf("the identity owns as %q, %v, and not as %q", key, err, own)
		}
	}))).ServeHTTP(httptest.NewRecorder(),
		signer.Sign(httptest.NewRequest("POST", "https://example.com/prod/riders/"+identity+"/rides", nil)))
	if asked != 2 {
		t.Errorf("the service was asked %d times", asked)
	}
}
