package main_test

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/internal/testneed"
)

// overwrite writes over a file, as cp does: it stays the same file.
func overwrite(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// info returns what is known of the file at path.
func info(t *testing.T, path string) os.FileInfo {
	t.Helper()
	i, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// Threat 249: a backup that is copied over the database leaves it the same file. What is written
// then would be lost all the same. So it is with the log.
func TestACopyOverTheRidesIsNoticed(t *testing.T) {
	t.Parallel()
	keepTime := func(t *testing.T, path string, modified time.Time) {
		t.Helper()
		if err := os.Chtimes(path, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, file string
		// copies writes over the file at path: with backup, which is what it was before, at its
		// size of now, or in any other way.
		copies func(t *testing.T, path, backup string)
	}{
		{"cp of a smaller file", "rides.db", func(t *testing.T, path, backup string) { overwrite(t, path, backup[:len(backup)-4096]) }},
		{"cp of a file of the same size", "rides.db", overwrite},
		{"cp -p of a file of the same size and time", "rides.db", func(t *testing.T, path, backup string) {
			modified := info(t, path).ModTime()
			overwrite(t, path, backup)
			keepTime(t, path, modified)
		}},
		{"an empty file", "rides.db", func(t *testing.T, path, _ string) { overwrite(t, path, "") }},
		{"another time", "rides.db", func(t *testing.T, path, _ string) { keepTime(t, path, time.Now().Add(-time.Hour)) }},
		{"another program of SQLite's, which moves the log", "rides.db", func(t *testing.T, path, _ string) {
			db := openSQLite(t, path)
			if _, err := db.Exec(`PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
				t.Fatal(err)
			}
		}},
		{"an empty log", "rides.db-wal", func(t *testing.T, path, _ string) { overwrite(t, path, "") }},
		{"an older log", "rides.db-wal", func(t *testing.T, path, backup string) { overwrite(t, path, backup) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.name == "another time" && runtime.GOOS == "windows" {
				testneed.Missing(t, "times of modification that are told while a file is open")
			}
			s, _ := spawn(t, filepath.Join(t.TempDir(), "data"))
			path := filepath.Join(s.data, tt.file)
			dispatcher := signer(s.credentials("dispatcher"))
			ask := func(status int) {
				t.Helper()
				s.send(dispatcher.Sign(s.request("POST", "/prod/ride", seattle))).wants(t, status)
			}
			// The log is moved into the file more than once: that is no change of others'.
			for range 250 {
				ask(201)
			}
			backup := readFile(t, path)
			for range 450 {
				ask(201)
			}
			if now := readFile(t, path); now == backup {
				t.Fatal("nothing was written to the file")
			} else if tt.file == "rides.db" {
				backup += now[len(backup):]
			}
			s.send(s.request("GET", "/healthz", "")).wants(t, 200)
			tt.copies(t, path, backup)
			s.send(s.request("GET", "/healthz", "")).wants(t, 503)
			for range 3 {
				ask(503)
				s.send(dispatcher.Sign(s.request("GET", "/prod/rides", ""))).wants(t, 503)
			}
			want := path + " was written to by another program"
			if lines := s.logged(overwritten); len(lines) != 1 || !strings.Contains(lines[0], want) {
				t.Errorf("logged %q", lines)
			}
		})
	}
}

// Threat 249: a copy over the database in the moment in which this program itself writes to it is
// told by the first page.
func TestACopyDuringACheckpointIsNoticed(t *testing.T) {
	s := start(t, t.TempDir())
	s.stop()
	path := filepath.Join(s.data, "rides.db")
	backup := readFile(t, path)
	if err := example.MoveLog(t.Context(), s.data, func() {}); err != nil {
		t.Error(err)
	}
	if err := example.MoveLog(t.Context(), s.data, func() { overwrite(t, path, backup) }); !errors.Is(err, example.ErrNotInPlace) {
		t.Errorf("with a copy: %v", err)
	}
}

// Threat 249: the log of a database that was overwritten is not of what the database is now. It is
// neither written into it when the program stops, nor at the next start.
func TestALogIsNotWrittenIntoACopy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		testneed.Missing(t, "SIGTERM, which Windows does not have")
	}
	for _, idle := range []bool{false, true} {
		name := "noticed by a request"
		if idle {
			name = "noticed at the end"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, cmd := spawn(t, filepath.Join(t.TempDir(), "data"))
			path := filepath.Join(s.data, "rides.db")
			backup := readFile(t, path)
			ride := "/prod/ride/" + s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
			overwrite(t, path, backup)
			if !idle {
				s.call("dispatcher", "GET", ride, "").wants(t, 503)
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if state := ends(t, cmd); state.ExitCode() != 0 {
				t.Errorf("it ended with %v:\n%s", state, s.stderr)
			}
			if len(s.logged(overwritten)) != 1 {
				t.Errorf("not told:\n%s", s.stderr)
			}
			if readFile(t, path) != backup {
				t.Error("the copy was written to")
			}
			// A start by whom the log was not read changes nothing.
			for range 2 {
				_, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", s.data)
				if !strings.Contains(stderr, "rides.db was overwritten while it was served, and rides.db-wal is not of what it holds "+
					"now: restore a backup") ||
					strings.Count(stderr, "\n") != 1 {
					t.Errorf("stderr %q", stderr)
				}
			}
			if readFile(t, path) != backup {
				t.Error("the copy was written to")
			}
			// What it says to do works, and once is enough.
			remove(t, s.data, "rides.db-wal")
			remove(t, s.data, "rides.db-shm")
			for range 2 {
				again := start(t, s.data)
				again.call("dispatcher", "GET", ride, "").wants(t, 404)
				again.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201)
				again.stop()
				if _, err := os.Stat(path + "-overwritten"); err == nil {
					t.Error("the mark is still there")
				}
			}
		})
	}
}

// After a kill the log is read, which the log of the program says: it must not be there beside a
// database that was restored.
func TestALogThatIsReadIsToldOf(t *testing.T) {
	t.Parallel()
	s, _ := spawn(t, filepath.Join(t.TempDir(), "data"))
	if lines := s.logged(logIsRead); len(lines) != 0 {
		t.Errorf("logged %q", lines)
	}
	ride := "/prod/ride/" + s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	s.kill()
	again := start(t, s.data)
	again.call("dispatcher", "GET", ride, "").wants(t, 200)
	if lines := again.logged(logIsRead); len(lines) != 1 || !strings.Contains(lines[0], "rides.db-wal") {
		t.Errorf("logged %q", lines)
	}
}

const logIsRead = `"the program did not end by itself the last time: what it wrote last is taken from the log of the database"`

// A reader that stays is no fault, and keeps the log from being moved. SQLite does not move it by
// itself either, however large it becomes; once the reader has gone it is moved.
func TestALongReaderIsNoFault(t *testing.T) {
	t.Parallel()
	s, _ := spawn(t, filepath.Join(t.TempDir(), "data"))
	path := filepath.Join(s.data, "rides.db")
	dispatcher := signer(s.credentials("dispatcher"))
	ask := func() { t.Helper(); s.send(dispatcher.Sign(s.request("POST", "/prod/ride", seattle))).wants(t, 201) }
	ask()
	reader, err := openSQLite(t, path).BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var rides int
	if err := reader.QueryRow(`SELECT count(*) FROM rides`).Scan(&rides); err != nil || rides != 1 {
		t.Fatalf("%d rides, %v", rides, err)
	}
	const pages = 1000 // of SQLite's own bound, wal_autocheckpoint
	size := info(t, path).Size()
	for asked := 0; info(t, path+"-wal").Size() < 2*pages*4096; asked++ {
		if ask(); asked > 5000 || t.Failed() {
			t.Fatalf("after %d rides the log has %d bytes; the log of the program:\n%s", asked, info(t, path+"-wal").Size(), s.stderr)
		}
	}
	if info(t, path).Size() != size {
		t.Error("the log was moved")
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 250 {
		ask()
	}
	if info(t, path).Size() == size {
		t.Error("the log was not moved")
	}
	s.send(s.request("GET", "/healthz", "")).wants(t, 200)
}

// Reading by other programs is no fault, however they come and go, and the rides are written on.
func TestReadersOfTheRidesAreNoFault(t *testing.T) {
	t.Parallel()
	sqlite3 := testneed.Program(t, "sqlite3")
	s, _ := spawn(t, filepath.Join(t.TempDir(), "data"))
	path := filepath.Join(s.data, "rides.db")
	stop := askForRides(t, s)
	// Until the log was moved more than once.
	for began, rides := time.Now(), 0; rides < 500 && time.Since(began) < 3*patience; {
		for _, command := range []string{".backup " + path + ".bak", "PRAGMA integrity_check", "SELECT count(*) FROM rides"} {
			out, err := exec.CommandContext(t.Context(), sqlite3, path, ".timeout 5000", command).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", command, err, out)
			}
			rides, _ = strconv.Atoi(strings.TrimSpace(string(out)))
		}
	}
	answered := 0
	for _, a := range stop() {
		if a.status != 201 {
			t.Fatalf("status %d; the log:\n%s", a.status, s.stderr)
		}
		answered++
	}
	s.send(s.request("GET", "/healthz", "")).wants(t, 200)
	s.kill()
	openRaw(t, s.data, func(db *sql.DB) {
		var kept int
		if err := db.QueryRow(`SELECT count(*) FROM rides`).Scan(&kept); err != nil || kept != answered || kept < 500 {
			t.Errorf("%d rides were answered, %d are kept, %v", answered, kept, err)
		}
	})
}
