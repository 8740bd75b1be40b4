package userpool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// store is the pool's database. Its SQL is what SQLite and PostgreSQL share; what has to be whole
// is one statement, or a transaction. What an error says is the driver's: statements are
// constants, and drivers do not repeat their arguments, most of which are sealed or keyed anyway.
type store struct {
	db   *sql.DB
	pool string // the pool's ID
}

// changed runs a statement, and reports whether it changed something.
func (s *store) changed(ctx context.Context, what, statement string, args ...any) (bool, error) {
	return changedBy(ctx, s.db, what, statement, args...)
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func changedBy(ctx context.Context, db execer, what, statement string, args ...any) (bool, error) {
	result, err := db.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, wrap(what, err)
	}
	n, err := result.RowsAffected()
	return n > 0, wrap(what, err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("userpool: store: %s: %w", what, err)
}

func isNone(err error) bool { return errors.Is(err, sql.ErrNoRows) }

func fromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// removeOld removes what has ended: families, codes, answered challenges, and tries that are
// forgotten.
func (s *store) removeOld(ctx context.Context, now, tries time.Time) error {
	var errs []error
	for _, old := range []struct {
		what, statement string
		before          time.Time
	}{
		{"families", `DELETE FROM userpool_families WHERE expires_ms < $1`, now},
		{"codes", `DELETE FROM userpool_codes WHERE expires_ms < $1`, now},
		{"answered challenges", `DELETE FROM userpool_answered WHERE expires_ms < $1`, now},
		{"tries", `DELETE FROM userpool_tries WHERE last_ms < $1`, tries},
	} {
		_, err := s.changed(ctx, old.what, old.statement, old.before.UnixMilli())
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
