package clienttest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os/exec"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// TestS3Curl: curl --aws-sigv4 signs S3's paths as it sends them, and older versions of it must be
// told to send the digest. An escaped slash is a slash of the key, and is signed as an escaped one.
func TestS3Curl(t *testing.T) {
	t.Parallel()
	curl := testneed.Program(t, "curl")
	overBoth(t, func(t *testing.T, s *s3Service, _ bool) {
		run := func(secret, path, digest string, body []byte, args ...string) string {
			t.Helper()
			args = append([]string{
				"-sS", "--noproxy", "*", "--cacert", s.ca.file, "--aws-sigv4", "aws:amz:" + s3Region + ":s3", "--user", s3KeyID + ":" + secret,
				"-H", "x-amz-content-sha256: " + digest, s.url + "/" + bucket + "/" + path,
			}, args...)
			cmd := exec.CommandContext(t.Context(), curl, args...)
			cmd.Stdin = bytes.NewReader(body)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v %s", path, err, out)
			}
			return string(out)
		}
		body := content(5000)
		put := func(secret, path string, sent []byte) string {
			t.Helper()
			sum := sha256.Sum256(body)
			return run(secret, path, hex.EncodeToString(sum[:]), sent, "-H", "Content-Type: application/octet-stream", "-X", "PUT",
				"--data-binary", "@-")
		}
		empty := sha256.Sum256(nil)
		for path, key := range map[string]string{
			"plain": "plain", "white%20one": "white one", "a%2Bb": "a+b", "a%2Fb": "a/b", "double//slash": "double//slash", "%C3%A9": "é", "%252F": "%2F",
		} {
			if said := put(s3Secret, path, body); said != "" || !sameObject(s, key, body) {
				t.Errorf("put %s: %s", path, said)
			}
			if got := run(s3Secret, path, hex.EncodeToString(empty[:]), nil); got != string(body) {
				t.Errorf("get %s: %s", path, got)
			}
		}
		s.mustRefuse(t, "a wrong secret", "SignatureDoesNotMatch", func() string { return s3Code(put("wrong", "x", body)) })
		s.mustRefuse(t, "another body", "XAmzContentSHA256Mismatch", func() string { return s3Code(put(s3Secret, "x", content(5001))) })
	})
}
