package guards_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// guard is a condition whose truth ends in a refusal: the condition of an if, or a case of a switch without a tag.
type guard struct {
	id         string // file, function and condition, as in the record
	begin, end int    // the condition's place in the file
}

// findGuards returns the guards of a file: each condition in a function that returns an error last, after which it returns something else
// than nil there.
func findGuards(t *testing.T, dir, name string, source []byte) []guard {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	offset := func(p token.Pos) int { return fset.Position(p).Offset }
	var all []guard
	seen := map[string]int{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil || !refuses(f.Type) {
			continue
		}
		add := func(cond ast.Expr, body []ast.Stmt) {
			if len(body) == 0 || !returnsRefusal(body[len(body)-1]) {
				return
			}
			begin, end := offset(cond.Pos()), offset(cond.End())
			id := fmt.Sprintf("%s/%s %s: %s", dir, name, f.Name.Name, bytes.Join(bytes.Fields(source[begin:end]), []byte(" ")))
			if seen[id]++; seen[id] > 1 {
				id += fmt.Sprintf(" #%d", seen[id])
			}
			all = append(all, guard{id, begin, end})
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.IfStmt:
				add(n.Cond, n.Body.List)
			case *ast.SwitchStmt:
				if n.Tag == nil {
					for _, c := range n.Body.List {
						if c := c.(*ast.CaseClause); len(c.List) == 1 {
							add(c.List[0], c.Body)
						}
					}
				}
			}
			return true
		})
	}
	return all
}

// refuses reports whether a function's last result is an error.
func refuses(f *ast.FuncType) bool {
	if f.Results == nil {
		return false
	}
	switch last := f.Results.List[len(f.Results.List)-1].Type.(type) {
	case *ast.Ident:
		return last.Name == "error"
	case *ast.StarExpr:
		name, ok := last.X.(*ast.Ident)
		return ok && name.Name == "Error"
	}
	return false
}

func returnsRefusal(s ast.Stmt) bool {
	r, ok := s.(*ast.ReturnStmt)
	if !ok || len(r.Results) == 0 {
		return false
	}
	last, ok := r.Results[len(r.Results)-1].(*ast.Ident)
	return !ok || last.Name != "nil"
}

// takeable returns the source in which every guard can be taken out by the name that the environment holds.
func takeable(source []byte, guards []guard) []byte {
	inner := slices.Clone(guards)
	slices.SortFunc(inner, func(a, b guard) int { return b.begin - a.begin })
	for _, g := range inner {
		cond := fmt.Sprintf("(%s) && !guardTaken(%q)", source[g.begin:g.end], g.id)
		source = slices.Concat(source[:g.begin], []byte(cond), source[g.end:])
	}
	return source
}

// goFiles returns the names of the package's files that are not tests.
func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, n := range names {
		if n = filepath.Base(n); !strings.HasSuffix(n, "_test.go") && n != "doc.go" {
			files = append(files, n)
		}
	}
	return files
}

// taken is the file that is added to a package whose guards can be taken out. It takes out the one that the environment names, and can tell of each that
// would refuse.
func taken(pkg string) []byte {
	return []byte("package " + pkg + `

import "os"

var (
	takenGuard  = os.Getenv("` + takenVariable + `")
	tracesGuard = os.Getenv("` + traceVariable + `") != ""
)

func guardTaken(id string) bool {
	if tracesGuard {
		os.Stderr.WriteString("\n` + traceMark + `" + id + "\n")
	}
	return takenGuard == id
}
`)
}

const (
	takenVariable = "WILDGATE_TAKEN_GUARD"
	traceVariable = "WILDGATE_TRACE_GUARDS"
	traceMark     = "guard: "
)

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
