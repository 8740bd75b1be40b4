package main_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/internal/testneed"
)

const notInPlace = `"no rides are served: what is written now would be lost; move that very file back (a copy of it is another file), ` +
	`or stop the program, restore a backup, with no -wal and no -shm file beside it, and start it again"`

const (
	overwritten = `"no rides are served: the database is not what this program wrote; stop the program, ` +
		`restore a backup, with no -wal and no -shm file beside it, and start it again"`
	folderUnlocked = `"no rides are served: another program could take the data folder; move that very file back, or start this one again"`
)

// Threat 249: while a file of the database is not in its place nothing succeeds, which one line
// of the log says; once it is back, all is well.
func TestRidesOutOfPlaceAreNotServed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		testneed.Missing(t, "files that can be removed while they are open")
	}
	move := func(t *testing.T, from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"rides.db", "rides.db-wal", "rides.db-shm", "wildgate.lock", "the folder"} {
		for _, replaced := range []bool{false, true} {
			name := file + " removed"
			if replaced {
				name = file + " replaced"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := start(t, filepath.Join(t.TempDir(), "data"))
				ride := "/prod/ride/" + s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
				dispatcher := signer(s.credentials("dispatcher"))
				call := func(method, path, body string) answer {
					t.Helper()
					return s.send(dispatcher.Sign(s.request(method, path, body)))
				}
				path := filepath.Join(s.data, file)
				if file == "the folder" {
					path = s.data
				}
				move(t, path, path+".away")
				switch {
				case replaced && path == s.data:
					if err := os.CopyFS(path, os.DirFS(path+".away")); err != nil {
						t.Fatal(err)
					}
				case replaced:
					content := readFile(t, path+".away")
					write(t, filepath.Dir(path), filepath.Base(path), content)
				}
				for range 3 {
					call("POST", "/prod/ride", seattle).wants(t, 503)
					call("GET", ride, "").wants(t, 503)
					call("DELETE", ride, "").wants(t, 503)
					call("GET", "/prod/rides", "").wants(t, 503)
					call("GET", "/healthz", "").wants(t, 503)
				}
				message := notInPlace
				if file == "wildgate.lock" {
					message = folderUnlocked
				}
				if lines := s.logged(message); len(lines) != 1 || !strings.Contains(lines[0], path) {
					t.Errorf("logged %q", lines)
				}
				if lines := append(s.logged(`"the request failed"`), s.logged(`"the database cannot be read"`)...); len(lines) != 0 {
					t.Errorf("logged for each request: %q", lines)
				}
				if replaced {
					if err := os.RemoveAll(path); err != nil {
						t.Fatal(err)
					}
				}
				move(t, path+".away", path)
				call("GET", "/healthz", "").wants(t, 200)
				call("GET", ride, "").wants(t, 200)
				call("POST", "/prod/ride", seattle).wants(t, 201)
				if lines := s.logged(`"the database of the rides is in its place again"`); len(lines) != 1 {
					t.Errorf("logged %q", lines)
				}
			})
		}
	}
}

// Threat 249: the file may go between the look before a change and the change.
func TestARideIsLookedForAfterItIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rides.db")
	write(t, filepath.Dir(path), "rides.db", "")
	write(t, filepath.Dir(path), "rides.db-wal", "a log")
	if err := example.ChangeRides(path, func() error { overwrite(t, path+"-wal", "a longer log"); return nil }); err != nil {
		t.Error(err)
	}
	broken := errors.New("broken")
	if err := example.ChangeRides(path, func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	for _, name := range []string{path, path + "-wal"} {
		if err := example.ChangeRides(path, func() error { overwrite(t, name, "another"); return broken }); !errors.Is(err,
			example.ErrNotInPlace) {
			t.Errorf("a change while %s was overwritten: %v", name, err)
		}
	}
	if err := example.ChangeRides(path, func() error { return os.Remove(path) }); !errors.Is(err, example.ErrNotInPlace) {
		t.Errorf("a change whose file went meanwhile: %v", err)
	}
}

// Threat 249: a further connection of the pool opens the same file, or none.
func TestFurtherConnectionsOpenTheSameFile(t *testing.T) {
	s := start(t, t.TempDir())
	s.stop()
	db, _, closeIt, err := example.OpenRides(t.Context(), s.data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closeIt() }()
	path := filepath.Join(s.data, "rides.db")
	if err := os.Rename(path, path+".away"); err != nil {
		testneed.Missing(t, "a system on which an open file can be renamed")
	}
	write(t, s.data, "rides.db", readFile(t, path+".away"))
	refused := 0
	for range 8 {
		conn, err := db.Conn(t.Context())
		if errors.Is(err, example.ErrNotInPlace) {
			refused++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() // one that was open before
	}
	if refused == 0 {
		t.Error("no connection was refused")
	}
}

// Threat 249: a database that is gone is told of, and no empty one put in its place.
func TestALostDatabaseIsNotMadeAnew(t *testing.T) {
	lost := start(t, t.TempDir())
	lost.stop()
	remove(t, lost.data, "rides.db")
	_, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", lost.data)
	if !strings.HasSuffix(stderr, " and no rides.db-shm beside it\n") { // nobody would be known
		t.Errorf("stderr %q", stderr)
	}

	s := startFiles(t, t.TempDir())
	s.stop()
	path := filepath.Join(s.data, "rides.db")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, stderr = fails(t, 1, "-addr", "127.0.0.1:0", "-data", s.data, "-store", "files")
	if !strings.Contains(stderr, "rides.db is missing: restore it from a backup") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("stderr %q", stderr)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it was made")
	}
	// What it says to do works.
	_, command, _ := strings.Cut(strings.TrimSpace(stderr), "an empty file: ")
	if runtime.GOOS != "windows" {
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		again := startFiles(t, s.data)
		again.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
}

// The ways to back up and to restore that the README tells.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	testneed.Program(t, "sqlite3")
	shell := testneed.Program(t, "sh")
	for name, backup := range map[string]string{
		"while it runs, .backup":     `sqlite3 "$DATA/rides.db" ".timeout 5000" ".backup '$BACKUP'"`,
		"while it runs, VACUUM INTO": `sqlite3 "$DATA/rides.db" ".timeout 5000" "VACUUM INTO '$BACKUP'"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, t.TempDir())
			copyTo := filepath.Join(t.TempDir(), "backup.db")
			run := func(script string) {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), shell, "-euc", script)
				cmd.Env = append(os.Environ(), "DATA="+s.data, "BACKUP="+copyTo)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", script, err, out)
				}
			}
			kept := "/prod/ride/" + s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
			run(backup)
			later := "/prod/ride/" + s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
			s.call("dispatcher", "GET", "/healthz", "").wants(t, 200)
			s.stop()
			run(`rm -f "$DATA/rides.db-wal" "$DATA/rides.db-shm" && install -m 600 "$BACKUP" "$DATA/rides.db"`)
			again := start(t, s.data)
			again.call("dispatcher", "GET", kept, "").wants(t, 200)
			again.call("dispatcher", "GET", later, "").wants(t, 404)
			again.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201)
		})
	}
	t.Run("stopped, a copy", func(t *testing.T) {
		t.Parallel()
		s := start(t, t.TempDir())
		kept := "/prod/ride/" + s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
		s.stop()
		moved := filepath.Join(t.TempDir(), "moved")
		if out, err := exec.CommandContext(t.Context(), "cp", "-pR", s.data, moved).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		start(t, moved, "-ring", s.data+".ring").call("dispatcher", "GET", kept, "").wants(t, 200)
	})
}

// openRaw opens the database of a data folder of a program that does not run.
func openRaw(t *testing.T, data string, do func(db *sql.DB)) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "rides.db"))
	if err != nil {
		t.Fatal(err)
	}
	do(db)
	if _, err := db.ExecContext(context.Background(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
