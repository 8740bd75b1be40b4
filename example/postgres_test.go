//go:build unix

package main_test

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

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/ridesvc/ridetest"
	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/identitytest"
)

func TestRideStoreOnPostgreSQL(t *testing.T) {
	server := startPostgres(t)
	ridetest.TestStore(t, func(t *testing.T) ridesvc.Store {
		return openStore(t, server.open(t, server.create(t)))
	})
	t.Run("identities", func(t *testing.T) {
		identitytest.TestStore(t, func(t *testing.T) sts.IdentityStore { return openIdentities(t, server.open(t, server.create(t))) })
	})
	t.Run("schema", func(t *testing.T) {
		testRideSchema(t, func(t *testing.T) func() *sql.DB {
			name := server.create(t)
			return func() *sql.DB { return server.open(t, name) }
		})
	})
}

// A postgres is a server of the test's own, in a folder of its own, reached through a socket in
// that folder: no port, no password, nothing left behind.
type postgres struct {
	dir       string
	databases atomic.Int64
}

func startPostgres(t *testing.T) *postgres {
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
	p := &postgres{dir: dir}
	p.await(t)
	return p
}

// await returns when the server answers.
func (p *postgres) await(t *testing.T) {
	t.Helper()
	db := p.open(t, "postgres")
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = db.PingContext(t.Context()); err == nil {
			return
		}
	}
	t.Fatalf("PostgreSQL does not answer: %v", err)
}

// create makes an empty database and returns its name.
func (p *postgres) create(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("test%d", p.databases.Add(1))
	if _, err := p.open(t, "postgres").Exec(`CREATE DATABASE ` + name); err != nil {
		t.Fatal(err)
	}
	return name
}

// open returns a pool of connections to one of the server's databases.
func (p *postgres) open(t *testing.T, database string) *sql.DB {
	t.Helper()
	query := url.Values{"host": {p.dir}, "user": {"wildgate"}, "dbname": {database}}
	db, err := sql.Open("pgx", "postgres:///?"+query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
