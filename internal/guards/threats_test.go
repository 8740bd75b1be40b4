package guards_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var threatRow = regexp.MustCompile(`(?m)^\| ([0-9][^ ]*) \| .* \| (.*) \|$`)

// threatRows returns the tests that each row of sigv4auth/THREATS.md names.
func threatRows(t *testing.T, root string) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for _, m := range threatRow.FindAllStringSubmatch(string(readFile(t, filepath.Join(root, "sigv4auth", "THREATS.md"))), -1) {
		rows[m[1]] = strings.Split(m[2], ", ")
	}
	if len(rows) < 100 {
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

// TestThreatsAreHeld: each row of the table of threats names a test that was seen failing without a guard or with a removal. The record says which.
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
	for number, tests := range threatRows(t, repository(t)) {
		if !slices.ContainsFunc(tests, func(name string) bool { return holders[name] || name == "none" }) {
			t.Errorf("threat %s: none of %q holds a guard", number, tests)
		}
	}
}
