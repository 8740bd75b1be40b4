package chunked_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
)

// TestSpellings: of a chunk's signature only the 64 lower-case digits count. What a decoder makes
// of another spelling, the bytes before the fault and zeros, may well be the signature, so one that
// ends in zeros is looked for.
func TestSpellings(t *testing.T) {
	t.Parallel()
	for i := range 10_000 {
		data := fmt.Append(nil, i)
		signature := newSigner(testSeed).chunk(data)
		if !strings.HasSuffix(signature, "00") {
			continue
		}
		digest := sha256.Sum256(data)
		verifies := func(spelling string) bool {
			return chunked.NewHMAC(testKey, testDate, testScopeText[:8], testScopeText[8:], testSeed).VerifyChunk(&digest, []byte(spelling))
		}
		if !verifies(signature) {
			t.Fatal("the signature does not verify")
		}
		begins := signature[:62]
		for _, bad := range []string{
			begins + "zz", begins + "0z", begins + "z0", begins + "\x00\x00", begins, begins + "0", signature + "00",
			strings.ToUpper(signature), " " + signature, "",
		} {
			if verifies(bad) {
				t.Errorf("%q verifies in place of %s", bad, signature)
			}
		}
		return
	}
	t.Fatal("no signature ends in zeros")
}
