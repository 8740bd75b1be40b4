package userpool

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/wildgate/wildgate/internal/sqldb"
)

// The states of users: UserStatusType in the Cognito user pools API Reference.
const (
	unconfirmed         = "UNCONFIRMED"
	confirmed           = "CONFIRMED"
	forceChangePassword = "FORCE_CHANGE_PASSWORD"
)

// user is a row of userpool_users.
type user struct {
	username, sub, status string
	enabled               bool
	attributes            map[string]string // without sub
	sealed                []byte            // salt and verifier: see sealPassword
	epoch                 int64             // => sign-ins of another epoch are over
	version               int64             // of the row
	passwordExpires       time.Time         // of a temporary password; zero: never
	created, modified     time.Time
}

// endSignIns ends what the user has signed in, wherever it is.
func (u *user) endSignIns() { u.epoch++ }

const userColumns = `username, sub, status, enabled, attributes, sealed, epoch, version, password_expires_ms, created_ms, modified_ms`

func scanUser(scan func(dest ...any) error) (*user, error) {
	var (
		u                           user
		enabled, ends, made, change int64
		attributes, sealed          string
	)
	err := scan(&u.username, &u.sub, &u.status, &enabled, &attributes, &sealed, &u.epoch, &u.version, &ends, &made, &change)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(attributes), &u.attributes); err != nil {
		return nil, errors.New("attributes that are not JSON")
	}
	if u.sealed, err = base64.StdEncoding.DecodeString(sealed); err != nil {
		return nil, errors.New("a verifier that is not base64")
	}
	if u.enabled = enabled != 0; ends != 0 {
		u.passwordExpires = fromMilli(ends)
	}
	u.created, u.modified = fromMilli(made), fromMilli(change)
	return &u, nil
}

// columns returns what the changeable columns of a user hold.
func (u *user) columns() (attributes, sealed, sealKey string, enabled, ends int64, err error) {
	text, err := json.Marshal(u.attributes)
	if err != nil {
		return "", "", "", 0, 0, wrap("attributes", err)
	}
	if u.enabled {
		enabled = 1
	}
	if !u.passwordExpires.IsZero() {
		ends = u.passwordExpires.UnixMilli()
	}
	return string(text), base64.StdEncoding.EncodeToString(u.sealed), sealKeyOf(u.sealed), enabled, ends, nil
}

// addUser keeps a new user, unless the name is taken.
func (s *store) addUser(ctx context.Context, u *user) (bool, error) {
	attributes, sealed, sealKey, enabled, ends, err := u.columns()
	if err != nil {
		return false, err
	}
	return s.changed(ctx, "a user", `INSERT INTO userpool_users (pool_id, seal_key, `+userColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (pool_id, username) DO NOTHING`,
		s.pool, sealKey, u.username, u.sub, u.status, enabled, attributes, sealed, u.epoch, u.version, ends,
		u.created.UnixMilli(), u.modified.UnixMilli())
}

// user returns the user of a name, nil if there is none.
func (s *store) user(ctx context.Context, name string) (*user, error) {
	return s.oneUser(ctx, `username = $2`, name)
}

// userBySub returns the user with a sub, nil if there is none.
func (s *store) userBySub(ctx context.Context, sub string) (*user, error) {
	return s.oneUser(ctx, `sub = $2`, sub)
}

func (s *store) oneUser(ctx context.Context, where, value string) (*user, error) {
	row := s.db.QueryRowContext(ctx, `SELECT `+userColumns+` FROM userpool_users WHERE pool_id = $1 AND `+where, s.pool, value)
	u, err := scanUser(row.Scan)
	if isNone(err) {
		return nil, nil //nolint:nilnil // no user is no error
	}
	return u, wrap("a user", err)
}

// maxChanges is how often a change is tried whose row others change meanwhile.
const maxChanges = 5

// errGone means that a user has been deleted meanwhile.
var errGone = errors.New("userpool: the user is gone")

// change changes a user: whole, and never over a change that it has not seen. It returns the user
// as it is then; errGone if there is none. u itself is not changed.
func (s *store) change(ctx context.Context, u *user, now time.Time, do func(*user) error) (*user, error) {
	for range maxChanges {
		changed := u.clone()
		if err := do(changed); err != nil {
			return nil, err
		}
		changed.modified, changed.version = now.UTC(), u.version+1
		ok, err := s.replaceUser(ctx, s.db, changed, u.version)
		if err != nil {
			return nil, err
		}
		if ok {
			return changed, nil
		}
		if u, err = s.userBySub(ctx, u.sub); err != nil {
			return nil, err
		}
		if u == nil {
			return nil, errGone
		}
	}
	return nil, fmt.Errorf("userpool: store: a user was changed %d times meanwhile", maxChanges)
}

func (s *store) replaceUser(ctx context.Context, db execer, u *user, version int64) (bool, error) {
	attributes, sealed, sealKey, enabled, ends, err := u.columns()
	if err != nil {
		return false, err
	}
	return changedBy(ctx, db, "a user", `UPDATE userpool_users SET status = $1, enabled = $2, attributes = $3, sealed = $4, seal_key = $5,
		epoch = $6, version = $7, password_expires_ms = $8, modified_ms = $9 WHERE pool_id = $10 AND sub = $11 AND version = $12`,
		u.status, enabled, attributes, sealed, sealKey, u.epoch, u.version, ends, u.modified.UnixMilli(), s.pool, u.sub, version)
}

// deleteUser removes a user, with all that is the user's.
func (s *store) deleteUser(ctx context.Context, sub string) error {
	return wrap("delete", sqldb.InTransaction(ctx, s.db, nil, func(tx *sql.Tx) error {
		for _, statement := range []string{
			`DELETE FROM userpool_families WHERE sub = $1`, `DELETE FROM userpool_codes WHERE sub = $1`,
			`DELETE FROM userpool_users WHERE sub = $1`,
		} {
			if _, err := tx.ExecContext(ctx, statement, sub); err != nil {
				return err
			}
		}
		return nil
	}))
}

// users returns up to limit users whose names come after one, in the order of their names.
func (s *store) users(ctx context.Context, after string, limit int) ([]*user, error) {
	return s.manyUsers(ctx, `SELECT `+userColumns+` FROM userpool_users WHERE pool_id = $1 AND username > $2 ORDER BY username LIMIT $3`,
		s.pool, after, limit)
}

// sealedByOthers returns some users whose verifiers another key of the ring has sealed.
func (s *store) sealedByOthers(ctx context.Context, sealKey string, limit int) ([]*user, error) {
	return s.manyUsers(ctx, `SELECT `+userColumns+` FROM userpool_users WHERE pool_id = $1 AND seal_key <> $2 LIMIT $3`,
		s.pool, sealKey, limit)
}

func (s *store) manyUsers(ctx context.Context, query string, args ...any) (all []*user, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrap("users", err)
	}
	defer func() { err = errors.Join(err, wrap("users", rows.Close())) }()
	for rows.Next() {
		u, err := scanUser(rows.Scan)
		if err != nil {
			return nil, wrap("users", err)
		}
		all = append(all, u)
	}
	return all, wrap("users", rows.Err())
}

// countUsers returns how many users there are.
func (s *store) countUsers(ctx context.Context) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM userpool_users WHERE pool_id = $1`, s.pool).Scan(&n)
	return n, wrap("users", err)
}

func (u *user) clone() *user {
	c := *u
	c.attributes = make(map[string]string, len(u.attributes))
	maps.Copy(c.attributes, u.attributes)
	return &c
}

// Format writes the sub, whatever the verb.
func (u *user) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "userpool.user(%s)", u.sub) }
