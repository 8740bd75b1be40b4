package userpool_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
)

// TestWaitsAfterWrongPasswords: five wrong passwords cost nothing; after that a name waits for a
// second, and twice as long each time up to 15 minutes. A name that nobody has waits as others do;
// the right password does not help while it waits, and ends the waiting after that.
func TestWaitsAfterWrongPasswords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		try  func(s *site, name, password string) answer
	}{
		{"by SRP", func(s *site, name, password string) answer {
			first := s.call("InitiateAuth", input{
				"AuthFlow": "USER_SRP_AUTH", "ClientId": clientID, "AuthParameters": input{"USERNAME": name, "SRP_A": "1234"},
			})
			if first.status != 200 {
				return first
			}
			return s.signIn(name, password)
		}},
		{"by the password", (*site).withPassword},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.signUp("alice", password)
			for _, name := range []string{"alice", "nobody"} {
				for range 5 {
					tt.try(s, name, password2).says("NotAuthorizedException", incorrect)
				}
				for wait := time.Second; wait < 20*time.Minute; wait *= 2 {
					wait := min(wait, 15*time.Minute)
					tt.try(s, name, password).says("NotAuthorizedException", "Password attempts exceeded")
					s.pass(wait - time.Millisecond)
					tt.try(s, name, password).says("NotAuthorizedException", "Password attempts exceeded")
					s.pass(time.Millisecond)
					tt.try(s, name, password2).says("NotAuthorizedException", incorrect)
				}
			}
			s.pass(15 * time.Minute)
			tt.try(s, "alice", password).tokens()
			for range 5 {
				tt.try(s, "alice", password2).says("NotAuthorizedException", incorrect)
			}
		})
	}
}

// TestWhoWaitsGetsNoChallenge: a sign-in by SRP is refused with its first request, before a power.
func TestWhoWaitsGetsNoChallenge(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	for _, name := range []string{"alice", "nobody"} {
		for range 5 {
			s.withPassword(name, password2).says("NotAuthorizedException", incorrect)
		}
		s.call("InitiateAuth", input{
			"AuthFlow": "USER_SRP_AUTH", "ClientId": clientID, "AuthParameters": input{"USERNAME": name, "SRP_A": "1234"},
		}).says("NotAuthorizedException", "Password attempts exceeded")
	}
}

// TestGuessesAtOnce: once the free tries are used up, one of many at one time is made.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	for range 5 {
		s.withPassword("alice", password2).says("NotAuthorizedException", incorrect)
	}
	s.pass(time.Second)
	var mu sync.Mutex
	told := map[string]int{}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			got := s.withPassword("alice", password2)
			mu.Lock()
			defer mu.Unlock()
			told[fmt.Sprint(got.body["message"])]++
		})
	}
	all.Wait()
	if told[incorrect] != 1 || told["Password attempts exceeded"] != 15 {
		t.Errorf("%v", told)
	}
}

// TestWaitsAfterWrongCodes: codes of six digits are guessed a few times only, also those of who
// does not exist.
func TestWaitsAfterWrongCodes(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.call("SignUp", input{
		"ClientId": clientID, "Username": "alice", "Password": password, "UserAttributes": []input{{"Name": "email", "Value": "a@example.com"}},
	}).ok()
	code := s.code()
	for _, name := range []string{"alice", "nobody"} {
		confirm := func(code string) answer {
			return s.call("ConfirmSignUp", input{"ClientId": clientID, "Username": name, "ConfirmationCode": code})
		}
		for range 5 {
			confirm("wrong").says("CodeMismatchException", "")
		}
		confirm(code).says("TooManyFailedAttemptsException", "")
	}
	s.signUp("bob", password)
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "bob"}).ok()
	for _, name := range []string{"bob", "nobody"} {
		reset := func(code string) answer {
			return s.call("ConfirmForgotPassword", input{
				"ClientId": clientID, "Username": name, "ConfirmationCode": code, "Password": password2,
			})
		}
		for range 5 {
			reset("wrong").says("CodeMismatchException", "")
		}
		reset(s.code()).says("LimitExceededException", "")
	}
}

// TestMessagesAreFew: a name gets five messages, and then has to wait, whether it has a user or
// not.
func TestMessagesAreFew(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password) // one
	for name, free := range map[string]int{"alice": 4, "nobody": 5} {
		for range free {
			s.call("ForgotPassword", input{"ClientId": clientID, "Username": name}).ok()
		}
		for _, operation := range []string{"ForgotPassword", "ResendConfirmationCode"} {
			s.call(operation, input{"ClientId": clientID, "Username": name}).says("LimitExceededException", "")
		}
	}
	s.pass(15 * time.Minute)
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).says("LimitExceededException", "")
}

// TestWaitsOfAClient: who guesses at many names waits by its address, IPv6 by its network; others
// do not wait.
func TestWaitsOfAClient(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	client := "2001:db8::1"
	s := start(t, func(cfg *userpool.Config) {
		cfg.Limits.Failures = 3
		cfg.ClientIP = func(*http.Request) (netip.Addr, bool) {
			mu.Lock()
			defer mu.Unlock()
			return netip.MustParseAddr(client), true
		}
	})
	s.signUp("alice", password)
	for i := range 3 {
		s.withPassword(fmt.Sprint("user", i), password).says("NotAuthorizedException", incorrect)
	}
	client = "2001:db8::2"
	s.withPassword("alice", password).says("NotAuthorizedException", "Password attempts exceeded")
	s.call("InitiateAuth", input{
		"AuthFlow": "USER_SRP_AUTH", "ClientId": clientID, "AuthParameters": input{"USERNAME": "alice", "SRP_A": "1234"},
	}).says("NotAuthorizedException", "Password attempts exceeded")
	client = "2001:db8:0:1::1"
	s.withPassword("alice", password).tokens()
	client = "2001:db8::1"
	s.pass(time.Second)
	s.withPassword("alice", password).tokens()
	s.withPassword("alice", password2).says("NotAuthorizedException", incorrect) // the right one has not forgotten the others
	s.withPassword("alice", password).says("NotAuthorizedException", "Password attempts exceeded")
	s.pass(time.Hour)
	for range 3 {
		s.withPassword("alice", password2).says("NotAuthorizedException", incorrect)
	}
}

// TestRequestsOfAClient are bounded in a minute.
func TestRequestsOfAClient(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *userpool.Config) { cfg.Limits.PerMinute = 3 })
	for range 3 {
		s.call("GetUser", input{"AccessToken": "x"}).says("NotAuthorizedException", "")
	}
	s.call("GetUser", input{"AccessToken": "x"}).says("TooManyRequestsException", "Rate exceeded")
	s.pass(time.Minute)
	s.call("GetUser", input{"AccessToken": "x"}).says("NotAuthorizedException", "")
}

// TestPowersAreBounded: threat 222. With one power at a time and one request that waits, others are
// refused, and none computes beside another.
func TestPowersAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *userpool.Config) { cfg.Limits.Powers, cfg.Limits.Waiting = 1, 1 })
	s.signUp("alice", password)
	const n = 24
	status := make(chan answer)
	for i := range n {
		go func() { status <- s.withPassword(fmt.Sprint("user", i), password) }()
	}
	refused := 0
	for range n {
		if got := <-status; got.body["__type"] == "TooManyRequestsException" {
			refused++
		}
	}
	if refused == 0 || refused == n {
		t.Errorf("%d of %d were refused", refused, n)
	}
	s.withPassword("alice", password).tokens()
}
