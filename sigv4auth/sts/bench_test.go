package sts_test

import (
	"context"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
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
func benchStore(tb testing.TB, cacheSize int) *sts.Store {
	tb.Helper()
	keys := keyring.New(time.Now())
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }, CheckEvery: time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := sts.NewStore(sts.StoreConfig{
		Ring: ring, CacheSize: cacheSize,
		Roles: roles{riderARN: {ARN: riderARN, ID: "AROARIDER", Tags: map[string]string{"team": "riders"}, Revision: "1"}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// fullSession is a session of a role with tags, for a user of an identity provider.
func fullSession() sts.Session {
	s := riding()
	s.Tags = map[string]string{"Project": "wild-rydes", "CostCenter": "4711"}
	s.Federated = &sigv4auth.FederatedIdentity{
		Provider: "cognito-identity.amazonaws.com", Subject: "us-east-1:12345678-1234-1234-1234-123456790ab",
		Audience: "us-east-1:12345678-ffff-ffff-ffff-123456", Methods: []string{"authenticated"},
	}
	return s
}

func benchSession(tb testing.TB, s *sts.Store, session sts.Session) sigv4auth.Credential {
	tb.Helper()
	i, err := s.Issue(tb.Context(), sts.Grant{Session: session, Duration: time.Hour})
	if err != nil {
		tb.Fatal(err)
	}
	return i.Credential
}

// BenchmarkToken measures a token that has to be opened, one that is in the cache, and one that is
// issued. What they may cost is held in bench, beside the bare cipher and a static credential.
func BenchmarkToken(b *testing.B) {
	ctx := b.Context()
	b.Run("what=opened", func(b *testing.B) {
		s := benchStore(b, 1)
		// Of which the cache has the other.
		two := [2]sigv4auth.Credential{benchSession(b, s, fullSession()), benchSession(b, s, fullSession())}
		tokens := [2]string{two[0].SessionToken.Reveal(), two[1].SessionToken.Reveal()}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := s.Credential(ctx, two[i&1].AccessKeyID, tokens[i&1]); err != nil {
				b.Fatal(err)
			}
		}
	})
	s := benchStore(b, 0)
	c := benchSession(b, s, fullSession())
	token := c.SessionToken.Reveal()
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
			benchSession(b, s, fullSession())
		}
	})
}

// BenchmarkManyCores measures lookups of cached sessions by all cores at once.
func BenchmarkManyCores(b *testing.B) {
	s := benchStore(b, 0)
	var all []sigv4auth.Credential
	for range 64 {
		all = append(all, benchSession(b, s, fullSession()))
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
