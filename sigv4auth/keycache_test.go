package sigv4auth_test

import (
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestKeyCacheIsBounded: threat 223. A cache for one key keeps one, so that two in turn are derived each time, and for two keeps both. Callers without a key fill no cache: they share one entry.
func TestKeyCacheIsBounded(t *testing.T) {
	const one, two, unknown = "AKIAONE", "AKIATWO", "AKIAUNKNOWNEXAMPLE00"
	secrets := map[string]string{one: "first", two: "second"}
	allocations := func(size int, ids ...string) float64 {
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			c.KeyCacheSize = size
			c.Credentials = sigv4auth.StaticCredentials(
				sigv4auth.Credential{AccessKeyID: one, Secret: sigv4auth.NewSecret(secrets[one]), Principal: userPrincipal},
				sigv4auth.Credential{AccessKeyID: two, Secret: sigv4auth.NewSecret(secrets[two]), Principal: userPrincipal},
			)
		})
		verify := func() {
			for _, id := range ids {
				r := sign(t, request("GET", "/prod/rides", ""), signing{keyID: id, secret: secrets[id]})
				if _, err := a.Verify(r); (err == nil) != (secrets[id] != "") {
					t.Fatal(err)
				}
			}
		}
		verify()
		return testing.AllocsPerRun(50, verify)
	}
	fits, evicts := allocations(2, one, two), allocations(1, one, two)
	if evicts <= fits && !raceDetector {
		t.Errorf("two keys in turn allocate %v times with a cache for one and %v with a cache for two: the cache is not bounded", evicts, fits)
	}
	// Behind each stranger the known key would be evicted, and derived again.
	if same, others := allocations(2, one, unknown, unknown, unknown), allocations(2, one, unknown+"1", unknown+"2", unknown+"3"); others > same && !raceDetector {
		t.Errorf("strangers fill the cache: %v allocations for one of them three times, %v for three of them", same, others)
	}
}
