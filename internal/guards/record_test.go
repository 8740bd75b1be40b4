package guards_test

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

const recordFile = "testdata/guards.txt"

// record says which test holds which guard: "package Test", or "- " and the reason why none does.
type record struct {
	mu sync.Mutex
	by map[string]string
}

// readRecord reads the record: a line for each guard, with its holder after a tab.
func readRecord(t *testing.T) *record {
	t.Helper()
	r := &record{by: map[string]string{}}
	text, err := os.ReadFile(recordFile)
	if err != nil && !(*update && os.IsNotExist(err)) {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		id, holder, ok := strings.Cut(lines.Text(), "\t")
		if !ok || r.by[id] != "" {
			t.Fatalf("%s: %q is not a guard and its holder, or stands there twice", recordFile, lines.Text())
		}
		r.by[id] = holder
	}
	return r
}

func (r *record) holder(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.by[id]
}

func (r *record) set(id, holder string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by[id] = holder; holder == "" {
		delete(r.by, id)
	}
}

func (r *record) write(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var b bytes.Buffer
	b.WriteString("# What would be admitted, or answered otherwise, without it => a test that fails then. " +
		"Written by go test ./internal/guards -update;\n" +
		"# a line whose holder begins with a hyphen is kept: it says why no test can hold the guard. " +
		"A condition is made false; behind true: it is made true, and behind nil: no\n" +
		"# error is returned in place of the one that stands there.\n")
	for _, id := range slices.Sorted(maps.Keys(r.by)) {
		fmt.Fprintf(&b, "%s\t%s\n", id, r.by[id])
	}
	if err := os.WriteFile(recordFile, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
