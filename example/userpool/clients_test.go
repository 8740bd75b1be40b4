package userpool_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/internal/testneed"
)

// startNow starts a pool that goes by the time of clients.
func startNow(t *testing.T) *site {
	t.Helper()
	return start(t, func(cfg *userpool.Config) { cfg.Now = time.Now })
}

// node runs a driver with Node, and answers what it asks.
func node(t *testing.T, driver string) {
	t.Helper()
	program := testneed.Program(t, "node")
	dir := filepath.Join("testdata", "node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
		testneed.MissingProgram(t, "npm ci in example/userpool/testdata/node")
	}
	s := startNow(t)
	const invited = "invited"
	s.as(s.admin, "AdminCreateUser", input{"Username": invited}).ok()
	config, err := json.Marshal(map[string]string{
		"endpoint": s.server.URL + "/", "userPoolId": poolID, "clientId": clientID, "password": password, "password2": password2,
		"invited": invited, "temporary": s.code(),
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, driver, string(config))
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(stdout)
	last := ""
	for said.Scan() {
		if last = said.Text(); last == "ask code" {
			if _, err := io.WriteString(stdin, s.code()+"\n"); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || last != "done" {
		t.Fatalf("%v; it said last %q\n%s", err, last, stderr.String())
	}
	if len(s.failures) > 0 {
		t.Error(s.failures)
	}
}

// TestAmplify: Amplify v6 with its defaults, which are SRP and GetTokensFromRefreshToken.
func TestAmplify(t *testing.T) {
	t.Parallel()
	node(t, "amplify.mjs")
}

// TestIdentityJS: amazon-cognito-identity-js, an implementation of SRP that is AWS's own.
func TestIdentityJS(t *testing.T) {
	t.Parallel()
	node(t, "identityjs.mjs")
}

// TestCLI goes the workshop's way with the AWS CLI: sign up, confirm, sign in; and an
// administrator's, which are signed.
func TestCLI(t *testing.T) {
	t.Parallel()
	program := testneed.Program(t, "aws")
	s := startNow(t)
	s.mu.Lock()
	s.at = time.Now()
	s.mu.Unlock()
	run := func(args ...string) (out []byte, ok bool) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append([]string{"cognito-idp", "--output", "json"}, args...)...)
		cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.server.URL, "AWS_DEFAULT_REGION=us-east-1",
			"AWS_ACCESS_KEY_ID="+s.admin.Credential.AccessKeyID,
			"AWS_SECRET_ACCESS_KEY="+s.admin.Credential.Secret.Reveal(), "AWS_SESSION_TOKEN=", "AWS_CONFIG_FILE=/dev/null",
			"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_PAGER=")
		out, err := cmd.CombinedOutput()
		return out, err == nil
	}
	want := func(text string, args ...string) []byte {
		t.Helper()
		out, ok := run(args...)
		if !ok || !strings.Contains(string(out), text) {
			t.Fatalf("aws cognito-idp %v: %s", args, out)
		}
		return out
	}
	client := func(operation string, more ...string) []string {
		return append([]string{operation, "--client-id", clientID}, more...)
	}
	want("UserSub", client("sign-up", "--username", "cli", "--password", password,
		"--user-attributes", "Name=email,Value=cli@example.com")...)
	if out, ok := run(client("confirm-sign-up", "--username", "cli", "--confirmation-code", "wrong")...); ok ||
		!strings.Contains(string(out), "(CodeMismatchException)") {
		t.Errorf("%s", out)
	}
	want("", client("confirm-sign-up", "--username", "cli", "--confirmation-code", s.code())...)
	signedIn := want("IdToken", client("initiate-auth", "--auth-flow", "USER_PASSWORD_AUTH",
		"--auth-parameters", "USERNAME=cli,PASSWORD="+password)...)
	var in struct {
		AuthenticationResult struct{ RefreshToken string }
	}
	if err := json.Unmarshal(signedIn, &in); err != nil {
		t.Fatal(err)
	}
	want("RefreshToken", client("get-tokens-from-refresh-token", "--refresh-token", in.AuthenticationResult.RefreshToken)...)
	pool := func(operation string, more ...string) []string {
		return append([]string{operation, "--user-pool-id", poolID}, more...)
	}
	want("FORCE_CHANGE_PASSWORD", pool("admin-create-user", "--username", "bob", "--message-action", "SUPPRESS")...)
	want("bob", pool("list-users", "--filter", `username = "bob"`)...)
}
