package sigv4auth_test

import (
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestKeyCacheIsBounded: threat 223. A cache for one key keeps one, so that two in turn are derived each time, and for two keeps both. Callers without a key fill no cache: they share one entry.
func TestKeyCacheIsBounded(t *testing.T) {
	const unknown = "AKIAUNKNOWNEXAMPLE00"
	allocations := func(size int, ids ...string) float64 {
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.KeyCacheSize = size })
		verify := func() {
			for _, id := range ids {
				s := signing{keyID: id}
				if id == tempKeyID {
					s.token = testToken
				}
				r := sign(t, request("GET", "/prod/rides", ""), s)
				if _, err := a.Verify(r); (err == nil) != (id == testKeyID || id == tempKeyID) {
					t.Fatal(err)
				}
			}
		}
		verify()
		return testing.AllocsPerRun(50, verify)
	}
	fits, evicts := allocations(2, testKeyID, tempKeyID), allocations(1, testKeyID, tempKeyID)
	if evicts <= fits {
		t.Errorf("two keys in turn allocate %v times with a cache for one and %v with a cache for two: the cache is not bounded", evicts, fits)
	}
	if one, many := allocations(2, testKeyID, unknown), allocations(2, testKeyID, unknown, unknown+"1", unknown+"2", unknown+"3"); many > 2.5*one+4 {
		t.Errorf("unknown keys are derived each time: %v allocations for one, %v for four", one, many)
	}
}
