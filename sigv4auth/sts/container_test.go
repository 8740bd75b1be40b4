package sts_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const containerToken = "a-token-of-the-container"

// containerOf returns a Container that issues sessions of the rider's role.
func containerOf(p *process, edit ...func(*sts.ContainerConfig)) *sts.Container {
	p.t.Helper()
	cfg := sts.ContainerConfig{
		Token: sigv4auth.NewSecret(containerToken),
		Credentials: func(ctx context.Context) (sigv4auth.Credential, error) {
			i, err := p.Issue(ctx, sts.Grant{Session: riding(), Duration: time.Hour})
			return i.Credential, err
		},
	}
	for _, e := range edit {
		e(&cfg)
	}
	c, err := sts.NewContainer(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func containerRequest(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/credentials", nil)
	r.RemoteAddr = "127.0.0.1:4711"
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	return r
}

// ask returns the status of an answer, and its members.
func ask(t testing.TB, h http.Handler, r *http.Request) (int, map[string]string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var members map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &members); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v", w.Header())
	}
	if w.Code != http.StatusOK && (members["code"] == "" || members["message"] == "" || len(members) != 2) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	return w.Code, members
}

// TestContainer: who has the token gets credentials that work, over loopback or TLS; everybody else
// gets a code and a message.
func TestContainer(t *testing.T) {
	t.Parallel()
	p := single(t)
	c := containerOf(p)
	status, got := ask(t, c, containerRequest(containerToken))
	if status != http.StatusOK || got["Expiration"] != "2026-11-30T13:00:00Z" || got["AccountId"] != account || len(got) != 5 {
		t.Fatalf("%d %v", status, got)
	}
	issued := sigv4auth.Credential{
		AccessKeyID: got["AccessKeyId"], Secret: sigv4auth.NewSecret(got["SecretAccessKey"]),
		SessionToken: sigv4auth.NewSecret(got["Token"]),
	}
	if answer := serve(p).call(issued); answer != "" {
		t.Errorf("the credentials do not work: %s", answer)
	}
	for _, tt := range []struct {
		name   string
		edit   func(*http.Request)
		status int
		code   string
	}{
		{"no token", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "InvalidAuthorization"},
		{"an empty token", func(r *http.Request) { r.Header["Authorization"] = []string{""} }, 401, "InvalidAuthorization"},
		{"another token", func(r *http.Request) { r.Header.Set("Authorization", containerToken+"x") }, 401, "InvalidAuthorization"},
		{"a scheme", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+containerToken) }, 401, "InvalidAuthorization"},
		{"two tokens", func(r *http.Request) { r.Header["Authorization"] = []string{containerToken, "x"} }, 401, "InvalidAuthorization"},
		{"another machine", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, 403, "AccessDenied"},
		{"no address", func(r *http.Request) { r.RemoteAddr = "@" }, 403, "AccessDenied"},
		{"another machine, with TLS", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1"; r.TLS = new(tls.ConnectionState) }, 200, ""},
		{"IPv6", func(r *http.Request) { r.RemoteAddr = "[::1]:1" }, 200, ""},
		{"IPv4 in IPv6", func(r *http.Request) { r.RemoteAddr = "[::ffff:127.0.0.9]:1" }, 200, ""},
		{"POST", func(r *http.Request) { r.Method = http.MethodPost }, 405, "MethodNotAllowed"},
	} {
		r := containerRequest(containerToken)
		tt.edit(r)
		if status, got := ask(t, c, r); status != tt.status || got["code"] != tt.code {
			t.Errorf("%s: %d %v", tt.name, status, got)
		}
	}
}

// TestContainerTokenFile: the token is what the file holds now, with or without a line end; while
// it holds none, nobody gets credentials.
func TestContainerTokenFile(t *testing.T) {
	t.Parallel()
	p := single(t)
	name := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(containerToken + "\n")
	var failed []error
	c := containerOf(p, func(cfg *sts.ContainerConfig) {
		cfg.Token, cfg.TokenFile = sigv4auth.Secret{}, name
		cfg.Failed = func(_ context.Context, err error) { failed = append(failed, err) }
	})
	for _, tt := range []struct {
		text, token string
		status      int
	}{
		{containerToken + "\n", containerToken, 200},
		{"the-next-token-of-it", containerToken, 401},
		{"the-next-token-of-it", "the-next-token-of-it", 200},
		{"short", "short", 503},
		{"", "", 503},
		{strings.Repeat("a", 4097), strings.Repeat("a", 4096), 503},
		{"a-token\nof-two-lines-", "a-token", 503},
	} {
		write(tt.text)
		if status, got := ask(t, c, containerRequest(tt.token)); status != tt.status {
			t.Errorf("%q: %d %v", tt.text, status, got)
		}
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if status, _ := ask(t, c, containerRequest(containerToken)); status != 503 {
		t.Errorf("without a file: %d", status)
	}
	if len(failed) != 5 {
		t.Errorf("the operator was told of %d faults: %v", len(failed), failed)
	}
}

// TestContainerFails: what the operator's function fails with is told to the operator alone.
func TestContainerFails(t *testing.T) {
	t.Parallel()
	p := single(t)
	var failed error
	for _, give := range []func(context.Context) (sigv4auth.Credential, error){
		func(context.Context) (sigv4auth.Credential, error) {
			return sigv4auth.Credential{}, errors.New("secret-host is down")
		},
		func(context.Context) (sigv4auth.Credential, error) { return sigv4auth.Credential{}, nil },
		func(context.Context) (sigv4auth.Credential, error) { return p.dir.keys[adaKey], nil },
	} {
		failed = nil
		c := containerOf(p, func(cfg *sts.ContainerConfig) {
			cfg.Credentials = give
			cfg.Failed = func(_ context.Context, err error) { failed = err }
		})
		status, got := ask(t, c, containerRequest(containerToken))
		if status != 503 || strings.Contains(fmt.Sprint(got), "secret") || failed == nil {
			t.Errorf("%d %v: %v", status, got, failed)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(text, containerToken) {
			t.Errorf("it prints its token: %s", text)
		}
	}
	for name, cfg := range map[string]sts.ContainerConfig{
		"nothing":        {},
		"two tokens":     {Token: sigv4auth.NewSecret(containerToken), TokenFile: "x"},
		"a short token":  {Token: sigv4auth.NewSecret("short")},
		"a space around": {Token: sigv4auth.NewSecret(containerToken + " ")},
		"no file":        {TokenFile: filepath.Join(t.TempDir(), "none")},
	} {
		if name != "nothing" {
			cfg.Credentials = func(context.Context) (sigv4auth.Credential, error) { return sigv4auth.Credential{}, nil }
		}
		if _, err := sts.NewContainer(cfg); err == nil || strings.Contains(err.Error(), containerToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProcessOutput: what a credential process prints has what AWS's clients read, and no expiry
// for a credential that has none.
func TestProcessOutput(t *testing.T) {
	t.Parallel()
	p := single(t)
	c := p.issue(riding()).Credential
	text, err := sts.ProcessOutput(c)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"Version": 1.0, "AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.Secret.Reveal(), "SessionToken": c.SessionToken.Reveal(),
		"Expiration": "2026-11-30T13:00:00Z", "AccountId": account,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v; want %v", got, want)
	}
	text, err = sts.ProcessOutput(p.dir.keys[adaKey])
	if err != nil || strings.Contains(string(text), "Expiration") || strings.Contains(string(text), "SessionToken") {
		t.Errorf("%v %s", err, text)
	}
	if _, err := sts.ProcessOutput(sigv4auth.Credential{AccessKeyID: "AKIA"}); err == nil {
		t.Error("a credential without a secret")
	}
}
