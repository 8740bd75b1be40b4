package guards_test

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var (
	long   = flag.Bool("long", false, "take every guard out, and run the test that holds it")
	update = flag.Bool("update", false, "find for every guard a test that holds it, and write that down")
)

// packages are those whose guards are taken out, each in all test binaries at once.
var packages = []string{
	"internal/jsontree", "sigv4auth", "sigv4auth/internal/checksum", "sigv4auth/internal/chunked", "sigv4auth/internal/forwarded",
	"sigv4auth/internal/plain", "sigv4auth/internal/redact",
	"sigv4auth/internal/v4",
}

// holdersOf are the packages whose tests hold the guards of a package.
func holdersOf(dir string) []string {
	if dir == "sigv4auth" || dir == "internal/jsontree" {
		return []string{dir}
	}
	return []string{dir, "sigv4auth"}
}

// TestGuards: every guard is held by a test, which passes, and fails when the guard is taken out.
// Which test that is stands in testdata/guards.txt, so that one test is run for a guard and not
// all, and for a removal with the removal. Guards that no test can hold are listed there too, with
// the reason. Without -long, only the list is checked. -run 'TestGuards/sigv4auth_checkTime' takes
// those of one function out.
func TestGuards(t *testing.T) {
	root := repository(t)
	held := readRecord(t)
	places := markedPlaces(t, root)
	overlay, guards := instrument(t, root, places)
	found, ofSource := map[string]bool{}, map[string]removal{}
	for _, r := range removals {
		held.by[r.id()] = r.holder
		if strings.HasPrefix(r.holder, sourceTests+" ") {
			guards, ofSource[r.id()] = append(guards, guard{id: r.id()}), r
		}
	}
	for _, g := range guards {
		found[g.id] = true
	}
	t.Cleanup(func() {
		for id := range held.by {
			if !found[id] && *update {
				delete(held.by, id)
			} else if !found[id] {
				t.Errorf("%s names a guard that is gone: %s; run this test with -update", recordFile, id)
			}
		}
		for _, r := range removals {
			delete(held.by, r.id())
		}
		if *update {
			held.write(t)
		}
	})
	s := newSuite(root, overlay, threatTests(t, root))
	workers := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, g := range guards {
		t.Run(g.id, func(t *testing.T) {
			t.Parallel()
			workers <- struct{}{}
			defer func() { <-workers }()
			number, holder := i+1, held.holder(g.id)
			fails := func() bool {
				if r, ok := ofSource[g.id]; ok {
					return s.sourceFails(t, r, places[r.mark])
				}
				return s.fails(t, number, holder)
			}
			switch {
			case strings.HasPrefix(holder, "- "): // excused
			case holder == "" && !*update:
				t.Error("no test is known to hold this guard: write one, and run this test with -update")
			case !*long && !*update:
			case holder != "" && s.passes(t, holder) && fails():
			case *update && !isRemoval(g.id):
				holder, candidates := s.find(t, number, strings.Fields(g.id)[0])
				if held.set(g.id, holder); holder == "" {
					t.Errorf("no test fails without this guard; it refuses in %q", candidates)
				}
			case !s.passes(t, holder):
				t.Errorf("%s does not pass with nothing taken out", holder)
			default:
				t.Errorf("%q passes without this guard", holder)
			}
		})
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
