//go:build unix

package outside_test

import (
	"go/format"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/outside"
	"github.com/wildgate/wildgate/internal/testneed"
)

// pages are the documents whose blocks somebody pastes in order, into one shell, starting with an
// empty folder.
var pages = []struct {
	name, address string
	userLines     int // the most lines of Go that the page may ask for; 0: any number
}{
	{"first-route.md", "127.0.0.1:8082", 40},
	{"routes.md", "127.0.0.1:8083", 0},
	{"keys.md", "127.0.0.1:8084", 0},
	{"temporary-credentials.md", "127.0.0.1:8085", 0},
	{"directory.md", "127.0.0.1:8086", 0},
}

// inFolder matches what says where a program is saved.
var inFolder = regexp.MustCompile("^Save it as `([a-z_.]+)`:$")

// TestPagesAsPasted: each page's blocks do what the page says: what a block of text shows is what
// the commands before it print. Only the port is another one, since that of the page may be taken.
// With all of the work, the first page starts with an empty build cache too, and has five minutes.
func TestPagesAsPasted(t *testing.T) {
	outside.Curl(t)
	testneed.Program(t, "openssl")
	r := outside.NewRelease(t)
	for i, page := range pages {
		t.Run(page.name, func(t *testing.T) {
			blocks := outside.Fenced(t, filepath.Join("docs", page.name), "sh", "go", "text")
			if slices.ContainsFunc(blocks, func(b outside.Block) bool {
				return strings.Contains(b.Text, "aws sts ") || strings.Contains(b.Text, "aws iam ")
			}) {
				outside.AWS(t)
			}
			address := outside.FreeAddress(t)
			dir, env, began := t.TempDir(), slices.DeleteFunc(slices.Clone(r.Env), ofAWSUser), time.Now()
			env = append(env, "HOME="+t.TempDir()) // where the AWS CLI keeps sessions
			if i == 0 && testneed.Long() {
				env = append(env[:len(env):len(env)], "GOCACHE="+t.TempDir())
			}
			shell := outside.NewShell(t, "bash", dir, env)
			folder, printed, lines, shown, served := dir, "", 0, 0, false
			for _, block := range blocks {
				served = served || block.Language == "go" && strings.Contains(block.Text, page.address)
				block.Text = strings.ReplaceAll(block.Text, page.address, address)
				switch block.Language {
				case "sh":
					if cut, ok := strings.CutPrefix(block.Text, "mkdir "); ok && folder == dir {
						name, _, _ := strings.Cut(cut, " ")
						folder = filepath.Join(dir, name)
					}
					printed = shell.Paste(block.Text)
				case "go":
					name := inFolder.FindStringSubmatch(block.Before)
					if name == nil {
						t.Fatalf("before a program stands %q, which does not say where to save it", block.Before)
					}
					if formatted, err := format.Source([]byte(block.Text)); err != nil || string(formatted) != block.Text {
						t.Errorf("%s is not formatted as gofmt does (%v)", name[1], err)
					}
					write(t, filepath.Join(folder, name[1]), block.Text)
					lines += linesOfGo(block.Text)
				case "text":
					shown++
					if !strings.Contains("\n"+printed, "\n"+block.Text) {
						t.Errorf("the page says that the commands print\n%s\nand they print\n%s", block.Text, printed)
					}
				}
			}
			if shown == 0 || !served {
				t.Errorf("the page shows no output, or no program that serves at %s", page.address)
			}
			if page.userLines > 0 && lines > page.userLines {
				t.Errorf("%d lines of Go; want at most %d", lines, page.userLines)
			}
			took := time.Since(began).Round(time.Second)
			if page.userLines > 0 && took > 5*time.Minute {
				t.Errorf("it took %v; want at most five minutes", took)
			}
			t.Logf("%d lines of Go, %v", lines, took)
			outside.Stopped(t, address)
		})
	}
}

// ofAWSUser reports whether a setting of the environment is one of this machine's user of AWS, who
// is not the page's; but for what an AWS CLI needs to run here at all.
func ofAWSUser(setting string) bool {
	return strings.HasPrefix(setting, "AWS_") && !strings.HasPrefix(setting, "AWS_CA_BUNDLE=")
}

// linesOfGo counts the lines of a program that are neither blank nor of its package and import
// clauses.
func linesOfGo(program string) (n int) {
	imports := false
	for line := range strings.Lines(program) {
		line = strings.TrimSpace(line)
		switch {
		case line == "import (":
			imports = true
		case imports:
			imports = line != ")"
		case line != "" && !strings.HasPrefix(line, "package ") && !strings.HasPrefix(line, "//"):
			n++
		}
	}
	return n
}
