package userpool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// migrations[v] leads from version v of the schema to v+1. What has been released is never edited,
// only added to. Types are those that SQLite and PostgreSQL keep alike; bytes are kept as base64.
var migrations = [...][]string{
	{
		// What sealed holds is the user's salt and verifier; seal_key is the ring's key.
		`CREATE TABLE userpool_users (
			pool_id TEXT NOT NULL,
			username TEXT NOT NULL,
			sub TEXT NOT NULL PRIMARY KEY,
			status TEXT NOT NULL,
			enabled BIGINT NOT NULL,
			attributes TEXT NOT NULL,
			sealed TEXT NOT NULL,
			seal_key TEXT NOT NULL,
			epoch BIGINT NOT NULL,
			version BIGINT NOT NULL,
			password_expires_ms BIGINT NOT NULL,
			created_ms BIGINT NOT NULL,
			modified_ms BIGINT NOT NULL,
			UNIQUE (pool_id, username)
		)`,
		// A family is a sign-in, and the refresh tokens that come from it.
		`CREATE TABLE userpool_families (
			id TEXT NOT NULL PRIMARY KEY,
			origin_jti TEXT NOT NULL UNIQUE,
			sub TEXT NOT NULL,
			client_id TEXT NOT NULL,
			epoch BIGINT NOT NULL,
			generation BIGINT NOT NULL,
			rotated_ms BIGINT NOT NULL,
			auth_ms BIGINT NOT NULL,
			expires_ms BIGINT NOT NULL
		)`,
		`CREATE INDEX userpool_families_by_user ON userpool_families (sub)`,
		`CREATE INDEX userpool_families_by_end ON userpool_families (expires_ms)`,
		`CREATE TABLE userpool_codes (
			sub TEXT NOT NULL,
			purpose TEXT NOT NULL,
			mac TEXT NOT NULL,
			expires_ms BIGINT NOT NULL,
			PRIMARY KEY (sub, purpose)
		)`,
		`CREATE TABLE userpool_tries (
			pool_id TEXT NOT NULL,
			try_key TEXT NOT NULL,
			failures BIGINT NOT NULL,
			last_ms BIGINT NOT NULL,
			PRIMARY KEY (pool_id, try_key)
		)`,
		// Challenges that have been answered.
		`CREATE TABLE userpool_answered (
			nonce TEXT NOT NULL PRIMARY KEY,
			expires_ms BIGINT NOT NULL
		)`,
		`CREATE TABLE userpool_secrets (
			pool_id TEXT NOT NULL,
			name TEXT NOT NULL,
			sealed TEXT NOT NULL,
			seal_key TEXT NOT NULL,
			from_ms BIGINT NOT NULL,
			PRIMARY KEY (pool_id, name)
		)`,
	},
}

const (
	maxMigrationAttempts = 5
	migrationRetryDelay  = 50 * time.Millisecond
)

// migrate brings the schema up to date. Of processes that start together one does; the others
// fail, in ways that each database has of its own, and then find its work done.
func migrate(ctx context.Context, db *sql.DB) error {
	var failed error
	for attempt := 1; ; attempt++ {
		version, err := schemaVersion(ctx, db)
		switch {
		case err == nil && version == len(migrations):
			return nil
		case err == nil && version > len(migrations):
			return fmt.Errorf("userpool: the database's schema has version %d, and this program knows up to %d", version, len(migrations))
		case attempt > maxMigrationAttempts || ctx.Err() != nil:
			return fmt.Errorf("userpool: schema: %w", errors.Join(failed, err))
		}
		if failed = migrateOnce(ctx, db); failed != nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(attempt) * migrationRetryDelay):
			}
		}
	}
}

func migrateOnce(ctx context.Context, db *sql.DB) error {
	return inTransaction(ctx, db, func(tx *sql.Tx) error {
		for _, statement := range []string{
			`CREATE TABLE IF NOT EXISTS userpool_schema (
				only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1), version BIGINT NOT NULL)`,
			// The update changes nothing and locks the row until the end of the transaction.
			`INSERT INTO userpool_schema (only_row, version) VALUES (1, 0)
				ON CONFLICT (only_row) DO UPDATE SET version = userpool_schema.version`,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		version, err := schemaVersion(ctx, tx)
		if err != nil || version >= len(migrations) { // another process was faster
			return err
		}
		for v := version; v < len(migrations); v++ {
			for _, statement := range migrations[v] {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return fmt.Errorf("from version %d to %d: %w", v, v+1, err)
				}
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE userpool_schema SET version = $1`, len(migrations))
		return err
	})
}

// inTransaction runs work in a transaction, all of it or nothing.
func inTransaction(ctx context.Context, db *sql.DB, work func(*sql.Tx) error) (err error) {
	tx, err := db.BeginTx(ctx, nil)
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

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func schemaVersion(ctx context.Context, db rowQuerier) (int, error) {
	var version int
	err := db.QueryRowContext(ctx, `SELECT version FROM userpool_schema`).Scan(&version)
	return version, err
}
