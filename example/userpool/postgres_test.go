//go:build unix

package userpool_test

import (
	"database/sql"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/wildgate/wildgate/internal/testneed"
)

// TestOnPostgreSQL goes the ways that touch every statement.
func TestOnPostgreSQL(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
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

// openPostgres opens a database of a server of the test's own, in a folder of its own, reached
// through a socket in that folder.
func openPostgres(t *testing.T) *sql.DB {
	t.Helper()
	initdb, server := testneed.Program(t, "initdb"), testneed.Program(t, "postgres")
	dir, err := os.MkdirTemp("", "wildgate-pg") // t.TempDir's path is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attributes := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		const nobody = 65534
		attributes.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	command := func(program string, args ...string) *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.SysProcAttr = dir, attributes
		return cmd
	}
	if out, err := command(initdb, "-D", data, "-U", "wildgate", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	cmd := command(server, "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // fast shutdown
		_ = cmd.Wait()
	})
	query := url.Values{"host": {dir}, "user": {"wildgate"}, "dbname": {"postgres"}}
	db, err := sql.Open("pgx", "postgres:///?"+query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if err = db.PingContext(t.Context()); err == nil {
			return db
		}
		if time.Now().After(deadline) {
			t.Fatalf("PostgreSQL does not answer: %v", err)
		}
	}
}
