package guards_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/parser"
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

// instrumented returns the source in which every guard can be taken out by its number. The first has the number after.
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

// instrument makes the overlay with which the packages are built so that each guard can be taken out, and returns all of them in the order of their
// numbers, which begin with 1.
func instrument(t *testing.T, root string) (overlay string, all []guard) {
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
	byFile := removalsByFile(t, root)
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
		others[filepath.Dir(name)] = true
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

// removalsByFile returns the removals as guards, for each file those in it.
func removalsByFile(t *testing.T, root string) map[string][]guard {
	t.Helper()
	byFile := map[string][]guard{}
	for _, r := range removals {
		if strings.HasPrefix(r.holder, sourceTests+" ") {
			continue
		}
		source := readFile(t, filepath.Join(root, r.file))
		if n := bytes.Count(source, []byte(r.old)); n != 1 {
			t.Errorf("%s holds %q %d times, not once: mend the removal for threat %s", r.file, r.old, n, r.threat)
			continue
		}
		g := guard{id: r.id(), begin: bytes.Index(source, []byte(r.old))}
		g.end = g.begin + len(r.old)
		_, notOld := parser.ParseExpr(r.old)
		_, notNew := parser.ParseExpr(r.with)
		switch {
		case r.with == "":
			g.before, g.after = "if !guardTaken(%d) { ", " }"
		case notOld == nil && notNew == nil:
			g.before, g.after = "guardPick(%d, "+r.with+", ", ")"
		default:
			g.before, g.after = "if guardTaken(%d) { "+r.with+" } else { ", " }"
		}
		byFile[r.file] = append(byFile[r.file], g)
	}
	return byFile
}

// undecided are the files that refuse nothing: the parts of a diagnosis that look for causes, as opposed to those that bound it and hide what is secret.
var undecided = map[string]bool{
	"doc.go": true, "diagnose.go": true, "diagnosecandidates.go": true, "diagnosefindings.go": true, "diagnoseheaders.go": true, "diagnosequery.go": true, "diagnosis.go": true,
}

// goFiles returns the names of the package's files whose guards are taken out.
func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, n := range names {
		if n = filepath.Base(n); !strings.HasSuffix(n, "_test.go") && !undecided[n] {
			files = append(files, n)
		}
	}
	return files
}

// taken is the file that is added to a package whose guards can be taken out. It takes out the one whose number the environment holds, and can tell of
// each that would refuse.
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
