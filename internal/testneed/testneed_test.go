package testneed_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// A recorder is a test that notes what becomes of it.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Helper()                { r.TB.Helper() }
func (r *recorder) Attr(key, value string) { r.said = append(r.said, key+"="+value) }
func (r *recorder) Skip(args ...any)       { r.end("skip") }
func (r *recorder) Skipf(string, ...any)   { r.end("skip") }
func (r *recorder) Fatalf(string, ...any)  { r.end("fail") }

func (r *recorder) end(how string) {
	r.said = append(r.said, how)
	panic(r)
}

// become runs what a test asks for, and returns what becomes of it.
func become(t *testing.T, need func(testing.TB)) []string {
	t.Helper()
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(r) {
				panic(p)
			}
		}()
		need(r)
	}()
	return r.said
}

// TestMissing: a skipped test says what it lacks, by an attribute; and where nothing may be
// missing, it fails.
func TestMissing(t *testing.T) {
	for _, tt := range []struct {
		name string
		need func(testing.TB)
		attr string
	}{
		{"a program", func(tb testing.TB) { testneed.Program(tb, "no-such-program") }, "needs-program=no-such-program"},
		{"a package for one", func(tb testing.TB) { testneed.MissingProgram(tb, "boto3 for python3") }, "needs-program=boto3 for python3"},
		{"data", func(tb testing.TB) { testneed.Shared(tb, "no", "such.json") }, "needs-data=../shared/no/such.json"},
		{"something else", func(tb testing.TB) { testneed.Missing(tb, "SIGTERM") }, "needs-system=SIGTERM"},
	} {
		t.Setenv("WILDGATE_ALONE", "")
		t.Setenv(testneed.RequireVariable, "")
		if got := become(t, tt.need); !slices.Equal(got, []string{tt.attr, "skip"}) {
			t.Errorf("%s: %q", tt.name, got)
		}
		t.Setenv(testneed.RequireVariable, "1")
		if got := become(t, tt.need); !slices.Equal(got, []string{"fail"}) {
			t.Errorf("%s, required: %q", tt.name, got)
		}
	}
}

// TestThere: what is there is returned, unless the tests are to do without.
func TestThere(t *testing.T) {
	program, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("WILDGATE_ALONE", "")
	if got := testneed.Program(t, "go"); got != program {
		t.Errorf("%q; want %q", got, program)
	}
	if _, err := os.Stat(testneed.Root(t) + "/go.work"); err != nil {
		t.Error(err)
	}
	t.Setenv("WILDGATE_ALONE", "1")
	if got := become(t, func(tb testing.TB) { testneed.Program(tb, "go") }); strings.Join(got, " ") != "skip" {
		t.Errorf("alone: %q", got)
	}
}
