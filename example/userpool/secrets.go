package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/wildgate/wildgate/example/userpool/internal/srp"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// boxes seal for the pool, each for one purpose.
type boxes struct {
	password  *keyring.Box // users' salts and verifiers
	secret    *keyring.Box // userpool_secrets
	challenge *keyring.Box // SECRET_BLOCK
	session   *keyring.Box // Session
}

func newBoxes(ring *keyring.Ring) boxes {
	return boxes{
		password: ring.For("wildgate/userpool password 1"), secret: ring.For("wildgate/userpool secret 1"),
		challenge: ring.For("wildgate/userpool challenge 1"), session: ring.For("wildgate/userpool session 1"),
	}
}

// sealKeyOf returns the column seal_key of what is sealed.
func sealKeyOf(sealed []byte) string {
	id, ok := keyring.KeyOf(sealed)
	if !ok {
		return ""
	}
	return id.String()
}

// rootSize is the length of the secret that the pool's others are derived from.
const rootSize = 32

// rootName is its name in userpool_secrets.
const rootName = "root"

// secrets are what the pool keeps for itself. They never change: what they make is in the hands of
// users, and in the database.
type secrets struct {
	decoy   []byte // what is said of users who do not exist
	refresh []byte // authenticates refresh tokens
	name    []byte // names in tries
	code    []byte // codes in the database
}

func newSecrets(root []byte) *secrets {
	derive := func(what string) []byte { return mac(root, what) }
	return &secrets{decoy: derive("decoy"), refresh: derive("refresh token"), name: derive("name"), code: derive("code")}
}

// Format writes what it is, whatever the verb.
func (*secrets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("userpool.secrets")) }

// mac returns HMAC-SHA256 of texts, each with its length in front, so that no two lists are one.
func mac(key []byte, texts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, t := range texts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(t)))
		_, _ = h.Write(size[:])
		_, _ = h.Write([]byte(t))
	}
	return h.Sum(nil)
}

// nameKey returns what a user's name is kept as where it need not be known.
func (s *secrets) nameKey(what, name string) string {
	return base64.RawURLEncoding.EncodeToString(mac(s.name, what, name))
}

// decoyPassword returns a salt and a verifier for a name that no user has: always the same, as a
// user's are, and no password fits.
func (s *secrets) decoyPassword(name string) (salt, verifier []byte) {
	salt = mac(s.decoy, "salt", name)[:srp.SaltSize]
	seed := make([]byte, 0, srp.Size)
	for i := 0; len(seed) < srp.Size; i++ {
		seed = append(seed, mac(s.decoy, "verifier", name, string(rune('a'+i)))...)
	}
	return salt, srp.Decoy(seed)
}

// loadSecrets returns the pool's secrets, and makes them at the first start. Of processes that
// start together one makes them.
func (p *Pool) loadSecrets(ctx context.Context) (*secrets, error) {
	for range 2 {
		row, err := p.store.secret(ctx, rootName)
		if err != nil {
			return nil, err
		}
		if row != nil {
			root, err := p.openSecret(row)
			if err != nil {
				return nil, err
			}
			return newSecrets(root), nil
		}
		root := make([]byte, rootSize)
		_, _ = rand.Read(root) // never fails
		if err := p.addSecret(ctx, rootName, root, p.now()); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("userpool: the pool's secrets were removed while they were made")
}

// secretRow is a row of userpool_secrets.
type secretRow struct {
	name   string
	sealed []byte
	from   time.Time
}

func (p *Pool) addSecret(ctx context.Context, name string, plain []byte, from time.Time) error {
	sealed, err := p.boxes.secret.Seal(nil, plain, p.additional(name))
	if err != nil {
		return fmt.Errorf("userpool: a secret: %w", err)
	}
	return p.store.addSecret(ctx, &secretRow{name, sealed, from})
}

func (p *Pool) openSecret(row *secretRow) ([]byte, error) {
	plain, err := p.boxes.secret.Open(nil, row.sealed, p.additional(row.name))
	if err != nil {
		return nil, fmt.Errorf("userpool: the secret %q of the pool does not open; without the ring that sealed it nobody can sign in: %w",
			row.name, err)
	}
	return plain, nil
}

// additional binds what is sealed to the pool, and to its place in it.
func (p *Pool) additional(place string) []byte { return []byte(p.cfg.ID + "\x00" + place) }

// addSecret keeps a secret, unless there is one of the name.
func (s *store) addSecret(ctx context.Context, row *secretRow) error {
	_, err := s.changed(ctx, "a secret", `INSERT INTO userpool_secrets (pool_id, name, sealed, seal_key, from_ms)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (pool_id, name) DO NOTHING`,
		s.pool, row.name, base64.StdEncoding.EncodeToString(row.sealed), sealKeyOf(row.sealed), row.from.UnixMilli())
	return err
}

// secret returns a secret, nil if there is none.
func (s *store) secret(ctx context.Context, name string) (*secretRow, error) {
	all, err := s.secrets(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range all {
		if row.name == name {
			return row, nil
		}
	}
	return nil, nil //nolint:nilnil // none is no error
}

// secrets returns all secrets, which are few.
func (s *store) secrets(ctx context.Context) (all []*secretRow, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT name, sealed, from_ms FROM userpool_secrets
		WHERE pool_id = $1 ORDER BY from_ms, name`, s.pool)
	if err != nil {
		return nil, wrap("secrets", err)
	}
	defer func() { err = errors.Join(err, wrap("secrets", rows.Close())) }()
	for rows.Next() {
		var (
			row    secretRow
			sealed string
			from   int64
		)
		if err := rows.Scan(&row.name, &sealed, &from); err != nil {
			return nil, wrap("secrets", err)
		}
		if row.sealed, err = base64.StdEncoding.DecodeString(sealed); err != nil {
			return nil, wrap("secrets", errors.New("one that is not base64"))
		}
		row.from = fromMilli(from)
		all = append(all, &row)
	}
	return all, wrap("secrets", rows.Err())
}

// replaceSealed replaces what is sealed of a secret by the same, sealed anew.
func (s *store) replaceSealed(ctx context.Context, row *secretRow, sealed []byte) error {
	_, err := s.changed(ctx, "a secret", `UPDATE userpool_secrets SET sealed = $1, seal_key = $2
		WHERE pool_id = $3 AND name = $4 AND sealed = $5`,
		base64.StdEncoding.EncodeToString(sealed), sealKeyOf(sealed), s.pool, row.name, base64.StdEncoding.EncodeToString(row.sealed))
	return err
}

func (s *store) removeSecret(ctx context.Context, name string) error {
	_, err := s.changed(ctx, "a secret", `DELETE FROM userpool_secrets WHERE pool_id = $1 AND name = $2`, s.pool, name)
	return err
}
