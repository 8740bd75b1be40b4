package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/wildgate/wildgate/internal/sqldb"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// identities is the store of the identity pool's identities, on SQLite or PostgreSQL. Which login
// is which identity never changes once it is said: rides are owned by it.
type identities struct{ db *sql.DB }

var _ sts.IdentityStore = (*identities)(nil)

// identitySchema is the one version that there has been. UNIQUE keeps an identity from having two
// logins of one provider.
var identitySchema = []string{
	`CREATE TABLE IF NOT EXISTS identitypool_identities (
		pool_id TEXT NOT NULL,
		identity_id TEXT NOT NULL,
		PRIMARY KEY (pool_id, identity_id)
	)`,
	`CREATE TABLE IF NOT EXISTS identitypool_logins (
		pool_id TEXT NOT NULL,
		provider TEXT NOT NULL,
		subject TEXT NOT NULL,
		identity_id TEXT NOT NULL,
		PRIMARY KEY (pool_id, provider, subject),
		UNIQUE (pool_id, identity_id, provider)
	)`,
}

// newIdentities returns a store on db, after it made the tables if they are not there.
func newIdentities(ctx context.Context, db *sql.DB) (*identities, error) {
	var n int
	if db.QueryRowContext(ctx, `SELECT count(*) FROM identitypool_logins WHERE pool_id = ''`).Scan(&n) == nil {
		return &identities{db}, nil // so that nothing needs to be written
	}
	for _, statement := range identitySchema {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("the tables of the identity pool: %w", err)
		}
	}
	return &identities{db}, nil
}

// querier is a database, or a transaction of one.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Logins implements sts.IdentityStore.
func (s *identities) Logins(ctx context.Context, pool, identity string) ([]sts.ProviderLogin, error) {
	var exists bool
	err := s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM identitypool_identities WHERE pool_id = $1 AND identity_id = $2)`,
		pool, identity).Scan(&exists)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the identities: %w", err)
	case !exists:
		return nil, fmt.Errorf("the identities: %w", sts.ErrNoSuchIdentity)
	}
	return loginsOf(ctx, s.db, pool, identity)
}

func loginsOf(ctx context.Context, db querier, pool, identity string) (logins []sts.ProviderLogin, err error) {
	rows, err := db.QueryContext(ctx, `SELECT provider, subject FROM identitypool_logins WHERE pool_id = $1 AND identity_id = $2`,
		pool, identity)
	if err != nil {
		return nil, fmt.Errorf("the logins of an identity: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l sts.ProviderLogin
		if err := rows.Scan(&l.Provider, &l.Subject); err != nil {
			return nil, fmt.Errorf("the logins of an identity: %w", err)
		}
		logins = append(logins, l)
	}
	return logins, rows.Err()
}

// errMeanwhile means that another call has linked something since this one looked.
var errMeanwhile = errors.New("the logins were linked meanwhile")

// maxLinks is how often Link looks again. Whoever was faster has linked something: so the second
// time finds another state, and there is a third provider only in ten logins.
const maxLinks = 12

// Link implements sts.IdentityStore.
func (s *identities) Link(ctx context.Context, pool, identity string, logins []sts.ProviderLogin) (linked string, err error) {
	// Who comes back only reads.
	if linked, missing, err := decide(ctx, s.db, pool, identity, logins); err == nil && len(logins) > 0 && len(missing) == 0 {
		return linked, nil
	}
	for range maxLinks {
		linked, err = s.link(ctx, pool, identity, logins)
		if !errors.Is(err, errMeanwhile) {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("the identities: %w", err)
	}
	return linked, nil
}

// link links in one transaction.
func (s *identities) link(ctx context.Context, pool, identity string, logins []sts.ProviderLogin) (linked string, err error) {
	err = sqldb.InTransaction(ctx, s.db, nil, func(tx *sql.Tx) error {
		owner, missing, err := decide(ctx, tx, pool, identity, logins)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO identitypool_identities (pool_id, identity_id) VALUES ($1, $2)
			ON CONFLICT DO NOTHING`, pool, owner); err != nil {
			return err
		}
		for _, l := range missing {
			result, err := tx.ExecContext(ctx, `INSERT INTO identitypool_logins (pool_id, provider, subject, identity_id)
				VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, pool, l.Provider, l.Subject, owner)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n != 1 {
				return errors.Join(err, errMeanwhile)
			}
		}
		linked = owner
		return nil
	})
	return linked, err
}

// decide returns whose logins are, or are to be, and which of them are not yet.
func decide(ctx context.Context, db querier, pool, identity string, logins []sts.ProviderLogin) (
	owner string, missing []sts.ProviderLogin, err error,
) {
	found := false
	for _, l := range logins {
		var is string
		err := db.QueryRowContext(ctx, `SELECT identity_id FROM identitypool_logins WHERE pool_id = $1 AND provider = $2 AND subject = $3`,
			pool, l.Provider, l.Subject).Scan(&is)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			missing = append(missing, l)
		case err != nil:
			return "", nil, err
		case found && is != owner:
			return "", nil, fmt.Errorf("they are those of several: %w", sts.ErrLoginLinked)
		default:
			owner, found = is, true
		}
	}
	if !found {
		owner = identity
	}
	if len(missing) == 0 {
		return owner, nil, nil
	}
	has, err := loginsOf(ctx, db, pool, owner)
	if err != nil {
		return "", nil, err
	}
	for _, l := range missing {
		if slices.Contains(has, l) { // under READ COMMITTED each query sees what is committed by then
			return "", nil, errMeanwhile
		}
	}
	if !found && len(has) > 0 {
		return "", nil, fmt.Errorf("the identity is somebody else's: %w", sts.ErrLoginLinked)
	}
	for _, l := range missing {
		for _, h := range has {
			if h.Provider == l.Provider {
				return "", nil, fmt.Errorf("the identity has another login of a provider: %w", sts.ErrLoginLinked)
			}
		}
	}
	return owner, missing, nil
}
