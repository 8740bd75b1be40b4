package ridesvc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// migrations[v] leads from version v of the schema to v+1. What has been released is never edited,
// only added to: a database somewhere has run it.
//
// Types are chosen so that both databases keep them exactly: BIGINT and DOUBLE PRECISION are 64
// bits wide in PostgreSQL and have INTEGER and REAL affinity in SQLite, where INTEGER in a CREATE
// TABLE would be 32 bits in PostgreSQL.
var migrations = [...][]string{
	{
		`CREATE TABLE rides (
			ride_id TEXT NOT NULL PRIMARY KEY,
			rider TEXT NOT NULL,
			unicorn_name TEXT NOT NULL,
			unicorn_color TEXT NOT NULL,
			unicorn_gender TEXT NOT NULL,
			latitude DOUBLE PRECISION NOT NULL,
			longitude DOUBLE PRECISION NOT NULL,
			request_time_ms BIGINT NOT NULL,
			cancel_time_ms BIGINT
		)`,
		`CREATE INDEX rides_by_request_time ON rides (request_time_ms, ride_id)`,
	},
	// NULL is the name of a ride that was kept before names were: see SQLStore.Unnamed.
	{
		`ALTER TABLE rides ADD COLUMN rider_name TEXT`,
	},
}

const (
	maxMigrationAttempts = 5
	migrationRetryDelay  = 50 * time.Millisecond
)

// migrate brings the schema up to date.
//
// Of processes that start together one migrates. The others fail, in ways that each database has of
// its own (PostgreSQL's CREATE TABLE IF NOT EXISTS still runs into the other's table, SQLite
// reports a busy snapshot), and then find its work done.
func migrate(ctx context.Context, db *sql.DB) error {
	var failed error
	for attempt := 1; ; attempt++ {
		// Where the table is missing, this fails as well: whether it is missing or the database is
		// down shows in the attempt to make it.
		version, err := schemaVersion(ctx, db)
		switch {
		case err == nil && version == len(migrations):
			return nil
		case err == nil && version > len(migrations):
			return fmt.Errorf("ridesvc: SQL store: the database's schema has version %d, and this program knows up to %d", version,
				len(migrations))
		case attempt > maxMigrationAttempts || ctx.Err() != nil:
			if failed != nil && err != nil && failed.Error() == err.Error() {
				err = nil // what is said twice is read twice
			}
			return fmt.Errorf("ridesvc: SQL store: schema: %w", errors.Join(failed, err))
		}
		if failed = migrateOnce(ctx, db); failed != nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(attempt) * migrationRetryDelay):
			}
		}
	}
}

func migrateOnce(ctx context.Context, db *sql.DB) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if rollback := tx.Rollback(); !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
	}()
	for _, statement := range []string{
		`CREATE TABLE IF NOT EXISTS rides_schema (only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1), version BIGINT NOT NULL)`,
		// The update changes nothing and locks the row until the end of the transaction, so that
		// the version read next stays true.
		`INSERT INTO rides_schema (only_row, version) VALUES (1, 0) ON CONFLICT (only_row) DO UPDATE SET version = rides_schema.version`,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	version, err := schemaVersion(ctx, tx)
	if err != nil || version >= len(migrations) { // another process was faster; migrate looks again
		return err
	}
	for v := version; v < len(migrations); v++ {
		for _, statement := range migrations[v] {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("from version %d to %d: %w", v, v+1, err)
			}
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE rides_schema SET version = $1`, len(migrations)); err != nil {
		return err
	}
	return tx.Commit()
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func schemaVersion(ctx context.Context, db rowQuerier) (int, error) {
	var version int
	err := db.QueryRowContext(ctx, `SELECT version FROM rides_schema`).Scan(&version)
	return version, err
}
