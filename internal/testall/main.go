// Command testall runs the tests of all modules, and says at its end how many were skipped and
// why.
//
//	go run ./internal/testall [flags of go test]
//
// It prints what "go test work" prints, without running vet, and one line more. It needs nothing
// but Go: a test that needs another program, or the test data beside the repository, is skipped
// where that is missing. Where the environment variable WILDGATE_REQUIRE is set, a skipped test is
// a failure. The exit status is 0 if all tests passed or were skipped, and else 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok := run(ctx, "", append(os.Args[1:], "work"), os.Stdout, os.Stderr)
	stop()
	if !ok {
		os.Exit(1)
	}
}

// run runs go test with args in a folder, and reports whether all is well. It ends early with ctx.
func run(ctx context.Context, dir string, args []string, stdout, stderr io.Writer) bool {
	began := time.Now()
	// What vet finds is a matter of .ci/run; here it would take a fifth of the time.
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-vet=off"}, args...)...)
	cmd.Dir, cmd.Stderr = dir, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	events, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(stderr, "testall:", err)
		return false
	}
	r := newReader(stdout)
	err = errors.Join(r.read(events), cmd.Wait())
	if err != nil && r.sum.failedPackages == 0 { // it was stopped, or could not do its work
		fmt.Fprintln(stderr, "testall: go test:", err)
	}
	fmt.Fprintf(stdout, "%s (%v)\n", r.sum.String(), time.Since(began).Round(time.Second))
	if os.Getenv(testneed.RequireVariable) != "" && r.sum.skipped > 0 {
		fmt.Fprintf(stdout, "FAIL: a test was skipped, and %s is set\n", testneed.RequireVariable)
		return false
	}
	return err == nil && r.sum.failedPackages == 0
}
