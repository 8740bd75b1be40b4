//go:build unix

package outside

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// patience is how long a command may take on a slow machine that compiles beside it.
const patience = 5 * time.Minute

// Shell is a shell that blocks of a document are pasted into, in order. What it still runs when the
// test ends is killed.
type Shell struct {
	tb     testing.TB
	cmd    *exec.Cmd
	in     io.WriteCloser
	output string // a file: a pipe would be held open by whatever a block leaves behind
	read   int
	pasted int
}

// NewShell starts the shell of that name in dir.
func NewShell(tb testing.TB, name, dir string, env []string) *Shell {
	tb.Helper()
	s := &Shell{tb: tb, output: filepath.Join(tb.TempDir(), "output"), cmd: exec.Command(testneed.Program(tb, name))}
	out, err := os.Create(s.output)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = out.Close() }() // the shell has it too
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, out, out
	// Proxies have nothing to do with servers on this machine.
	s.cmd.Env = append(env[:len(env):len(env)], "no_proxy=*", "PWD="+dir)
	// A group of its own gets what Ctrl-C sends to what runs in the foreground.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		_ = s.cmd.Wait()
	})
	return s
}

// Paste pastes a block, waits until it is done, and returns what it printed.
func (s *Shell) Paste(text string) string {
	s.tb.Helper()
	s.pasted++
	mark := fmt.Sprintf("\n--- block %d is done ---\n", s.pasted)
	return strings.TrimSuffix(s.PasteUntil(text+fmt.Sprintf("printf '\\n--- %%s ---\\n' 'block %d is done'\n", s.pasted), mark), mark)
}

// PasteUntil pastes a block, waits until what it prints has the text until in it, and returns it up
// to the end of that.
func (s *Shell) PasteUntil(block, until string) string {
	s.tb.Helper()
	if _, err := io.WriteString(s.in, block); err != nil {
		s.tb.Fatalf("the shell does not read any more: %v", err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		b, err := os.ReadFile(s.output)
		if err != nil {
			s.tb.Fatal(err)
		}
		printed := string(b[s.read:])
		if i := strings.Index(printed, until); i >= 0 {
			s.read += i + len(until)
			return printed[:i+len(until)]
		}
		if time.Now().After(deadline) {
			s.tb.Fatalf("after %v there is no %q in what was printed:\n%s\nby\n%s", patience, until, printed, block)
		}
	}
}

// Interrupt sends what Ctrl-C sends.
func (s *Shell) Interrupt() {
	s.tb.Helper()
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT); err != nil {
		s.tb.Error(err)
	}
}

// Free skips the test where a document's fixed address is in use.
func Free(tb testing.TB, address string) {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", address)
	if err != nil {
		testneed.Missing(tb, "the address "+address+", which the document uses, for itself: "+err.Error())
	}
	_ = l.Close()
}

// FreeAddress returns an address of this machine at which nothing is served now.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Stopped fails the test if something goes on serving at the address.
func Stopped(tb testing.TB, address string) {
	tb.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := (&net.Dialer{}).DialContext(tb.Context(), "tcp", address)
		if err != nil {
			return
		}
		_ = c.Close()
		if time.Now().After(deadline) {
			tb.Errorf("something still serves at %s", address)
			return
		}
	}
}

// Curl skips the test where there is no curl that signs.
func Curl(tb testing.TB) {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), testneed.Program(tb, "curl"), "--version").Output()
	var major, minor int
	_, unread := fmt.Sscanf(string(out), "curl %d.%d", &major, &minor)
	if err != nil || unread != nil || major < 7 || major == 7 && minor < 86 {
		testneed.Missing(tb, "curl 7.86 or later")
	}
}

// AWS skips the test where there is no AWS CLI that takes an endpoint from the environment.
func AWS(tb testing.TB) {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), testneed.Program(tb, "aws"), "--version").CombinedOutput()
	var major, minor int
	_, unread := fmt.Sscanf(string(out), "aws-cli/%d.%d", &major, &minor)
	if err != nil || unread != nil || major < 1 || major == 1 && minor < 29 || major == 2 && minor < 13 {
		testneed.MissingProgram(tb, "AWS CLI 1.29, 2.13 or later")
	}
}
