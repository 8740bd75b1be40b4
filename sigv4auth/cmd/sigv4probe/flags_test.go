package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	cli "github.com/wildgate/wildgate/sigv4auth/cmd/sigv4probe"
)

func TestFlagsAreRefused(t *testing.T) {
	setKey(t, "")
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notPEM, []byte("-----BEGIN"), 0o600); err != nil {
		t.Fatal(err)
	}
	const local = "http://127.0.0.1:1/"
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no endpoint", nil, "-url is required"},
		{"no URL", []string{"-url", "127.0.0.1:8080"}, "for flag -url: not a URL such as"},
		{"an endpoint without its flag", []string{local}, `unexpected argument "http://127.0.0.1:1/"; -url names the endpoint`},
		{"another machine's address", []string{"-url", "http://192.0.2.1/"}, `"192.0.2.1" is not on this machine; -remote allows it`},
		{"every interface's address", []string{"-url", "http://0.0.0.0/"}, "not on this machine"},
		{"a user in the URL", []string{"-url", "http://a:b@127.0.0.1/"}, "neither a user nor a fragment"},
		{"a flag that does not exist", []string{"-target", local}, "flag provided but not defined: -target"},
		{"a secret on the command line", []string{"-secret-file", "x"}, "not defined"},
		{"a rate without bound", []string{"-url", local, "-rate", "1e9"}, "-rate must be above 0 and at most 1000"},
		{"a rate that is not a number", []string{"-url", local, "-rate", "nan"}, "-rate must be"},
		{"no requests", []string{"-url", local, "-limit", "0"}, "-limit and -timeout must be positive"},
		{"an hour", []string{"-url", local, "-duration", "1h"}, "-duration must be positive and at most 10m"},
		{"an unknown path style", []string{"-url", local, "-path-style", "lax"}, "for flag -path-style: not one of [strict normalized"},
		{"a status that admits", []string{"-url", local, "-refusals", "200"}, `-refusals: "200" is not a status from 300 to 599`},
		{"no regular expression", []string{"-url", local, "-run", "("}, "for flag -run: error parsing regexp"},
		{"no service", []string{"-url", local, "-service", ""}, "-region, -service and -body must not be empty"},
		{"no certificate", []string{"-url", local, "-ca", notPEM}, "for flag -ca: the file holds no certificate"},
		{"two mistakes", []string{"-limit", "0"}, "sigv4probe: -url is required\nsigv4probe: -limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := call(t, tt.args...)
			const hint = "Run 'sigv4probe -h' for the flags.\n"
			if status != 2 || stdout != "" || !strings.Contains(stderr, tt.want) || !strings.HasSuffix(stderr, hint) {
				t.Errorf("status %d, %q; want 2 with %q", status, stderr, tt.want)
			}
		})
	}
}

// TestTheKeyIsNeeded: it comes from the environment, and is asked for where it is not there.
func TestTheKeyIsNeeded(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		setKey(t, "")
		t.Setenv(name, "")
		status, _, stderr := call(t, "-url", "http://127.0.0.1:1/")
		if status != 2 || !strings.Contains(stderr, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set") {
			t.Errorf("without %s: status %d, %s", name, status, stderr)
		}
	}
}

// TestHelp: it goes to the standard output, and names every flag that the command takes, and no
// other.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"--help"}, {"-json", "-h"}} {
		if status, stdout, stderr := call(t, args...); status != 0 || stdout != cli.Help || stderr != "" {
			t.Errorf("%q: status %d\n%s%s", args, status, stdout, stderr)
		}
	}
	source, err := os.ReadFile("flags.go")
	if err != nil {
		t.Fatal(err)
	}
	defined, shown := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`flags\.\w+\((?:&[\w.]+, )?"([a-z0-9-]+)"`).FindAllStringSubmatch(string(source), -1) {
		defined[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?m)^  -([a-z0-9-]+) `).FindAllStringSubmatch(cli.Help, -1) {
		if shown[m[1]] = true; !defined[m[1]] {
			t.Errorf("-%s is in the help, and is no flag", m[1])
		}
	}
	for name := range defined {
		if !shown[name] {
			t.Errorf("-%s is not in the help", name)
		}
	}
	if len(defined) != 18 {
		t.Errorf("%d flags are defined; want 18", len(defined))
	}
}
