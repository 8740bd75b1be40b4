package main_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	testall "github.com/wildgate/wildgate/internal/testall"
	"github.com/wildgate/wildgate/internal/testneed"
)

// The tests of the modules below need the standard library alone, so they say themselves what
// package testneed says of a skipped test; TestMissing of that package holds that it does.
const (
	passes = `func TestPasses(t *testing.T) { t.Run("in part", func(t *testing.T) { t.Log("not shown") }) }`
	lacks  = `
func TestLacksNginx(t *testing.T) { t.Attr("` + testneed.ProgramAttr + `", "nginx"); t.Skip("not shown") }
func TestLacksCurl(t *testing.T) { t.Attr("` + testneed.ProgramAttr + `", "curl"); t.Skip() }
func TestLacksCurlToo(t *testing.T) { t.Run("s", func(t *testing.T) { t.Attr("` + testneed.ProgramAttr + `", "curl"); t.Skip() }) }
func TestLacksData(t *testing.T) { t.Attr("` + testneed.DataAttr + `", "../shared/x"); t.Skip() }
func TestLacksSignals(t *testing.T) { t.Attr("` + testneed.SystemAttr + `", "SIGTERM"); t.Skip() }
func TestIsLazy(t *testing.T) { t.Skip() }`
	fails = `func TestFails(t *testing.T) {
	t.Run("first/half", func(t *testing.T) { t.Log("shown"); t.Error("a fault") })
	t.Run("second", func(t *testing.T) { t.Log("not shown") })
}`
	panics  = `func TestPanics(t *testing.T) { t.Log("said before"); panic("a panic") }`
	ends    = `func TestEnds(t *testing.T) { println("said at the end"); go func() { panic("in a goroutine") }(); select {} }`
	noBuild = `func TestDoesNotCompile(t *testing.T) { undefinedName() }`
)

// workspace makes a folder with a go.work file, and modules in it with these tests.
func workspace(t *testing.T, sources map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var work strings.Builder
	work.WriteString("go 1.26\n")
	for name, source := range sources {
		work.WriteString("use ./" + name + "\n")
		write(name+"/go.mod", "module example.test/"+name+"\n\ngo 1.26\n")
		write(name+"/x_test.go", "package x\n\nimport \"testing\"\n\n"+source+"\n")
	}
	write("go.work", work.String())
	t.Setenv("GOWORK", "")
	t.Setenv("GOFLAGS", "")
	return dir
}

// call runs the command there.
func call(t *testing.T, dir string, args ...string) (ok bool, stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	ok = testall.Run(t.Context(), dir, append(args, "work"), &out, &errs)
	if errs.Len() > 0 {
		t.Errorf("on the standard error: %s", errs.String())
	}
	return ok, out.String()
}

func lastLine(text string) string {
	text = strings.TrimSuffix(text, "\n")
	return regexp.MustCompile(` \(\d+s\)$`).ReplaceAllString(text[strings.LastIndexByte(text, '\n')+1:], "")
}

// TestSkips: the last line tells how many tests were skipped, and why; and with WILDGATE_REQUIRE
// set a skipped test is a failure, whoever skipped it.
func TestSkips(t *testing.T) {
	t.Setenv(testneed.RequireVariable, "")
	dir := workspace(t, map[string]string{"passes": passes, "lacks": lacks})
	ok, stdout := call(t, dir, "-count=1")
	const want = "tests: 0 failed, 3 passed, 6 skipped: 3 for programs that are not installed (curl, nginx), " +
		"1 for the test data in the folder shared beside the repository, " +
		"1 for what this system does not have (SIGTERM), 1 for another reason"
	if !ok || lastLine(stdout) != want {
		t.Errorf("%t\n%s\nwant %s", ok, stdout, want)
	}
	packages := regexp.MustCompile(`(?m)^ok  \texample.test/(passes|lacks)\t[0-9.]+s$`).FindAllString(stdout, -1)
	if len(packages) != 2 || strings.Count(stdout, "\n") != 3 {
		t.Errorf("more or less than a line for each package, and one:\n%s", stdout)
	}
	_, stdout = call(t, dir)
	for range 5 { // the go command does not cache what uses files of the last seconds
		if strings.Contains(stdout, "lacks\t(cached)") {
			break
		}
		_, stdout = call(t, dir)
	}
	if cached := want + "; some of that is from the test cache: -count=1 looks again"; lastLine(stdout) != cached {
		t.Errorf("%s\nwant %s", stdout, cached)
	}
	t.Setenv(testneed.RequireVariable, "1")
	ok, stdout = call(t, dir)
	if want := "FAIL: a test was skipped, and WILDGATE_REQUIRE is set"; ok || lastLine(stdout) != want {
		t.Errorf("%t\n%s\nwant %s", ok, stdout, want)
	}
	ok, stdout = call(t, dir, "-run", "TestPasses")
	if !ok || lastLine(stdout) != "tests: 0 failed, 2 passed, 0 skipped" {
		t.Errorf("%t\n%s", ok, stdout)
	}
}

// TestFailures: all that a failing test says is shown, and nothing of those that pass.
func TestFailures(t *testing.T) {
	t.Setenv(testneed.RequireVariable, "")
	ok, stdout := call(t, workspace(t, map[string]string{
		"fails": fails, "panics": panics, "ends": ends, "nobuild": noBuild, "passes": passes,
	}))
	stdout = regexp.MustCompile(`\d+\.\d+s`).ReplaceAllString(stdout, "0.00s")
	for _, want := range []string{
		"--- FAIL: TestFails (0.00s)\n--- FAIL: TestFails/first/half (0.00s)\n" +
			"    x_test.go:6: shown\n    x_test.go:6: a fault\nFAIL\nFAIL\texample.test/fails\t",
		"said before\npanic: a panic", "\ngoroutine ", "\nFAIL\texample.test/panics\t",
		"said at the end\n", "panic: in a goroutine", "x_test.go:5 +0x",
		"FAIL\texample.test/ends\t",
		"x_test.go:5:41: undefined: undefinedName\n", "FAIL\texample.test/nobuild [build failed]\n",
		"\nok  \texample.test/passes\t",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(stdout, "not shown") || lastLine(stdout) != "FAIL: packages: 4 failed; tests: 3 failed, 3 passed, 0 skipped" || ok {
		t.Errorf("it shows too much, counts wrongly or does not fail: %t", ok)
	}
	if t.Failed() {
		t.Logf("\n%s", stdout)
	}
}

// TestStopped: a run that is stopped is no success, though no test has failed.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if testall.Run(ctx, t.TempDir(), []string{"work"}, &out, &errs) || !strings.Contains(errs.String(), "context canceled") {
		t.Errorf("a run that is stopped is well:\n%s%s", out.String(), errs.String())
	}
	out.Reset()
	errs.Reset()
	if testall.Run(t.Context(), t.TempDir(), []string{"work"}, &out, &errs) {
		t.Errorf("a folder without modules is well:\n%s%s", out.String(), errs.String())
	}
}
