package main_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/internal/testneed"
)

const inUse = ": it is in use by another program that is running: stop that one, or choose another folder with -data\n"

// refused runs the program on a folder that another one has.
func refused(t *testing.T, data string) {
	t.Helper()
	stdout, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", data)
	if want := "example: cannot use the data folder " + data + inUse; stdout != "" || stderr != want {
		t.Errorf("stdout %q, stderr %q, want %q", stdout, stderr, want)
	}
}

// Threat 249: a data folder is that of one running program: a second one changes nothing in it, and
// says why it ends. Once the first has ended, in whatever way, another one starts.
func TestADataFolderIsOfOneProgram(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := start(t, data)
	ride := "/prod/ride/" + first.call("rider", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	before, database := contents(t, data), readFile(t, filepath.Join(data, "rides.db"))
	for range 2 {
		refused(t, data)
		// By another name it is the same folder.
		if link := data + ".link"; os.Symlink(data, link) == nil {
			refused(t, link)
			_ = os.Remove(link)
		}
	}
	if diff := cmp.Diff(before, contents(t, data)); diff != "" {
		t.Errorf("the folder was changed: %s", diff)
	}
	if readFile(t, filepath.Join(data, "rides.db")) != database {
		t.Error("the rides were changed")
	}
	first.call("rider", "GET", ride, "").wants(t, 200) // with the credentials of the env file
	first.stop()

	killed, _ := spawn(t, data)
	refused(t, data)
	killed.call("rider", "GET", ride, "").wants(t, 200)
	killed.kill()
	last := start(t, data)
	last.call("rider", "GET", ride, "").wants(t, 200)
	// A start that fails gives the folder back, too.
	last.stop()
	fails(t, 1, "-addr", "127.0.0.1:0", "-data", data, "-region", "eu-west-1")
	start(t, data).call("rider", "GET", ride, "").wants(t, 200)
}

// Of several first starts at once one serves. The others end, and the folder is as if they had not
// been.
func TestOfTwoFirstStartsAtOnceOneServes(t *testing.T) {
	for range 5 {
		data := filepath.Join(t.TempDir(), "data")
		const starts = 4
		outs, errs := make([]output, starts), make([]output, starts)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		status := make(chan int, starts)
		for i := range starts {
			go func() {
				status <- example.Run(ctx, []string{"-addr", "127.0.0.1:0", "-data", data}, &outs[i], &errs[i])
			}()
		}
		for range starts - 1 {
			select {
			case got := <-status:
				if got != 1 {
					t.Errorf("exit status %d, want 1", got)
				}
			case <-time.After(patience):
				t.Fatal("more than one serves")
			}
		}
		var serves *site
		eventually(t, "one serves", func() bool {
			for i := range starts {
				if endpointIn(outs[i].String()) != "" {
					serves = &site{t: t, data: data, stdout: &outs[i], stderr: &errs[i], endpoint: endpointIn(outs[i].String())}
				}
			}
			return serves != nil
		})
		for i := range starts {
			if &outs[i] != serves.stdout && (outs[i].String() != "" || errs[i].String() != "example: cannot use the data folder "+data+
				inUse) {
				t.Errorf("stdout %q, stderr %q", outs[i].String(), errs[i].String())
			}
		}
		// The credentials are whole, and those of the one that serves.
		serves.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
		ride := "/prod/ride/" + serves.call("rider", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
		for name := range contents(t, data) {
			if strings.HasPrefix(filepath.Base(name), ".new-") {
				t.Errorf("%s was left", name)
			}
		}
		stop()
		if got := <-status; got != 0 {
			t.Errorf("exit status %d", got)
		}
		again := start(t, data)
		again.call("rider", "GET", ride, "").wants(t, 200)
		again.stop()
	}
}

// Processes of their own do not share the folder either.
func TestOfTwoProcessesAtOnceOneServes(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	var sites [3]*site
	var started sync.WaitGroup
	for i := range sites {
		started.Go(func() { sites[i], _ = launch(t, path, data) })
	}
	started.Wait()
	serving := 0
	for _, s := range sites {
		switch {
		case endpointIn(s.stdout.String()) != "":
			serving++
			s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
			s.call("newcomer", "POST", "/prod/ride", seattle).wants(t, 403)
		case s.stderr.String() != "example: cannot use the data folder "+data+inUse:
			t.Errorf("stderr %q", s.stderr)
		}
	}
	if serving != 1 {
		t.Errorf("%d serve", serving)
	}
}

// A folder whose lock cannot be taken for another reason is not used, and nothing in it is made. A
// device has one lock for all folders, and the opening of a pipe never ends.
func TestAFolderThatCannotBeLocked(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"a device": func(path string) error { return os.Symlink(os.DevNull, path) },
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			if err := put(filepath.Join(data, "wildgate.lock")); err != nil {
				testneed.Missing(t, "the right to make "+name+" or a link to it")
			}
			stdout, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", data)
			if stdout != "" || !strings.HasPrefix(stderr, "example: cannot use the data folder "+data+": it cannot be locked: ") ||
				strings.Count(stderr, "\n") != 1 {
				t.Errorf("stdout %q, stderr %q", stdout, stderr)
			}
			if entries, err := os.ReadDir(data); err != nil || len(entries) != 1 {
				t.Errorf("%v, %v", entries, err)
			}
		})
	}
}
