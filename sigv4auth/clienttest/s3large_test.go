package clienttest_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// TestS3CLILarge: the AWS CLI uploads and downloads 200 MiB, each as it does by itself, in dozens
// of parts of which several are under way at a time.
func TestS3CLILarge(t *testing.T) {
	t.Parallel()
	program := testneed.Program(t, "aws")
	version := cliVersion(t, program)
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		const size, atLeast = 200 << 20, 20
		c := newCLI(t, program, s)
		dir := t.TempDir()
		up, down := filepath.Join(dir, "up"), filepath.Join(dir, "down")
		f, err := os.Create(up)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(f, stream(size)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}

		c.must(t, nil, "s3", "cp", "--no-progress", up, "s3://"+bucket+"/large")
		if got, ok := s.store.Object(bucket, "large"); !ok || !sameStream(got, stream(size)) {
			t.Error("the object was not stored as it is")
		}
		c.must(t, nil, "s3", "cp", "--no-progress", "s3://"+bucket+"/large", down)
		if f, err = os.Open(down); err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if !sameStream(f, stream(size)) {
			t.Error("the object did not come back as it was")
		}

		operations := map[string]int{}
		for _, name := range s.store.Seen() {
			operations[name]++
		}
		t.Logf("%v", operations)
		if operations["UploadPart"] < atLeast || operations["CompleteMultipartUpload"] != 1 || operations["GetObject"] < atLeast {
			t.Errorf("not in parts: %v", operations)
		}
		if slices.Contains(s.store.Seen(), "AbortMultipartUpload") || s.store.Uploads() > 0 {
			t.Errorf("an upload was given up: %v", operations)
		}
		s.wantDocumented(t, documentedBotocore(version), secure)
		s.wantModes(t, botocoreModes(t, version, secure)...)
	})
}
