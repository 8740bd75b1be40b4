package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// Threat 111: a backup of the database has keys that were deleted since. A start on one is refused,
// unless the operator says that it is meant.
func TestABackupOfTheDirectoryIsNotServedByItself(t *testing.T) {
	sqlite := testneed.Program(t, "sqlite3")
	data := t.TempDir()
	backup := filepath.Join(t.TempDir(), "rides.bak")
	first := start(t, data)
	carol := first.newKey("carol")
	first.attach("carol", standard)
	if out, err := exec.CommandContext(t.Context(), sqlite, filepath.Join(data, "rides.db"), ".timeout 5000",
		".backup '"+backup+"'").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	first.iam("DeleteAccessKey", "UserName", "carol", "AccessKeyId", carol.AccessKeyID).wants(t, 200)
	first.stop()
	write(t, data, "rides.db", readFile(t, backup))
	args := []string{"-addr", "127.0.0.1:0", "-data", data}
	_, stderr := fails(t, 1, args...)
	if !strings.Contains(stderr, "rides.db is a backup from before the last changes") || !strings.Contains(stderr, "-restored") {
		t.Errorf("stderr %q", stderr)
	}
	restored := start(t, data, "-restored")
	if lines := restored.logged(`"users, keys and policies are those of a backup`); len(lines) != 1 {
		t.Errorf("logged %q", lines)
	}
	if got := restored.asks(carol); got != 201 {
		t.Errorf("the key of the backup: %d", got)
	}
	restored.iam("DeleteAccessKey", "UserName", "carol", "AccessKeyId", carol.AccessKeyID).wants(t, 200)
	restored.stop()
	again := start(t, data)
	if got := again.asks(carol); got != 403 {
		t.Errorf("the key that was deleted again: %d", got)
	}
	if lines := again.logged(`"users, keys and policies are those of a backup`); len(lines) != 0 {
		t.Errorf("logged %q", lines)
	}
}

// An empty database in the place of the directory is none: whoever was in it would be locked out,
// and new keys, or those of files that were left, would be good.
func TestADirectoryThatIsLostIsNotMadeAnew(t *testing.T) {
	data := t.TempDir()
	startFiles(t, data).stop()
	start(t, data).stop() // is taken over
	write(t, data, "rides.db", "")
	for _, args := range [][]string{nil, {"-restored"}} {
		_, stderr := fails(t, 1, append([]string{"-addr", "127.0.0.1:0", "-data", data}, args...)...)
		if !strings.Contains(stderr, "rides.db has no users, keys and policies any more") {
			t.Errorf("%v: stderr %q", args, stderr)
		}
	}
	remove(t, data, "directory.revision")
	start(t, data).call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
}

// The revision is noted before an answer, and a file that is none is not taken for one.
func TestTheRevisionFile(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	noted := s.read("directory.revision")
	for range 3 {
		s.newKey("user" + strings.TrimSpace(noted))
		now := s.read("directory.revision")
		if now == noted {
			t.Error("nothing was noted")
		}
		noted = now
	}
	s.iam("ListUsers").wants(t, 200)
	if now := s.read("directory.revision"); now != noted {
		t.Errorf("a question has changed the revision from %s to %s", noted, now)
	}
	s.stop()
	for _, text := range []string{"", "x\n", "-1\n", "0\n"} {
		write(t, data, "directory.revision", text)
		_, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", data)
		if !strings.Contains(stderr, "directory.revision: a number is expected") {
			t.Errorf("%q: %s", text, stderr)
		}
	}
	if err := os.WriteFile(filepath.Join(data, "directory.revision"), []byte(noted), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, data)
}
