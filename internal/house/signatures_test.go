package house_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestNoSignerVerifies: threat 44. What a client's SDK signs with is in tests, in what helps them
// and in the client, never in the verifier or in anything that it is made of: a signer mends, skips
// and normalises what a verifier has to refuse.
func TestNoSignerVerifies(t *testing.T) {
	t.Parallel()
	signers := []string{"sigv4auth/sigv4client", "sigv4auth/sigv4test"}
	imports, signs := map[string]map[string]bool{}, map[string]bool{}
	found := false
	for _, f := range readFiles(t) {
		for _, name := range f.imports {
			if strings.Contains(name, "/signer") || strings.Contains(name, "/aws-http-auth") {
				found = true
				if f.test {
					continue
				}
				signs[f.dir] = true
				if library(f.dir) && !slices.Contains(signers, f.dir) {
					t.Errorf("%s/%s imports %s", f.dir, f.name, name)
				}
			}
			if dir, ok := strings.CutPrefix(name, module+"/"); ok && !f.test {
				if imports[f.dir] == nil {
					imports[f.dir] = map[string]bool{}
				}
				imports[f.dir][dir] = true
			}
		}
	}
	if !found {
		t.Error("no test signs with a client's signer")
	}
	for _, dir := range signers {
		if !signs[dir] {
			t.Errorf("%s does not sign with a client's signer", dir)
		}
	}
	// The verifier, and what users put together with it, reach no signer over other packages
	// either.
	var reaches func(dir string, seen map[string]bool) string
	reaches = func(dir string, seen map[string]bool) string {
		if seen[dir] {
			return ""
		}
		seen[dir] = true
		if signs[dir] {
			return dir
		}
		for next := range imports[dir] {
			if way := reaches(next, seen); way != "" {
				return dir + " -> " + way
			}
		}
		return ""
	}
	checked := 0
	for dir := range imports {
		if !library(dir) || slices.Contains(signers, dir) {
			continue
		}
		checked++
		if way := reaches(dir, map[string]bool{}); way != "" {
			t.Errorf("a signer is part of what verifies: %s", way)
		}
	}
	if checked < 5 {
		t.Errorf("only %d packages were looked at", checked)
	}
}

// TestConstantTime: threat 212. In the packages that hold secrets, nothing that is called a
// signature, a secret, a token, a MAC or a key is compared by == or with bytes.Equal, which stop at
// the first difference. Comparisons with nil, "" and constants tell nothing. What compares instead
// has loops that nothing can leave early.
func TestConstantTime(t *testing.T) {
	t.Parallel()
	called, made := map[string]int{}, 0
	for _, f := range readFiles(t) {
		if f.test ||
			f.dir != "sigv4auth" && f.dir != "sigv4auth/internal/v4" && f.dir != "sigv4auth/internal/chunked" &&
				f.dir != "sigv4auth/internal/redact" && f.dir != "sigv4auth/filestore" && f.dir != "sigv4auth/keyring" &&
				f.dir != "sigv4auth/sts" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if f.dir == "sigv4auth/internal/v4" && (n.Name.Name == "SameDigest" || n.Name.Name == "SameText" ||
					n.Name.Name == "isZero") {
					made++
					if fork := forkInLoop(n.Body); fork != nil {
						t.Errorf("%s takes a time that tells what was compared", f.fset.Position(fork.Pos()))
					}
				}
			case *ast.BinaryExpr:
				if (n.Op == token.EQL || n.Op == token.NEQ) &&
					(secretName(n.X) && !tellsNothing(n.Y) || secretName(n.Y) && !tellsNothing(n.X)) {
					t.Errorf("%s compares in a time that tells where the difference is", f.fset.Position(n.Pos()))
				}
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				x, ok := sel.X.(*ast.Ident)
				switch {
				case !ok:
				case x.Name == "v4" && (sel.Sel.Name == "SameDigest" || sel.Sel.Name == "SameText"):
					called[f.dir+" "+sel.Sel.Name]++
				case x.Name == "bytes" && (sel.Sel.Name == "Equal" || sel.Sel.Name == "Compare"), x.Name == "strings" &&
					sel.Sel.Name == "EqualFold", x.Name == "reflect":
					for _, a := range n.Args {
						if secretName(a) {
							t.Errorf("%s compares in a time that tells where the difference is", f.fset.Position(n.Pos()))
						}
					}
				}
			}
			return true
		})
	}
	// Of the request's signature and of its body's digest; of tokens; of chunks' signatures.
	if called["sigv4auth SameDigest"] < 2 || called["sigv4auth SameText"] < 1 || called["sigv4auth/internal/chunked SameDigest"] < 1 ||
		made != 3 {
		t.Errorf("only these comparisons in constant time are left: %v", called)
	}
}

// forkInLoop returns what in a loop of body can go one way or the other, nil if nothing can.
func forkInLoop(body ast.Node) (fork ast.Node) {
	ast.Inspect(body, func(n ast.Node) bool {
		var loop *ast.BlockStmt
		switch n := n.(type) {
		case *ast.ForStmt:
			loop = n.Body
		case *ast.RangeStmt:
			loop = n.Body
		default:
			return true
		}
		ast.Inspect(loop, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.IfStmt, *ast.SwitchStmt, *ast.ReturnStmt, *ast.BranchStmt:
				fork = n
			case *ast.BinaryExpr:
				if n.Op == token.LAND || n.Op == token.LOR {
					fork = n
				}
			}
			return true
		})
		return true
	})
	return fork
}

// secretName reports whether an expression is called like something that a caller must not be able
// to guess byte by byte.
func secretName(e ast.Expr) bool {
	name := ""
	switch e := e.(type) {
	case *ast.Ident:
		name = e.Name
	case *ast.SelectorExpr:
		name = e.Sel.Name
	case *ast.IndexExpr:
		return secretName(e.X)
	case *ast.SliceExpr:
		return secretName(e.X)
	case *ast.ParenExpr:
		return secretName(e.X)
	case *ast.CallExpr:
		if called, ok := e.Fun.(*ast.Ident); ok && called.Name == "len" {
			return false
		}
		return secretName(e.Fun) || len(e.Args) == 1 && secretName(e.Args[0]) // a conversion
	}
	switch strings.ToLower(name) {
	case "signature", "sig", "secret", "token", "sessiontoken", "mac", "computed", "reveal":
		return true
	}
	return false
}

// tellsNothing reports whether an expression is nil, a literal, or what can only be a constant.
func tellsNothing(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	}
	return false
}
