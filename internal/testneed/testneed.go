// Package testneed says what a test needs from its surroundings.
//
// A test that needs a program or a folder which a checkout does not bring calls [Program] or [Shared]
// and is skipped, with a message that names what is missing, where it is missing. With the environment variable
// WILDGATE_REQUIRE set to a non-empty value, as .ci/run sets it, the same test fails instead: in CI
// nothing goes untested silently.
//
// With WILDGATE_ALONE set, each such test is skipped: that shows what the others hold by themselves.
package testneed

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Program returns the path of the named program, and skips the test where the machine lacks it.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	alone(tb)
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name) // distributions put servers where only root looks
	}
	if err != nil {
		Missing(tb, "the program "+name)
	}
	return path
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
		Missing(tb, "the test data ../shared/"+filepath.ToSlash(name))
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

// alone skips a test that needs anything where the tests are to do without.
func alone(tb testing.TB) {
	tb.Helper()
	if os.Getenv("WILDGATE_ALONE") != "" {
		tb.Skip("skipped: WILDGATE_ALONE is set, and this test needs something")
	}
}

// Missing skips the test because what it needs is missing, or fails it where WILDGATE_REQUIRE is set.
func Missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("WILDGATE_REQUIRE") != "" {
		tb.Fatalf("this test needs %s, which is missing, and WILDGATE_REQUIRE is set", what)
	}
	tb.Skipf("skipped: this test needs %s", what)
}
