package clienttest_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// botocoreModes returns the payload modes in which botocore, and the AWS CLI with it, sends what it
// signs in the header. Since the version that adds a checksum to every upload by default, that is
// in a trailer over TLS, and in a header over http. Those before it, which Debian 12 has, send
// Content-MD5, and over TLS nothing else.
func botocoreModes(t *testing.T, version string, secure bool) []string {
	t.Helper()
	switch {
	case !defaultChecksums(version):
		t.Log("default checksums are NOT tested with this version")
		if secure {
			return []string{byDigest, unsigned}
		}
		return []string{byDigest}
	case secure:
		return []string{byDigest, unsignedTrailer}
	default:
		return []string{byDigest, byChecksum}
	}
}

// documentedBotocore returns the row of the documentation that is about such a version.
func documentedBotocore(version string) string {
	if defaultChecksums(version) {
		return "aws s3, boto3"
	}
	return "aws s3, boto3, before 2025"
}

// defaultChecksums reports whether what says this of its version adds a checksum to every upload by
// default: botocore 1.36 does, and version 2.23 of the AWS CLI, which brings a botocore of its own.
func defaultChecksums(version string) bool {
	var major, minor int
	if _, own, ok := strings.Cut(version, "aws-cli/2."); ok {
		n, _ := fmt.Sscanf(own, "%d.", &minor)
		return n == 1 && minor >= 23
	}
	_, own, _ := strings.Cut(strings.ReplaceAll(version, "botocore ", "botocore/"), "botocore/")
	n, _ := fmt.Sscanf(own, "%d.%d", &major, &minor)
	return n == 2 && (major > 1 || minor >= 36)
}

// TestDefaultChecksums says of the clients on this machine whether the other tests show their
// default checksums.
func TestDefaultChecksums(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"aws-cli/1.45.11 Python/3.11.7 Linux/6.1 botocore/1.43.11": true,
		"aws-cli/1.36.40 Python/3.11.7 Linux/6.1 botocore/1.35.99": false,
		"aws-cli/2.9.19 Python/3.11.2 Linux/6.1 prompt/off":        false,
		"aws-cli/2.23.0 Python/3.12.6 Linux/6.1":                   true,
		"boto3 1.26.27, botocore 1.29.27":                          false,
		"boto3 1.36.0, botocore 1.36.0":                            true,
		"boto3 2.0.0, botocore 2.0.0":                              true,
		"":                                                         false,
	} {
		if defaultChecksums(version) != want {
			t.Errorf("%s: %t", version, !want)
		}
	}
	for client, command := range map[string][]string{
		"AWS CLI": {"aws", "--version"},
		"boto3":   {"python3", "-c", "import boto3, botocore; print('boto3', boto3.__version__, 'botocore', botocore.__version__)"},
	} {
		version, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
		if err != nil {
			continue // the tests that need it say so
		}
		if defaultChecksums(string(version)) {
			t.Logf("%s: default checksums are tested", client)
		} else {
			t.Logf("%s: default checksums are NOT tested, with %s", client, bytes.TrimSpace(version))
		}
	}
}
