package guards_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// edit puts a text into a file.
type edit struct {
	at    int
	text  string
	ends  bool // it ends what another one begins
	width int  // of what it begins or ends
}

// instrumented returns the source in which every guard can be taken out by its number. The first
// has the number after.
func instrumented(source []byte, guards []guard, after int) []byte {
	var edits []edit
	for i, g := range guards {
		number := func(text string) string { return strings.ReplaceAll(text, "%d", fmt.Sprint(after+i)) }
		edits = append(edits, edit{g.begin, number(g.before), false, g.end - g.begin}, edit{g.end, number(g.after), true, g.end - g.begin})
	}
	slices.SortStableFunc(edits, func(a, b edit) int {
		switch {
		case a.at != b.at:
			return a.at - b.at
		case a.ends != b.ends:
			if a.ends {
				return -1
			}
			return 1
		case a.ends: // the inner one ends first
			return a.width - b.width
		}
		return b.width - a.width
	})
	var b bytes.Buffer
	at := 0
	for _, e := range edits {
		b.Write(source[at:e.at])
		b.WriteString(e.text)
		at = e.at
	}
	b.Write(source[at:])
	return b.Bytes()
}

// instrument makes the overlay with which the packages are built so that each guard can be taken
// out, and returns all of them in the order of their numbers, which begin with 1.
func instrument(t *testing.T, root string, places map[string]place) (overlay string, all []guard) {
	t.Helper()
	tmp := t.TempDir()
	replace := map[string]string{}
	put := func(name string, text []byte) {
		file := filepath.Join(tmp, fmt.Sprint(len(replace))+".go")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, name)] = file
	}
	byFile := removalsByFile(t, places)
	for _, dir := range packages {
		before := len(all)
		for _, name := range goFiles(t, filepath.Join(root, dir)) {
			source := readFile(t, filepath.Join(root, dir, name))
			guards := append(findGuards(t, dir, name, source), byFile[dir+"/"+name]...)
			if len(guards) == 0 {
				continue
			}
			put(dir+"/"+name, instrumented(source, guards, len(all)+1))
			all = append(all, guards...)
			delete(byFile, dir+"/"+name)
		}
		if len(all) == before {
			t.Fatalf("%s has no guards", dir)
		}
	}
	others := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(byFile)) {
		put(name, instrumented(readFile(t, filepath.Join(root, name)), byFile[name], len(all)+1))
		all = append(all, byFile[name]...)
		if dir := filepath.Dir(name); !slices.Contains(packages, dir) {
			others[dir] = true
		}
	}
	for _, dir := range slices.Concat(packages, slices.Sorted(maps.Keys(others))) {
		put(dir+"/guardtaken.go", taken(filepath.Base(dir), len(all)))
	}
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

// noGuards begins the comment of a file that decides nothing: a part of a diagnosis that looks
// for causes, as opposed to those that bound it and hide what is secret.
const noGuards = "\n// guard none: "

// goFiles returns the names of the package's files whose guards are taken out.
func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, n := range names {
		if !strings.HasSuffix(n, "_test.go") && !bytes.Contains(readFile(t, n), []byte(noGuards)) {
			files = append(files, filepath.Base(n))
		}
	}
	return files
}

// taken is the file that is added to a package whose guards can be taken out. It takes out the one
// whose number the environment holds, and can tell of each that would refuse.
func taken(pkg string, count int) []byte {
	return fmt.Appendf(nil, `package %s

import (
	"os"
	"strconv"
	"sync/atomic"
)

var (
	takenGuard, _ = strconv.Atoi(os.Getenv(%q))
	tracedGuards  = os.Getenv(%q)
	guardsSeen    [%d]atomic.Bool
)

func guardTaken(n int) bool {
	if tracedGuards != "" && !guardsSeen[n].Swap(true) {
		f, err := os.OpenFile(tracedGuards, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			panic(err)
		}
		_, _ = f.WriteString(strconv.Itoa(n) + "\n")
		_ = f.Close()
	}
	return takenGuard == n
}

func guardNil[E any](n int, refusal E) E {
	var none E
	if any(refusal) != any(none) && guardTaken(n) {
		return none
	}
	return refusal
}

func guardCase(n int, text string) string {
	if guardTaken(n) {
		return "no such text"
	}
	return text
}

func guardPick[T any](n int, without, with T) T {
	if guardTaken(n) {
		return without
	}
	return with
}
`, pkg, takenVariable, traceVariable, count+1)
}

const (
	takenVariable = "WILDGATE_TAKEN_GUARD"
	traceVariable = "WILDGATE_TRACED_GUARDS"
)

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
