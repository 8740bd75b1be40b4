package guards_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A line of the source from which a removal takes something out ends in a comment that names the
// removal: "// guard 119a", or behind other words "// …; guard 119a, 119b".
var markedLine = regexp.MustCompile(`(?m)^.*//(?:.*;)? guard (\d+[a-z]?(?:, \d+[a-z]?)*)$`)

// place is where a removal takes something out.
type place struct {
	file       string // relative to the repository
	begin, end int
	old        string
	statement  bool // it is a whole statement
}

// markedPlaces finds the place of every removal by its mark, wherever in the module that is.
func markedPlaces(t *testing.T, root string) map[string]place {
	t.Helper()
	byMark := map[string]*removal{}
	for i := range removals {
		if byMark[removals[i].mark] != nil {
			t.Errorf("two removals are called %s", removals[i].mark)
		}
		byMark[removals[i].mark] = &removals[i]
	}
	places := map[string]place{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		source := readFile(t, name)
		for _, m := range markedLine.FindAllSubmatchIndex(source, -1) {
			for mark := range strings.SplitSeq(string(source[m[2]:m[3]]), ", ") {
				r := byMark[mark]
				if _, twice := places[mark]; r == nil || twice {
					t.Errorf("%s: no removal is called %s, or two lines are marked with it", rel, mark)
					continue
				}
				p := place{file: filepath.ToSlash(rel)}
				if p.begin, p.end = r.within(t, source, m[0], m[1]); p.end == 0 {
					t.Errorf("%s: the line that is marked with %s does not hold %q once: mend the removal", rel, mark, r.old)
					continue
				}
				p.old = string(source[p.begin:p.end])
				from, to := statementAt(t, source, m[0], m[1])
				p.statement = p.begin == from && p.end == to
				places[mark] = p
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for mark := range byMark {
		if _, ok := places[mark]; !ok {
			t.Errorf("no line of the source is marked with %s", mark)
		}
	}
	return places
}

// within returns the place of what r takes out of the line from begin to end: r.old, or the
// statement that begins there. It returns 0 where there is no such place, or more than one.
func (r *removal) within(t *testing.T, source []byte, begin, end int) (from, to int) {
	t.Helper()
	if r.old == "" {
		return statementAt(t, source, begin, end)
	}
	line := source[begin:end]
	if bytes.Count(line, []byte(r.old)) != 1 {
		return 0, 0
	}
	from = begin + bytes.Index(line, []byte(r.old))
	return from, from + len(r.old)
}

// statementAt returns the place of the outermost statement that begins between begin and end.
func statementAt(t *testing.T, source []byte, begin, end int) (from, to int) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(ast.Stmt)
		if _, clause := n.(*ast.CaseClause); !ok || clause || to != 0 {
			return to == 0
		}
		if at := fset.Position(s.Pos()).Offset; begin <= at && at < end {
			from, to = at, fset.Position(s.End()).Offset
		}
		return to == 0
	})
	return from, to
}

// removalsByFile returns the removals as guards, for each file those in it.
func removalsByFile(t *testing.T, places map[string]place) map[string][]guard {
	t.Helper()
	byFile := map[string][]guard{}
	for _, r := range removals {
		p, ok := places[r.mark]
		if !ok || strings.HasPrefix(r.holder, sourceTests+" ") {
			continue
		}
		g := guard{id: r.id(), begin: p.begin, end: p.end}
		_, notOld := parser.ParseExpr(p.old)
		_, notNew := parser.ParseExpr(r.with)
		switch {
		case r.with == "":
			g.before, g.after = "if !guardTaken(%d) { ", " }"
		case !p.statement && notOld == nil && notNew == nil:
			g.before, g.after = "guardPick(%d, "+r.with+", ", ")"
		default:
			g.before, g.after = "if guardTaken(%d) { "+r.with+" } else { ", " }"
		}
		byFile[p.file] = append(byFile[p.file], g)
	}
	return byFile
}
