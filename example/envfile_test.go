package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// oddFolder is a name in which a shell, a URI of SQLite or sed may see more than a name.
const oddFolder = `it's 100% "data"? #1 & $HOME`

// sourced returns the environment of a shell that has sourced env files one after the other.
func (s *site) sourced(shell string, names ...string) map[string]string {
	s.t.Helper()
	var script strings.Builder
	for _, name := range names {
		script.WriteString(". \"$1/" + name + ".env\" || exit 1\n")
	}
	script.WriteString("env")
	cmd := exec.CommandContext(s.t.Context(), testneed.Program(s.t, shell), "-euc", script.String(), "sh", s.data)
	cmd.Env = append(os.Environ(), "AWS_PROFILE=other", "AWS_SECURITY_TOKEN=old", "AWS_DEFAULT_REGION=eu-west-1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	values := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok &&
			(strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "WILDGATE_EN")) {
			values[name] = value
		}
	}
	return values
}

func TestEnvFilesInAShell(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), oddFolder), "-region", "eu-central-1")
	for _, shell := range []string{"sh", "bash"} {
		t.Run(shell, func(t *testing.T) {
			rider := s.sourced(shell, "rider")
			if !strings.HasPrefix(rider["AWS_ACCESS_KEY_ID"], "ASIA") || len(rider["AWS_SECRET_ACCESS_KEY"]) != 40 ||
				rider["AWS_SESSION_TOKEN"] == "" {
				t.Errorf("the rider's keys are not temporary: %v", rider["AWS_ACCESS_KEY_ID"])
			}
			for _, name := range []string{"dispatcher", "newcomer"} {
				// The rider's token must not stay behind: a long-term key with a token is refused.
				got := s.sourced(shell, "rider", name)
				if !strings.HasPrefix(got["AWS_ACCESS_KEY_ID"], "AKIA") || len(got["AWS_SECRET_ACCESS_KEY"]) != 40 {
					t.Errorf("%s: no long-term key: %v", name, got["AWS_ACCESS_KEY_ID"])
				}
				for _, absent := range []string{"AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE"} {
					if value, ok := got[absent]; ok {
						t.Errorf("%s: %s is set, to %q", name, absent, value)
					}
				}
			}
			if got := rider["AWS_REGION"] + " " + rider["AWS_DEFAULT_REGION"]; got != "eu-central-1 eu-central-1" {
				t.Errorf("regions %s", got)
			}
			if got := rider["WILDGATE_ENDPOINT"]; got != s.endpoint ||
				!regexp.MustCompile(`^http://127\.0\.0\.1:[1-9][0-9]*$`).MatchString(got) {
				t.Errorf("endpoint %q", got)
			}
		})
	}
}

func TestCallersWhomTheOperatorChanged(t *testing.T) {
	for _, tt := range []struct {
		name, old, replacement string
		caller, note           string
		hasFile                bool
	}{
		{
			"a key is disabled", `"Status": "Active"`, `"Status": "Inactive"`, "dispatcher",
			"no env file: the user has no active key with its secret in principals.json", false,
		},
		{
			"a key has expired", `"Status": "Active"`, `"Status": "Active", "Expires": "2020-01-01T00:00:00Z"`, "dispatcher",
			"no env file: the user has no active key", false,
		},
		{"a key lives for some time", `"Status": "Active"`, `"Status": "Active", "Expires": "2999-01-01T00:00:00Z"`, "dispatcher", "a user: ", true},
		{
			"the user is renamed", `user/wildrydes/dispatcher"`, `user/wildrydes/boss"`, "dispatcher",
			"no env file: principals.json has no user arn:aws:iam::", false,
		},
		{"the role is renamed", `role/wildrydes/Rider"`, `role/wildrydes/Driver"`, "rider", "no env file: principals.json has no role arn:aws:iam::", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := startFiles(t, t.TempDir())
			first.stop()
			text := first.read("principals.json")
			if !strings.Contains(text, tt.old) {
				t.Fatalf("no %s in\n%s", tt.old, text)
			}
			write(t, first.data, "principals.json", strings.Replace(text, tt.old, tt.replacement, 1)) // the first one is the dispatcher's
			second := startFiles(t, first.data)
			_, err := os.Stat(filepath.Join(second.data, tt.caller+".env"))
			if (err == nil) != tt.hasFile {
				t.Errorf("the env file of the first start: %v", err)
			}
			line := regexp.MustCompile(`(?m)^  ` + tt.caller + ` +(-|\w+\.env) +(.*)$`).FindStringSubmatch(second.stdout.String())
			if line == nil || !strings.HasPrefix(line[2], tt.note) || (line[1] != "-") != tt.hasFile {
				t.Errorf("printed: %q", line)
			}
		})
	}
}

func TestASecretKeptElsewhereStaysThere(t *testing.T) {
	first := startFiles(t, t.TempDir())
	first.stop()
	secret := first.credentials("newcomer").SecretAccessKey
	write(t, first.data, "newcomer.secret", secret)
	text := first.read("principals.json")
	write(t, first.data, "principals.json", strings.Replace(text, `"SecretAccessKey": "`+secret+`"`, `"SecretAccessKeyFile": `+
		`"newcomer.secret"`, 1))
	second := startFiles(t, first.data)
	for name, text := range contents(t, second.data) {
		if strings.Contains(text, secret) && name != "newcomer.secret" {
			t.Errorf("%s has the secret", name)
		}
	}
}
