package directory

import (
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// newKey returns an active access key of a user, with its secret sealed if there is a database.
func (d *Directory) newKey(id string, secret sigv4auth.Secret, of *user, now time.Time) (*accessKey, error) {
	k := &accessKey{id: id, user: of.id, active: true, created: now, secret: secret, used: new(lastUse)}
	if d.db == nil {
		return k, nil
	}
	var err error
	k.sealed, err = d.db.seal(k)
	return k, err
}
