// Package sqldb holds what the packages that keep their data in a SQL database share: the version
// of a schema, and transactions. It knows SQLite and PostgreSQL by what they have in common.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	maxMigrationAttempts = 5
	migrationRetryDelay  = 50 * time.Millisecond
)

// Migrate brings a schema up to date: migrations[v] leads from its version v to v+1. The version is
// kept in table, which is the caller's own and is made where it is missing. A schema that is up to
// date is only read, and one of a newer version is an error, never touched.
//
// Of processes that start together one migrates. The others fail, in ways that each database has of
// its own (PostgreSQL's CREATE TABLE IF NOT EXISTS still runs into the other's table, SQLite
// reports a busy snapshot), and then find its work done.
func Migrate(ctx context.Context, db *sql.DB, table string, migrations [][]string) error {
	var failed error
	for attempt := 1; ; attempt++ {
		// Where the table is missing, this fails as well: whether it is missing or the database is
		// down shows in the attempt to make it.
		version, err := schemaVersion(ctx, db, table)
		switch {
		case err == nil && version == len(migrations):
			return nil
		case err == nil && version > len(migrations):
			return fmt.Errorf("the database's schema has version %d, and this program knows up to %d", version, len(migrations))
		case attempt > maxMigrationAttempts || ctx.Err() != nil:
			if failed != nil && err != nil && failed.Error() == err.Error() {
				err = nil // what is said twice is read twice
			}
			return fmt.Errorf("schema: %w", errors.Join(failed, err))
		}
		if failed = migrateOnce(ctx, db, table, migrations); failed != nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(attempt) * migrationRetryDelay):
			}
		}
	}
}

func migrateOnce(ctx context.Context, db *sql.DB, table string, migrations [][]string) error {
	return InTransaction(ctx, db, nil, func(tx *sql.Tx) error {
		for _, statement := range []string{
			`CREATE TABLE IF NOT EXISTS ` + table + ` (only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1), version BIGINT NOT NULL)`,
			// The update changes nothing and locks the row until the end of the transaction, so
			// that the version read next stays true.
			`INSERT INTO ` + table + ` (only_row, version) VALUES (1, 0)
				ON CONFLICT (only_row) DO UPDATE SET version = ` + table + `.version`,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		version, err := schemaVersion(ctx, tx, table)
		if err != nil || version >= len(migrations) { // another process was faster; Migrate looks again
			return err
		}
		for v := version; v < len(migrations); v++ {
			for _, statement := range migrations[v] {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return fmt.Errorf("from version %d to %d: %w", v, v+1, err)
				}
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE `+table+` SET version = $1`, len(migrations))
		return err
	})
}

// InTransaction runs work in a transaction, all of it or nothing. opts may be nil.
func InTransaction(ctx context.Context, db *sql.DB, opts *sql.TxOptions, work func(*sql.Tx) error) (err error) {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer func() {
		if rollback := tx.Rollback(); !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
	}()
	if err := work(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func schemaVersion(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, table string,
) (int, error) {
	var version int
	err := db.QueryRowContext(ctx, `SELECT version FROM `+table).Scan(&version)
	return version, err
}
