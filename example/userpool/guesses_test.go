package userpool_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wildgate/wildgate/example/userpool"
)

// atOnce makes n calls at one time, and counts what they say.
func atOnce(n int, do func(i int) answer) map[string]int {
	var mu sync.Mutex
	told := map[string]int{}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			got := do(i)
			mu.Lock()
			defer mu.Unlock()
			told[fmt.Sprint(got.body["__type"], " ", got.body["message"])]++
		})
	}
	all.Wait()
	return told
}

// TestFreeGuessesAtOnce: of many guesses of one name that come at one time, no more are made than
// of those that come one after the other, whatever is guessed.
func TestFreeGuessesAtOnce(t *testing.T) {
	t.Parallel()
	const n = 64
	for _, tt := range []struct {
		name, wrong string
		prepare     func(s *site)
		guess       func(s *site, i int) answer
	}{
		{"a password", "NotAuthorizedException " + incorrect, func(s *site) { s.signUp("alice", password) }, func(s *site, i int) answer {
			return s.withPassword("alice", fmt.Sprintf("Wrong-%02d-Password", i))
		}},
		{"a code of a forgotten password", "CodeMismatchException Invalid verification code provided, please try again.", func(s *site) {
			s.signUp("alice", password)
			s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
		}, func(s *site, i int) answer {
			return s.call("ConfirmForgotPassword", input{
				"ClientId": clientID, "Username": "alice", "ConfirmationCode": fmt.Sprintf("wrong%d", i), "Password": password2,
			})
		}},
		{"a code of a sign-up", "CodeMismatchException Invalid verification code provided, please try again.", func(s *site) {
			s.call("SignUp", input{
				"ClientId": clientID, "Username": "alice", "Password": password,
				"UserAttributes": []input{{"Name": "email", "Value": "alice@example.com"}},
			}).ok()
		}, func(s *site, i int) answer {
			return s.call("ConfirmSignUp", input{"ClientId": clientID, "Username": "alice", "ConfirmationCode": fmt.Sprintf("wrong%d", i)})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t)
			tt.prepare(s)
			if told := atOnce(n, func(i int) answer { return tt.guess(s, i) }); told[tt.wrong] != 5 {
				t.Errorf("%d of %d guesses were made: %v", told[tt.wrong], n, told)
			}
		})
	}
}

// TestMessagesAtOnce: of many messages that are asked for at one time, five are sent.
func TestMessagesAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password) // one
	before := len(s.sent)
	atOnce(64, func(int) answer { return s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}) })
	if got := len(s.sent) - before; got != 4 {
		t.Errorf("%d messages were sent", got)
	}
}

// TestMessagesToOneAddress: an address that nobody has shown to have gets a few messages, whatever
// names they are asked for by.
func TestMessagesToOneAddress(t *testing.T) {
	t.Parallel()
	s := start(t)
	signUp := func(name, email string) answer {
		return s.call("SignUp", input{
			"ClientId": clientID, "Username": name, "Password": password, "UserAttributes": []input{{"Name": "email", "Value": email}},
		})
	}
	for i := range 10 {
		signUp(fmt.Sprint("user", i), fmt.Sprintf("victim+%d@example.com", i)).ok()
	}
	signUp("user10", "Victim@Example.com").says("LimitExceededException", "")
	s.call("ResendConfirmationCode", input{"ClientId": clientID, "Username": "user1"}).says("LimitExceededException", "")
	signUp("other", "other@example.com").ok()
	// Who has signed in does not get around it.
	s.call("ConfirmSignUp", input{"ClientId": clientID, "Username": "other", "ConfirmationCode": s.code()}).ok()
	access := s.withPassword("other", password).tokens().access
	s.call("UpdateUserAttributes", input{
		"AccessToken": access, "UserAttributes": []input{{"Name": "email", "Value": "victim@example.com"}},
	}).says("LimitExceededException", "")
	if got := s.call("GetUser", input{"AccessToken": access}).ok().raw; !strings.Contains(got, "other@example.com") {
		t.Errorf("%s", got)
	}
	if len(s.sent) != 11 {
		t.Errorf("%d messages", len(s.sent))
	}
}

// TestGoneCallersAreCounted: who hangs up before the answer has tried all the same.
func TestGoneCallersAreCounted(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 5 {
		if err := userpool.FailWhileGone(t.Context(), gone, s.pool, "alice"); err != nil {
			t.Fatal(err)
		}
	}
	s.withPassword("alice", password2).says("NotAuthorizedException", "Password attempts exceeded")
}

// TestGuessesAtOnceInTwoProcesses: with two processes there is one guess more than with one, for
// the one that the other has under way.
func TestGuessesAtOnceInTwoProcesses(t *testing.T) {
	t.Parallel()
	s := start(t)
	testGuessesInTwoProcesses(t, s)
}

func testGuessesInTwoProcesses(t *testing.T, s *site) {
	t.Helper()
	issuer := s.server.URL + "/" + poolID
	other := &site{t: t, db: s.db, ring: s.ring, at: s.at}
	other.open(func(cfg *userpool.Config) { cfg.Issuer = issuer })
	s.signUp("mallory", password)
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "mallory"}).ok()
	for what, guess := range map[string]func(s *site, i int) answer{
		"passwords": func(s *site, i int) answer { return s.withPassword("mallory", fmt.Sprintf("Wrong-%02d-Password", i)) },
		"codes": func(s *site, i int) answer {
			return s.call("ConfirmForgotPassword", input{
				"ClientId": clientID, "Username": "mallory", "ConfirmationCode": fmt.Sprintf("wrong%d", i), "Password": password2,
			})
		},
	} {
		told := atOnce(64, func(i int) answer { return guess([]*site{s, other}[i%2], i) })
		made := 0
		for text, n := range told {
			if strings.Contains(text, incorrect) || strings.Contains(text, "Invalid verification code") {
				made += n
			}
		}
		if made < 5 || made > 6 {
			t.Errorf("%s: %d guesses were made: %v", what, made, told)
		}
	}
}
