package clienttest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/outside"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestClientsDocument: every program of docs/clients.md but the one in Java makes the call that the
// document names, as it is printed, with long-term and with temporary credentials.
func TestClientsDocument(t *testing.T) {
	t.Parallel()
	const body = `{"item":"lamp"}`
	blocks := outside.Fenced(t, filepath.Join("docs", "clients.md"), "sh", "python", "js", "go", "java")
	var languages []string
	for _, b := range blocks {
		languages = append(languages, b.Language)
	}
	if want := []string{"sh", "sh", "sh", "python", "js", "js", "go", "java", "python", "js"}; !slices.Equal(languages, want) {
		t.Fatalf("the document has the blocks %v; want %v", languages, want)
	}
	for _, caller := range []sigv4test.Signer{
		sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice"),
		sigv4test.NewSigner("arn:aws:sts::111122223333:assumed-role/Rider/bob"),
	} {
		cfg := caller.Config()
		cfg.MaxPresignExpiry = time.Hour
		auth, err := sigv4auth.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range blocks[1:] { // the first one is the environment
			if block.Language == "java" {
				continue // the document says so
			}
			// A block that follows the sentence about links prints one, and does not send it.
			link := i >= len(blocks)-3
			name := block.Language
			if i < 2 {
				name = []string{"curl", "AWS CLI"}[i]
			}
			t.Run(name+" as "+path.Base(caller.Credential.Principal.ARN), func(t *testing.T) {
				command := commandFor(t, name, block.Text)
				spy := &sigv4test.Spy{Answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ordered") }}
				server := httptest.NewServer(auth.Handler(spy))
				defer server.Close()
				nothing := filepath.Join(t.TempDir(), "none")
				command.Env = append(os.Environ(), "API="+server.URL, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
					"AWS_ACCESS_KEY_ID="+caller.Credential.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+caller.Credential.Secret.Reveal(),
					"AWS_CONFIG_FILE="+nothing, "AWS_SHARED_CREDENTIALS_FILE="+nothing, "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1")
				command.Env = slices.DeleteFunc(command.Env, func(v string) bool { return strings.HasPrefix(v, "AWS_SESSION_TOKEN=") })
				if token := caller.Credential.SessionToken; !token.IsZero() {
					command.Env = append(command.Env, "AWS_SESSION_TOKEN="+token.Reveal())
				}
				command.Stderr = t.Output()
				out, err := command.Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				want := "POST /prod/orders?notify=yes " + body
				switch {
				case link:
					response, err := http.Get(strings.TrimSpace(string(out)))
					if err != nil {
						t.Fatal(err)
					}
					_ = response.Body.Close()
					want = "GET /prod/orders/7 "
				case name == "AWS CLI":
					want = "POST /prod/@connections/7 " + body
				case !strings.Contains(string(out), "ordered"):
					t.Errorf("it prints %q", out)
				}
				seen := spy.Seen()
				if len(seen) != 1 {
					t.Fatalf("%d requests were admitted; it prints %q", len(seen), out)
				}
				r := seen[0].Request
				target := r.URL.Path
				if notify := r.URL.Query().Get("notify"); notify != "" {
					target += "?notify=" + notify
				}
				if got := r.Method + " " + target + " " + string(seen[0].Body); got != want {
					t.Errorf("it sends %q; want %q", got, want)
				}
			})
			if t.Failed() {
				return
			}
		}
	}
}

// commandFor returns the command that runs a program as the document prints it.
func commandFor(t *testing.T, name, text string) *exec.Cmd {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(stop)
	node := filepath.Join("matrix", "testdata", "node")
	switch name {
	case "curl", "AWS CLI":
		testneed.Program(t, map[string]string{"curl": "curl", "AWS CLI": "aws"}[name])
		command := exec.CommandContext(ctx, "sh", "-euc", text)
		command.Dir = t.TempDir()
		return command
	case "python":
		program := testneed.Program(t, "python3")
		if err := exec.CommandContext(ctx, program, "-c", "import botocore").Run(); err != nil {
			testneed.MissingProgram(t, "botocore for python3")
		}
		return exec.CommandContext(ctx, program, "-c", text)
	case "js":
		program := testneed.Program(t, "node")
		if _, err := os.Stat(filepath.Join(node, "node_modules", ".package-lock.json")); err != nil {
			testneed.MissingProgram(t, "npm ci in sigv4auth/clienttest/matrix/testdata/node")
		}
		command := exec.CommandContext(ctx, program, "--input-type=module", "-e", text)
		command.Dir = node // where its imports are looked for
		return command
	case "go":
		source := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return exec.CommandContext(ctx, testneed.Program(t, "go"), "run", source)
	}
	t.Fatalf("nothing runs a program in %s", name)
	return nil
}

// TestCurlTakesTheTokenAlong: What docs/clients.md says of curl -L is true of the curl
// that is installed: the header with the session token goes to whichever host a redirect names.
func TestCurlTakesTheTokenAlong(t *testing.T) {
	t.Parallel()
	program := testneed.Program(t, "curl")
	var elsewhere sigv4test.Spy
	other := httptest.NewServer(&elsewhere)
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(strings.Replace(other.URL, "127.0.0.1", "localhost", 1), http.StatusFound))
	defer server.Close()
	out, err := exec.CommandContext(t.Context(), program, "-sSL", "--aws-sigv4", "aws:amz:us-east-1:execute-api", "--user", "AKIA:secret",
		"-H", "X-Amz-Security-Token: token", server.URL).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if seen := elsewhere.Seen(); len(seen) != 1 || seen[0].Request.Header.Get("X-Amz-Security-Token") != "token" {
		t.Errorf("%d requests arrive elsewhere; docs/clients.md warns of what does not happen", len(seen))
	}
}
