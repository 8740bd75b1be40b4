package main_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// folderLog is what the log says of the data folder, without the times.
func (s *site) folderLog() string {
	var b strings.Builder
	for line := range strings.Lines(s.stderr.String()) {
		_, rest, _ := strings.Cut(line, " ")
		if strings.Contains(rest, "the data folder") || strings.Contains(rest, "no rides are served") {
			b.WriteString(rest)
		}
	}
	return b.String()
}

// TestAGoodEditIsOneLine: it says what has changed, and nothing secret (threat 116).
func TestAGoodEditIsOneLine(t *testing.T) {
	s := startFiles(t, t.TempDir())
	// told waits for the next line about the folder, and wants it to be that.
	seen := ""
	told := func(want string) {
		t.Helper()
		eventually(t, "told: "+want, func() bool { return s.folderLog() != seen })
		if got := strings.TrimPrefix(s.folderLog(), seen); got != want+"\n" {
			t.Errorf("told\n%swant\n%s", got, want)
		}
		seen = s.folderLog()
	}
	s.edit("principals.json", noPolicy, attached)
	told(`level=INFO msg="edit in the data folder" file=principals.json ` +
		`what="user newcomer: policy WildRydesAPI-StandardUserPolicy attached"`)
	secret := s.credentials("newcomer").SecretAccessKey
	s.edit("principals.json", secret, "another-secret-of-the-newcomer")
	told(`level=INFO msg="edit in the data folder" file=principals.json what="user newcomer: key ` + s.credentials("newcomer").AccessKeyID +
		` has another secret"`)
	s.edit("policies/WildRydesAPI-DispatcherPolicy.json", `"Statement": [`,
		`"Statement": [{"Sid": "Closed", "Effect": "Deny", "Action": "*", "Resource": "*"}, `)
	told(`level=INFO msg="edit in the data folder" file=policies/WildRydesAPI-DispatcherPolicy.json ` +
		`what="policy WildRydesAPI-DispatcherPolicy: 1 statement added"`)
	write(t, s.data, "policies/Spare.json",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}`)
	told(`level=INFO msg="edit in the data folder" file=policies/Spare.json what="policy Spare added with 1 statement"`)
	remove(t, s.data, "policies/Spare.json")
	told(`level=WARN msg="removed from the data folder" file=policies/Spare.json what="policy Spare removed"`)
	write(t, s.data, "api.json", s.read("api.json")+"\n")
	told(`level=WARN msg="edit in the data folder" file=api.json what="it takes effect at the next start"`)
	if log := s.stderr.String(); strings.Contains(log, secret) || strings.Contains(log, "another-secret") {
		t.Errorf("a secret is logged:\n%s", log)
	}
}

// TestAFileOfTheFolderThatIsGoneIsLogged: whichever it is, and whether a request comes or not.
func TestAFileOfTheFolderThatIsGoneIsLogged(t *testing.T) {
	for _, name := range []string{
		"api.json", "rider.env", "dispatcher.env", "newcomer.env", "principals.json", "rides.db", "rides.db-wal", "wildgate.lock",
		"policies/WildRydesAPI-StandardUserPolicy.json", "policies/WildRydesAPI-DispatcherPolicy.json", "policies",
	} {
		for what, do := range map[string]func(t *testing.T, path string){
			"removed": func(t *testing.T, path string) {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
			},
			"replaced by a folder": func(t *testing.T, path string) {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			},
			"a link to nothing": func(t *testing.T, path string) {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink("nothing", path); err != nil {
					t.Fatal(err)
				}
			},
		} {
			if what != "removed" && !slices.Contains([]string{"api.json", "principals.json"}, name) {
				continue // the same code looks at the others, and each case takes a start of the program
			}
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				s := startFiles(t, t.TempDir())
				if _, err := os.Lstat(filepath.Join(s.data, filepath.FromSlash(name))); errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("there is no %s", name)
				}
				do(t, filepath.Join(s.data, filepath.FromSlash(name)))
				eventually(t, "it is logged", func() bool { return strings.Contains(s.folderLog(), name) })
				for line := range strings.Lines(s.folderLog()) {
					if !strings.HasPrefix(line, "level=WARN ") && !strings.HasPrefix(line, "level=ERROR ") {
						t.Errorf("logged as %s", line)
					}
				}
			})
		}
	}
}

const withoutOverride = "WILDGATE_TEST_WITHOUT_OVERRIDE"

// TestAFileOfTheFolderThatCannotBeReadIsLogged: by its mode. Its owner can be anybody but root, to
// whom everything is readable.
func TestAFileOfTheFolderThatCannotBeReadIsLogged(t *testing.T) {
	if os.Geteuid() == 0 && os.Getenv(withoutOverride) == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), testneed.Program(t, "setpriv"), "--bounding-set", "-dac_override,-dac_read_search", self,
			"-test.run", "^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), withoutOverride+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	for _, name := range []string{
		"api.json", "rider.env", "principals.json", "policies/WildRydesAPI-StandardUserPolicy.json", "policies", "rides.db",
	} {
		t.Run(name, func(t *testing.T) {
			s := startFiles(t, t.TempDir())
			path := filepath.Join(s.data, filepath.FromSlash(name))
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(path, info.Mode().Perm()) })
			eventually(t, "it is logged", func() bool {
				return strings.Contains(s.folderLog(), "file="+name+" ") && strings.Contains(s.folderLog(), "level=WARN")
			})
			if err := os.Chmod(path, info.Mode().Perm()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "its end is logged", func() bool {
				return strings.Contains(s.folderLog(), `msg="mistake mended in the data folder" file=`+name)
			})
		})
	}
}
