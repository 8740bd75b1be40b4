package dbtest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The environment by which this program knows that it is to write until it is killed.
const (
	killedFile = "WILDGATE_TEST_KILLED_DB"
	killedRing = "WILDGATE_TEST_KILLED_RING"
	killedName = "WILDGATE_TEST_KILLED_NAME"
)

// TestKilledWriter is not a test but the process that TestKilled kills: it says which users it has
// made, each once it has been told that it has.
func TestKilledWriter(t *testing.T) {
	path := os.Getenv(killedFile)
	if path == "" {
		t.Skip("it is a part of TestKilled")
	}
	p := start(t, openSQLite(t, path), openRing(t, os.Getenv(killedRing)))
	for n := 0; ; n++ {
		name := fmt.Sprintf("%sX%06dX", os.Getenv(killedName), n)
		made := user(name)
		made.Users[0].Groups, made.Users[0].Attached = []string{iamARN + "group/fleet"}, []string{ridesARN}
		p.fill(made)
		fmt.Println(name)
	}
}

// TestKilled: whenever a process that writes is killed, all that it has been told to be made is
// there, and of the rest nothing is there by half.
func TestKilled(t *testing.T) {
	t.Parallel()
	ring, ringFile := newRing(t)
	path := filepath.Join(t.TempDir(), "db")
	p := start(t, openSQLite(t, path), ring)
	p.fill(boss())
	p.fill(first())
	here := endpointOf(t, p)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 6 {
		writer := exec.CommandContext(t.Context(), self, "-test.run=^TestKilledWriter$", "-test.v")
		writer.Env = append(os.Environ(), killedFile+"="+path, killedRing+"="+ringFile, fmt.Sprintf("%s=KILL%04d", killedName, round))
		out, err := writer.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		var made []string
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var of, n int
			if _, err := fmt.Sscanf(lines.Text(), "KILL%04dX%06dX", &of, &n); err != nil {
				continue
			}
			made = append(made, lines.Text())
			if len(made) == 3+5*round { // what it is about by then differs; what it has said since is read
				if err := writer.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = writer.Wait() // it was killed
		if len(made) < 3+5*round {
			t.Fatalf("it said %q", made)
		}
		p.refresh()
		for _, name := range made {
			if !p.has("AKIA" + name) {
				t.Errorf("round %d: %s was made, and is not there", round, name)
			}
		}
		if more := fmt.Sprintf("KILL%04dX%06dX", round, len(made)+1); p.has("AKIA" + more) {
			t.Errorf("round %d: there is %s, and nobody had been told of the one before", round, more)
		}
		fresh := start(t, openSQLite(t, path), ring)
		if diff := cmp.Diff(whole(t, endpointOf(t, fresh)), whole(t, here)); diff != "" {
			t.Errorf("round %d (-just started +it):\n%s", round, diff)
		}
		if err := fresh.Close(); err != nil {
			t.Error(err)
		}
	}
}
