// Package testneed says what a test needs from its surroundings.
//
// A test that needs a program or a folder which a checkout does not bring calls [Program] or
// [Shared] and is skipped, with a message that names what is missing, where it is missing. With
// the environment variable WILDGATE_REQUIRE set to a non-empty value, as .ci/run sets it, the same
// test fails instead: in CI nothing goes untested silently.
//
// A skipped test has an attribute, one of [ProgramAttr], [DataAttr] and [SystemAttr], whose value
// names what is missing. The command internal/testall counts them.
//
// With WILDGATE_ALONE set, each such test is skipped: that shows what the others hold by
// themselves. With WILDGATE_LONG set, as .ci/run sets it, tests for which [Long] holds do all of
// their work.
package testneed

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The attributes of skipped tests; see [testing.TB.Attr].
const (
	ProgramAttr = "needs-program" // a program, or a package for one, that is not installed
	DataAttr    = "needs-data"    // test data that is not in the folder beside the repository
	SystemAttr  = "needs-system"  // what this operating system does not have, or does not permit
)

// RequireVariable is the environment variable with which no test may be skipped.
const RequireVariable = "WILDGATE_REQUIRE"

// Program returns the path of the named program, and skips the test where the machine lacks it.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	alone(tb)
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name) // distributions put servers where only root looks
	}
	if err != nil {
		MissingProgram(tb, name)
	}
	return path
}

// MissingProgram skips the test because a program, a version of it or a package for it is not
// installed.
func MissingProgram(tb testing.TB, what string) {
	tb.Helper()
	missing(tb, ProgramAttr, what)
}

// Missing skips the test because the operating system lacks or forbids what it needs.
func Missing(tb testing.TB, what string) {
	tb.Helper()
	missing(tb, SystemAttr, what)
}

// Shared returns the path of a file in the folder "shared" that lies beside the repository,
// and skips the test where it is absent. That folder holds test data which may not be copied
// into the repository.
func Shared(tb testing.TB, elem ...string) string {
	tb.Helper()
	alone(tb)
	name := filepath.Join(elem...)
	path := filepath.Join(Root(tb), "..", "shared", name)
	if _, err := os.Stat(path); err != nil {
		missing(tb, DataAttr, "../shared/"+filepath.ToSlash(name))
	}
	return path
}

// Root returns the path of the repository's root.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("testneed: the test does not run below the repository's root")
		}
		dir = parent
	}
}

// Long reports whether a test is to do all of its work, where a part of it finds most faults in a
// small part of the time. A test that asks must do the same kind of work either way: what it
// leaves out is repetition.
func Long() bool { return os.Getenv("WILDGATE_LONG") != "" }

// alone skips a test that needs anything where the tests are to do without.
func alone(tb testing.TB) {
	tb.Helper()
	if os.Getenv("WILDGATE_ALONE") != "" {
		tb.Skip("skipped: WILDGATE_ALONE is set, and this test needs something")
	}
}

// missing skips the test because what it needs is missing, or fails it where WILDGATE_REQUIRE is
// set.
func missing(tb testing.TB, attr, what string) {
	tb.Helper()
	if os.Getenv(RequireVariable) != "" {
		tb.Fatalf("this test needs %s, which is missing, and %s is set", what, RequireVariable)
	}
	tb.Attr(attr, what)
	tb.Skipf("skipped: this test needs %s", what)
}
