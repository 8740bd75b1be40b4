package keyring_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// TestRestoredFile: a file that is put back from a backup, while a ring is in use, does not bring
// back the key that was retired since: the ring keeps what is newer, and reports (threat 111). A
// ring that is made anew in its place, which ends everything, counts at once.
func TestRestoredFile(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	path := filepath.Join(t.TempDir(), "ring")
	if err := keyring.Create(path, keyring.New(start)); err != nil {
		t.Fatal(err)
	}
	var reports []error
	r, err := keyring.Open(keyring.Config{File: path, Now: c.Now, Report: func(err error) { reports = append(reports, err) }})
	if err != nil {
		t.Fatal(err)
	}
	leaked := r.List()[0].ID
	stolen := seal(t, r, "x")
	backup, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c.advance(2 * time.Second)
	}
	update := func(change func(keyring.Keys) (keyring.Keys, error)) {
		t.Helper()
		if err := keyring.Update(path, change); err != nil {
			t.Fatal(err)
		}
		c.advance(2 * time.Second)
	}
	update(func(k keyring.Keys) (keyring.Keys, error) {
		return k.Rotate(c.Now(), keyring.Rotation{Delay: time.Second})
	})
	rotated, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	update(func(k keyring.Keys) (keyring.Keys, error) { return k.Retire(leaked) })
	if err := opening(r, stolen); err != keyring.ErrUnknownKey {
		t.Fatalf("the key was retired: %v", err)
	}
	for name, text := range map[string][]byte{"before the rotation": backup, "after it": rotated} {
		put(text)
		if err := opening(r, stolen); err != keyring.ErrUnknownKey {
			t.Errorf("a backup from %s brings the key back: %v", name, err)
		}
		if n := len(reports); n == 0 || !strings.Contains(reports[n-1].Error(), "older") {
			t.Errorf("a backup from %s: %v", name, reports)
		}
	}
	if err := r.Reload(); err == nil {
		t.Error("an older state is loaded")
	}
	// One who opens it afresh knows of nothing newer, and an operator who then rotates means it.
	update(func(k keyring.Keys) (keyring.Keys, error) { return k.Rotate(c.Now(), keyring.Rotation{}) })
	if err := opening(r, stolen); err != nil || reports[len(reports)-1] != nil {
		t.Errorf("a state that was made from the backup: %v, %v", err, reports[len(reports)-1])
	}
	put(keyring.New(c.Now()).Encode())
	if err := opening(r, stolen); err != keyring.ErrUnknownKey {
		t.Errorf("another ring: %v", err)
	}
	// What was written before there were revisions is none of the older.
	text := string(keyring.New(start).Encode())
	put([]byte(text[:strings.LastIndexByte(text, ' ')] + "\n"))
	other, err := keyring.Open(keyring.Config{File: path, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	put(keyring.New(start).Encode())
	if len(other.List()) != 1 || other.Reload() != nil {
		t.Error("a ring without a revision does not follow its file")
	}
}
