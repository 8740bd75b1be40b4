package guards_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// guard is one thing that can be taken out of a file.
type guard struct {
	id         string // package, function and condition, as in the record
	begin, end int    // its place in the file
	// before and after are put around it; %d in them is its number.
	before, after string
}

// finder finds the guards of a file.
//
// In a function whose last result is an error or a bool, an error and false refuse; nil and true
// admit. A condition after which the function refuses is taken out by making it false, and one
// after which it admits by making it true: the operands of || or && one by one, so that each has to
// be held. What a function returns as its last word is taken out too: a bool operand by operand, an
// error by returning nil. So are conditions that lead to a panic or to the mistakes of a
// configuration.
type finder struct {
	dir      string
	source   []byte
	fset     *token.FileSet
	seen     map[string]int
	literals int // how deep in function literals it is
	all      []guard
}

// findGuards returns the guards of a file.
func findGuards(t *testing.T, dir, name string, source []byte) []guard {
	t.Helper()
	f := &finder{dir: dir, source: source, fset: token.NewFileSet(), seen: map[string]int{}}
	file, err := parser.ParseFile(f.fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
			f.function(funcName(d), d.Type, d.Body)
		}
	}
	return f.all
}

// funcName returns the name of a function, with its receiver's type if it has one.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if name, ok := typ.(*ast.Ident); ok {
		return name.Name + "." + d.Name.Name
	}
	return d.Name.Name
}

func (f *finder) function(name string, typ *ast.FuncType, body *ast.BlockStmt) {
	result := f.lastResult(typ)
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			f.literals++
			f.function(name, n.Type, n.Body)
			f.literals--
			return false
		case *ast.IfStmt:
			if v := verdictOf(result, n.Body.List); v != silent {
				f.condition(name, n.Init, n.Cond, v == admits)
			}
		case *ast.SwitchStmt:
			for _, c := range n.Body.List {
				c := c.(*ast.CaseClause)
				v := verdictOf(result, c.Body)
				for _, e := range c.List {
					if _, text := e.(*ast.BasicLit); n.Tag == nil && v != silent {
						f.condition(name, nil, e, v == admits)
					} else if text && v == refuses {
						f.add(name, "", e, "guardCase(%d, ", ")")
					}
				}
			}
		case *ast.ReturnStmt:
			// What literals return is for the function around them to judge.
			if f.literals == 0 && len(n.Results) == typ.Results.NumFields() && len(n.Results) > 0 {
				last := n.Results[len(n.Results)-1]
				_, literal := last.(*ast.Ident)
				switch {
				case result == "bool" && (!isIdent(last, "true", "false") || n == body.List[len(body.List)-1] && !isIdent(last, "true")):
					f.condition(name, nil, last, true)
				case result != "" && result != "bool" && n == body.List[len(body.List)-1] && !(literal && isIdent(last, "nil")):
					f.add(name, "nil: ", last, "guardNil["+result+"](%d, ", ")")
				}
			}
		}
		return true
	})
}

// lastResult returns the type of a function's last result if that can refuse, and "" if it cannot.
func (f *finder) lastResult(typ *ast.FuncType) string {
	if typ.Results.NumFields() == 0 {
		return ""
	}
	switch last := f.text(typ.Results.List[len(typ.Results.List)-1].Type); last {
	case "error", "*Error", "bool":
		return last
	}
	return ""
}

// verdict is what a function's statements come to.
type verdict int

const (
	silent verdict = iota
	refuses
	admits
)

func verdictOf(result string, body []ast.Stmt) verdict {
	if len(body) == 0 {
		return silent
	}
	switch s := body[len(body)-1].(type) {
	case *ast.ReturnStmt:
		if result == "" || len(s.Results) == 0 {
			return silent
		}
		switch last := s.Results[len(s.Results)-1]; {
		case isIdent(last, "nil", "true"):
			return admits
		case result != "bool" || isIdent(last, "false"):
			return refuses
		}
	case *ast.ExprStmt:
		if call, ok := s.X.(*ast.CallExpr); ok && isIdent(call.Fun, "mistake", "panic") {
			return refuses
		}
	case *ast.AssignStmt:
		if to, ok := s.Lhs[0].(*ast.SelectorExpr); ok && to.Sel.Name == "mistakes" {
			return refuses
		}
	}
	return silent
}

func isIdent(e ast.Expr, names ...string) bool {
	id, ok := e.(*ast.Ident)
	for _, n := range names {
		if ok && id.Name == n {
			return true
		}
	}
	return false
}

// condition adds what makes a condition true, or false, where it is not.
func (f *finder) condition(fn string, init ast.Stmt, e ast.Expr, value bool) {
	if splits(e, value) {
		f.operands(fn, e, value)
		return
	}
	f.leaf(fn, init, e, value)
	f.within(fn, e, value)
}

// operands adds each operand of a disjunction to be made false, or of a conjunction to be made
// true.
func (f *finder) operands(fn string, e ast.Expr, value bool) {
	x, value := stripped(e, value)
	b := x.(*ast.BinaryExpr)
	f.condition(fn, nil, b.X, value)
	f.condition(fn, nil, b.Y, value)
}

// within looks for operands deeper in a condition that as a whole is one already: of a && (b || c),
// which is made false, b and c. To make a false would be the same as to make all of it false.
func (f *finder) within(fn string, e ast.Expr, value bool) {
	x, value := stripped(e, value)
	b, ok := x.(*ast.BinaryExpr)
	if !ok || b.Op != token.LAND && b.Op != token.LOR {
		return
	}
	for _, operand := range []ast.Expr{b.X, b.Y} {
		if splits(operand, value) {
			f.operands(fn, operand, value)
		} else {
			f.within(fn, operand, value)
		}
	}
}

// splits reports whether e is more easily made value by one of its operands than as a whole.
func splits(e ast.Expr, value bool) bool {
	x, value := stripped(e, value)
	b, ok := x.(*ast.BinaryExpr)
	return ok && (b.Op == token.LAND && value || b.Op == token.LOR && !value)
}

// stripped takes parentheses and negations off e, and says what is then to be made of it.
func stripped(e ast.Expr, value bool) (ast.Expr, bool) {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.UnaryExpr:
			if x.Op != token.NOT {
				return e, value
			}
			e, value = x.X, !value
		default:
			return e, value
		}
	}
}

func (f *finder) leaf(fn string, init ast.Stmt, e ast.Expr, value bool) {
	how := ""
	if init != nil {
		how = f.text(init) + "; "
	}
	if value {
		f.add(fn, "true: "+how, e, "(", " || guardTaken(%d))")
	} else {
		f.add(fn, how, e, "(", " && !guardTaken(%d))")
	}
}

func (f *finder) add(fn, how string, at ast.Node, before, after string) {
	id := fmt.Sprintf("%s %s: %s%s", f.dir, fn, how, f.text(at))
	if f.seen[id]++; f.seen[id] > 1 {
		id += fmt.Sprintf(" #%d", f.seen[id])
	}
	f.all = append(f.all, guard{id: id, begin: f.offset(at.Pos()), end: f.offset(at.End()), before: before, after: after})
}

func (f *finder) offset(p token.Pos) int { return f.fset.Position(p).Offset }

// text returns the source of n in one line.
func (f *finder) text(n ast.Node) string {
	return strings.Join(strings.Fields(string(bytes.TrimSpace(f.source[f.offset(n.Pos()):f.offset(n.End())]))), " ")
}
