package userpool

import (
	"context"
	"database/sql"
	"time"

	"github.com/wildgate/wildgate/internal/sqldb"
)

// family is a row of userpool_families: a sign-in, and the refresh tokens that come from it. Its
// ID is in refresh tokens alone; origin is the claim origin_jti of the other tokens.
type family struct {
	id, origin, sub, client   string
	epoch                     int64 // the user's, when it began
	generation                int64 // of the refresh token that is good now
	rotated, authAt, expireAt time.Time
}

const familyColumns = `id, origin_jti, sub, client_id, epoch, generation, rotated_ms, auth_ms, expires_ms`

func (s *store) addFamily(ctx context.Context, f *family) error {
	_, err := s.changed(ctx, "a sign-in", `INSERT INTO userpool_families (`+familyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		f.id, f.origin, f.sub, f.client, f.epoch, f.generation, f.rotated.UnixMilli(), f.authAt.UnixMilli(), f.expireAt.UnixMilli())
	return err
}

// family returns the family with an ID, nil if there is none.
func (s *store) family(ctx context.Context, id string) (*family, error) {
	return s.oneFamily(ctx, `id = $1`, id)
}

// familyOf returns the family of an access token, nil if there is none.
func (s *store) familyOf(ctx context.Context, origin string) (*family, error) {
	return s.oneFamily(ctx, `origin_jti = $1`, origin)
}

func (s *store) oneFamily(ctx context.Context, where, value string) (*family, error) {
	var (
		f                   family
		rotated, auth, ends int64
	)
	err := s.db.QueryRowContext(ctx, `SELECT `+familyColumns+` FROM userpool_families WHERE `+where, value).
		Scan(&f.id, &f.origin, &f.sub, &f.client, &f.epoch, &f.generation, &rotated, &auth, &ends)
	if isNone(err) {
		return nil, nil //nolint:nilnil // no family is no error
	}
	f.rotated, f.authAt, f.expireAt = fromMilli(rotated), fromMilli(auth), fromMilli(ends)
	return &f, wrap("a sign-in", err)
}

// rotate makes the next generation of a family's tokens the one that is good, unless that, or
// another one, is already.
func (s *store) rotate(ctx context.Context, f *family, now time.Time) (bool, error) {
	return s.changed(ctx, "a sign-in", `UPDATE userpool_families SET generation = generation + 1, rotated_ms = $1
		WHERE id = $2 AND generation = $3`, now.UnixMilli(), f.id, f.generation)
}

// endFamily ends a family: its refresh tokens, and with them its access tokens.
func (s *store) endFamily(ctx context.Context, id string) error {
	_, err := s.changed(ctx, "a sign-in", `DELETE FROM userpool_families WHERE id = $1`, id)
	return err
}

// changeBut changes a user, as change does but once, and lets one family go on in the new epoch.
func (s *store) changeBut(ctx context.Context, u *user, f *family, now time.Time, do func(*user) error) error {
	changed := u.clone()
	if err := do(changed); err != nil {
		return err
	}
	changed.modified, changed.version = now.UTC(), u.version+1
	return sqldb.InTransaction(ctx, s.db, nil, func(tx *sql.Tx) error {
		ok, err := s.replaceUser(ctx, tx, changed, u.version)
		if err == nil && !ok {
			err = errMeanwhile() // whatever it was, the caller has to show again who it is
		}
		if err != nil {
			return err
		}
		_, err = changedBy(ctx, tx, "a sign-in", `UPDATE userpool_families SET epoch = $1 WHERE id = $2 AND epoch = $3`,
			changed.epoch, f.id, u.epoch)
		return err
	})
}

// answered records that a challenge has been answered, and reports false if it had been before.
func (s *store) answered(ctx context.Context, nonce string, until time.Time) (first bool, err error) {
	return s.changed(ctx, "a challenge", `INSERT INTO userpool_answered (nonce, expires_ms) VALUES ($1, $2) ON CONFLICT (nonce) DO NOTHING`,
		nonce, until.UnixMilli())
}
