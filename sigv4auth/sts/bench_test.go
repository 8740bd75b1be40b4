package sts_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/xaes"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// roles is a store that costs no more than a map.
type roles map[string]sigv4auth.Role

func (r roles) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	role, ok := r[arn]
	if !ok {
		return role, sigv4auth.ErrNoSuchRole
	}
	return role, nil
}

// benchStore returns a Store with the clocks of a program that runs.
func benchStore(b *testing.B, cacheSize int) *sts.Store {
	b.Helper()
	keys := keyring.New(time.Now())
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }, CheckEvery: time.Second})
	if err != nil {
		b.Fatal(err)
	}
	s, err := sts.NewStore(sts.StoreConfig{
		Ring: ring, CacheSize: cacheSize,
		Roles: roles{riderARN: {ARN: riderARN, ID: "AROARIDER", Tags: map[string]string{"team": "riders"}, Revision: "1"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func benchSession(b *testing.B, s *sts.Store) sigv4auth.Credential {
	b.Helper()
	session := riding()
	session.Tags = map[string]string{"Project": "wild-rydes", "CostCenter": "4711"}
	session.Federated = &sigv4auth.FederatedIdentity{
		Provider: "cognito-identity.amazonaws.com", Subject: "us-east-1:12345678-1234-1234-1234-123456790ab",
		Audience: "us-east-1:12345678-ffff-ffff-ffff-123456", Methods: []string{"authenticated"},
	}
	i, err := s.Issue(b.Context(), sts.Grant{Session: session, Duration: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	return i.Credential
}

// BenchmarkToken measures opening a token beside the opening of the same bytes alone: with the key
// of its own that each message has (what=aead), and by AES-256-GCM with a key that is set up once
// (what=gcm-key-once); and what a token costs that is in the cache. Divide by what=aead of the same
// run.
func BenchmarkToken(b *testing.B) {
	ctx := b.Context()
	b.Run("what=opened", func(b *testing.B) {
		s := benchStore(b, 1)
		two := [2]sigv4auth.Credential{benchSession(b, s), benchSession(b, s)} // of which the cache has the other
		tokens := [2]string{two[0].SessionToken.Reveal(), two[1].SessionToken.Reveal()}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := s.Credential(ctx, two[i&1].AccessKeyID, tokens[i&1]); err != nil {
				b.Fatal(err)
			}
		}
	})
	s := benchStore(b, 0)
	c := benchSession(b, s)
	token := c.SessionToken.Reveal()
	sealed, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		b.Fatal(err)
	}
	plain := make([]byte, len(sealed)-keyring.Overhead)
	key, long := xaes.New(new([xaes.KeySize]byte)), new([xaes.NonceSize]byte)
	additional, dst := []byte(c.AccessKeyID), make([]byte, 0, len(plain))
	again := key.Seal(nil, long, plain, additional)
	b.Run("what=aead", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := key.Open(dst, long, again, additional); err != nil {
				b.Fatal(err)
			}
		}
	})
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	nonce := make([]byte, 12)
	bare := gcm.Seal(nil, nonce, plain, additional)
	b.Run("what=gcm-key-once", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := gcm.Open(dst, nonce, bare, additional); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("what=cached", func(b *testing.B) {
		b.ReportMetric(float64(len(token)), "token-bytes")
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Credential(ctx, c.AccessKeyID, token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("what=issued", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchSession(b, s)
		}
	})
}

// BenchmarkVerify measures the verification of a request by a session whose token is in the cache,
// beside one by a static credential that is the same in everything.
func BenchmarkVerify(b *testing.B) {
	s := benchStore(b, 0)
	c := benchSession(b, s)
	for _, of := range []struct {
		name  string
		store sigv4auth.CredentialStore
	}{{"static", sigv4auth.StaticCredentials(c)}, {"session", s}} {
		b.Run("credential="+of.name, func(b *testing.B) {
			auth, err := sigv4auth.New(sigv4auth.Config{Region: "us-east-1", Service: "execute-api", Credentials: of.store})
			if err != nil {
				b.Fatal(err)
			}
			signer := sigv4test.Signer{Credential: c, Region: "us-east-1", Service: "execute-api"}
			r := signer.Sign(httptest.NewRequest(http.MethodGet, "/prod/rides", nil))
			b.ReportAllocs()
			for b.Loop() {
				r.Body = http.NoBody
				if _, err := auth.Verify(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkManyCores measures lookups of cached sessions by all cores at once.
func BenchmarkManyCores(b *testing.B) {
	s := benchStore(b, 0)
	var all []sigv4auth.Credential
	for range 64 {
		all = append(all, benchSession(b, s))
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			c := &all[i%len(all)]
			if _, err := s.Credential(context.Background(), c.AccessKeyID, c.SessionToken.Reveal()); err != nil {
				b.Error(err)
			}
		}
	})
}
