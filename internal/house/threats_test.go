package house_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// threats are the numbers of the threats that concern sigv4auth.
func threats() map[int]bool {
	all := map[int]bool{}
	for _, r := range [][2]int{{1, 100}, {119, 134}, {211, 224}, {229, 232}} {
		for n := r[0]; n <= r[1]; n++ {
			all[n] = true
		}
	}
	return all
}

var (
	threatRow    = regexp.MustCompile(`^\| (\d+)(?:–(\d+))? \| (.+\.) \| (.+) \|$`)
	threatNumber = regexp.MustCompile(`[tT]hreats? (\d+(?:(?:, | and )\d+)*)`)
)

// TestThreats: sigv4auth/THREATS.md has each threat once; the tests that a row names exist, and say in their comments or in the names of their cases that they are about
// it. A threat without a test has a reason, and no test.
func TestThreats(t *testing.T) {
	t.Parallel()
	naming := map[string]map[int]bool{} // by test: the threats that its source names
	named := map[int]bool{}
	for _, f := range readFiles(t) {
		if f.test {
			testsOf(t, f, func(test, source string) {
				if naming[test] == nil {
					naming[test] = map[int]bool{}
				}
				for _, m := range threatNumber.FindAllStringSubmatch(source, -1) {
					for _, n := range regexp.MustCompile(`\d+`).FindAllString(m[1], -1) {
						number, _ := strconv.Atoi(n)
						naming[test][number], named[number] = true, true
					}
				}
			})
		}
	}
	b, err := os.ReadFile(filepath.Join(root, "sigv4auth", "THREATS.md"))
	if err != nil {
		t.Fatal(err)
	}
	missing := threats()
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| threat |") || strings.HasPrefix(line, "| ---") {
			continue
		}
		m := threatRow.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("not a row: %s", line)
			continue
		}
		first, _ := strconv.Atoi(m[1])
		last := first
		if m[2] != "" {
			last, _ = strconv.Atoi(m[2])
		}
		for n := first; n <= last; n++ {
			if !missing[n] {
				t.Errorf("threat %d has a second row, or is another package's", n)
			}
			delete(missing, n)
			if m[4] == "none" {
				if named[n] {
					t.Errorf("threat %d: the table says that no test is about it, and one is", n)
				}
				continue
			}
			for test := range strings.SplitSeq(m[4], ", ") {
				switch source, exists := naming[test]; {
				case !exists:
					t.Errorf("threat %d: there is no %s", n, test)
				case !source[n]:
					t.Errorf("threat %d: %s does not say that it is about it", n, test)
				}
			}
		}
	}
	for n := range missing {
		t.Errorf("threat %d has no row", n)
	}
}

// testsOf hands over each test and fuzz target of a file with its source, from the beginning of its comment to the end of its body.
func testsOf(t *testing.T, f file, do func(test, source string)) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, f.dir, f.name))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") && !strings.HasPrefix(fn.Name.Name, "Fuzz") {
			continue
		}
		start := fn.Pos()
		if fn.Doc != nil {
			start = fn.Doc.Pos()
		}
		source := string(b[f.fset.Position(start).Offset:f.fset.Position(fn.End()).Offset])
		do(fn.Name.Name, strings.ReplaceAll(source, "\n// ", " "))
	}
}

// TestThreatNumbers: the way in which tests name threats is read as it is meant.
func TestThreatNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"threat 7: x": "7", "threats 83, 84 and 85.": "83, 84 and 85", "(threats 48 and 61)": "48 and 61", "Threat 224": "224", "threatening 5": "",
	} {
		got := ""
		if m := threatNumber.FindStringSubmatch(text); m != nil {
			got = m[1]
		}
		if got != want {
			t.Errorf("%q: %q; want %q", text, got, want)
		}
	}
}
