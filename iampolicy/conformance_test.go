package iampolicy_test

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
)

// CONFORMANCE.md names tests that exist: functions, and rows of their tables.
func TestConformanceNamesTestsThatExist(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	literals := map[string]map[string]bool{} // by test function, the texts in it
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			texts := map[string]bool{}
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil {
						texts[text] = true
					}
				}
				return true
			})
			literals[f.Name.Name] = texts
		}
	}
	doc, err := os.ReadFile("CONFORMANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| (.+) \\| (`.+`) \\| (holds|decided|narrower) \\|$")
	rows := row.FindAllStringSubmatch(string(doc), -1)
	if have := strings.Count(string(doc), "\n| ") - 2*strings.Count(string(doc), "\n## "); len(rows) != have {
		t.Errorf("%d of %d rows can be read", len(rows), have)
	}
	for _, r := range rows {
		for _, test := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(r[2], -1) {
			function, name, hasName := strings.Cut(test[1], "/")
			if texts, ok := literals[function]; !ok || hasName && !texts[name] {
				t.Errorf("%s: there is no %s", r[1], test[1])
			}
		}
	}
}
