package matrix_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// node starts the JavaScript client of this name.
func node(name string) func(*testing.T) (sender, string) {
	return func(t *testing.T) (sender, string) {
		dir := filepath.Join("testdata", "node")
		program := testneed.Program(t, "node")
		if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
			testneed.MissingProgram(t, "npm ci in sigv4auth/clienttest/matrix/testdata/node")
		}
		return driver(t, program, filepath.Join(dir, "driver.mjs"), name)
	}
}

// python starts the Python client of this name.
func python(name string) func(*testing.T) (sender, string) {
	return func(t *testing.T) (sender, string) {
		program := testneed.Program(t, "python3")
		if err := exec.CommandContext(t.Context(), program, "-c", "import "+name).Run(); err != nil {
			testneed.MissingProgram(t, name+" for python3")
		}
		return driver(t, program, filepath.Join("testdata", "python", "driver.py"), name)
	}
}

// driver starts a process that signs and sends: a line of JSON to it is a request, a line back what
// became of it. The process ends with the test.
func driver(t *testing.T, program string, arguments ...string) (sender, string) {
	t.Helper()
	process := exec.CommandContext(context.WithoutCancel(t.Context()), program, arguments...)
	process.Stderr = t.Output()
	in, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // which ends the process
		_, _ = io.Copy(io.Discard, out)
		if err := process.Wait(); err != nil && !t.Failed() {
			t.Errorf("%s: %v", program, err)
		}
	})
	type answer struct {
		Version    string
		Status     int
		Unsendable string
		Error      string
	}
	lines := bufio.NewReader(out)
	receive := func() (a answer, err error) {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return a, fmt.Errorf("the client's process: %w", err)
		}
		if err := json.Unmarshal(line, &a); err != nil {
			return a, fmt.Errorf("the client's process says %q: %w", line, err)
		}
		if a.Error != "" {
			return a, fmt.Errorf("the client fails: %s", a.Error)
		}
		return a, nil
	}
	hello, err := receive()
	if err != nil {
		t.Fatal(err)
	}
	to := json.NewEncoder(in)
	return func(r request) (int, string, error) {
		if err := to.Encode(r); err != nil {
			return 0, "", err
		}
		a, err := receive()
		return a.Status, a.Unsendable, err
	}, hello.Version
}
