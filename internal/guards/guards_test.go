package guards_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	long   = flag.Bool("long", false, "take every guard out, and run the test that holds it")
	update = flag.Bool("update", false, "find for every guard a test that holds it, and write that down")
)

// packages are those whose guards are taken out, and the packages whose tests hold them.
var packages = map[string][]string{
	"sigv4auth":                  {"sigv4auth"},
	"sigv4auth/internal/v4":      {"sigv4auth/internal/v4", "sigv4auth"},
	"sigv4auth/internal/chunked": {"sigv4auth/internal/chunked", "sigv4auth"},
}

// TestGuards: every guard is held by a test, which fails when the guard is taken out. Which test that is stands in testdata/guards.txt, so that one
// test is run for a guard and not all. Guards that no test can hold are listed there too, with the reason. Without -long, only the list is checked.
func TestGuards(t *testing.T) {
	root := repository(t)
	held := readRecord(t)
	found := map[string]bool{}
	t.Cleanup(func() {
		for id := range held.by {
			if !found[id] && *update {
				delete(held.by, id)
			} else if !found[id] {
				t.Errorf("%s names a guard that is gone: %s; run this test with -update", recordFile, id)
			}
		}
		if *update {
			held.write(t)
		}
	})
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		overlay, guards := instrument(t, root, dir)
		binaries, refusedIn := map[string]string{}, map[string][]string{}
		if *update || *long {
			for _, tests := range packages[dir] {
				binaries[tests] = build(t, root, overlay, tests)
			}
		}
		if *update {
			for _, tests := range packages[dir] {
				trace(t, root, tests, binaries[tests], refusedIn)
			}
		}
		workers := make(chan struct{}, runtime.GOMAXPROCS(0))
		for _, g := range guards {
			found[g.id] = true
			t.Run(g.id, func(t *testing.T) {
				t.Parallel()
				workers <- struct{}{}
				defer func() { <-workers }()
				holder := held.holder(g.id)
				fails := func(holder string) bool {
					tests, name, _ := strings.Cut(holder, " ")
					failed, _ := run(t, root, tests, binaries[tests], takenVariable+"="+g.id, "^"+regexp.QuoteMeta(name)+"$", 20*time.Second)
					return failed
				}
				switch {
				case strings.HasPrefix(holder, "- "): // excused
				case *update:
					candidates := refusedIn[g.id]
					if holder != "" {
						candidates = append([]string{holder}, candidates...)
					}
					i := slices.IndexFunc(candidates, fails)
					if i < 0 {
						held.set(g.id, "")
						t.Errorf("no test fails without this guard; it refuses in %q", candidates)
						return
					}
					held.set(g.id, candidates[i])
				case holder == "":
					t.Error("no test is known to hold this guard: write one, and run this test with -update")
				case *long && !fails(holder):
					t.Errorf("%s passes without this guard", holder)
				}
			})
		}
	}
}

// instrument returns the overlay with which the package at dir is built so that its guards can be taken out.
func instrument(t *testing.T, root, dir string) (overlay string, all []guard) {
	t.Helper()
	tmp := t.TempDir()
	replace := map[string]string{}
	put := func(name string, text []byte) {
		file := filepath.Join(tmp, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, dir, name)] = file
	}
	for _, name := range goFiles(t, filepath.Join(root, dir)) {
		source := readFile(t, filepath.Join(root, dir, name))
		if guards := findGuards(t, dir, name, source); len(guards) > 0 {
			put(name, takeable(source, guards))
			all = append(all, guards...)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no guards", dir)
	}
	put("guardtaken.go", taken(filepath.Base(dir)))
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(tmp, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay, all
}

// build makes the test binary of a package.
func build(t *testing.T, root, overlay, tests string) string {
	t.Helper()
	binary := filepath.Join(filepath.Dir(overlay), strings.ReplaceAll(tests, "/", "_")+".test")
	cmd := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", overlay, "-o", binary, "./"+tests)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", tests, err, out)
	}
	return binary
}

// run runs tests with the environment env. A test that does not come to an end has failed.
func run(t *testing.T, root, tests, binary, env, pattern string, atMost time.Duration) (failed bool, out string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "-test.run", pattern, "-test.v", "-test.parallel", "1", "-test.timeout", atMost.String())
	cmd.Dir = filepath.Join(root, tests)
	cmd.Env = append(os.Environ(), env, "GOMAXPROCS=1") // as many guards are taken out at a time as there are processors
	text, err := cmd.CombinedOutput()
	if !strings.Contains(string(text), "=== RUN") {
		t.Fatalf("%s has no test %s: %v\n%.2000s", tests, pattern, err, text)
	}
	return err != nil, string(text)
}

// trace runs all tests of a package and adds to refusedIn, for each guard, the tests in which it refuses.
func trace(t *testing.T, root, tests, binary string, refusedIn map[string][]string) {
	t.Helper()
	_, out := run(t, root, tests, binary, traceVariable+"=1", ".", 5*time.Minute)
	test := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if id, ok := strings.CutPrefix(line, traceMark); ok && test != "" {
			if holder := tests + " " + test; !slices.Contains(refusedIn[id], holder) {
				refusedIn[id] = append(refusedIn[id], holder)
			}
		}
		for _, begins := range []string{"=== RUN ", "=== CONT ", "=== NAME "} {
			if name, ok := strings.CutPrefix(line, begins); ok {
				test, _, _ = strings.Cut(strings.TrimSpace(name), "/")
			}
		}
	}
}

func repository(t *testing.T) string {
	t.Helper()
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(wd, "..", "..")
}
