package userpool_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
)

func (s *site) rotate(token string) answer {
	s.t.Helper()
	return s.call("GetTokensFromRefreshToken", input{"ClientId": clientID, "RefreshToken": token})
}

func (s *site) refreshBy(flow, token string) answer {
	s.t.Helper()
	return s.call("InitiateAuth", input{"AuthFlow": flow, "ClientId": clientID, "AuthParameters": input{"REFRESH_TOKEN": token}})
}

// TestRefresh: each operation that takes a refresh token replaces it, and keeps the time of the
// sign-in.
func TestRefresh(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	first := s.signIn("alice", password).tokens()
	now := first
	for _, refresh := range []func(string) answer{
		s.rotate,
		func(token string) answer { return s.refreshBy("REFRESH_TOKEN_AUTH", token) },
		func(token string) answer { return s.refreshBy("REFRESH_TOKEN", token) },
	} {
		s.pass(time.Hour)
		next := refresh(now.refresh).tokens()
		if next.refresh == now.refresh {
			t.Error("the refresh token is the same")
		}
		a, b := claims(t, first.access), claims(t, next.access)
		if a["origin_jti"] != b["origin_jti"] || a["auth_time"] != b["auth_time"] || a["jti"] == b["jti"] {
			t.Errorf("%v\n%v", a, b)
		}
		s.call("GetUser", input{"AccessToken": next.access}).ok()
		s.call("GetUser", input{"AccessToken": now.access}).says("NotAuthorizedException", "Access Token has expired")
		now = next
	}
}

// TestStolenRefreshToken: a refresh token that is used a second time ends the sign-in, whichever
// of the two was the thief, and with whichever operation.
func TestStolenRefreshToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	for _, flow := range []string{"", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"} {
		use := s.rotate
		if flow != "" {
			use = func(token string) answer { return s.refreshBy(flow, token) }
		}
		stolen, other := s.withPassword("alice", password).tokens(), s.withPassword("alice", password).tokens()
		s.pass(time.Minute)
		thief := use(stolen.refresh).tokens()
		s.pass(time.Minute)
		use(stolen.refresh).says("RefreshTokenReuseException", "used")
		for _, token := range []string{thief.refresh, stolen.refresh} {
			s.rotate(token).says("NotAuthorizedException", "Refresh Token has been revoked")
		}
		for _, token := range []string{thief.access, stolen.access} {
			s.call("GetUser", input{"AccessToken": token}).says("NotAuthorizedException", "Access Token has been revoked")
		}
		s.rotate(other.refresh).tokens() // the user's other sign-in goes on
	}
}

// TestRetriedRefresh: for some seconds who did not hear the answer gets the same successor.
func TestRetriedRefresh(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	in := s.signIn("alice", password).tokens()
	next := s.rotate(in.refresh).tokens()
	s.pass(9 * time.Second)
	if again := s.rotate(in.refresh).tokens(); again.refresh != next.refresh {
		t.Error("two successors")
	}
	s.pass(time.Second)
	s.rotate(in.refresh).says("RefreshTokenReuseException", "")

	// One that is two generations old is never a retry.
	in = s.signIn("alice", password).tokens()
	next = s.rotate(in.refresh).tokens()
	s.rotate(next.refresh).tokens()
	s.rotate(in.refresh).says("RefreshTokenReuseException", "")
}

// TestRefreshAtOnce: of many that use one token at one time all get the same successor within the
// grace; without it one does, and the sign-in ends.
func TestRefreshAtOnce(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{0, -1} {
		s := start(t, func(cfg *userpool.Config) { cfg.Clients[0].RetryGrace = grace })
		s.signUp("alice", password)
		in := s.signIn("alice", password).tokens()
		got := make(chan answer)
		const n = 8
		for range n {
			go func() { got <- s.rotate(in.refresh) }()
		}
		admitted, successors := 0, map[string]bool{}
		for range n {
			if a := <-got; a.status == 200 {
				admitted++
				successors[a.tokens().refresh] = true
			}
		}
		if len(successors) != 1 || grace == 0 && admitted != n || grace < 0 && admitted != 1 {
			t.Errorf("grace %v: %d admitted, %d successors", grace, admitted, len(successors))
		}
		for successor := range successors {
			if got := s.rotate(successor); (got.status == 200) != (grace == 0) {
				t.Errorf("grace %v: the successor: %s", grace, got.raw)
			}
		}
	}
}

// TestRefreshTokensThatAreNone: altered ones, another client's, another pool's, other tokens and
// old ones. None of them ends a sign-in.
func TestRefreshTokensThatAreNone(t *testing.T) {
	t.Parallel()
	const other = "another1client"
	s := start(t, func(cfg *userpool.Config) { cfg.Clients = append(cfg.Clients, userpool.Client{ID: other}) })
	s.signUp("alice", password)
	in := s.signIn("alice", password).tokens()
	for i := range in.refresh {
		flipped := byte('A')
		if in.refresh[i] == 'A' {
			flipped = 'B'
		}
		s.rotate(in.refresh[:i]+string(flipped)+in.refresh[i+1:]).says("NotAuthorizedException", "Invalid Refresh Token")
	}
	elsewhere := start(t)
	elsewhere.signUp("alice", password)
	for _, token := range []string{
		in.access, in.id, in.refresh + "A", in.refresh[:len(in.refresh)-1], "x", elsewhere.signIn("alice", password).tokens().refresh,
	} {
		s.rotate(token).says("NotAuthorizedException", "Invalid Refresh Token")
	}
	s.call("GetTokensFromRefreshToken", input{"ClientId": other, "RefreshToken": in.refresh}).
		says("NotAuthorizedException", "Invalid Refresh Token")
	s.call("GetUser", input{"AccessToken": in.refresh}).says("NotAuthorizedException", "Invalid Access Token")
	in = s.rotate(in.refresh).tokens()
	// Rotation does not lengthen the sign-in.
	s.pass(29 * 24 * time.Hour)
	in = s.rotate(in.refresh).tokens()
	s.pass(24 * time.Hour)
	s.rotate(in.refresh).says("NotAuthorizedException", "Refresh Token has expired")
}

// TestRevokeToken ends one sign-in, by any of its refresh tokens, and no other.
func TestRevokeToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	in, other := s.signIn("alice", password).tokens(), s.signIn("alice", password).tokens()
	next := s.rotate(in.refresh).tokens()
	s.call("RevokeToken", input{"ClientId": clientID, "Token": in.access}).says("UnsupportedTokenTypeException", "")
	for range 2 { // what is revoked stays so
		if got := s.call("RevokeToken", input{"ClientId": clientID, "Token": in.refresh}).ok(); strings.TrimSpace(got.raw) != "{}" {
			t.Errorf("%s", got.raw)
		}
	}
	s.rotate(next.refresh).says("NotAuthorizedException", "Refresh Token has been revoked")
	s.call("GetUser", input{"AccessToken": next.access}).says("NotAuthorizedException", "Access Token has been revoked")
	s.call("GetUser", input{"AccessToken": other.access}).ok()
	s.rotate(other.refresh).tokens()
}
