//go:build unix

package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/wildgate/wildgate/internal/testpg"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/directory/postgres"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

const account = "111122223333"

// two returns two directories on one database, as two processes have them. Neither polls within
// the test.
func two(t *testing.T) (db *sql.DB, url string, writer, reader *directory.Directory) {
	t.Helper()
	server := testpg.Start(t)
	name := server.Create(t)
	file := filepath.Join(t.TempDir(), "ring")
	if err := keyring.Create(file, keyring.New(time.Now())); err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Open(keyring.Config{File: file})
	if err != nil {
		t.Fatal(err)
	}
	open := func() *directory.Directory {
		dir, err := directory.Open(t.Context(), directory.Config{DB: server.Open(t, name), Ring: ring, PollInterval: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = dir.Close() })
		return dir
	}
	return server.Open(t, name), server.URL(name), open(), open()
}

// await returns once the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in 30 s not: " + what)
		}
	}
}

// TestFollow: a change of another process is in force at once, without a poll, and so is one that
// was made while the connection was lost (threats 112, 114).
func TestFollow(t *testing.T) {
	db, url, writer, reader := two(t)
	for range 2 { // as at each start of a process
		if err := postgres.Install(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var failures []error
	ctx, stop := context.WithCancel(t.Context())
	var follow sync.WaitGroup
	follow.Go(func() {
		err := postgres.Follow(ctx, postgres.Config{URL: url, Directory: reader, Failed: func(err error) {
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, err)
		}})
		if err != nil {
			t.Error(err)
		}
	})
	defer follow.Wait()
	defer stop()
	listening := func() (n int) {
		const query = `SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN wildgate_directory' AND datname = current_database()`
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	await(t, "the follower listens", func() bool { return listening() == 1 })

	fill := func(contents directory.Contents) int64 {
		t.Helper()
		if err := writer.Fill(t.Context(), contents); err != nil {
			t.Fatal(err)
		}
		return writer.Revision()
	}
	first := fill(directory.Contents{Accounts: []string{account}, Users: []directory.NewUser{{
		ARN:  "arn:aws:iam::" + account + ":user/ada",
		Keys: []directory.NewKey{{ID: "AKIAADAADAADAADAADA1", Secret: sigv4auth.NewSecret("a-secret-of-ada-1")}},
	}}})
	await(t, "the first change", func() bool { return reader.Revision() == first })
	if _, err := reader.Credential(t.Context(), "AKIAADAADAADAADAADA1", ""); err != nil {
		t.Error(err)
	}

	const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN wildgate_directory'`
	if _, err := db.ExecContext(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	second := fill(directory.Contents{Accounts: []string{"444455556666"}})
	await(t, "a change while the connection was lost", func() bool { return reader.Revision() == second })
	mu.Lock()
	defer mu.Unlock()
	if len(failures) == 0 {
		t.Error("nobody was told of the lost connection")
	}
}

// TestFollowRefuses: what cannot be followed is an error, which holds no password.
func TestFollowRefuses(t *testing.T) {
	dir, err := directory.Open(t.Context(), directory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	for name, cfg := range map[string]postgres.Config{
		"no directory": {URL: "postgres:///x"},
		"no URL":       {Directory: dir},
		"a wrong URL":  {Directory: dir, URL: "postgres://ada:canary@host:port/x"},
	} {
		err := postgres.Follow(t.Context(), cfg)
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	var failures []error
	ctx, stop := context.WithCancel(t.Context())
	err = postgres.Follow(ctx, postgres.Config{
		Directory: dir, URL: "postgres://ada:canary@/x?host=" + t.TempDir(),
		Failed: func(err error) {
			failures = append(failures, err)
			stop()
		},
	})
	if err != nil || len(failures) != 1 || strings.Contains(errors.Join(failures...).Error(), "canary") {
		t.Errorf("nobody there: %v, %v", err, failures)
	}
}
