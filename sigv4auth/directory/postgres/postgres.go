package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// channel is what notifications are sent on.
const channel = "wildgate_directory"

// The pauses before another connection is tried.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 10 * time.Second
)

// install makes the database send a notification with each new revision, as part of the transaction
// that makes it.
var install = []string{
	`CREATE OR REPLACE FUNCTION directory_notify() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN PERFORM pg_notify('` + channel + `', NEW.revision::text); RETURN NULL; END $$`,
	`DROP TRIGGER IF EXISTS directory_notify ON directory_state`,
	`CREATE TRIGGER directory_notify AFTER UPDATE ON directory_state FOR EACH ROW EXECUTE FUNCTION directory_notify()`,
}

// Install makes the database of a directory notify those who [Follow] it. The directory has to have
// been opened once, and db be of a user who owns its tables. To call it again, at each start of a
// process, does no harm.
func Install(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	// One process at a time: two that replace a trigger at once would fail.
	statements := append([]string{`LOCK TABLE directory_state IN EXCLUSIVE MODE`}, install...)
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("postgres: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}

// Config says what is followed.
type Config struct {
	_ [0]func()

	// URL says how to connect to the database, as pgx.ParseConfig takes it. It is required. The
	// connection is held as long as Follow runs, and MUST NOT go through a pooler that gives a
	// connection to others between transactions, such as PgBouncer in transaction mode.
	URL string
	// Directory is told. It is required.
	Directory *directory.Directory
	// Failed is told of each connection that failed or was lost, and of each change that could not
	// be taken over. Errors hold no password. nil: nobody.
	Failed func(error)
}

// Follow refreshes the directory at each notification, until ctx ends; it then returns nil. It
// connects again, after a pause that grows to ten seconds, whenever the connection is lost, and
// refreshes the directory at once then, for what was missed. An error says what is wrong with cfg.
func Follow(ctx context.Context, cfg Config) error {
	if cfg.Directory == nil {
		return errors.New("postgres: Config.Directory is required")
	}
	connect, err := pgx.ParseConfig(cfg.URL)
	if cfg.URL == "" || err != nil {
		return errors.New("postgres: Config.URL is no URL of a database") // err may hold the password
	}
	failed := func(err error) {
		if cfg.Failed != nil && ctx.Err() == nil {
			cfg.Failed(fmt.Errorf("postgres: %w", err))
		}
	}
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, longestPause) {
		listened, err := listen(ctx, connect, cfg.Directory, failed)
		failed(err)
		if listened {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// listen refreshes the directory at each notification until the connection is lost, and reports
// whether there was one.
func listen(ctx context.Context, connect *pgx.ConnConfig, dir *directory.Directory, failed func(error)) (listened bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, connect)
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx) // it is given up anyway
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return false, err
	}
	for {
		if err := dir.Refresh(ctx); err != nil {
			failed(err)
		}
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return true, err
		}
	}
}
