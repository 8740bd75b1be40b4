package house_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/wildgate/wildgate/internal/refusals"
)

var holdsRefusals = regexp.MustCompile(`refusals\.Held\(t, "(\w+)",`)

// TestRefusals: the tests that the table of refusals in sigv4auth/CLIENTS.md names exist, and hold
// its rows.
func TestRefusals(t *testing.T) {
	t.Parallel()
	held, exists := map[string]bool{}, map[string]bool{}
	for _, f := range readFiles(t) {
		if !f.test {
			continue
		}
		b, err := os.ReadFile(filepath.Join(root, f.dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range holdsRefusals.FindAllStringSubmatch(string(b), -1) {
			held[m[1]] = true
		}
		testsOf(t, f, func(test, _ string) { exists[test] = true })
	}
	rows := refusals.Rows(t)
	if len(rows) == 0 {
		t.Error("CLIENTS.md lists nothing")
	}
	for test := range rows {
		if !held[test] || !exists[test] {
			t.Errorf("CLIENTS.md names %s; does it exist: %t; does it hold its rows: %t", test, exists[test], held[test])
		}
	}
}
