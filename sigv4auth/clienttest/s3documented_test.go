package clienttest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// columns stand apart by two spaces or more.
var columns = regexp.MustCompile(` {2,}`)

// wantDocumented wants that requests came in no other modes than what sigv4auth's documentation
// says of the client, and the digests that it says all may send.
func (s *s3Service) wantDocumented(t *testing.T, client string, secure bool) {
	t.Helper()
	documented := documentedModes(t, client, secure)
	words := map[string]string{
		byDigest: "digest", byChecksum: "digest", byURL: "unsigned", unsigned: "unsigned", signedChunks: "streaming-signed",
		signedTrailer: "streaming-signed-trailer", unsignedTrailer: "streaming-unsigned-trailer",
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for mode := range s.modes {
		if word := words[mode]; word != "digest" && !slices.Contains(documented, word) {
			t.Errorf("%s sent %q, and is documented with %q alone", client, mode, documented)
		}
	}
}

// documentedModes returns what the table of package sigv4auth says of a client.
func documentedModes(t *testing.T, client string, secure bool) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testneed.Root(t), "sigv4auth", "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		cells := columns.Split(strings.TrimSpace(strings.TrimPrefix(line, "//")), -1)
		if len(cells) != 4 || cells[0] != client {
			continue
		}
		if secure {
			return strings.Split(cells[1], ", ")
		}
		return strings.Split(cells[2], ", ")
	}
	t.Fatalf("the documentation of package sigv4auth has no row for %s", client)
	return nil
}
