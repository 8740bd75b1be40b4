package outside

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// Files returns the names of the files that a commit of the working tree would hold, with slashes
// and from the root on, and skips the test where the tree is no checkout of git.
func Files(tb testing.TB) []string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), testneed.Program(tb, "git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = testneed.Root(tb)
	// With the user's configuration, which may be what lets git read the checkout at all
	// (safe.directory).
	cmd.Env = withoutGit(os.Environ())
	out, err := cmd.Output()
	if err != nil {
		testneed.Missing(tb, "a checkout of git: git ls-files: "+err.Error())
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		switch info, err := os.Lstat(filepath.Join(cmd.Dir, filepath.FromSlash(name))); {
		case os.IsNotExist(err): // deleted, and not committed yet
		case err != nil:
			tb.Fatal(err)
		case info.Mode().IsRegular():
			files = append(files, name)
		default:
			tb.Fatalf("%s is no regular file, and the go command packs no others into a module", name)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// Copy copies those files into the folder to, which is made.
func Copy(tb testing.TB, to string) {
	tb.Helper()
	root := testneed.Root(tb)
	for _, name := range Files(tb) {
		name = filepath.FromSlash(name)
		// The files are read by this process, so that the go command sees that a result
		// it has kept is of another tree; and so are the folders, for files that are new.
		from := filepath.Join(root, name)
		if _, err := os.ReadDir(filepath.Dir(from)); err != nil {
			tb.Fatal(err)
		}
		b, err := os.ReadFile(from)
		if err != nil {
			tb.Fatal(err)
		}
		info, err := os.Stat(from)
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), b, info.Mode().Perm()); err != nil {
			tb.Fatal(err)
		}
	}
}

// withoutGit returns env without what would lead git to another repository, as a hook sets it.
func withoutGit(env []string) []string {
	return slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, "GIT_") })
}

// gitEnv is the environment without that, and without the user's and the machine's configuration of
// git.
func gitEnv() []string {
	return append(withoutGit(os.Environ()), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=wildgate", "GIT_AUTHOR_EMAIL=wildgate@example.org",
		"GIT_COMMITTER_NAME=wildgate", "GIT_COMMITTER_EMAIL=wildgate@example.org")
}
