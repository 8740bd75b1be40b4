package frameworks_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/docs/frameworks/internal/conformance"
	"github.com/wildgate/wildgate/internal/testneed"
)

// without serves nethttp's mux without the middleware.
var without = []string{"auth.Routes(authz)", "func() http.Handler { _, _ = auth, authz; return mux }()"}

// faults are mistakes that a user could make in a program, each with the case that finds it. Each
// case finds one at least.
var faults = []struct {
	name, program, test, finds string
	change                     []string // old and new, in turn
}{
	{"no middleware", "nethttp", "TestNetHTTP", "unsigned", without},
	{"no verification", "nethttp", "TestNetHTTP", "wrong signature", without},
	{"a body that nobody verifies", "nethttp", "TestNetHTTP", "changed body", without},
	{"an action that nobody may", "routes", "TestRoutes", "admitted", []string{"notes:Read", "other:Read"}},
	{
		"a request that is not the one that was verified", "gingroup", "TestGinGroup", "identity",
		[]string{"admitted, c.Request = true, r", "_, admitted = r, true"},
	},
	{"one action for another", "routes", "TestRoutes", "denied", []string{"notes:Write", "notes:Read"}},
	{"a refusal that does not abort", "gingroup", "TestGinGroup", "unsigned", []string{"c.Abort()", "_ = c"}},
	{"an answer of gin's own", "gingroup", "TestGinGroup", "unknown route", []string{"engine.NoRoute(protect)", "_ = protect"}},
	{
		"a redirect of gin's own", "gingroup", "TestGinGroup", "unknown route",
		[]string{"engine.RedirectTrailingSlash = false", "engine.RedirectTrailingSlash = true"},
	},
	{"middleware for routes that match alone", "gorilla", "TestGorilla", "unknown route", []string{
		`Routes: sigv4auth.Routes{"GET /healthz": {Open: true, Handler: health}, "/": {Handler: router}},`, "",
		"auth.Routes(authz)", `func() http.Handler {
			router.Use(auth.Require(authz.Check))
			root := http.NewServeMux()
			root.Handle("GET /healthz", health)
			root.Handle("/", router)
			return root
		}()`,
	}},
	{"a parameter of chi as it is escaped", "chi", "TestChi", "escapes", []string{"sigv4auth.DecodedPath(root)", "root"}},
	{"a parameter of echo as it is escaped", "echo", "TestEcho", "escapes", []string{"sigv4auth.DecodedPath(e)", "e"}},
	{"a parameter of echo with slashes", "echo", "TestEcho", "unknown route", []string{
		`strings.Contains(match.Param("id"), "/")`, `strings.Contains("", "/")`,
	}},
	{"the route of another request", "echo", "TestEcho", "unknown route", []string{
		"match := e.NewContext(r, nil)", "match := e.AcquireContext(); defer e.ReleaseContext(match) //",
	}},
	{"a resource as it is escaped", "nethttp", "TestNetHTTP", "escapes", []string{"TrimPrefix(r.URL.Path", "TrimPrefix(r.URL.EscapedPath()"}},
	{"a resource without its name", "stripprefix", "TestStripPrefix", "paths at random", []string{
		"note + strings.TrimPrefix(r.URL.Path", `note + "bob-1" + strings.TrimPrefix(r.URL.Path`,
	}},
	{"a body that is not read", "gin", "TestGin", "large body", []string{"c.Request.Body", "http.NoBody"}},
	{"an open route that is not", "gin", "TestGin", "open route", []string{"{Open: true, ", `{Action: "notes:Health", Resource: "*", `}},
	{"a program that dies", "gin", "TestGin", "panic", []string{"service.Crash() }", "go service.Crash() }"}},
}

// TestSetFindsFaults: each case of the set fails where a program has a fault of its kind.
func TestSetFindsFaults(t *testing.T) {
	t.Parallel()
	for _, name := range conformance.Cases {
		found := false
		for _, f := range faults {
			found = found || f.finds == name
		}
		if !found {
			t.Errorf("no fault shows that the case %q finds any", name)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range faults {
		if !testneed.Long() && i%6 != 5 { // the rest in CI
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			path, err := filepath.Abs(filepath.Join(f.program, "main.go"))
			if err != nil {
				t.Fatal(err)
			}
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text := string(source)
			for change := range slices.Chunk(f.change, 2) {
				if !strings.Contains(text, change[0]) {
					t.Fatalf("%s has no %q", path, change[0])
				}
				text = strings.ReplaceAll(text, change[0], change[1])
			}
			dir := t.TempDir()
			faulty, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
			b, err := json.Marshal(map[string]map[string]string{"Replace": {path: faulty}})
			if err != nil {
				t.Fatal(err)
			}
			for name, content := range map[string][]byte{faulty: []byte(text), overlay: b} {
				if err := os.WriteFile(name, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+f.test+"$/^"+strings.ReplaceAll(f.finds, " ", "_")+"$")
			cmd.Env = append(os.Environ(), conformance.OverlayVariable+"="+overlay)
			out, err := cmd.CombinedOutput()
			want := "--- FAIL: " + f.test + "/" + strings.ReplaceAll(f.finds, " ", "_")
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("the fault is not found: %v\n%s", err, out)
			}
		})
	}
}
