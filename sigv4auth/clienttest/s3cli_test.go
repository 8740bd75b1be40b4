package clienttest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// awsCLI runs the AWS CLI against a service, and returns what it printed.
type awsCLI struct {
	program string
	s       *s3Service
	env     []string
}

// newCLI configures the AWS CLI for a service: by default it would presign with Signature Version
// 2.
func newCLI(t *testing.T, program string, s *s3Service) *awsCLI {
	t.Helper()
	c := &awsCLI{program: program, s: s}
	config := filepath.Join(t.TempDir(), "config")
	c.write(t, config,
		[]byte("[default]\ns3 =\n  addressing_style = path\n  signature_version = s3v4\n[profile host]\ns3 =\n  addressing_style = "+
			"virtual\n  signature_version = s3v4\n[profile old]\n"))
	c.env = s.environment(t, "AWS_CONFIG_FILE="+config, "AWS_PAGER=")
	return c
}

func (c *awsCLI) write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *awsCLI) run(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	endpoint := c.s.url
	if len(env) > 0 && strings.HasPrefix(env[0], "HTTP") {
		endpoint = c.s.named
	}
	cmd := exec.CommandContext(t.Context(), c.program, append([]string{"--endpoint-url", endpoint}, args...)...)
	cmd.Env = append(c.env, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// through makes the AWS CLI use a relay, and ask for the service by its name.
func through(p *relay) []string {
	return []string{"HTTP_PROXY=http://" + p.addr, "HTTPS_PROXY=http://" + p.addr}
}

// must runs a command that has to succeed.
func (c *awsCLI) must(t *testing.T, env []string, args ...string) string {
	t.Helper()
	out, err := c.run(t, env, args...)
	if err != nil {
		t.Errorf("aws %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// fails runs a command that has to fail, and returns the code in what it says: "An error occurred
// (CODE) when calling ...".
func (c *awsCLI) fails(t *testing.T, env []string, args ...string) string {
	t.Helper()
	out, err := c.run(t, env, args...)
	if err == nil {
		return "success"
	}
	_, rest, _ := strings.Cut(out, "An error occurred (")
	code, _, found := strings.Cut(rest, ")")
	if !found {
		return out
	}
	return code
}

// cliVersion returns what the AWS CLI says of itself.
func cliVersion(t *testing.T, program string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, "--version").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%s", bytes.TrimSpace(out))
	return string(out)
}

// TestS3CLI: the AWS CLI copies folders both ways, in one piece and in parts, in path and in
// virtual-hosted style, and is refused.
func TestS3CLI(t *testing.T) {
	t.Parallel()
	program := testneed.Program(t, "aws")
	version := cliVersion(t, program)
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		c := newCLI(t, program, s)
		dir := t.TempDir()
		root := "s3://" + bucket + "/"
		large := content(20 << 20) // in parts, as the CLI does beyond 8 MiB
		files := map[string][]byte{"large.bin": large}
		for _, key := range s3Keys {
			if filepath.IsLocal(key) && filepath.ToSlash(filepath.Clean(key)) == key {
				files[key] = content(1000 + len(key))
			}
		}
		for name, body := range files {
			c.write(t, filepath.Join(dir, "up", filepath.FromSlash(name)), body)
		}

		c.must(t, nil, "s3", "cp", "--recursive", filepath.Join(dir, "up"), root+"folder/")
		for name, body := range files {
			if !sameObject(s, "folder/"+name, body) {
				t.Errorf("%q was not stored as it is", name)
			}
		}
		if seen := strings.Join(s.store.Seen(), " "); !strings.Contains(seen, "UploadPart") {
			t.Errorf("nothing came in parts: %s", seen)
		}
		// Down again in virtual-hosted style.
		proxy := newRelay(t, s, false, "", "")
		c.must(t, append(through(proxy), "AWS_PROFILE=host"), "s3", "cp", "--recursive", root+"folder/", filepath.Join(dir, "down"))
		for name, body := range files {
			if got, err := os.ReadFile(filepath.Join(dir, "down", filepath.FromSlash(name))); err != nil || !bytes.Equal(got, body) {
				t.Errorf("%q did not come back as it was: %v", name, err)
			}
		}

		small := filepath.Join(dir, "small")
		c.write(t, small, content(5000))
		s.mustRefuse(t, "a wrong secret", "SignatureDoesNotMatch", func() string {
			return c.fails(t, []string{"AWS_SECRET_ACCESS_KEY=wrong"}, "s3", "cp", small, root+"small")
		})
		tampered := "XAmzContentSHA256Mismatch"
		if secure { // the CLI signs no body over TLS; what was damaged, a checksum or the store's Content-MD5 tells
			tampered = "BadDigest"
		}
		tampering := newRelay(t, s, secure, marker, changed)
		s.mustRefuse(t, "a tampered body", tampered, func() string {
			return c.fails(t, append(through(tampering), "AWS_PROFILE=host"), "s3", "cp", small, root+"small")
		})
		s.wantDocumented(t, documentedBotocore(version), secure)
		s.wantModes(t, botocoreModes(t, version, secure)...)
	})
}

// TestS3CLILists: the AWS CLI reads a pipe, lists keys of every kind, and presigns for curl.
func TestS3CLILists(t *testing.T) {
	t.Parallel()
	program := testneed.Program(t, "aws")
	curl := testneed.Program(t, "curl")
	s := newS3(t, true)
	c := newCLI(t, program, s)
	root := "s3://" + bucket + "/"
	for _, key := range s3Keys {
		if err := put(t.Context(), s.sdk(t, nil), key, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	listing := c.must(t, nil, "s3", "ls", "--recursive", root)
	for _, key := range s3Keys {
		if !strings.Contains(listing, " "+key+"\n") {
			t.Errorf("%q is not listed:\n%s", key, listing)
		}
	}
	// One piece from a pipe, with a key that is no file's name.
	cp := exec.CommandContext(t.Context(), program, "--endpoint-url", s.url, "s3", "cp", "-", root+"/a/./b//c")
	cp.Env, cp.Stdin = c.env, strings.NewReader(marker)
	if out, err := cp.CombinedOutput(); err != nil || !sameObject(s, "/a/./b//c", []byte(marker)) {
		t.Errorf("from a pipe: %v %s", err, out)
	}

	fetch := func(url string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), curl, "-sS", "--noproxy", "*", "--path-as-is", "--cacert", s.ca.file,
			url).CombinedOutput()
		if err != nil {
			t.Errorf("curl: %v %s", err, out)
		}
		return string(out)
	}
	url := strings.TrimSpace(c.must(t, nil, "s3", "presign", "--expires-in", "60", root+"/a/./b//c"))
	if got := fetch(url); got != marker {
		t.Errorf("curl with %s: %s", url, got)
	}
	old := strings.TrimSpace(c.must(t, []string{"AWS_PROFILE=old"}, "s3", "presign", root+"x"))
	if strings.Contains(old, "AWSAccessKeyId=") {
		s.mustRefuse(t, "threat 11: a URL with Signature Version 2",
			"AccessDenied: The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
			func() string { return s3Said(fetch(old)) })
	}

	s.ahead.Store(int64(2 * time.Minute))
	s.mustRefuse(t, "a URL that has expired", "AccessDenied: Request has expired", func() string { return s3Said(fetch(url)) })
}
