package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4a"
	smithyv4 "github.com/aws/smithy-go/aws-http-auth/v4"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// postV4A is the reference request, signed by SigV4A.
func postV4A(tb testing.TB) *arrived {
	tb.Helper()
	out, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://api.example.com/prod/ride", strings.NewReader(rideBody))
	if err != nil {
		tb.Fatal(err)
	}
	out.Header.Set("Content-Type", "application/json")
	digest := sha256.Sum256([]byte(rideBody))
	err = sigv4a.New(func(o *smithyv4.SignerOptions) { o.AddPayloadHashHeader = true }).SignRequest(&sigv4a.SignRequestInput{
		Request: out, PayloadHash: digest[:], Service: service, RegionSet: []string{region}, Time: now,
		Credentials: credentials.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token},
	})
	if err != nil {
		tb.Fatal(err)
	}
	r := httptest.NewRequest(out.Method, "/prod/ride", nil)
	r.Host, r.Header = out.Host, out.Header
	r.Header.Del("Host")
	return &arrived{r: r, text: []byte(rideBody)}
}

func authenticatorV4A(tb testing.TB) *sigv4auth.Authenticator {
	tb.Helper()
	a, err := sigv4auth.New(sigv4auth.Config{
		Region: region, Service: service, Algorithms: sigv4auth.SigV4A, Now: func() time.Time { return now },
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: accessKeyID, Secret: sigv4auth.NewSecret(secret), SessionToken: sigv4auth.NewSecret(token),
			Principal: iampolicy.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/Rider/alice"},
		}),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// BenchmarkSigV4A holds the verification of SigV4A, with a cached key, against one bare verification of ECDSA on P-256; and the derivation of a key, which the
// cache saves, against the same.
func BenchmarkSigV4A(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte(rideBody))
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	bare := func() {
		if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], sig) {
			b.Fatal("refused")
		}
	}
	const perRound = 10
	b.Run("work=verify", func(b *testing.B) {
		a, q := authenticatorV4A(b), postV4A(b)
		compareRounds(b, perRound, bare, func() {
			if _, err := a.Verify(q.again()); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("work=derive", func(b *testing.B) {
		s := sigv4auth.NewSecret(secret)
		compareRounds(b, perRound, bare, func() {
			if _, err := sigv4auth.DerivePublicKey(accessKeyID, s); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// TestSelfSigV4A: what is measured is admitted, and refused once it is tampered with.
func TestSelfSigV4A(t *testing.T) {
	a, q := authenticatorV4A(t), postV4A(t)
	if id, err := a.Verify(q.again()); err != nil || id.Algorithm != "AWS4-ECDSA-P256-SHA256" {
		t.Errorf("%s, %v", id.Algorithm, err)
	}
	q.r.Method = http.MethodPut
	if _, err := a.Verify(q.again()); err == nil {
		t.Error("a tampered request is admitted")
	}
}
