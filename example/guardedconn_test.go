package main_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/internal/testneed"
)

// accounts opens the database of a data folder for what is no ride.
func accounts(t *testing.T) (db *sql.DB, path string) {
	t.Helper()
	s := start(t, t.TempDir())
	s.stop()
	_, db, closeIt, err := example.OpenRides(t.Context(), s.data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closeIt() })
	return db, filepath.Join(s.data, "rides.db")
}

// Threat 249: what is no ride is changed under the same guard: this program's own changes are not
// taken for another program's, a thousand of them, in transactions and alone.
func TestAccountsAreChangedInTurn(t *testing.T) {
	db, _ := accounts(t)
	exec := func(on interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
	}, query string, args ...any,
	) {
		t.Helper()
		if _, err := on.ExecContext(t.Context(), query, args...); err != nil {
			t.Error(err)
		}
	}
	exec(db, `CREATE TABLE things (name TEXT PRIMARY KEY)`)
	var all sync.WaitGroup
	for worker := range 10 {
		all.Go(func() {
			for i := range 100 {
				if i%2 == 0 {
					exec(db, `INSERT INTO things VALUES ($1)`, worker*1000+i)
					continue
				}
				tx, err := db.BeginTx(t.Context(), nil)
				if err != nil {
					t.Error(err)
					return
				}
				exec(tx, `INSERT INTO things VALUES ($1)`, worker*1000+i)
				var name string
				if err := tx.QueryRowContext(t.Context(), `UPDATE things SET name = name WHERE name = $1 RETURNING name`,
					worker*1000+i).Scan(&name); err != nil {
					t.Error(err)
				}
				if err := tx.Commit(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var n int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM things`).Scan(&n); err != nil || n != 1000 {
		t.Errorf("%d, %v", n, err)
	}
}

// Threat 249: a transaction during which the file goes is not confirmed, and neither is anything
// after it. One that is given up leaves the turn to others.
func TestAccountsAreNotChangedOutOfPlace(t *testing.T) {
	db, path := accounts(t)
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE things (name TEXT)`); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Rollback, (*sql.Tx).Commit} {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := db.ExecContext(ctx, `INSERT INTO things VALUES ('out of turn')`); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a change beside a transaction: %v", err)
		}
		cancel()
		if err := end(tx); err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := db.BeginTx(ctx, nil); err != nil {
		t.Fatal(err)
	}
	cancel()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `INSERT INTO things VALUES ('lost')`); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".away"); err != nil {
		testneed.Missing(t, "a system on which an open file can be renamed")
	}
	if err := tx.Commit(); !errors.Is(err, example.ErrNotInPlace) {
		t.Errorf("a transaction whose file went: %v", err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO things VALUES ('later')`); !errors.Is(err, example.ErrNotInPlace) {
		t.Errorf("a statement after that: %v", err)
	}
	if err := db.QueryRowContext(t.Context(), `SELECT 1`).Scan(new(int)); !errors.Is(err, example.ErrNotInPlace) {
		t.Errorf("a question after that: %v", err)
	}
}

// Threat 249: what would change something past the guard is refused.
func TestAccountsHaveNoOtherWay(t *testing.T) {
	db, _ := accounts(t)
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE things (name TEXT)`); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		`INSERT INTO things VALUES ('a') RETURNING name`, `WITH x AS (SELECT 1) SELECT * FROM x`, ``, `/**/ DELETE FROM things`,
	} {
		if rows, err := db.QueryContext(t.Context(), query); err == nil {
			_ = rows.Close()
			t.Errorf("%q was run", query)
		}
	}
	if stmt, err := db.PrepareContext(t.Context(), `INSERT INTO things VALUES ('a')`); err == nil {
		_ = stmt.Close()
		t.Error("a statement was prepared")
	}
}
