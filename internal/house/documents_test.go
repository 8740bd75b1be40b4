package house_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// documents returns the Markdown files of the repository, by name with slashes from the root on.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "node_modules", "testdata", "wildgate-data":
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ".md" {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		all[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d documents found below %s", len(all), root)
	}
	return all
}

// TestReadmeIsShort: it is read to its end.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	readme := documents(t)["README.md"]
	if n := utf8.RuneCountInString(readme); n >= 9000 {
		t.Errorf("README.md has %d characters; want less than 9,000", n)
	}
	begin, rest, _ := strings.Cut(readme, "```\n\n")
	if !strings.Contains(begin, "go get "+module+"/sigv4auth\n") || strings.Count(begin, "\n") > 10 || rest == "" {
		t.Errorf("README.md does not begin with how to get the library:\n%s", begin)
	}
}

// TestTelemetryPrograms: the programs that docs/telemetry.md shows are those that are run by tests.
func TestTelemetryPrograms(t *testing.T) {
	t.Parallel()
	page := documents(t)["docs/telemetry.md"]
	for _, name := range []string{"sigv4auth/sigv4otel/example/main.go", "sigv4auth/sigv4prom/example/main.go"} {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(page, "```go\n"+string(b)+"```\n") != 1 {
			t.Errorf("docs/telemetry.md does not show %s as it is", name)
		}
	}
}

var (
	fence    = regexp.MustCompile("(?ms)^```.*?^```")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInID  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	testName = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)")
)

// TestLinks: what a document links to in the repository is there, and so is the heading that it
// names.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := documents(t)
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if file != "" {
				target = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			}
			if anchor != "" && !headings(all[target])[anchor] {
				t.Errorf("%s links to %s, and that has no such heading", name, m[1])
			}
		}
	}
}

// headings returns the anchors of a document's headings, as GitHub makes them.
func headings(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		anchors[strings.ReplaceAll(notInID.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return anchors
}

// TestDesignRecords: each record is listed, has its parts, and names tests that exist.
func TestDesignRecords(t *testing.T) {
	t.Parallel()
	exists := map[string]bool{}
	for _, f := range readFiles(t) {
		if f.test {
			testsOf(t, f, func(test, _ string) { exists[test] = true })
		}
	}
	all := documents(t)
	records := 0
	for name, text := range all {
		if path.Dir(name) != "docs/design" || path.Base(name) == "README.md" {
			continue
		}
		records++
		if !strings.Contains(all["docs/design/README.md"], "]("+path.Base(name)+")") {
			t.Errorf("docs/design/README.md does not list %s", name)
		}
		for _, part := range []string{"Question", "Decision", "What was considered", "What it costs", "Where it is held"} {
			part = "**" + part + ".**"
			if strings.Count(text, "\n"+part) != 1 {
				t.Errorf("%s has no part %s, or several", name, part)
			}
		}
		_, held, _ := strings.Cut(text, "**Where it is held.**")
		tests := testName.FindAllStringSubmatch(held, -1)
		if len(tests) == 0 {
			t.Errorf("%s is held by no test", name)
		}
		for _, m := range tests {
			if !exists[m[1]] {
				t.Errorf("%s names %s, which does not exist", name, m[1])
			}
		}
	}
	if records < 5 {
		t.Errorf("only %d records", records)
	}
}
