package outside

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// library is the path of the module that the others require.
const library = "github.com/wildgate/wildgate"

// Release is the working tree as everybody would fetch it if it were released now.
type Release struct {
	Version string
	// Modules are the paths of the modules that have a tag, the library's first.
	Modules []string
	// Env is the environment in which the go command fetches them, and what they require from the
	// module cache of this machine, and nothing from anywhere else.
	Env []string
}

// requiredVersion finds the version of the library in a go.mod of another module.
var requiredVersion = regexp.MustCompile(`(?m)^\s*(?:require )?` + regexp.QuoteMeta(library) + ` (v\S+)$`)

// NewRelease releases the working tree into a folder of the test's own: it commits it to a new
// repository, tags the commit with the commands of docs/RELEASING.md, and lets the go command make
// of each tag what a module proxy serves.
func NewRelease(tb testing.TB) *Release {
	tb.Helper()
	dir := tb.TempDir()
	tree, origin := filepath.Join(dir, "tree"), filepath.Join(dir, "origin.git")
	Copy(tb, tree)
	git := testneed.Program(tb, "git")
	run(tb, dir, gitEnv(), git, "init", "-q", "--bare", origin)
	run(tb, tree, gitEnv(), git, "init", "-q")
	run(tb, tree, gitEnv(), git, "remote", "add", "origin", origin)
	run(tb, tree, gitEnv(), git, "add", "--all", "--force")
	run(tb, tree, gitEnv(), git, "commit", "-q", "-m", "the working tree")
	blocks := Blocks(tb, filepath.Join("docs", "RELEASING.md"))
	if len(blocks) == 0 || !strings.Contains(blocks[0].Text, "git tag") {
		tb.Fatal("the first block of commands in docs/RELEASING.md is not the one that tags")
	}
	run(tb, tree, gitEnv(), testneed.Program(tb, "sh"), "-euc", blocks[0].Text)

	r := &Release{Version: libraryVersion(tb)}
	for _, folder := range moduleFolders(tb) {
		r.Modules = append(r.Modules, strings.TrimSuffix(library+"/"+folder, "/."))
	}
	mod, proxy := filepath.Join(dir, "mod"), filepath.Join(dir, "mod", "cache", "download")
	fetched := filepath.Join(goEnv(tb, "GOMODCACHE"), "cache", "download")
	r.Env = append(gitEnv(), "GOENV=off", "GOWORK=off", "GOTOOLCHAIN=local", "GOCACHE="+goEnv(tb, "GOCACHE"), "GOMODCACHE="+mod,
		"GOPRIVATE=", "GONOPROXY=none", "GOSUMDB=off",
		// Without -trimpath, packages would be compiled anew for each folder that they lie in.
		"GOFLAGS=-modcacherw -trimpath -buildvcs=false")
	// The repository stands in for the one on GitHub, which the module's path names.
	fromTags := append(r.Env[:len(r.Env):len(r.Env)], "GOPROXY=direct", "GOVCS=*:git",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.file://"+filepath.ToSlash(origin)+".insteadOf", "GIT_CONFIG_VALUE_0=https://"+library)
	for _, module := range r.Modules {
		run(tb, dir, fromTags, "go", "mod", "download", module+"@"+r.Version)
	}
	r.Env = append(r.Env, "GOPROXY=file://"+filepath.ToSlash(proxy)+",file://"+filepath.ToSlash(fetched))
	return r
}

// Go runs the go command in dir, as somebody who fetches the release, and returns what it prints.
// It skips the test where the go command asks for a module that this machine has never fetched.
func (r *Release) Go(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "go", args...)
	cmd.Dir, cmd.Env = dir, r.Env
	out, err := cmd.CombinedOutput()
	if err != nil {
		if m := regexp.MustCompile(`reading (file://\S+): no such file`).FindSubmatch(out); m != nil &&
			!strings.Contains(string(m[1]), library) {
			testneed.Missing(tb, "a module that is not in the module cache, where go mod download puts it: "+string(m[1]))
		}
		tb.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// libraryVersion returns the version of the library that the nested modules require, all the same
// one.
func libraryVersion(tb testing.TB) (version string) {
	tb.Helper()
	for _, folder := range moduleFolders(tb)[1:] {
		b, err := os.ReadFile(filepath.Join(testneed.Root(tb), filepath.FromSlash(folder), "go.mod"))
		if err != nil {
			tb.Fatal(err)
		}
		m := requiredVersion.FindSubmatch(b)
		if m == nil {
			tb.Fatalf("%s/go.mod does not require %s", folder, library)
		}
		if version != "" && version != string(m[1]) {
			tb.Fatalf("%s/go.mod requires %s of the library, and another one %s", folder, m[1], version)
		}
		version = string(m[1])
	}
	return version
}

// moduleFolders returns the folders that have a go.mod, the root first, as ".".
func moduleFolders(tb testing.TB) []string {
	tb.Helper()
	folders := []string{"."}
	for _, name := range Files(tb) {
		if folder, ok := strings.CutSuffix(name, "/go.mod"); ok && !strings.Contains(folder, "testdata") {
			folders = append(folders, folder)
		}
	}
	return folders
}

// run runs a program that has to succeed.
func run(tb testing.TB, dir string, env []string, name string, args ...string) {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
}

// goEnv returns a setting of the go command.
func goEnv(tb testing.TB, name string) string {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "go", "env", name).Output()
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
