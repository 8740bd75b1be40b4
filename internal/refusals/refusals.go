// Package refusals holds the table in sigv4auth/CLIENTS.md of what is refused though unmodified
// clients send it against the tests that show it: neither may have a refusal that the other lacks.
package refusals

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// head is how the table begins.
const head = "| client | what it does | why that is refused | shown by |"

// Held fails unless the table's rows that name test as the one that shows them are exactly those
// that the test has seen: each is "client: what it does", and a row for several clients is one for
// each.
func Held(tb testing.TB, test string, seen []string) {
	tb.Helper()
	listed := Rows(tb)[test]
	for _, row := range listed {
		if !slices.Contains(seen, row) {
			tb.Errorf("CLIENTS.md has %q, and %s has not seen it", row, test)
		}
	}
	for _, row := range seen {
		if !slices.Contains(listed, row) {
			tb.Errorf("%s has seen %q, and CLIENTS.md does not have it", test, row)
		}
	}
}

// Rows returns the table's rows, by the test that shows them.
func Rows(tb testing.TB) map[string][]string {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(testneed.Root(tb), "sigv4auth", "CLIENTS.md"))
	if err != nil {
		tb.Fatal(err)
	}
	_, table, found := strings.Cut(string(b), head+"\n| --- | --- | --- | --- |\n")
	if !found {
		tb.Fatalf("CLIENTS.md has no table that begins %q", head)
	}
	all := map[string][]string{}
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		if len(cells) != 4 {
			tb.Fatalf("a row of the table in CLIENTS.md has %d cells: %s", len(cells), line)
		}
		what, test := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[3])
		for client := range strings.SplitSeq(cells[0], ",") {
			all[test] = append(all[test], strings.TrimSpace(client)+": "+what)
		}
	}
	return all
}
