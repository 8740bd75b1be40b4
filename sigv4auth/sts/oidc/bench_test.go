package oidc_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"strings"
	"testing"
)

// BenchmarkVerifyToken measures VerifyToken of a token of GitHub Actions, whose key is known,
// beside the bare check of the same signature with the standard library.
func BenchmarkVerifyToken(b *testing.B) {
	rsaTest, ecTest := rs256("one", 0), &testKey{"one", "ES256", ecKey(elliptic.P256())}
	for _, key := range []*testKey{rsaTest, ecTest} {
		token := key.token(githubToken())
		last := strings.LastIndexByte(token, '.')
		input, sig := token[:last], decode(b, token[last+1:])
		check := func() bool {
			digest := sha256.Sum256([]byte(input))
			if pub, ok := key.private.Public().(*rsa.PublicKey); ok {
				return rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], sig) == nil
			}
			r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
			return ecdsa.Verify(key.private.Public().(*ecdsa.PublicKey), digest[:], r, s)
		}
		b.Run("alg="+key.alg+"/what=signature", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !check() {
					b.Fatal("the signature is wrong")
				}
			}
		})
		v := verifierOf(b, newIssuer("https://token.actions.githubusercontent.com", key))
		b.Run("alg="+key.alg+"/what=VerifyToken", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.VerifyToken(context.Background(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRefuseToken measures what somebody without a key can make the server do.
func BenchmarkRefuseToken(b *testing.B) {
	key := rs256("one", 0)
	v := verifierOf(b, newIssuer(someIssuer, key))
	if _, err := v.VerifyToken(context.Background(), key.token(claimsOf(someIssuer))); err != nil {
		b.Fatal(err)
	}
	for name, token := range largeTokens(18000) {
		b.Run("why="+strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.VerifyToken(context.Background(), token); err == nil {
					b.Fatal("admitted")
				}
			}
		})
	}
}
