package clienttest_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/refusals"
	"github.com/wildgate/wildgate/internal/testneed"
)

//go:embed testdata/s3_boto3.py
var s3Boto3 string

// environment is that of this process without what would reach a client by accident, with what is
// given.
func (s *s3Service) environment(t *testing.T, more ...string) []string {
	t.Helper()
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			env = append(env, kv)
		}
	}
	nowhere := t.TempDir()
	return append(env, append([]string{
		"AWS_ACCESS_KEY_ID=" + s3KeyID, "AWS_SECRET_ACCESS_KEY=" + s3Secret, "AWS_REGION=" + s3Region, "AWS_DEFAULT_REGION=" + s3Region,
		"AWS_CA_BUNDLE=" + s.ca.file, "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
		"AWS_CONFIG_FILE=" + nowhere + "/config", "AWS_SHARED_CREDENTIALS_FILE=" + nowhere + "/credentials",
	}, more...)...)
}

// hasDots reports whether a key has dot segments, which the HTTP library below botocore takes out
// of what it sends to a proxy, once that is signed. No server can verify those.
func hasDots(key string) bool {
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// TestS3Boto3: boto3 in path and virtual-hosted style, presigned, in parts, and refused.
func TestS3Boto3(t *testing.T) {
	t.Parallel()
	python := testneed.Program(t, "python3")
	if exec.Command(python, "-c", "import boto3").Run() != nil {
		testneed.MissingProgram(t, "boto3 for python3")
	}
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		task, err := json.Marshal(map[string]any{
			"url": s.url, "named": s.named, "bucket": bucket, "region": s3Region, "keyID": s3KeyID, "secret": s3Secret, "keys": s3Keys, "marker": marker,
			"relay": newRelay(t, s, false, "", "").addr, "tampering": newRelay(t, s, secure, marker, changed).addr,
		})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), python, "-c", s3Boto3)
		cmd.Stdin, cmd.Env = bytes.NewReader(task), s.environment(t)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, &stderr)
		}
		var got map[string]string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Log(got["version"])
		s.wantModes(t, append(botocoreModes(t, got["version"], secure), byURL)...)
		late := got["url"]
		delete(got, "version")
		delete(got, "url")
		tampered := "XAmzContentSHA256Mismatch"
		if secure { // boto3 signs no body over TLS; what was damaged, a checksum or the store's Content-MD5 tells
			tampered = "BadDigest"
		}
		want := map[string]string{
			"large": "ok", "listings": "ok", "bucket": "ok", "location": "ok", "another region, corrected by what the error says": "ok",
			"refused: a wrong secret": "SignatureDoesNotMatch", "refused: a HEAD with a wrong secret": "403",
			"refused: a tampered body": tampered, "refused: a prefix that the policy denies": "AccessDenied",
		}
		for _, key := range s3Keys {
			for _, step := range []string{"path ", "host ", "presigned "} {
				if want[step+key] = "ok"; step == "host " && !secure && hasDots(key) {
					want[step+key] = "SignatureDoesNotMatch"
				}
			}
		}
		for step, outcome := range want {
			if got[step] != outcome {
				t.Errorf("%s: %q, want %q", step, got[step], outcome)
			}
		}
		if !secure { // over TLS the proxy sees no path
			refusals.Held(t, "TestS3Boto3", []string{"boto3: takes dot segments out of an object's key after it has signed them, " +
				"towards a proxy over http"})
		}
		if len(got) != len(want) {
			t.Errorf("%d steps were reported, want %d", len(got), len(want))
		}
		s.ahead.Store(int64(2 * time.Minute))
		s.mustRefuse(t, "an expired URL", "AccessDenied: Request has expired", func() string {
			_, answer := s.plain(t, http.MethodPut, late, []byte("too late"))
			return s3Said(answer)
		})
		if _, ok := s.store.Object(bucket, "kept"); ok {
			t.Error("a refused request made an object")
		}
	})
}
