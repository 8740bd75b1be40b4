// Package house_test keeps the rules of the repository: which way imports run, what a library
// package may not do, and that what is exported is documented.
package house_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	root   = "../.."
	module = "github.com/wildgate/wildgate"
)

// file is one Go file of the repository.
type file struct {
	dir     string // from the root, with slashes
	name    string
	test    bool
	imports []string
	ast     *ast.File
	fset    *token.FileSet
}

// skipped reports whether a folder of this name holds nothing of the repository's own code.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "wildgate-data"
}

func readFiles(t *testing.T) []file {
	t.Helper()
	var all []file
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != root && skipped(d.Name()) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if ast.IsGenerated(parsed) {
			return nil // its style is that of the generator
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f := file{dir: path.Dir(filepath.ToSlash(rel)), name: d.Name(), test: strings.HasSuffix(p, "_test.go"), ast: parsed, fset: fset}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, name)
		}
		all = append(all, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d Go files found below %s", len(all), root)
	}
	return all
}

func within(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

// library reports whether dir holds what users import, or what that imports.
func library(dir string) bool {
	if within(dir, "sigv4auth/clienttest") || dir == "sigv4auth/directory/dbtest" { // a module of its own, that nobody imports
		return false
	}
	if dir == "sigv4auth/sigv4otel/example" || dir == "sigv4auth/sigv4prom/example" { // programs
		return false
	}
	return within(dir, "sigv4auth") || within(dir, "iampolicy") || within(dir, "ridesvc") ||
		within(dir, "internal/ascii") || within(dir, "internal/jsontree") || within(dir, "internal/sqldb")
}

// std reports whether an import path is of the standard library, whose first element holds no dot.
func std(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".")
}

// TestImportDirections: example -> everything; the stores -> sigv4auth -> iampolicy, which imports
// no other module; ridesvc knows nothing of signatures.
func TestImportDirections(t *testing.T) {
	t.Parallel()
	// What the packages of the library may import beside the standard library.
	allowed := map[string][]string{
		"internal/ascii":    nil,
		"internal/jsontree": {module + "/internal/ascii"},
		"internal/sqldb":    nil,
		"iampolicy": {
			module + "/internal/ascii", module + "/internal/jsontree", module + "/iampolicy/internal/globset",
			module + "/iampolicy/internal/scalar",
		},
		"iampolicy/internal/globset":  {module + "/internal/ascii"},
		"iampolicy/internal/scalar":   nil,
		"ridesvc":                     {module + "/internal/sqldb"},
		"sigv4auth/internal/v4":       {module + "/internal/ascii"},
		"sigv4auth/internal/awsquery": {module + "/sigv4auth/internal/awsservice"},
		"sigv4auth/internal/checksum": nil,
		"sigv4auth/internal/chunked":  {module + "/sigv4auth/internal/v4", module + "/sigv4auth/internal/checksum"},
		"sigv4auth/internal/plain":    {module + "/sigv4auth/internal/checksum", module + "/sigv4auth/internal/chunked"},
		"sigv4auth": {
			module + "/iampolicy", module + "/internal/ascii", module + "/sigv4auth/diagnosis", module + "/sigv4auth/internal/v4",
			module + "/sigv4auth/internal/chunked", module + "/sigv4auth/internal/checksum", module + "/sigv4auth/internal/forwarded",
			module + "/sigv4auth/internal/plain", module + "/sigv4auth/internal/redact", module + "/sigv4auth/internal/awsquery",
			"github.com/aws/smithy-go", "github.com/aws/aws-sdk-go-v2/aws", "github.com/hashicorp/golang-lru/v2",
		},
		"sigv4auth/internal/forwarded":  {module + "/sigv4auth/diagnosis", module + "/sigv4auth/internal/v4"},
		"sigv4auth/internal/redact":     nil,
		"sigv4auth/internal/iamid":      nil,
		"sigv4auth/internal/awsservice": nil,
		"sigv4auth/awsjson":             {module + "/internal/jsontree", module + "/sigv4auth/internal/awsservice"},
		"sigv4auth/internal/xaes":       nil,
		"sigv4auth/keyring":             {module + "/sigv4auth/internal/xaes"},
		"sigv4auth/connlimit":           nil,
		"sigv4auth/diagnosis":           nil,
		"sigv4auth/filestore": {
			module + "/iampolicy", module + "/internal/ascii", module + "/internal/jsontree", module + "/sigv4auth",
			module + "/sigv4auth/internal/iamid",
		},
		"sigv4auth/sts": {
			module + "/iampolicy", module + "/sigv4auth", module + "/sigv4auth/keyring", module + "/sigv4auth/internal/iamid",
			module + "/sigv4auth/internal/awsquery", module + "/sigv4auth/internal/awsservice", module + "/sigv4auth/internal/signedapi",
			module + "/sigv4auth/awsjson",
		},
		"sigv4auth/sts/identitytest": {module + "/sigv4auth/sts"},
		"sigv4auth/internal/signedapi": {
			module + "/iampolicy", module + "/sigv4auth", module + "/sigv4auth/internal/awsquery",
		},
		"sigv4auth/directory": {
			module + "/iampolicy", module + "/sigv4auth", module + "/sigv4auth/keyring", module + "/sigv4auth/internal/iamid",
			module + "/sigv4auth/internal/awsquery", module + "/sigv4auth/internal/signedapi", module + "/internal/ascii",
			module + "/internal/sqldb", module + "/sigv4auth/directory/internal/persist",
		},
		"sigv4auth/directory/internal/persist": nil,
		"sigv4auth/directory/postgres":         {module + "/sigv4auth/directory", "github.com/jackc/pgx/v5"}, // a module of its own
		"sigv4auth/sts/oidc": { // a module of its own, which sees of the library what its users see
			module + "/sigv4auth/sts", "github.com/coreos/go-oidc/v3/oidc", "github.com/go-jose/go-jose/v4",
		},
		"sigv4auth/storetest":   {module + "/iampolicy", module + "/sigv4auth"},
		"sigv4auth/sigv4client": {"github.com/aws/smithy-go", "github.com/aws/aws-sdk-go-v2/aws"}, // nothing that verifies
		"sigv4auth/sigv4test":   {module + "/iampolicy", module + "/sigv4auth", "github.com/aws/smithy-go", "github.com/aws/aws-sdk-go-v2/aws"},
		// Modules of their own, for users of these libraries. Of OpenTelemetry it is the API alone.
		"sigv4auth/sigv4otel": {
			"github.com/aws/smithy-go", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes",
			"go.opentelemetry.io/otel/metric", "go.opentelemetry.io/otel/trace",
		},
		"sigv4auth/sigv4prom":      {"github.com/aws/smithy-go", "github.com/prometheus/client_golang/prometheus"},
		"sigv4auth/cmd/sigv4probe": nil, // what it signs with must not be what verifies
		"sigv4auth/cmd/keyring":    {module + "/sigv4auth/keyring"},
		"iampolicy/cmd/iampolicy":  {module + "/iampolicy", module + "/internal/jsontree"},
	}
	for _, f := range readFiles(t) {
		if f.test || !library(f.dir) {
			continue
		}
		if f.dir == "ridesvc/ridetest" { // helpers for tests of stores
			allowed[f.dir] = []string{module + "/ridesvc", "github.com/google/go-cmp/cmp"}
		}
		may, known := allowed[f.dir]
		if !known {
			t.Errorf("%s: a new package: say here what it may import", f.dir)
			continue
		}
		for _, name := range f.imports {
			if std(name) {
				continue
			}
			if !slices.ContainsFunc(may, func(prefix string) bool {
				return name == prefix || strings.HasPrefix(name, prefix+"/") && !strings.HasPrefix(prefix, module)
			}) {
				t.Errorf("%s/%s imports %s", f.dir, f.name, name)
			}
		}
	}
}

// TestLibraryKeepsQuiet: no logging, no printing, no process control, no init and no flags in what
// users import. Of package slog it has the values that users log, and where an audit hook writes to
// the logger that it was given, that logger and its levels; never the default logger.
func TestLibraryKeepsQuiet(t *testing.T) {
	t.Parallel()
	forbidden := []string{"log", "flag", "os/signal", "unsafe", "expvar", "net/http/pprof", "regexp"}
	logValues := []string{"Value", "Attr", "GroupValue", "StringValue", "String", "Bool", "Int", "Any", "LogValuer"}
	hook := []string{"Logger", "Level", "LevelInfo", "LevelWarn", "LevelError"}
	for _, f := range readFiles(t) {
		if f.test || !library(f.dir) || strings.Contains(f.dir, "/cmd/") {
			continue
		}
		ofSlog := logValues
		if f.dir == "sigv4auth" && f.name == "event_log.go" {
			ofSlog = slices.Concat(logValues, hook)
		}
		for _, name := range f.imports {
			if slices.Contains(forbidden, name) {
				t.Errorf("%s/%s imports %s", f.dir, f.name, name)
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s/%s has an init function", f.dir, f.name)
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && (x.Name == "fmt" && strings.HasPrefix(n.Sel.Name, "Print") ||
					x.Name == "os" && (n.Sel.Name == "Exit" || n.Sel.Name == "Stdout" || n.Sel.Name == "Stderr") ||
					x.Name == "slog" && !slices.Contains(ofSlog, n.Sel.Name)) {
					t.Errorf("%s: %s.%s", f.fset.Position(n.Pos()), x.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestPureProtocol: the pure packages know neither clock nor HTTP, and only authorize.go decides by
// policies, which explain.go explains. The directory's simulate.go does both, and decides nothing.
func TestPureProtocol(t *testing.T) {
	t.Parallel()
	for _, f := range readFiles(t) {
		if f.test {
			continue
		}
		pure := within(f.dir, "sigv4auth/internal") || within(f.dir, "iampolicy/internal") ||
			within(f.dir, "internal/ascii") || within(f.dir, "internal/jsontree")
		// The table of operations is a handler; what it reads and writes is made by the pure rest.
		// So is what verifies its requests.
		if pure && (f.dir != "sigv4auth/internal/awsquery" || f.name != "service.go") && f.dir != "sigv4auth/internal/signedapi" {
			for _, name := range f.imports {
				if name == "net/http" || name == "context" || name == "os" {
					t.Errorf("%s/%s imports %s", f.dir, f.name, name)
				}
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			if pure && x.Name == "time" && sel.Sel.Name == "Now" {
				t.Errorf("%s asks for the time", f.fset.Position(n.Pos()))
			}
			simulates := f.dir == "sigv4auth/directory" && f.name == "simulate.go"
			if within(f.dir, "sigv4auth") && !simulates && x.Name == "iampolicy" &&
				(sel.Sel.Name == "Evaluate" && f.name != "authorize.go" || sel.Sel.Name == "Explain" && f.name != "explain.go") {
				t.Errorf("%s evaluates policies", f.fset.Position(n.Pos()))
			}
			return true
		})
	}
}

// TestDocumented: each package has a package comment, and each exported name of the library a doc
// comment that begins with it.
func TestDocumented(t *testing.T) {
	t.Parallel()
	packages := map[string][]*ast.File{}
	var fset *token.FileSet
	for _, f := range readFiles(t) {
		if !f.test {
			packages[f.dir] = append(packages[f.dir], f.ast)
			fset = f.fset
		}
	}
	for dir, files := range packages {
		p, err := doc.NewFromFiles(fset, files, module+"/"+dir)
		if err != nil {
			t.Fatal(err)
		}
		if p.Doc == "" {
			t.Errorf("%s has no package comment", dir)
		}
		if !library(dir) || strings.Contains(dir, "/internal/") || p.Name == "main" {
			continue
		}
		undocumented := func(name, text string) {
			if ast.IsExported(name) && !begins(text, name) {
				t.Errorf("%s.%s: its doc comment is missing or does not begin with its name", dir, name)
			}
		}
		for _, typ := range p.Types {
			undocumented(typ.Name, typ.Doc)
			for _, f := range append(typ.Funcs, typ.Methods...) {
				undocumented(f.Name, f.Doc)
			}
			values(t, dir, append(typ.Consts, typ.Vars...))
		}
		for _, f := range p.Funcs {
			undocumented(f.Name, f.Doc)
		}
		values(t, dir, append(p.Consts, p.Vars...))
	}
}

func begins(text, name string) bool {
	for _, article := range []string{"", "A ", "An ", "The "} {
		if strings.HasPrefix(text, article+name) {
			return true
		}
	}
	return false
}

// values wants a comment on each exported constant and variable: before it, behind it, or on its
// group.
func values(t *testing.T, dir string, all []*doc.Value) {
	t.Helper()
	for _, v := range all {
		for _, spec := range v.Decl.Specs {
			s := spec.(*ast.ValueSpec)
			for _, name := range s.Names {
				if name.IsExported() && s.Doc == nil && s.Comment == nil && v.Doc == "" {
					t.Errorf("%s.%s has no comment", dir, name.Name)
				}
			}
		}
	}
}

// TestRequirements: what a user of the library gets into their go.mod is what is named here.
func TestRequirements(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	used, _, ok := strings.Cut(string(b), "// Test dependencies.")
	if !ok {
		t.Fatal("go.mod has no block of test dependencies")
	}
	var got []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v`).FindAllStringSubmatch(used, -1) {
		got = append(got, m[1])
	}
	want := []string{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go", "github.com/hashicorp/golang-lru/v2"}
	if !slices.Equal(got, want) {
		t.Errorf("go.mod requires %v; want %v", got, want)
	}
}

// TestNoTraces: nothing in the repository points at one machine.
func TestNoTraces(t *testing.T) {
	t.Parallel()
	traces := regexp.MustCompile(`(^|[^a-zA-Z0-9_.-])/(wor` + `k|roo` + `t|hom` + `e)/|https?://(proxy|registry|deb)\.`)
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "wildgate-data") {
			return filepath.SkipDir
		}
		switch filepath.Ext(p) {
		case ".go", ".md", ".mod", ".work", ".json", ".js", ".html", ".yml", ".svg", "":
		default:
			return nil
		}
		if d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if m := traces.Find(b); m != nil {
			t.Errorf("%s holds %q", p, m)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOnlyTestneedSkips: what a skipped test lacks is counted by internal/testall, and in CI
// nothing is skipped, only because every test asks package testneed.
func TestOnlyTestneedSkips(t *testing.T) {
	t.Parallel()
	for _, f := range readFiles(t) {
		if within(f.dir, "internal/testneed") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow", "Short"}, sel.Sel.Name) {
				x, ok := sel.X.(*ast.Ident)
				if ok && slices.Contains([]string{"t", "tb", "f", "b", "testing"}, x.Name) {
					t.Errorf("%s skips a test by itself", f.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

// TestReadme: the program that the README shows is one that compiles, and its test command is what
// CI runs.
func TestReadme(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	readme := read("README.md")
	if !strings.Contains(readme, "```go\n"+read("internal/quickstart/main.go")+"```\n") {
		t.Error("the program in README.md is not internal/quickstart/main.go")
	}
	const command = "go run ./internal/testall"
	if !strings.Contains(readme, "\n    "+command+"\n") || !strings.Contains(read(".ci/run"), "\n"+command+"\n") {
		t.Errorf("README.md and .ci/run do not both have the line %q", command)
	}
}

// TestCodeIsNarrow: no line of code is wider than 140 columns, and in tests no row of a table,
// which begins with a brace or a quote, wider than 160. A text of several lines stands as it is.
func TestCodeIsNarrow(t *testing.T) {
	t.Parallel()
	for _, f := range readFiles(t) {
		b, err := os.ReadFile(filepath.Join(root, f.dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		text := map[int]bool{}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				first, last := f.fset.Position(l.Pos()).Line, f.fset.Position(l.End()).Line
				for line := first; last > first && line <= last; line++ {
					text[line] = true
				}
			}
			return true
		})
		n := 0
		for line := range strings.Lines(string(b)) {
			n++
			line = strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    ")
			widest, code := 140, strings.TrimLeft(line, " ")
			if f.test && strings.IndexAny(code, "{\"`'") == 0 {
				widest = 160
			}
			if wide := utf8.RuneCountInString(line); wide > widest && !text[n] && !strings.HasPrefix(code, "//") {
				t.Errorf("%s:%d: %d columns", filepath.Join(f.dir, f.name), n, wide)
			}
		}
	}
}

// TestCommentsAreNarrow: no line of a comment is wider than 100 columns, but for what stands there
// as it is typed.
func TestCommentsAreNarrow(t *testing.T) {
	t.Parallel()
	const widest = 100
	for _, f := range readFiles(t) {
		b, err := os.ReadFile(filepath.Join(root, f.dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		n, output := 0, false
		for line := range strings.Lines(string(b)) {
			n++
			line = strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    ")
			text, comment := strings.CutPrefix(strings.TrimLeft(line, " "), "// ")
			output = comment && (output || text == "Output:" || text == "Unordered output:")
			if comment && !output && !strings.HasPrefix(text, " ") && utf8.RuneCountInString(line) > widest {
				t.Errorf("%s:%d: %d columns", filepath.Join(f.dir, f.name), n, utf8.RuneCountInString(line))
			}
		}
	}
}
