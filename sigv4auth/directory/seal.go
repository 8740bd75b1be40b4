package directory

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// boundTo binds what is sealed to a key and its user.
func boundTo(k *accessKey) []byte { return []byte(k.id + "\x00" + k.user) }

// seal seals a key's secret.
func (db *database) seal(k *accessKey) ([]byte, error) {
	return db.box.Seal(nil, []byte(k.secret.Reveal()), boundTo(k))
}

// open opens a key's secret. A key whose secret does not open is refused as one whose store fails.
func (l *loader) open(k *accessKey, text string) {
	sealed, err := base64.RawStdEncoding.DecodeString(text)
	var secret []byte
	if err == nil {
		secret, err = l.db.box.Open(nil, sealed, boundTo(k))
	}
	if k.unopened = err; err != nil {
		k.closed = sealed
	}
	k.secret = sigv4auth.NewSecret(string(secret))
	clear(secret)
	l.db.judge("access key "+k.id, "its secret cannot be opened: ", err)
}

// openAgain returns the secret of a key that could not be opened when it was read: the ring may
// have been behind.
func (db *database) openAgain(k *accessKey) (sigv4auth.Secret, error) {
	secret, err := db.box.Open(nil, k.closed, boundTo(k))
	if err != nil {
		return sigv4auth.Secret{}, err
	}
	defer clear(secret)
	db.judge("access key "+k.id, "", nil)
	return sigv4auth.NewSecret(string(secret)), nil
}

// reseal seals again what an older key of the ring has sealed, before that key is gone.
func (db *database) reseal() {
	// It has to end, since what follows the database waits for it.
	ctx, cancel := context.WithTimeout(db.ctx, loadTimeout)
	defer cancel()
	_, err := db.d.Reseal(ctx)
	if db.ctx.Err() == nil {
		db.judge("secrets sealed by an older key of the ring", "they cannot be sealed again: ", err)
	}
}

// Reseal seals the secrets again that another key of the ring has sealed than the one that seals
// now, and returns how many it sealed. Once it has, that other key can be retired. A directory does
// so by itself when it is opened, and every hour; Reseal is for those who cannot wait. A secret
// that does not open stays as it is. It may be called while the directory is used; an error leaves
// some of the secrets as they were.
func (d *Directory) Reseal(ctx context.Context) (n int, err error) {
	if d.db == nil {
		return 0, nil
	}
	const most = 500 // at a time, so that other writers have their turn
	for last := ""; ; {
		ids, err := d.db.sealedOtherwise(ctx, last, most)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		last = ids[len(ids)-1]
		done := 0
		err = d.update(ctx, func(e *edit) error {
			done = 0
			for _, id := range ids {
				old, ok := e.keys.Get(id)
				if !ok || old.unopened != nil {
					continue
				}
				k := *old
				if k.sealed, err = d.db.seal(&k); err != nil {
					return err
				}
				e.putKey(&k)
				done++
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n += done
	}
}

// sealedOtherwise returns access key IDs, in order and after one, whose secrets another key of the
// ring has sealed than the one that seals now.
func (db *database) sealedOtherwise(ctx context.Context, after string, most int) (ids []string, err error) {
	sample, err := db.box.Seal(nil, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	current, _ := keyring.KeyOf(sample)
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	rows, err := db.sql.QueryContext(ctx, `SELECT id FROM directory_keys WHERE seal_key <> $1 AND id > $2 ORDER BY id LIMIT $3`,
		current.String(), after, most)
	if err != nil {
		return nil, unavailable("the keys cannot be asked for", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, unavailable("the keys cannot be asked for", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable("the keys cannot be asked for", err)
	}
	return ids, nil
}
