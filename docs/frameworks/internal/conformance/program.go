package conformance

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
)

// OverlayVariable is the environment variable that names what go build -overlay takes: so the set
// is shown to find a fault, one that is put into a program.
const OverlayVariable = "CONFORMANCE_OVERLAY"

// Program is a program that runs.
type Program struct {
	// Address is where it listens, NOTES_ADDR.
	Address string
	// Data is its folder of principals and policies, NOTES_DATA.
	Data string
	// Calls is what the service writes its calls to: that of the program itself, or one that a
	// shape has beside it.
	Calls *Calls
	// The callers: see [writeData].
	Alice, Bob, Erin, Forger *Caller
}

// URL returns the origin at which it serves HTTP.
func (p *Program) URL() string { return "http://" + p.Address }

// Start builds the program in the folder name beside the tests, and starts it, for tests of what a
// program does beyond the set. It ends with the test.
func Start(t *testing.T, name string, shape Shape) *Program {
	t.Helper()
	binary := filepath.Join(t.TempDir(), name)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	readSources(t, name)
	build := []string{"build", "-ldflags=-s -w", "-overlay=" + os.Getenv(OverlayVariable), "-o", binary, "./" + name}
	if out, err := exec.CommandContext(t.Context(), "go", build...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := &Program{Data: t.TempDir(), Calls: &Calls{arrived: make(chan struct{}, 1)}}
	p.writeData(t)
	var extra []string
	if shape.Environment != nil {
		extra = shape.Environment(t, p)
	}
	ready := shape.Ready
	if ready == nil {
		ready = accepts
	}
	// A port that was free may be taken before the program listens: then another one.
	for range 5 {
		p.Address = freeAddress(t)
		if p.run(t, binary, extra, ready) {
			return p
		}
	}
	t.Fatalf("%s does not take calls", name)
	return nil
}

// readSources reads what the binary is made of, beside what the test itself imports: so the go
// command sees that a result which it has kept is of another program.
func readSources(t *testing.T, name string) {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(name, "*.go"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("there is no program %s: %v", name, err)
	}
	for _, source := range append(sources, "go.mod", "go.sum", filepath.Join("..", "..", "go.mod"), filepath.Join("..", "..", "go.sum")) {
		if _, err := os.ReadFile(source); err != nil {
			t.Fatal(err)
		}
	}
}

// run starts the binary and reports whether it takes calls. It ends with the test.
func (p *Program) run(t *testing.T, binary string, extra []string, ready func(context.Context, *Program) bool) bool {
	t.Helper()
	cmd := exec.Command(binary) //nolint:noctx // it is ended below, after the shape's own cleanups
	cmd.Env = slices.Concat(os.Environ(), []string{"NOTES_ADDR=" + p.Address, "NOTES_DATA=" + p.Data}, extra)
	var said lines
	cmd.Stderr = &said
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // ends with the program
		defer close(ended)
		_, _ = io.Copy(p.Calls, bufio.NewReader(stdout))
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("the program said:\n%s", said.String())
		}
	})
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		select {
		case <-ended:
			return false
		default:
		}
		if ready(t.Context(), p) {
			select {
			case <-ended: // somebody else is there
				return false
			case <-time.After(20 * time.Millisecond):
				return true
			}
		}
	}
	return false
}

// handedOut holds the addresses that freeAddress has returned: programs of tests that run at once
// are not to have one address.
var handedOut sync.Map

func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		_ = l.Close()
		if _, before := handedOut.LoadOrStore(address, true); !before {
			return address
		}
	}
}

// Calls collects the calls that a service tells of. It is what such a service writes to.
type Calls struct {
	mu      sync.Mutex
	rest    string
	calls   []notes.Call
	arrived chan struct{} // holds one value where something came since it was last emptied
}

// Write takes lines of a [notes.Service], and ignores others.
func (c *Calls) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest += string(b)
	for {
		line, rest, ok := strings.Cut(c.rest, "\n")
		if !ok {
			return len(b), nil
		}
		c.rest = rest
		if call, ok := notes.ParseCall(line); ok {
			c.calls = append(c.calls, call)
			select {
			case c.arrived <- struct{}{}:
			default:
			}
		}
	}
}

// until returns the calls before the call last, whoever makes that, once it has come, and forgets
// them all.
func (c *Calls) until(t *testing.T, last notes.Call) []notes.Call {
	t.Helper()
	isLast := func(call notes.Call) bool { return call.Operation == last.Operation && call.ID == last.ID }
	timeout := time.After(30 * time.Second)
	for {
		c.mu.Lock()
		if i := slices.IndexFunc(c.calls, isLast); i >= 0 {
			before := slices.Clone(c.calls[:i])
			c.calls = slices.Delete(c.calls, 0, i+1)
			c.mu.Unlock()
			return before
		}
		c.mu.Unlock()
		select {
		case <-c.arrived:
		case <-timeout:
			t.Fatalf("the call %v never reached the service", last)
		}
	}
}

// lines is what a program says, safe for concurrent use.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
