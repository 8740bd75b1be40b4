package dbtest_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// TestNothingSecret: neither the database nor its log hold a secret, and errors and texts do not
// (threat 116).
func TestNothingSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ring, _ := newRing(t)
	p := start(t, openSQLite(t, filepath.Join(dir, "db")), ring)
	p.fill(first())
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("canary")) {
			t.Errorf("%s shows a secret", f.Name())
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %+v", p.Directory, p.Directory, p.Directory, first()); strings.Contains(text, "canary") {
		t.Error("a text shows a secret")
	}
}

// TestSealed: a secret opens with the ring alone, and only for its own key and user.
func TestSealed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		db := open()
		start(t, db, ring).fill(first())
		fails := func(what string, p *process) {
			t.Helper()
			_, err := p.Credential(t.Context(), adaKey, "")
			if err == nil || errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
				t.Errorf("%s: %v", what, err)
			}
			if told := p.told(); len(told) == 0 || !strings.Contains(told[0].About, "access key") {
				t.Errorf("%s: told was %v", what, told)
			}
		}
		another, _ := newRing(t)
		fails("another ring", start(t, open(), another))
		if _, err := db.ExecContext(t.Context(), `UPDATE directory_keys SET sealed =
			(SELECT sealed FROM directory_keys WHERE id = 'AKIAIDLEIDLEIDLEIDL1') WHERE id = $1`, adaKey); err != nil {
			t.Fatal(err)
		}
		fails("the secret of another key", start(t, open(), ring))
	})
}

// TestReseal: once secrets are sealed again, the old key of the ring can go.
func TestReseal(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		_, file := newRing(t)
		db := open()
		p := start(t, open(), openRing(t, file))
		p.fill(first())
		p.fill(user("SECONDXXXXXXXXXX"))
		old := openRing(t, file).List()[0].ID
		err := keyring.Update(file, func(keys keyring.Keys) (keyring.Keys, error) {
			return keys.Rotate(time.Now().Add(-30*time.Minute), keyring.Rotation{})
		})
		if err != nil {
			t.Fatal(err)
		}
		p = start(t, open(), openRing(t, file))
		// A process that starts does so by itself, beside its work.
		var left int
		await(t, "all are sealed again", func() bool {
			if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM directory_keys WHERE seal_key = $1`,
				old.String()).Scan(&left); err != nil {
				t.Fatal(err)
			}
			return left == 0
		})
		if n, err := p.Reseal(t.Context()); n != 0 || err != nil {
			t.Errorf("%d sealed once more: %v", n, err)
		}
		if err := keyring.Update(file, func(keys keyring.Keys) (keyring.Keys, error) { return keys.Retire(old) }); err != nil {
			t.Fatal(err)
		}
		again := start(t, open(), openRing(t, file))
		if !again.has(adaKey) || len(again.told()) > 0 {
			t.Errorf("without the old key: %v", again.told())
		}
	})
}

// TestRingBehind: a secret that a process could not open when it read it, since its ring was
// behind, opens once the ring is not.
func TestRingBehind(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		keys := keyring.New(time.Now().Add(-time.Hour))
		rotated, err := keys.Rotate(time.Now().Add(-30*time.Minute), keyring.Rotation{})
		if err != nil {
			t.Fatal(err)
		}
		ringOf := func(keys *keyring.Keys) *keyring.Ring {
			ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return *keys, nil }})
			if err != nil {
				t.Fatal(err)
			}
			return ring
		}
		behind := ringOf(&keys)
		start(t, open(), ringOf(&rotated)).fill(first())
		p := start(t, open(), behind)
		if _, err := p.Credential(t.Context(), adaKey, ""); err == nil || errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
			t.Errorf("without the key that sealed it: %v", err)
		}
		keys = rotated
		if err := behind.Reload(); err != nil {
			t.Fatal(err)
		}
		c, err := p.Credential(t.Context(), adaKey, "")
		if err != nil || c.Secret.Reveal() != secretOf(adaKey).Reveal() {
			t.Errorf("with it: %v", err)
		}
		if told := p.told(); !slices.ContainsFunc(told, func(of directory.Problem) bool {
			return of.Mended &&
				strings.Contains(of.About, adaKey)
		}) {
			t.Errorf("told was %v", told)
		}
	})
}
