package outside_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/outside"
	"github.com/wildgate/wildgate/internal/testneed"
)

// TestEveryModuleCanBeRequired: a program outside the repository requires each module at the
// version that the modules name, without a replace, and imports or builds every package of it that
// it may. go run takes the commands at that version, which it refuses where their module has a
// replace.
func TestEveryModuleCanBeRequired(t *testing.T) {
	t.Parallel()
	r := outside.NewRelease(t)
	if len(r.Modules) < 4 {
		t.Fatalf("only these modules were found: %v", r.Modules)
	}
	for _, module := range r.Modules {
		t.Run(module, func(t *testing.T) {
			dir := t.TempDir()
			r.Go(t, dir, "mod", "init", "example.org/consumer")
			r.Go(t, dir, "get", module+"/...@"+r.Version)
			var program strings.Builder
			program.WriteString("package main\n\n")
			packages, commands := 0, []string{}
			for line := range strings.Lines(r.Go(t, dir, "list", "-f", "{{.Name}} {{.ImportPath}} {{.Module.Path}}", module+"/...")) {
				var name, path, of string
				if _, err := fmt.Sscan(line, &name, &path, &of); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				switch {
				case of != module:
				case name == "main":
					commands = append(commands, path)
				case !strings.Contains(path+"/", "/internal/"):
					packages++
					fmt.Fprintf(&program, "import _ %q\n", path)
				}
			}
			if packages+len(commands) == 0 {
				t.Fatal("it has no packages")
			}
			program.WriteString("\nfunc main() {}\n")
			write(t, filepath.Join(dir, "main.go"), program.String())
			bin := filepath.Join(dir, "bin") + string(filepath.Separator)
			r.Go(t, dir, append([]string{"build", "-o", bin, "."}, commands...)...)
			if built, err := os.ReadDir(bin); err != nil || len(built) != 1+len(commands) {
				t.Errorf("built are %v, %v; want the program and %v", built, err, commands)
			}
			if mod := read(t, filepath.Join(dir, "go.mod")); strings.Contains(mod, "replace") {
				t.Errorf("the program's go.mod replaces:\n%s", mod)
			}
		})
	}
	for command, want := range map[string]string{"example": "Wild Rydes", "iampolicy/cmd/iampolicy": "simulate"} {
		if out := r.Go(t, t.TempDir(), "run", r.Modules[0]+"/"+command+"@"+r.Version, "-h"); !strings.Contains(out, want) {
			t.Errorf("%s -h prints no %q:\n%s", command, want, out)
		}
	}
}

// TestTreeStandsInForTheVersion: go.work replaces exactly the version that the modules require, or
// every command in a checkout would ask a proxy for it; and the modules replace nothing.
func TestTreeStandsInForTheVersion(t *testing.T) {
	t.Parallel()
	root := testneed.Root(t)
	line := regexp.MustCompile(`(?m)^replace github\.com/wildgate/wildgate (v\S+) => \./$`)
	replaced := line.FindStringSubmatch(read(t, filepath.Join(root, "go.work")))
	if replaced == nil {
		t.Fatal("go.work does not replace the library by ./")
	}
	if replaced[1] == "v0.0.0" {
		t.Error("v0.0.0 is what a version is called that will never be tagged")
	}
	modules := 0
	for _, name := range outside.Files(t) {
		if filepath.Base(name) != "go.mod" || strings.Contains(name, "testdata") {
			continue
		}
		modules++
		mod := read(t, filepath.Join(root, filepath.FromSlash(name)))
		if strings.Contains(mod, "replace") {
			t.Errorf("%s replaces, so that go run and go install refuse its commands", name)
		}
		if name != "go.mod" && !strings.Contains(mod, "github.com/wildgate/wildgate "+replaced[1]+"\n") {
			t.Errorf("%s does not require the version %s, which go.work replaces", name, replaced[1])
		}
		if name != "go.mod" && !strings.Contains(read(t, filepath.Join(root, ".ci", "tidy")), " "+strings.TrimSuffix(name, "/go.mod")) {
			t.Errorf(".ci/tidy leaves %s out", name)
		}
	}
	if modules < 4 {
		t.Errorf("only %d modules were found", modules)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
