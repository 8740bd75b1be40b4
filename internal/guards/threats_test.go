package guards_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	threatRow  = regexp.MustCompile(`(?m)^\| ([0-9][^ ]*) \| .* \| (.*) \|$`)
	testOfFile = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w*)\(`)
)

// threatRows returns the tests that each row of THREATS.md names; what a row says is not built is
// left out, as internal/house reads it.
func threatRows(t *testing.T, root string) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for _, m := range threatRow.FindAllStringSubmatch(string(readFile(t, filepath.Join(root, "THREATS.md"))), -1) {
		tests, _, _ := strings.Cut(m[2], "; not built: ")
		rows[m[1]] = nil
		if !strings.Contains(tests, ": ") { // none, or not built
			rows[m[1]] = strings.Split(tests, ", ")
		}
	}
	if len(rows) < 200 {
		t.Fatalf("the table of threats has %d rows", len(rows))
	}
	return rows
}

func threatTests(t *testing.T, root string) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	for _, names := range threatRows(t, root) {
		for _, name := range names {
			tests[name] = true
		}
	}
	return tests
}

// guarding returns the tests of the packages whose guards are taken out, and of the one that reads
// the source.
func guarding(t *testing.T, root string) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	for _, dir := range append(slices.Clone(packages), sourceTests) {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no tests: %v", dir, err)
		}
		for _, file := range files {
			for _, m := range testOfFile.FindAllStringSubmatch(string(readFile(t, file)), -1) {
				tests[m[1]] = true
			}
		}
	}
	return tests
}

// TestThreatsAreHeld: each row of the table of threats that names a test of a package whose guards
// are taken out names one that was seen failing without a guard or with a removal. The record says
// which. Rows that other packages hold alone are not its: no guard of theirs is taken out.
func TestThreatsAreHeld(t *testing.T) {
	holders := map[string]bool{}
	for _, holder := range readRecord(t).by {
		_, name, _ := strings.Cut(holder, " ")
		holders[name] = true
	}
	for _, r := range removals {
		_, name, _ := strings.Cut(r.holder, " ")
		holders[name] = true
	}
	checked, guarding := 0, guarding(t, repository(t))
	for number, tests := range threatRows(t, repository(t)) {
		if !slices.ContainsFunc(tests, func(name string) bool { return guarding[name] }) {
			continue
		}
		if checked++; !slices.ContainsFunc(tests, func(name string) bool { return holders[name] }) {
			t.Errorf("threat %s: none of %q holds a guard", number, tests)
		}
	}
	if checked < 150 {
		t.Errorf("only %d rows name a test of %q", checked, packages)
	}
	t.Logf("%d rows", checked)
}
