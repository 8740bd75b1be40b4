package house_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	uses   = regexp.MustCompile(`(?m)^\s*-? ?uses: (.*)$`)
	pinned = regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
)

// TestWorkflow: CI runs what anybody can run, ./check and .ci/run, with permission to read alone
// and with actions that nobody can replace; and what others propose never reaches a machine of the
// project's own.
func TestWorkflow(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root, ".github", "workflows", "ci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	workflow := string(b)
	reads := strings.Contains(workflow, "\npermissions:\n  contents: read\n\n")
	if !reads || strings.Count(workflow, "permissions:") != 1 || strings.Contains(workflow, "secrets.") {
		t.Error("the workflow may do more than read")
	}
	actions := uses.FindAllStringSubmatch(workflow, -1)
	for _, m := range actions {
		if !pinned.MatchString(m[1]) {
			t.Errorf("%s is not pinned by a commit, with its version behind it", m[1])
		}
	}
	if len(actions) == 0 || strings.Count(workflow, "persist-credentials: false") != strings.Count(workflow, "actions/checkout@") {
		t.Error("a checkout leaves its credentials where what is built can read them")
	}
	_, fast, _ := strings.Cut(workflow, "\n  fast:\n")
	fast, full, ok := strings.Cut(fast, "\n  full:\n")
	if !ok || !strings.Contains(fast, "- run: ./check\n") || !strings.Contains(full, "- run: .ci/run\n") {
		t.Error("the jobs fast and full do not run ./check and .ci/run")
	}
	if !strings.Contains(full, "if: github.event_name != 'pull_request'\n") || strings.Contains(fast, "self-hosted") {
		t.Error("a pull request may run on a machine of the project's own")
	}
	for _, script := range []string{"check", ".ci/run", ".ci/tidy"} {
		if info, err := os.Stat(filepath.Join(root, script)); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be run: %v", script, err)
		}
	}
}
