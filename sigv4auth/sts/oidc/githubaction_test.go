package oidc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

const (
	gitHub     = "token.actions.githubusercontent.com"
	deployARN  = "arn:aws:iam::111122223333:role/Deploy"
	releaseARN = "arn:aws:iam::111122223333:role/Release"
	botARN     = "arn:aws:iam::111122223333:user/bot"
)

// workflowRoles has the roles of a workflow: Deploy is for its repository, by GitHub's token;
// Release is for Deploy and for the bot, with tags.
type workflowRoles map[string]string // trust policy by ARN

func (w workflowRoles) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	text, ok := w[arn]
	if !ok {
		return sigv4auth.Role{}, sigv4auth.ErrNoSuchRole
	}
	trust, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [`+text+`]}`), iampolicy.TrustPolicy)
	return sigv4auth.Role{ARN: arn, ID: "AROA" + strings.ToUpper(arn[strings.LastIndex(arn, "/")+1:]), TrustPolicy: trust}, err
}

func (workflowRoles) Policies(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
	p, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}`),
		iampolicy.IdentityPolicy)
	return iampolicy.Set{Identity: []*iampolicy.Policy{p}}, "", err
}

// workflow is a runner of GitHub's, whose jobs call an STS endpoint of ours.
type workflow struct {
	store *sts.Store
	env   []string

	mu     sync.Mutex
	claims object // of the token that the runner's next job gets
	calls  []string
}

func newWorkflow(t *testing.T) *workflow {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tagged := `"Action": ["sts:AssumeRole", "sts:TagSession"],
		"Condition": {"StringEquals": {"aws:RequestTag/Repository": "octo-org/octo-repo"`
	roles := workflowRoles{
		deployARN: `{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/` + gitHub + `"},
			"Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
				"StringEquals": {"` + gitHub + `:aud": "sts.amazonaws.com", "` + gitHub + `:repository": "octo-org/octo-repo"},
				"StringLike": {"` + gitHub + `:sub": "repo:octo-org/octo-repo:*"}}}`,
		releaseARN: `{"Effect": "Allow", "Principal": {"AWS": "` + deployARN + `"}, ` + tagged + `}}},
			{"Effect": "Allow", "Principal": {"AWS": "` + botARN + `"}, ` + tagged + `, "sts:ExternalId": "42"}}}`,
	}
	keys := keyring.New(time.Now())
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }})
	must(err)
	w := &workflow{}
	w.store, err = sts.NewStore(sts.StoreConfig{
		Ring: ring, Roles: roles, Policies: roles, Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: "AKIABOT", Secret: sigv4auth.NewSecret("a-long-term-secret"),
			Principal: iampolicy.Principal{ARN: botARN, UserID: "AIDABOT"},
		}),
	})
	must(err)
	key := rs256("one", 0)
	verifier := newVerifier(t, oidc.Config{Providers: []oidc.Provider{newIssuer("https://"+gitHub, key).provider()}, Now: time.Now})
	endpoint, err := sts.NewEndpoint(sts.EndpointConfig{
		Store: w.store, WebIdentities: verifier,
		Auth: sigv4auth.Config{Region: "us-east-1", Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.calls = append(w.calls, e.Action)
		}}},
	})
	must(err)
	server := httptest.NewServer(endpoint)
	t.Cleanup(server.Close)
	// GitHub's own service, which gives a job that may have one a token for an audience.
	runner := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer of-the-job" {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		claims := with(githubToken(), object{
			"aud": r.URL.Query().Get("audience"), "iat": time.Now().Unix(), "nbf": time.Now().Unix(), "exp": time.Now().Add(5 * time.Minute).Unix(),
		})
		_ = json.NewEncoder(rw).Encode(object{"value": key.token(with(claims, w.claims))})
	}))
	t.Cleanup(runner.Close)
	file := filepath.Join(t.TempDir(), "github-env")
	must(os.WriteFile(file, nil, 0o600))
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); !strings.HasPrefix(name, "AWS_") && !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			w.env = append(w.env, kv)
		}
	}
	w.env = append(w.env, "AWS_ENDPOINT_URL="+server.URL, "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
		"AWS_CONFIG_FILE="+file, "AWS_SHARED_CREDENTIALS_FILE="+file,
		"ACTIONS_ID_TOKEN_REQUEST_URL="+runner.URL+"/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=of-the-job", "GITHUB_ENV="+file,
		"GITHUB_REPOSITORY=octo-org/octo-repo", "GITHUB_WORKFLOW=deploy it", "GITHUB_ACTION=__run", "GITHUB_ACTOR=octocat",
		"GITHUB_SHA=0123456789abcdef", "GITHUB_REF=refs/heads/main", "EXTERNAL_ID=42")
	return w
}

// actionDone is what a step of the action has come to.
type actionDone struct{ Before, Account, ARN, ID, AccessKeyID, Token string }

// run runs steps of the action. It returns what they said where they fail.
func (w *workflow) run(t *testing.T, env []string, steps ...string) (done []actionDone, failed string) {
	t.Helper()
	program := testneed.Program(t, "node")
	dir := filepath.Join(testneed.Root(t), "sigv4auth", "clienttest", "testdata", "node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
		testneed.MissingProgram(t, "npm ci in sigv4auth/clienttest/testdata/node")
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{filepath.Join(dir, "action.mjs")}, steps...)...)
	cmd.Env = append(append([]string{}, w.env...), env...)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, string(exit.Stderr)
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err != nil || json.Unmarshal(lines[len(lines)-1], &done) != nil || len(done) != len(steps) {
		t.Fatalf("%v: %s", err, out)
	}
	return done, ""
}

// TestGitHubAction: what GitHub's configure-aws-credentials does works with nothing but the
// endpoint's address: with the token of a job, then from role to role with session tags, and with
// keys that are there; each time it asks who it has become. Another repository's job is refused.
func TestGitHubAction(t *testing.T) {
	t.Parallel()
	w := newWorkflow(t)
	const deploy = "arn:aws:sts::111122223333:assumed-role/Deploy/GitHubActions"
	const release = "arn:aws:sts::111122223333:assumed-role/Release/GitHubActions"
	check := func(done actionDone, before, arn string, tagged bool) {
		t.Helper()
		if done.Before != before || done.ARN != arn || done.Account != "111122223333" || !strings.HasSuffix(done.ID, ":GitHubActions") {
			t.Errorf("%s: %q was %q; want %q was %q", done.ID, done.ARN, done.Before, arn, before)
		}
		session, err := w.store.Session(done.AccessKeyID, done.Token)
		if err != nil {
			t.Fatal(err)
		}
		if !tagged {
			if len(session.Tags) > 0 {
				t.Errorf("tags: %v", session.Tags)
			}
			return
		}
		if len(session.Tags) != 7 || session.Tags["Workflow"] != "deploy it" || session.Tags["Branch"] != "refs/heads/main" ||
			len(session.TransitiveTags) != 1 || time.Until(session.Expires) > time.Hour {
			t.Errorf("%+v", session)
		}
	}
	done, failed := w.run(t, nil, "oidc="+deployARN, "chain="+releaseARN)
	if failed != "" {
		t.Fatal(failed)
	}
	check(done[0], "", deploy, false)
	check(done[1], deploy, release, true)
	w.mu.Lock()
	calls := strings.Join(w.calls, ",")
	w.mu.Unlock()
	const who = "sts:GetCallerIdentity"
	if want := strings.Join([]string{"sts:AssumeRoleWithWebIdentity", who, who, "sts:AssumeRole", who}, ","); calls != want {
		t.Errorf("calls: %q; want %q", calls, want)
	}
	bot := []string{"AWS_ACCESS_KEY_ID=AKIABOT", "AWS_SECRET_ACCESS_KEY=a-long-term-secret"}
	done, failed = w.run(t, bot, "keys="+releaseARN)
	if failed != "" {
		t.Fatal(failed)
	}
	check(done[0], botARN, release, true)

	for _, c := range []struct {
		name   string
		claims object
		env    []string
		step   string
		want   string
	}{
		{
			"another repository",
			object{"sub": "repo:eve/octo-repo:ref:refs/heads/main", "repository": "eve/octo-repo"},
			nil,
			"oidc=" + deployARN, "AccessDenied",
		},
		{
			"an expired token",
			object{"exp": time.Now().Add(-time.Hour).Unix(), "iat": time.Now().Add(-2 * time.Hour).Unix()},
			nil,
			"oidc=" + deployARN, "ExpiredToken",
		},
		{"another audience", object{"aud": "elsewhere"}, nil, "oidc=" + deployARN, "InvalidIdentityToken"},
		{"another external ID", nil, append(bot, "EXTERNAL_ID=43"), "keys=" + releaseARN, "AccessDenied"},
		{"another repository's tag", nil, append(bot, "GITHUB_REPOSITORY=eve/octo-repo"), "keys=" + releaseARN, "AccessDenied"},
	} {
		w.mu.Lock()
		w.claims = c.claims
		w.mu.Unlock()
		if done, failed := w.run(t, c.env, c.step); !strings.Contains(failed, c.want) {
			t.Errorf("%s: %+v, %s; want %s", c.name, done, failed, c.want)
		}
	}
}
