package house_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/doc"
	"go/printer"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write down what the library exports")

const apiFile = "testdata/api.txt"

// exported returns the library's packages as their users see them, by folder.
func exported(t *testing.T) (*token.FileSet, map[string]*doc.Package) {
	t.Helper()
	files, fset := map[string][]*ast.File{}, (*token.FileSet)(nil)
	for _, f := range readFiles(t) {
		if !f.test && library(f.dir) && !strings.Contains("/"+f.dir+"/", "/internal/") && f.ast.Name.Name != "main" {
			files[f.dir], fset = append(files[f.dir], f.ast), f.fset
		}
	}
	packages := map[string]*doc.Package{}
	for dir, list := range files {
		p, err := doc.NewFromFiles(fset, list, module+"/"+dir)
		if err != nil {
			t.Fatal(err)
		}
		packages[dir] = p
	}
	return fset, packages
}

// TestAPI: what the library exports is what testdata/api.txt says, so that a change of it is seen.
func TestAPI(t *testing.T) {
	t.Parallel()
	fset, packages := exported(t)
	var b bytes.Buffer
	b.WriteString("# What the library exports. Written by go test ./internal/house -run TestAPI -update.\n")
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		p := packages[dir]
		b.WriteString("\npackage " + dir + "\n")
		values := func(groups ...[]*doc.Value) {
			for _, v := range slices.Concat(groups...) {
				declare(t, &b, fset, v.Decl)
			}
		}
		functions := func(list []*doc.Func) {
			for _, f := range list {
				f.Decl.Body = nil
				declare(t, &b, fset, f.Decl)
			}
		}
		values(p.Consts, p.Vars)
		functions(p.Funcs)
		for _, typ := range p.Types {
			declare(t, &b, fset, typ.Decl)
			values(typ.Consts, typ.Vars)
			functions(typ.Funcs)
			functions(typ.Methods)
		}
	}
	if *update {
		if err := os.WriteFile(filepath.FromSlash(apiFile), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	recorded, err := os.ReadFile(filepath.FromSlash(apiFile))
	if err != nil {
		t.Fatal(err)
	}
	was, is := strings.Split(string(recorded), "\n"), strings.Split(b.String(), "\n")
	for _, line := range was {
		if !slices.Contains(is, line) {
			t.Errorf("gone: %s", line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			t.Errorf("new: %s", line)
		}
	}
	if !t.Failed() && string(recorded) != b.String() {
		t.Error("in another order")
	}
	if t.Failed() {
		t.Errorf("%s does not say what the library exports; if that is meant, run this test with -update", apiFile)
	}
}

// declare writes a declaration without comments, one line for each of its lines that is not blank.
func declare(t *testing.T, b *bytes.Buffer, fset *token.FileSet, decl ast.Decl) {
	t.Helper()
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			n.Doc = nil
		case *ast.FuncDecl:
			n.Doc = nil
		case *ast.TypeSpec:
			n.Doc, n.Comment = nil, nil
		case *ast.ValueSpec:
			n.Doc, n.Comment = nil, nil
		case *ast.Field:
			n.Doc, n.Comment = nil, nil
		}
		return true
	})
	var text bytes.Buffer
	if err := (&printer.Config{Mode: printer.RawFormat}).Fprint(&text, fset, decl); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if line = strings.TrimRight(line, " \t\n"); line != "" {
			b.WriteString(strings.ReplaceAll(line, "\t", "  ") + "\n")
		}
	}
}

// TestEnumsAreWords: each exported type that has exported constants prints as words, under package
// fmt and where it is encoded as a text: in JSON, and by package slog.
func TestEnumsAreWords(t *testing.T) {
	t.Parallel()
	_, packages := exported(t)
	enums := 0
	for dir, p := range packages {
		for _, typ := range p.Types {
			if _, ok := typ.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.Ident); !ok || len(typ.Consts) == 0 {
				continue
			}
			enums++
			for _, method := range []string{"String", "MarshalText"} {
				if !slices.ContainsFunc(typ.Methods, func(f *doc.Func) bool { return f.Name == method }) {
					t.Errorf("%s.%s has no method %s", dir, typ.Name, method)
				}
			}
		}
	}
	if enums < 15 {
		t.Errorf("only %d types with constants found", enums)
	}
}
