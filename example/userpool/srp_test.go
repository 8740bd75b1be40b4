package userpool_test

import (
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/example/userpool/internal/srptest"
)

const incorrect = "Incorrect username or password."

// TestPublicValueOfTheClient: A = 0 modulo N, with which anybody would know the key, is refused in
// every spelling; zeros in front may be left out.
func TestPublicValueOfTheClient(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	n := srptest.New(big.NewInt(1)).N
	for name, digits := range map[string]string{
		"zero": "0", "zeros": strings.Repeat("0", 768), "N": n.Text(16), "2N": new(big.Int).Lsh(n, 1).Text(16),
		"no number": "xyz", "a sign": "-1", "empty": "", "too long": strings.Repeat("1", 2000),
	} {
		t.Log(name)
		s.call("InitiateAuth", input{
			"AuthFlow": "USER_SRP_AUTH", "ClientId": clientID, "AuthParameters": input{"USERNAME": "alice", "SRP_A": digits},
		}).says("InvalidParameterException", "SRP_A")
	}
}

// TestOddLengths signs in with public values of every length from a few digits on: 2^a has a first
// digit of 1, 2, 4 or 8, and an odd or even number of them.
func TestOddLengths(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	for _, a := range []int64{8, 9, 10, 11, 12, 13, 14, 15, 3000, 3001, 3002, 3003} {
		client := srptest.New(big.NewInt(a))
		got := s.call("InitiateAuth", input{
			"AuthFlow": "USER_SRP_AUTH", "ClientId": clientID,
			"AuthParameters": input{"USERNAME": "alice", "SRP_A": client.Public.Text(16)},
		}).ok()
		f := &srp{s: s, client: client, parameters: map[string]string{}}
		for _, p := range []string{"SALT", "SECRET_BLOCK", "SRP_B", "USER_ID_FOR_SRP"} {
			f.parameters[p] = got.text("ChallengeParameters", p)
		}
		f.sign(password, s.now()).send().tokens()
	}
}

// TestSecretBlock: a block is good for its user and client, for three minutes, unaltered, and for
// one right answer.
func TestSecretBlock(t *testing.T) {
	t.Parallel()
	const other = "another1client"
	s := start(t, func(cfg *userpool.Config) { cfg.Clients = append(cfg.Clients, userpool.Client{ID: other}) })
	s.signUp("alice", password)
	s.signUp("mallory", password)

	t.Run("replayed", func(t *testing.T) {
		f := s.startSRP("alice").sign(password, s.now())
		f.send().tokens()
		f.send().says("NotAuthorizedException", "Invalid session")
		f.sign(password, s.now().Add(time.Second)).send().says("NotAuthorizedException", "Invalid session")
	})
	t.Run("replayed at once", func(t *testing.T) {
		f := s.startSRP("alice").sign(password, s.now())
		got := make(chan answer)
		for range 8 {
			go func() { got <- f.send() }()
		}
		admitted := 0
		for range 8 {
			if (<-got).status == 200 {
				admitted++
			}
		}
		if admitted != 1 {
			t.Errorf("%d of 8 were admitted", admitted)
		}
	})
	t.Run("altered", func(t *testing.T) {
		f := s.startSRP("alice")
		block, err := base64.StdEncoding.DecodeString(f.parameters["SECRET_BLOCK"])
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(block); i += 61 {
			altered := append([]byte(nil), block...)
			altered[i] ^= 1
			f.parameters["SECRET_BLOCK"] = base64.StdEncoding.EncodeToString(altered)
			f.sign(password, s.now()).send().says("NotAuthorizedException", incorrect)
		}
		for name, text := range map[string]string{
			"cut": base64.StdEncoding.EncodeToString(block[:len(block)-1]), "empty": base64.StdEncoding.EncodeToString(nil) + "AA==",
		} {
			f.parameters["SECRET_BLOCK"] = text
			if got := f.sign(password, s.now()).send(); got.status != 400 {
				t.Errorf("%s: %s", name, got.raw)
			}
		}
		f.responses["PASSWORD_CLAIM_SECRET_BLOCK"] = "no base64"
		f.send().says("NotAuthorizedException", incorrect)
	})
	t.Run("another user's", func(t *testing.T) {
		// Mallory's own sign-in, which she can answer, for alice.
		f := s.startSRP("mallory").sign(password, s.now())
		f.responses["USERNAME"] = "alice"
		f.send().says("NotAuthorizedException", incorrect)
		// And alice's block, answered with mallory's password and name.
		f = s.startSRP("alice")
		f.parameters["USER_ID_FOR_SRP"] = "mallory"
		f.sign(password, s.now()).send().says("NotAuthorizedException", incorrect)
		f.responses["USERNAME"] = "alice"
		f.send().says("NotAuthorizedException", incorrect)
	})
	t.Run("another client's", func(t *testing.T) {
		f := s.startSRP("alice").sign(password, s.now())
		s.call("RespondToAuthChallenge", input{
			"ClientId": other, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": f.responses,
		}).says("NotAuthorizedException", incorrect)
	})
	t.Run("another pool's", func(t *testing.T) {
		elsewhere := start(t)
		elsewhere.signUp("alice", password)
		elsewhere.startSRP("alice").sign(password, s.now()).send().tokens()
		f := elsewhere.startSRP("alice").sign(password, s.now())
		f.s = s
		f.send().says("NotAuthorizedException", incorrect)
	})
	t.Run("late", func(t *testing.T) {
		f := s.startSRP("alice")
		s.pass(3*time.Minute - time.Second)
		f.sign(password, s.now()).send().tokens()
		f = s.startSRP("alice")
		s.pass(3 * time.Minute)
		f.sign(password, s.now()).send().says("NotAuthorizedException", "session is expired")
	})
	t.Run("after the password has changed", func(t *testing.T) {
		f := s.startSRP("alice").sign(password, s.now())
		s.as(s.admin, "AdminSetUserPassword", input{"Username": "alice", "Password": "Another-Horse-8", "Permanent": true}).ok()
		f.send().says("NotAuthorizedException", incorrect)
		s.signIn("alice", "Another-Horse-8").tokens()
	})
}

// TestTimestamp: a client's clock may be five minutes off, and TIMESTAMP has one form.
func TestTimestamp(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	for _, tt := range []struct {
		off time.Duration
		ok  bool
	}{
		{0, true},
		{5 * time.Minute, true},
		{-5 * time.Minute, true},
		{5*time.Minute + time.Second, false},
		{-5*time.Minute - time.Second, false},
		{24 * time.Hour, false},
	} {
		if got := s.startSRP("alice").sign(password, s.now().Add(tt.off)).send(); (got.status == 200) != tt.ok {
			t.Errorf("%v off: %d %s", tt.off, got.status, got.raw)
		}
	}
	for _, text := range []string{
		"2026-11-30T20:00:00Z", "Mon Nov 30 20:00:00 PST 2026", "Mon Nov 30 20:00:00 2026", "1764532800", "Mon Nov 31 20:00:00 UTC 2026",
	} {
		f := s.startSRP("alice").sign(password, s.now())
		f.responses["TIMESTAMP"] = text
		f.send().says("InvalidParameterException", "TIMESTAMP format")
	}
	// What was signed counts: another timestamp is another signature.
	f := s.startSRP("alice").sign(password, s.now())
	f.responses["TIMESTAMP"] = s.now().Add(time.Second).Format(timestampForm)
	f.send().says("NotAuthorizedException", incorrect)
}

// TestMissingResponses names what is missing.
func TestMissingResponses(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	for _, name := range []string{"USERNAME", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"} {
		f := s.startSRP("alice").sign(password, s.now())
		delete(f.responses, name)
		f.send().says("InvalidParameterException", name)
	}
	f := s.startSRP("alice").sign(password, s.now())
	for _, signature := range []string{"AAAA", "no base64", f.responses["PASSWORD_CLAIM_SIGNATURE"] + "AAAA"} {
		f.responses["PASSWORD_CLAIM_SIGNATURE"] = signature
		f.send().says("NotAuthorizedException", incorrect)
	}
}
