package main_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// What the README says of -store files attaches the policy to the newcomer, within a second.
func TestTheReadmesEditsOfFiles(t *testing.T) {
	testneed.Program(t, "sed")
	shell := testneed.Program(t, "sh")
	dir := t.TempDir()
	s := startFiles(t, filepath.Join(dir, "wildgate-data"))
	s.call("newcomer", "POST", "/prod/ride", seattle).wants(t, 403)
	edits := 0
	for line := range strings.Lines(readFile(t, "README.md")) {
		if script, ok := strings.CutPrefix(line, "    sed -i.bak "); ok {
			edits++
			cmd := exec.CommandContext(t.Context(), shell, "-euc", "sed -i.bak "+script)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
	eventually(t, "the policy counts", func() bool { return s.call("newcomer", "POST", "/prod/ride", seattle).status == 201 })
	if n := strings.Count(s.read("principals.json"), `["`+standard+`"]`); edits != 2 || n != 3 { // and the Rider's
		t.Errorf("%d edits, and %d principals have the policy alone", edits, n)
	}
	// There is no IAM: what is signed for it is refused.
	if got := s.iamAs(s.credentials("dispatcher"), "ListUsers"); got.status != 400 && got.status != 403 {
		t.Errorf("%d: %s", got.status, got.body)
	}
}
