//go:build unix

// Package testpg starts a PostgreSQL server for a test, where its programs are installed.
package testpg

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// Server is a server of the test's own, in a folder of its own, reached through a socket in that
// folder: no port, no password, nothing left behind.
type Server struct {
	dir       string
	databases atomic.Int64
}

// Start starts a server that ends with the test. A test where PostgreSQL is not installed is
// skipped. The test has to import the driver, github.com/jackc/pgx/v5/stdlib.
func Start(t *testing.T) *Server {
	t.Helper()
	initdb, server := testneed.Program(t, "initdb"), testneed.Program(t, "postgres")
	// Not t.TempDir: its path is too long for a socket's (107 bytes), and another user may not
	// enter it.
	dir, err := os.MkdirTemp("", "wildgate-pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attributes := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 { // as in a container: PostgreSQL refuses to run as root
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
	var log bytes.Buffer
	cmd := command(server, "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // fast shutdown
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("PostgreSQL:\n%s", log.String())
		}
	})
	s := &Server{dir: dir}
	s.await(t)
	return s
}

// await returns when the server answers.
func (s *Server) await(t *testing.T) {
	t.Helper()
	db := s.Open(t, "postgres")
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = db.PingContext(t.Context()); err == nil {
			return
		}
	}
	t.Fatalf("PostgreSQL does not answer: %v", err)
}

// Create makes an empty database and returns its name.
func (s *Server) Create(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	if _, err := s.Open(t, "postgres").Exec(`CREATE DATABASE ` + name); err != nil {
		t.Fatal(err)
	}
	return name
}

// URL returns how to connect to one of the server's databases.
func (s *Server) URL(database string) string {
	query := url.Values{"host": {s.dir}, "user": {"wildgate"}, "dbname": {database}}
	return "postgres:///?" + query.Encode()
}

// Open returns a pool of connections to one of the server's databases, which ends with the test.
func (s *Server) Open(t *testing.T, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", s.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
