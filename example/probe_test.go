package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// TestTheProbeFindsNoFault: what the documentation of sigv4probe tells a reader to try works, and
// checks everything.
func TestTheProbeFindsNoFault(t *testing.T) {
	t.Parallel()
	shell := testneed.Program(t, "sh")
	for _, name := range []string{"sed", "sleep"} {
		testneed.Program(t, name)
	}
	source, err := os.ReadFile("../sigv4auth/cmd/sigv4probe/main.go")
	if err != nil {
		t.Fatal(err)
	}
	comment, _, _ := strings.Cut(string(source), "\npackage main")
	_, block, ok := strings.Cut(comment, "attach it:\n//\n")
	if !ok || !strings.Contains(comment, "//	go run ./example -store files -presign 168h\n") {
		t.Fatal("the documentation of sigv4probe does not have the commands")
	}
	dir := t.TempDir()
	probe := filepath.Join(dir, "sigv4probe")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", probe, "../sigv4auth/cmd/sigv4probe").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	startFiles(t, filepath.Join(dir, "wildgate-data"), "-presign", "168h")
	script := strings.ReplaceAll("\n"+block, "\n//	", "\n")
	script = strings.ReplaceAll(script, "go run ./sigv4auth/cmd/sigv4probe", "./sigv4probe")
	script = strings.ReplaceAll(script, "\nsleep 1\n", "\nsleep 3\n") // a busy machine is slower than a reader's
	cmd := exec.CommandContext(t.Context(), shell, "-euc", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "AWS_SESSION_TOKEN=old")
	out, err = cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), " 0 wrongly admitted (security), 0 wrongly refused (compatibility), ") ||
		!strings.HasSuffix(string(out), " 0 not tested\n") {
		t.Errorf("%v\n%s\n%s", err, out, script)
	}
}
