//go:build unix

package userpool_test

import (
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/wildgate/wildgate/internal/testpg"
)

// TestOnPostgreSQL goes the ways that touch every statement.
func TestOnPostgreSQL(t *testing.T) {
	t.Parallel()
	server := testpg.Start(t)
	db := server.Open(t, server.Create(t))
	s := startOn(t, db)
	testTwoProcesses(t, s)
	s.pass(time.Hour)
	in := s.signIn("alice", password).tokens()
	s.withPassword("alice", password2).says("NotAuthorizedException", incorrect)
	s.withPassword("alice", password).tokens()
	next := s.rotate(in.refresh).tokens()
	s.pass(time.Minute)
	s.rotate(in.refresh).says("RefreshTokenReuseException", "")
	s.rotate(next.refresh).says("NotAuthorizedException", "revoked")
	in = s.signIn("alice", password).tokens()
	s.call("ChangePassword", input{"AccessToken": in.access, "PreviousPassword": password, "ProposedPassword": password2}).ok()
	s.call("GetUser", input{"AccessToken": in.access}).ok()
	s.as(s.admin, "AdminCreateUser", input{"Username": "bob"}).ok()
	s.as(s.admin, "AdminDisableUser", input{"Username": "bob"}).ok()
	s.as(s.admin, "ListUsers", input{"Limit": 1}).ok()
	s.as(s.admin, "DescribeUserPool", input{}).ok()
	s.call("DeleteUser", input{"AccessToken": in.access}).ok()
	testGuessesInTwoProcesses(t, s)
	testHostileInput(t, s)
	if err := s.pool.Maintain(t.Context()); err != nil {
		t.Error(err)
	}
	if len(s.failures) > 0 {
		t.Error(s.failures)
	}
}
