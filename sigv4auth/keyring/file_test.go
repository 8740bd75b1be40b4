package keyring_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

func create(t testing.TB) (path string, k keyring.Keys) {
	t.Helper()
	path, k = filepath.Join(t.TempDir(), "ring"), keyring.New(start)
	if err := keyring.Create(path, k); err != nil {
		t.Fatal(err)
	}
	return path, k
}

// TestCreate: the file has its keys and mode 0600, and what is there already is left as it is.
func TestCreate(t *testing.T) {
	t.Parallel()
	path, k := create(t)
	got, err := keyring.Load(path)
	if err != nil || !bytes.Equal(got.Encode(), k.Encode()) {
		t.Errorf("other keys are read than were written: %v", err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if err := keyring.Create(path, keyring.New(start)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a ring is overwritten: %v", err)
	}
	if got, _ := keyring.Load(path); !bytes.Equal(got.Encode(), k.Encode()) {
		t.Error("a ring was overwritten")
	}
	if err := keyring.Create(filepath.Join(t.TempDir(), "ring"), keyring.Keys{}); err == nil {
		t.Error("a ring without keys is written")
	}
	if err := keyring.Create(filepath.Join(t.TempDir(), "no", "folder"), k); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestModes: a file that others can read is refused, whatever else is right with it.
func TestModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return
	}
	path, _ := create(t)
	for mode, want := range map[fs.FileMode]bool{
		0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o620: false, 0o700: false, 0o644: false,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.Load(path)
		if (err == nil) != want {
			t.Errorf("mode %04o: %v", mode, err)
		}
		if _, err := keyring.Open(keyring.Config{File: path}); (err == nil) != want {
			t.Errorf("mode %04o: a ring: %v", mode, err)
		}
		if err := keyring.Update(path, func(k keyring.Keys) (keyring.Keys, error) { return k, nil }); (err == nil) != want {
			t.Errorf("mode %04o: an update: %v", mode, err)
		}
	}
	if _, err := keyring.Load(filepath.Dir(path)); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("a folder is read: %v", err)
	}
}

// TestUpdate: the file has what the change made, and after one that failed what it had. A link that
// leads to it stays one, and nothing else is left in the folder.
func TestUpdate(t *testing.T) {
	t.Parallel()
	path, k := create(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		link = path // a system without links
	}
	failed := errors.New("no")
	if err := keyring.Update(link, func(keyring.Keys) (keyring.Keys, error) { return keyring.Keys{}, failed }); !errors.Is(err, failed) {
		t.Errorf("an update that failed: %v", err)
	}
	if err := keyring.Update(link, func(keyring.Keys) (keyring.Keys, error) { return keyring.Keys{}, nil }); err == nil {
		t.Error("a ring without keys is written")
	}
	if got, err := keyring.Load(path); err != nil || !bytes.Equal(got.Encode(), k.Encode()) {
		t.Errorf("an update that failed has changed the file: %v", err)
	}
	next := rotate(t, k, start, keyring.Rotation{})
	if err := keyring.Update(link, func(keyring.Keys) (keyring.Keys, error) { return next, nil }); err != nil {
		t.Fatal(err)
	}
	if got, err := keyring.Load(path); err != nil || !bytes.Equal(got.Encode(), next.Encode()) {
		t.Errorf("an update has not changed the file: %v", err)
	}
	if info, err := os.Lstat(link); err != nil || link != path && info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) > 2 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

// TestTwoRotators: of two that rotate at one time one fails, and no rotation that succeeded is
// lost.
func TestTwoRotators(t *testing.T) {
	t.Parallel()
	path, _ := create(t)
	var done atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if keyring.Update(path, func(k keyring.Keys) (keyring.Keys, error) {
				time.Sleep(time.Millisecond)
				return k.Rotate(start, keyring.Rotation{})
			}) == nil {
				done.Add(1)
			}
		})
	}
	wg.Wait()
	k, err := keyring.Load(path)
	if err != nil || len(k.List()) != 1+int(done.Load()) || done.Load() == 0 {
		t.Errorf("after %d rotations there are %d keys: %v", done.Load(), len(k.List()), err)
	}
	err = keyring.Update(path, func(k keyring.Keys) (keyring.Keys, error) {
		inner := keyring.Update(path, func(k keyring.Keys) (keyring.Keys, error) { return k, nil })
		if inner == nil || !strings.Contains(inner.Error(), "another process") {
			t.Errorf("a second update at one time: %v", inner)
		}
		return k, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestRetirementIsSynced: threat 251. Retiring a key, which ends what it sealed, is answered once
// the folder's entry of the new file is on disk. One that may not be on disk yet is an error.
func TestRetirementIsSynced(t *testing.T) {
	t.Parallel()
	path, k := create(t)
	old := k.List()[0].ID
	rotate := func(k keyring.Keys) (keyring.Keys, error) {
		return k.Rotate(start, keyring.Rotation{Delay: time.Minute, Grace: time.Hour})
	}
	if err := keyring.Update(path, rotate); err != nil {
		t.Fatal(err)
	}
	retire := func(k keyring.Keys) (keyring.Keys, error) { return k.Retire(old) }
	fault := errors.New("the disk is on fire")
	var synced []string
	err := keyring.UpdateForTest(path, retire, func(folder string) error {
		synced = append(synced, folder)
		if k, err := keyring.Load(path); err != nil || len(k.List()) != 1 || k.List()[0].ID == old {
			t.Errorf("the folder is synced before the file is renamed into it: %v", err)
		}
		return fault
	})
	if !errors.Is(err, fault) || len(synced) != 1 || synced[0] != filepath.Dir(path) {
		t.Errorf("a retirement that may be lost: %v; synced %q", err, synced)
	}
}

// TestNoFile: who has no ring yet is told how to make one, and an error of a missing file it stays.
func TestNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ring")
	_, err := keyring.Open(keyring.Config{File: path})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "keyring new") {
		t.Errorf("a missing ring is %v", err)
	}
}
