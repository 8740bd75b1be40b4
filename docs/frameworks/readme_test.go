package frameworks_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/docs/frameworks/internal/conformance"
)

// TestReadme: each program has a row in README.md, whose lines are the program's own, and the set
// is held against it.
func TestReadme(t *testing.T) {
	t.Parallel()
	run := programsRun(t)
	programs, err := filepath.Glob(filepath.Join("*", "main.go"))
	if err != nil || len(programs) < 9 {
		t.Fatalf("the programs are %v, %v", programs, err)
	}
	for _, program := range programs {
		name := filepath.Dir(program)
		source, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		cells := strings.Split(conformance.Row(t, name), " | ")
		if len(cells) != 3 {
			t.Errorf("the row of %s has %d cells", name, len(cells))
			continue
		}
		lines := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1)
		if len(lines) == 0 || len(lines) > 3 {
			t.Errorf("the row of %s has %d lines of code", name, len(lines))
		}
		for _, line := range lines {
			if !strings.Contains(string(source), line[1]) {
				t.Errorf("%s has no %s", program, line[1])
			}
		}
		if !run[name] {
			t.Errorf("no test holds the set against %s", name)
		}
		if n := strings.Count(string(source), "\n"); n > 95 {
			t.Errorf("%s has %d lines, and is to be read at a glance", program, n)
		}
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(string(readme), "/main.go) |"); rows != len(programs) {
		t.Errorf("README.md has %d rows for %d programs", rows, len(programs))
	}
}

// programsRun returns the programs that tests give to conformance.Run.
func programsRun(t *testing.T) map[string]bool {
	t.Helper()
	run := map[string]bool{}
	tests, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tests {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 3 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Run" {
				return true
			}
			if lit, ok := call.Args[1].(*ast.BasicLit); ok {
				if program, err := strconv.Unquote(lit.Value); err == nil {
					run[program] = true
				}
			}
			return true
		})
	}
	return run
}
