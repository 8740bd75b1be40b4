package guards_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// suite runs the instrumented tests. It builds a package's test binary, and traces it, when that is
// first needed.
type suite struct {
	root, overlay string
	threats       map[string]bool // the tests that the table of threats names
	binaries      memo[string]
	good          memo[time.Duration]
	traces        memo[map[int][]candidate]
}

func newSuite(root, overlay string, threats map[string]bool) *suite {
	return &suite{root: root, overlay: overlay, threats: threats}
}

// memo makes what it is asked for once.
type memo[V any] struct {
	mu   sync.Mutex
	made map[string]func() V
}

func (m *memo[V]) get(key string, value func() V) V {
	m.mu.Lock()
	once, ok := m.made[key]
	if !ok {
		if m.made == nil {
			m.made = map[string]func() V{}
		}
		once = sync.OnceValue(value)
		m.made[key] = once
	}
	m.mu.Unlock()
	return once()
}

// binary returns the test binary of a package.
func (s *suite) binary(t *testing.T, tests string) string {
	t.Helper()
	b := s.binaries.get(tests, func() string { return build(t, s.root, s.overlay, tests) })
	if b == "" {
		t.Fatalf("the tests of %s do not build", tests)
	}
	return b
}

// build makes the test binary of a package, "" if that fails.
func build(t *testing.T, root, overlay, tests string) string {
	t.Helper()
	binary := filepath.Join(filepath.Dir(overlay), strings.ReplaceAll(tests, "/", "_")+".test")
	cmd := exec.Command("go", "test", "-c", "-overlay", overlay, "-o", binary, "./"+tests) // not of t's context: others wait for it too
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", tests, err, out)
		return ""
	}
	return binary
}

// run runs tests with what is added to the environment. A test that does not come to an end has
// failed.
func (s *suite) run(t *testing.T, tests string, names []string, atMost time.Duration, env ...string) (failed bool, out string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.binary(t, tests), "-test.run", "^("+strings.Join(names, "|")+")$", "-test.v",
		"-test.failfast", "-test.parallel", "1", "-test.timeout", atMost.String())
	cmd.Dir = filepath.Join(s.root, tests)
	cmd.Env = append(append(os.Environ(), "GOMAXPROCS=1"), env...) // as many guards are taken out at a time as there are processors
	text, err := cmd.CombinedOutput()
	return err != nil, string(text)
}

// timeout is what a passing test may take. Without a guard one may never come to an end.
const timeout = 20 * time.Second

// passes reports whether a holder, "package Test", passes with nothing taken out, and is not
// skipped.
func (s *suite) passes(t *testing.T, holder string) bool { return s.time(t, holder) > 0 }

// time returns how long a holder takes to pass with nothing taken out, 0 if it does not.
func (s *suite) time(t *testing.T, holder string) time.Duration {
	t.Helper()
	tests, name, _ := strings.Cut(holder, " ")
	s.binary(t, tests)
	return s.good.get(holder, func() time.Duration {
		began := time.Now()
		if failed, out := s.run(t, tests, []string{name}, timeout); failed || !strings.Contains(out, "--- PASS: "+name+" ") {
			return 0
		}
		return time.Since(began)
	})
}

// fails reports whether a holder, which passes, fails when a guard is taken out.
func (s *suite) fails(t *testing.T, number int, holder string) bool {
	t.Helper()
	tests, name, _ := strings.Cut(holder, " ")
	failed, _ := s.run(t, tests, []string{name}, 3*time.Second+20*s.time(t, holder), without(number))
	return failed
}

func without(number int) string { return fmt.Sprintf("%s=%d", takenVariable, number) }

// candidate is a test in which a guard refuses.
type candidate struct {
	name string
	took time.Duration
}

// A slow test is asked last.
const slow = 250 * time.Millisecond

// find returns a test that holds a guard of the package dir, "" if there is none, and those that
// were asked: first the quick ones that the table of threats names, then the other quick ones, then
// the rest.
func (s *suite) find(t *testing.T, number int, dir string) (holder string, asked []string) {
	t.Helper()
	for _, quick := range []bool{true, false} {
		for _, named := range []bool{true, false} {
			for _, tests := range holdersOf(dir) {
				var names []string
				for _, c := range s.trace(t, tests)[number] {
					if s.threats[c.name] == named && (c.took < slow) == quick {
						names = append(names, c.name)
					}
				}
				asked = append(asked, names...)
				if name := s.firstFailing(t, number, tests, names); name != "" {
					return tests + " " + name, asked
				}
			}
		}
	}
	return "", asked
}

var failure = regexp.MustCompile(`(?m)^(?:--- FAIL: |=== RUN +)([^\s/]+)`)

// firstFailing returns one of the tests that fails without the guard, alone as well. All are run in
// one process until one fails.
func (s *suite) firstFailing(t *testing.T, number int, tests string, names []string) string {
	t.Helper()
	for len(names) > 0 {
		failed, out := s.run(t, tests, names, timeout, without(number))
		if !failed {
			return ""
		}
		all := failure.FindAllStringSubmatch(out, -1)
		name := all[len(all)-1][1] // the one that is said to have failed or, where all came to an end at once, that began last
		if holder := tests + " " + name; s.passes(t, holder) && s.fails(t, number, holder) {
			return name
		}
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
	}
	return ""
}

// trace runs each test of a package alone and returns, for each guard, the passing tests in which
// it refuses, the quickest first. Tests that need an outside program or other data than a checkout
// has are skipped, and hold nothing.
func (s *suite) trace(t *testing.T, tests string) map[int][]candidate {
	t.Helper()
	binary := s.binary(t, tests)
	return s.traces.get(tests, func() map[int][]candidate {
		list := exec.Command(binary, "-test.list", "^(Test|Fuzz|Example)")
		list.Dir = filepath.Join(s.root, tests)
		out, err := list.Output()
		if err != nil {
			t.Errorf("listing the tests of %s: %v", tests, err)
		}
		refusedIn := map[int][]candidate{}
		for name := range strings.Lines(string(out)) {
			name = strings.TrimSpace(name)
			file := filepath.Join(t.TempDir(), "trace")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			failed, out := s.run(t, tests, []string{name}, timeout, traceVariable+"="+file, "WILDGATE_ALONE=1")
			c := candidate{name, time.Since(began)}
			if failed || !strings.Contains(out, "--- PASS: "+name+" ") {
				continue
			}
			for line := range strings.Lines(string(readFile(t, file))) {
				if number, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
					refusedIn[number] = append(refusedIn[number], c)
				}
			}
		}
		for _, all := range refusedIn {
			slices.SortStableFunc(all, func(a, b candidate) int { return int(a.took - b.took) })
		}
		return refusedIn
	})
}
