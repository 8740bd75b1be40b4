package userpool_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestConfigIsChecked: New tells every mistake at once, and makes nothing.
func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	_, err := userpool.New(t.Context(), userpool.Config{})
	if err == nil {
		t.Fatal("an empty configuration is none")
	}
	for _, field := range []string{"DB", "Ring", "Deliver", "ID", "AccountID", "Region", "Issuer", "Clients"} {
		if !strings.Contains(err.Error(), "Config."+field+":") {
			t.Errorf("nothing of %s: %v", field, err)
		}
	}
	s := start(t)
	valid := userpool.Config{
		DB: s.db, Ring: s.ring, ID: poolID, AccountID: account, Region: "us-east-1", Issuer: "https://example.com/" + poolID,
		Clients: []userpool.Client{{ID: "c"}}, Deliver: func(context.Context, userpool.Delivery) error { return nil }, Now: s.now,
	}
	for name, change := range map[string]func(*userpool.Config){
		"ID: no underscore":                func(c *userpool.Config) { c.ID = "Example" },
		"ID: too long":                     func(c *userpool.Config) { c.ID = "us-east-1_" + strings.Repeat("a", 46) },
		"Issuer: http":                     func(c *userpool.Config) { c.Issuer = "http://example.com/" + poolID },
		"Issuer: a slash":                  func(c *userpool.Config) { c.Issuer += "/" },
		"Issuer: another pool":             func(c *userpool.Config) { c.Issuer = "https://example.com/us-east-1_Other" },
		"Issuer: a query":                  func(c *userpool.Config) { c.Issuer += "?x" },
		"Clients[0]: no ID":                func(c *userpool.Config) { c.Clients = []userpool.Client{{}} },
		"Clients[0]: tokens for a minute":  func(c *userpool.Config) { c.Clients[0].TokensFor = time.Minute },
		"Clients[0]: tokens for two days":  func(c *userpool.Config) { c.Clients[0].TokensFor = 48 * time.Hour },
		"Clients[0]: refresh for a minute": func(c *userpool.Config) { c.Clients[0].RefreshFor = time.Minute },
		"Clients[0]: grace for an hour":    func(c *userpool.Config) { c.Clients[0].RetryGrace = time.Hour },
		"Clients[1]: the same ID":          func(c *userpool.Config) { c.Clients = []userpool.Client{{ID: "c"}, {ID: "c"}} },
		"CustomAttributes":                 func(c *userpool.Config) { c.CustomAttributes = []string{"a b"} },
		"Password.MinLength":               func(c *userpool.Config) { c.Password.MinLength = 5 },
		"Limits":                           func(c *userpool.Config) { c.Limits.Powers = -1 },
		"AccountID":                        func(c *userpool.Config) { c.AccountID = "1" },
	} {
		cfg := valid
		cfg.Clients = []userpool.Client{{ID: "c"}}
		change(&cfg)
		field, _, _ := strings.Cut(name, ":")
		if _, err := userpool.New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := userpool.New(t.Context(), valid); err != nil {
		t.Error(err)
	}
}

// TestClients: a client with a secret has to show it, by a hash for the name; and one without
// passwords takes none.
func TestClients(t *testing.T) {
	t.Parallel()
	const safe, secret = "safe1client", "a1client2secret"
	s := start(t, func(cfg *userpool.Config) {
		cfg.Clients = append(cfg.Clients, userpool.Client{ID: safe, Secret: sigv4auth.NewSecret(secret), NoPasswords: true})
	})
	hash := func(name string) string {
		h := hmac.New(sha256.New, []byte(secret))
		h.Write([]byte(name + safe))
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	sub := s.signUp("alice", password)
	start := func(client string, params input) answer {
		params["USERNAME"], params["SRP_A"], params["PASSWORD"] = "alice", "1234", password
		return s.call("InitiateAuth", input{"AuthFlow": "USER_SRP_AUTH", "ClientId": client, "AuthParameters": params})
	}
	start(safe, input{"SECRET_HASH": hash("alice")}).ok()
	start(safe, input{}).says("NotAuthorizedException", "SECRET_HASH was not received")
	start(safe, input{"SECRET_HASH": hash("bob")}).says("NotAuthorizedException", "Unable to verify secret hash")
	start(clientID, input{"SECRET_HASH": hash("alice")}).says("NotAuthorizedException", "not configured with a secret")
	start("none", input{}).says("ResourceNotFoundException", "User pool client none does not exist.")
	s.call("InitiateAuth", input{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": safe,
		"AuthParameters": input{"USERNAME": "alice", "PASSWORD": password, "SECRET_HASH": hash("alice")},
	}).says("InvalidParameterException", "USER_PASSWORD_AUTH is not enabled for the client.")
	for _, flow := range []string{"USER_AUTH", "CUSTOM_AUTH"} {
		s.call("InitiateAuth", input{
			"AuthFlow": flow, "ClientId": clientID, "AuthParameters": input{"USERNAME": "alice", "PASSWORD": password},
		}).says("InvalidParameterException", flow+" is not enabled for the client.")
	}
	for _, name := range []string{"SignUp", "ForgotPassword", "ResendConfirmationCode"} {
		s.call(name, input{"ClientId": safe, "Username": "bob", "Password": password}).says("NotAuthorizedException", "SECRET_HASH")
	}
	// A whole sign-in, and its refresh, with the name or the sub.
	f := s.startSRP("alice")
	got := s.call("InitiateAuth", input{
		"AuthFlow": "USER_SRP_AUTH", "ClientId": safe,
		"AuthParameters": input{"USERNAME": "alice", "SRP_A": f.client.Public.Text(16), "SECRET_HASH": hash("alice")},
	}).ok()
	for _, p := range []string{"SALT", "SECRET_BLOCK", "SRP_B"} {
		f.parameters[p] = got.text("ChallengeParameters", p)
	}
	f.sign(password, s.now()).responses["SECRET_HASH"] = hash("alice")
	in := s.call("RespondToAuthChallenge", input{
		"ClientId": safe, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": f.responses,
	}).tokens()
	refresh := func(params input) answer {
		return s.call("InitiateAuth", input{"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": safe, "AuthParameters": params})
	}
	refresh(input{"REFRESH_TOKEN": in.refresh}).says("NotAuthorizedException", "SECRET_HASH")
	refresh(input{"REFRESH_TOKEN": in.refresh, "SECRET_HASH": hash("bob")}).says("NotAuthorizedException", "secret hash")
	in = refresh(input{"REFRESH_TOKEN": in.refresh, "SECRET_HASH": hash(sub)}).tokens()
	in = refresh(input{"REFRESH_TOKEN": in.refresh, "SECRET_HASH": hash("alice")}).tokens()
	withSecret := func(operation, secret string) answer {
		return s.call(operation, input{"ClientId": safe, "ClientSecret": secret, "RefreshToken": in.refresh, "Token": in.refresh})
	}
	for _, operation := range []string{"GetTokensFromRefreshToken", "RevokeToken"} {
		withSecret(operation, "wrong").says("NotAuthorizedException", "secret")
	}
	withSecret("GetTokensFromRefreshToken", secret).tokens()
	withSecret("RevokeToken", secret).ok()
}

// TestRun maintains the pool until its context ends.
func TestRun(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.db = openSQLite(t, filepath.Join(t.TempDir(), "run.db"))
	s.open()
	s.signUp("alice", password)
	s.signIn("alice", password).tokens()
	s.pass(31 * 24 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		s.pool.Run(ctx, time.Millisecond)
		close(done)
	}()
	for n, deadline := 1, time.Now().Add(30*time.Second); n != 0; time.Sleep(time.Millisecond) {
		if err := s.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM userpool_families`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing was removed")
		}
	}
	cancel()
	<-done
}
