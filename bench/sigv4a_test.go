package main

import (
	"testing"

	"github.com/wildgate/wildgate/bench/work"
	"github.com/wildgate/wildgate/sigv4auth"
)

// BenchmarkSigV4A holds the verification of SigV4A, with a cached key, against one bare verification of ECDSA on P-256; and the derivation of a key, which the
// cache saves, against the same.
func BenchmarkSigV4A(b *testing.B) {
	bare, verify := prepared(b, caseNamed(b, work.Requests, "SigV4A POST"))
	const perRound = 10
	b.Run("work=verify", func(b *testing.B) { compareRounds(b, perRound, bare, verify) })
	b.Run("work=derive", func(b *testing.B) {
		secret := sigv4auth.NewSecret(work.TheKey.Secret)
		compareRounds(b, perRound, bare, func() {
			if _, err := sigv4auth.DerivePublicKey(work.TheKey.ID, secret); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// TestSelfSigV4A: what is measured is admitted as ECDSA, and not as another algorithm. TestSelf has it tampered with.
func TestSelfSigV4A(t *testing.T) {
	a, q := asked(t, caseNamed(t, work.Requests, "SigV4A POST"))
	if id, err := a.Verify(q.Again()); err != nil || id.Algorithm != "AWS4-ECDSA-P256-SHA256" {
		t.Errorf("%s, %v", id.Algorithm, err)
	}
}
