package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

var start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// runs runs the command at a time, and returns what it prints where the status is the one wanted.
func runs(t *testing.T, now time.Time, status int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := run(args, &stdout, &stderr, now); got != status {
		t.Fatalf("%q: status %d, want %d: %s%s", args, got, status, &stdout, &stderr)
	}
	if status == 0 {
		return stdout.String()
	}
	if stdout.Len() > 0 {
		t.Errorf("%q: a failure prints %q", args, &stdout)
	}
	return stderr.String()
}

func ids(t *testing.T, path string) (all []string) {
	t.Helper()
	keys, err := keyring.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys.List() {
		all = append(all, key.ID.String())
	}
	return all
}

// TestRing: a ring is made, its key is replaced with a delay and a grace period, and retired; what
// the key has sealed opens until then, and not after. Nothing that is printed is a key.
func TestRing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.ring")
	said := runs(t, start, 0, "new", path)
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Fatalf("the file has another mode than 0600: %v, %v", info.Mode(), err)
	}
	first := ids(t, path)[0]
	if said != first+" seals from 2026-11-30T12:00:00Z\n" {
		t.Errorf("a new ring prints %q", said)
	}
	now := start
	ring, err := keyring.Open(keyring.Config{File: path, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	box := ring.For("test 1")
	sealed, err := box.Seal(nil, []byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}

	said += runs(t, start, 0, "rotate", "-delay", "30s", "-grace", "2h", path)
	second := ids(t, path)[1]
	want := first + " seals from 2026-11-30T12:00:00Z, opens until 2026-11-30T14:00:30Z\n" + second + " seals from 2026-11-30T12:00:30Z\n"
	if !strings.HasSuffix(said, want) || runs(t, start, 0, "list", path) != want {
		t.Errorf("after a rotation it says\n%swant\n%s", said, want)
	}
	now = start.Add(time.Minute)
	if _, err := box.Open(nil, sealed, nil); err != nil {
		t.Errorf("what the key before has sealed does not open in the grace period: %v", err)
	}

	said += runs(t, now, 0, "retire", path, first)
	if got := ids(t, path); len(got) != 1 || got[0] != second {
		t.Errorf("after one was retired there are the keys %v", got)
	}
	now = now.Add(2 * time.Second)
	if _, err := box.Open(nil, sealed, nil); err == nil {
		t.Error("what a retired key has sealed opens")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range regexp.MustCompile(`[A-Za-z0-9+/=]{44}`).FindAllString(string(text), -1) {
		if strings.Contains(said, key) {
			t.Error("a key is printed")
		}
	}
}

// TestDefaults: without flags a new key seals after a minute, and the one before opens for 48 hours
// more, which is longer than any session.
func TestDefaults(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.ring")
	runs(t, start, 0, "new", path)
	if said := runs(t, start, 0, "rotate", path); !strings.Contains(said, "opens until 2026-12-02T12:01:00Z\n") ||
		!strings.HasSuffix(said, " seals from 2026-11-30T12:01:00Z\n") {
		t.Errorf("a rotation prints\n%s", said)
	}
}

// TestNothingIsChanged: a mistake is told in words that say what to do, and the file stays as it
// is.
func TestNothingIsChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.ring")
	runs(t, start, 0, "new", path)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	only := ids(t, path)[0]
	for want, args := range map[string][]string{
		"already exists":               {"new", path},
		"rotate first":                 {"retire", path, only},
		"there is no key 00000000":     {"retire", path, "00000000"},
		"eight hexadecimal digits":     {"retire", path, "first"},
		"want keyring retire FILE ID":  {"retire", path},
		"want keyring list FILE":       {"list"},
		"want keyring rotate FILE":     {"rotate", path, "-grace", "1h"},
		"is shorter than 2s":           {"rotate", "-delay", "0s", path},
		"-grace must be positive":      {"rotate", "-grace", "0s", path},
		"flag provided but not define": {"retire", "-grace", "1h", path, only},
		`"make" is no command`:         {"make", path},
		`"" is no command`:             {},
		"keyring new":                  {"rotate", path + "x"},
	} {
		said := runs(t, start, 1, args...)
		if !strings.Contains(said, want) || !strings.HasPrefix(said, "keyring: ") || strings.Contains(said, "keyring: keyring: ") {
			t.Errorf("%q says %q; want %q", args, said, want)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("a failure changed the file: %v", err)
	}
	if said := runs(t, start, 0, "-h"); said != help || runs(t, start, 0, "rotate", "-h") != help {
		t.Errorf("-h prints %q", said)
	}
}
