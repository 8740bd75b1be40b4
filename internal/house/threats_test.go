package house_test

import (
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lastThreat is the highest number of a threat: they go from 1.
const lastThreat = 252

// A threatRow is a row of THREATS.md: the numbers that it is about, and the tests that hold them.
type threatRow struct {
	first, last int
	tests       []string
	// why says why there is no test, or what the tests do not cover: "none" or "not built".
	why string
}

var (
	threatLine    = regexp.MustCompile(`^\| (\d+)(?:–(\d+))? \| .+\. \| (.+) \|$`)
	threatReason  = regexp.MustCompile(`^(none|not built): [^:;]{8,}[^.]$`)
	threatNumbers = regexp.MustCompile(`[tT]hreats? (\d+(?:(?:, and |, | and | to |–)\d+)*)`)
	threatRange   = regexp.MustCompile(`(\d+)(?:(?: to |–)(\d+))?`)
	lineOfComment = regexp.MustCompile(`\n\s*// `)
)

// parseThreatRow reads a line of the table. Its last cell has tests, or a reason why there are
// none, or, behind a semicolon, tests and what is not built of what the row is about.
func parseThreatRow(line string) (row threatRow, ok bool) {
	m := threatLine.FindStringSubmatch(line)
	if m == nil {
		return threatRow{}, false
	}
	row.first, _ = strconv.Atoi(m[1])
	row.last = row.first
	if m[2] != "" {
		row.last, _ = strconv.Atoi(m[2])
	}
	tests, reason := m[3], ""
	if threatReason.MatchString(tests) {
		tests, reason = "", tests
	} else if before, after, cut := strings.Cut(tests, "; "); cut {
		if tests, reason = before, after; !strings.HasPrefix(reason, "not built") {
			return threatRow{}, false
		}
	}
	if reason != "" {
		if !threatReason.MatchString(reason) {
			return threatRow{}, false
		}
		row.why, _, _ = strings.Cut(reason, ":")
	}
	if tests != "" {
		row.tests = strings.Split(tests, ", ")
	}
	return row, row.first <= row.last
}

// threatsIn returns the numbers of the threats that a text names, in comments over several lines
// too.
func threatsIn(text string) []int {
	var all []int
	for _, m := range threatNumbers.FindAllStringSubmatch(lineOfComment.ReplaceAllString(text, " "), -1) {
		for _, r := range threatRange.FindAllStringSubmatch(m[1], -1) {
			first, _ := strconv.Atoi(r[1])
			last := first
			if r[2] != "" {
				last, _ = strconv.Atoi(r[2])
			}
			if last-first > lastThreat {
				last = first
			}
			for n := first; n <= last; n++ {
				all = append(all, n)
			}
		}
	}
	return all
}

// TestThreats: THREATS.md has each threat once, in order. The tests that a row names exist, and
// say in their comments or in the names of their cases that they are about it. What has no test
// has a reason, and nothing names its number, nor one that the table does not have.
func TestThreats(t *testing.T) {
	t.Parallel()
	naming := threatsOfTests(t)
	b, err := os.ReadFile(filepath.Join(root, "THREATS.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[int]threatRow{}
	next := 1
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "|") || line == "| threat | what happens | tests |" || line == "| --- | --- | --- |" {
			continue
		}
		row, ok := parseThreatRow(line)
		if !ok {
			t.Errorf("not a row: %s", line)
			continue
		}
		if row.first != next {
			t.Errorf("the row after that of threat %d is that of threat %d", next-1, row.first)
		}
		next = row.last + 1
		for n := row.first; n <= row.last; n++ {
			rows[n] = row
			for i, test := range row.tests {
				switch source, exists := naming[test]; {
				case !exists:
					t.Errorf("threat %d: there is no %s", n, test)
				case !source[n]:
					t.Errorf("threat %d: %s does not say that it is about it", n, test)
				case slices.Contains(row.tests[:i], test):
					t.Errorf("threat %d: %s stands there twice", n, test)
				}
			}
		}
	}
	if next != lastThreat+1 {
		t.Errorf("the last row is that of threat %d; want %d", next-1, lastThreat)
	}
	for n, names := range threatsOfFiles(t) {
		switch row, known := rows[n]; {
		case !known:
			t.Errorf("%s: there is no threat %d", names, n)
		case len(row.tests) == 0:
			t.Errorf("%s: threat %d is named, and the table says %s", names, n, row.why)
		}
	}
}

// threatsOfTests returns, by test and fuzz target, the threats that its source names.
func threatsOfTests(t *testing.T) map[string]map[int]bool {
	t.Helper()
	naming := map[string]map[int]bool{}
	for _, f := range readFiles(t) {
		if !f.test {
			continue
		}
		testsOf(t, f, func(test, source string) {
			if naming[test] == nil {
				naming[test] = map[int]bool{}
			}
			for _, n := range threatsIn(source) {
				naming[test][n] = true
			}
		})
	}
	return naming
}

// testsOf hands over each test and fuzz target of a file with its source, from the beginning of its
// comment, whose lines are joined, to the end of its body.
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

// threatsOfFiles returns, by threat, the Go files and documents that name it, but for the table.
func threatsOfFiles(t *testing.T) map[int][]string {
	t.Helper()
	named := map[int][]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(d.Name()) && p != root {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(p); ext != ".go" && ext != ".md" || d.Name() == "THREATS.md" {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		for _, n := range threatsIn(string(b)) {
			if !slices.Contains(named[n], p) {
				named[n] = append(named[n], p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return named
}

// TestThreatNumbers: the ways in which tests and comments name threats are read as they are meant.
func TestThreatNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{
		"threat 7: x": {7}, "threats 83, 84 and 85.": {83, 84, 85}, "(threats 48 and 61)": {48, 61},
		"Threat 224": {224}, "threatening 5": nil,
		"Threats 135 to 138 and 145: x": {135, 136, 137, 138, 145}, "threats 83–85": {83, 84, 85}, "threat 235, CVE-2022-31813": {235},
		"// of threats 7,\n\t// 8 and 9, and": {7, 8, 9}, "// threats\n// 7": {7}, "threat 1 to 99999999": {1},
	} {
		if got := threatsIn(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v; want %v", text, got, want)
		}
	}
}

// TestThreatRows: a row has tests, or says why it has none, or which part of it has none.
func TestThreatRows(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"TestA": "[TestA] ", "TestA, FuzzB": "[TestA FuzzB] ",
		"none: nothing is forwarded": "[] none", "not built: a replay guard": "[] not built",
		"TestA; not built: a replay guard": "[TestA] not built", "none": "[none] ",
		"TestA; none: nothing is forwarded": "", "TestA; not built": "", "TestA; not built: ": "", "TestA; x": "", "": "",
	} {
		row, ok := parseThreatRow("| 83–85 | What is done. | " + cell + " |")
		got := ""
		if ok {
			got = "[" + strings.Join(row.tests, " ") + "] " + row.why
		}
		if got != want || ok && (row.first != 83 || row.last != 85) {
			t.Errorf("%q: %+v, %q; want %q", cell, row, got, want)
		}
	}
	for _, line := range []string{
		"| 1 | No full stop | TestA |", "| x | What is done. | TestA |", "| 2–1 | What is done. | TestA |", "| 1 | What is done. |",
	} {
		if row, ok := parseThreatRow(line); ok {
			t.Errorf("%s: %+v", line, row)
		}
	}
}
