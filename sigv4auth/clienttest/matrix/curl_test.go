package matrix_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// curl starts a process for each request, and tells it everything in a file of its configuration.
func curl(t *testing.T) (sender, string) {
	program := testneed.Program(t, "curl")
	out, err := exec.CommandContext(t.Context(), program, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	version, _, _ := strings.Cut(string(out), " (")
	dir := t.TempDir()
	body, config := filepath.Join(dir, "body"), filepath.Join(dir, "config")
	return func(r request) (int, string, error) {
		var text strings.Builder
		option := func(name, value string) {
			fmt.Fprintf(&text, "%s = \"%s\"\n", name, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value))
		}
		option("url", "http://"+r.Host+r.Target)
		if r.Method == "HEAD" {
			text.WriteString("head\n")
		} else {
			option("request", r.Method)
		}
		option("aws-sigv4", "aws:amz:"+r.Region+":"+r.Service)
		option("user", r.AccessKeyID+":"+r.SecretAccessKey)
		if r.SessionToken != "" {
			option("header", "X-Amz-Security-Token: "+r.SessionToken)
		}
		for _, h := range r.Headers {
			option("header", h[0]+": "+h[1])
		}
		if len(r.Body) > 0 {
			if err := os.WriteFile(body, r.Body, 0o600); err != nil {
				return 0, "", err
			}
			option("data-binary", "@"+body)
		}
		option("output", os.DevNull)
		option("write-out", "%{http_code}")
		text.WriteString("silent\nshow-error\ngloboff\n")
		if err := os.WriteFile(config, []byte(text.String()), 0o600); err != nil {
			return 0, "", err
		}
		var complaint bytes.Buffer
		// -q, which has to come first, keeps the configuration of whoever runs the test out.
		process := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-q", "--config", config)
		process.Stderr = &complaint
		out, err := process.Output()
		if err != nil {
			return 0, "", fmt.Errorf("%w: %s", err, &complaint)
		}
		status, err := strconv.Atoi(string(out))
		return status, "", err
	}, version
}
