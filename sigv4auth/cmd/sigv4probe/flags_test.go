package main_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cli "github.com/wildgate/wildgate/sigv4auth/cmd/sigv4probe"
)

func TestRunRefuses(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_SESSION_TOKEN", "")
	const local = "http://127.0.0.1:1/"
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no target", nil, "is no URL"},
		{"a target that is no URL", []string{"-url", "127.0.0.1:8080"}, "is no URL"},
		{"another machine's address", []string{"-url", "http://192.0.2.1/"}, "not on this machine"},
		{"every interface's address", []string{"-url", "http://0.0.0.0/"}, "not on this machine"},
		{"a user in the URL", []string{"-url", "http://a:b@127.0.0.1/"}, "neither a user"},
		{"a rate without bound", []string{"-url", local, "-rate", "1e9"}, "-rate"},
		{"a rate that is no number", []string{"-url", local, "-rate", "nan"}, "-rate"},
		{"a path style that is none", []string{"-url", local, "-path", "lax"}, "-path"},
		{"no status that refuses", []string{"-url", local, "-refusals", "200"}, "-refusals"},
		{"a key without a secret", []string{"-url", local, "-secret-file", filepath.Join(t.TempDir(), "none")}, "no such file"},
		{"nobody listens", []string{"-url", local}, "refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, problems bytes.Buffer
			err := cli.Run(context.Background(), tt.args, &out, &problems)
			if err == nil || errors.Is(err, cli.ErrFound) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v; want an error with %q", err, tt.want)
			}
		})
	}
}

func TestLimitsHold(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	url := serve(t, naive{})
	for _, args := range [][]string{{"-limit", "3"}, {"-duration", "1ns"}} {
		var out, problems bytes.Buffer
		if err := cli.Run(context.Background(), append([]string{"-url", url}, args...), &out, &problems); err == nil || errors.Is(err, cli.ErrFound) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// TestTheTextRedacts: the report says which request to send, but holds nothing that could be sent again.
func TestTheTextRedacts(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SESSION_TOKEN", token)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, problems bytes.Buffer
	err := cli.Run(context.Background(), []string{"-url", serve(t, naive{flaw: "ignores expiry"}), "-rate", "1000", "-v", "-secret-file", file}, &out, &problems)
	if !errors.Is(err, cli.ErrFound) {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"wrongly admitted (security): presigned: expired a day ago", "X-Amz-Signature=REDACTED", "X-Amz-Security-Token=REDACTED", "ok "} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	for _, never := range []string{secret, token, strings.TrimRight(token, "=")} {
		if strings.Contains(text, never) {
			t.Errorf("the report holds %q", never)
		}
	}
}
