package userpool_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// TestUnknownUsersAnswerAsOthers: threat 211. Of a name that nobody has, every answer is of the
// form of one that somebody has, and the same each time.
func TestUnknownUsersAnswerAsOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	known, unknown, again := s.startSRP("alice").parameters, s.startSRP("NOBODY").parameters, s.startSRP("nobody").parameters
	if unknown["SALT"] != again["SALT"] || unknown["USER_ID_FOR_SRP"] != "nobody" {
		t.Errorf("%v\n%v", unknown, again)
	}
	if unknown["SRP_B"] == again["SRP_B"] || unknown["SECRET_BLOCK"] == again["SECRET_BLOCK"] {
		t.Error("B is not random")
	}
	if other := s.startSRP("nobody2").parameters; other["SALT"] == unknown["SALT"] {
		t.Error("two names have one salt")
	}
	// The block's length tells nothing but that of the name.
	if a, b := len(known["SECRET_BLOCK"]), len(s.startSRP("nobdy").parameters["SECRET_BLOCK"]); a != b {
		t.Errorf("the blocks have %d and %d characters", a, b)
	}
	for name := range map[string]bool{"alice": true, "nobody": true} {
		s.signIn(name, password2).says("NotAuthorizedException", incorrect)
		s.withPassword(name, password2).says("NotAuthorizedException", incorrect)
		s.call("ConfirmForgotPassword", input{
			"ClientId": clientID, "Username": name, "ConfirmationCode": "123456", "Password": password2,
		}).says("CodeMismatchException", "Invalid verification code provided")
		got := s.call("ForgotPassword", input{"ClientId": clientID, "Username": name}).ok()
		d := got.text("CodeDeliveryDetails", "Destination")
		if len(d) != len("a***@e***") || got.text("CodeDeliveryDetails", "AttributeName") != "email" {
			t.Errorf("%s", got.raw)
		}
	}
	if a, b := s.call("ForgotPassword", input{"ClientId": clientID, "Username": "x"}).ok().raw,
		s.call("ForgotPassword", input{"ClientId": clientID, "Username": "x"}).ok().raw; a != b {
		t.Errorf("%s, and then %s", a, b)
	}
}

// Threat 211: TestUnknownUsersCostAsOthers compares how long a wrong password of a user takes with
// one of nobody, in pairs, in turn. The medians differ by less than a few percent: a missing power
// would be half.
func TestUnknownUsersCostAsOthers(t *testing.T) {
	s := start(t)
	s.signUp("alice", password)
	pairs, most := 20, 1.25 // a machine that is shared is noisy
	if testneed.Long() {
		pairs, most = 200, 1.03
	}
	took := func(do func()) time.Duration {
		at := time.Now()
		do()
		return time.Since(at)
	}
	forget := func() { // so that nobody waits
		if _, err := s.db.ExecContext(t.Context(), `DELETE FROM userpool_tries`); err != nil {
			t.Fatal(err)
		}
	}
	for way, try := range map[string]func(name string) time.Duration{
		"by the password": func(name string) time.Duration { return took(func() { s.withPassword(name, password2) }) },
		"by SRP": func(name string) (d time.Duration) {
			// What the client computes is not measured.
			var f *srp
			d = took(func() {
				f = &srp{s: s, parameters: s.begin(name)}
			})
			f.responses = map[string]string{
				"USERNAME": name, "PASSWORD_CLAIM_SECRET_BLOCK": f.parameters["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE": "AAAA",
				"TIMESTAMP": s.now().Format(timestampForm),
			}
			return d + took(func() { f.send().says("NotAuthorizedException", incorrect) })
		},
	} {
		ratio := 0.0
		for range 6 { // each time with more
			var known, unknown []time.Duration
			for range pairs {
				forget()
				known = append(known, try("alice"))
				forget()
				unknown = append(unknown, try("bobby"))
			}
			slices.Sort(known)
			slices.Sort(unknown)
			a, b := known[pairs/2], unknown[pairs/2]
			ratio = max(float64(a)/float64(b), float64(b)/float64(a))
			t.Logf("%s: a user %v, nobody %v", way, a, b)
			if ratio < most {
				break
			}
			pairs += pairs / 2
		}
		if ratio >= most {
			t.Errorf("%s: the medians differ by a factor of %.3f", way, ratio)
		}
	}
}

// begin sends a first request of SRP with a public value that is quick to make.
func (s *site) begin(name string) map[string]string {
	s.t.Helper()
	got := s.call("InitiateAuth", input{
		"AuthFlow": "USER_SRP_AUTH", "ClientId": clientID, "AuthParameters": input{"USERNAME": name, "SRP_A": "1234"},
	}).ok()
	return map[string]string{"SECRET_BLOCK": got.text("ChallengeParameters", "SECRET_BLOCK")}
}
