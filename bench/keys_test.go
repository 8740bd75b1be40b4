package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// knowing returns an authenticator that knows n keys, and a request for each of the callers among them.
func knowing(tb testing.TB, n, callers int) (*sigv4auth.Authenticator, []*arrived) {
	tb.Helper()
	keyID := func(i int) string { return fmt.Sprintf("AKIA%012d", i) }
	keys := make([]sigv4auth.Credential, n)
	for i := range keys {
		keys[i] = sigv4auth.Credential{
			AccessKeyID: keyID(i), Secret: sigv4auth.NewSecret(fmt.Sprintf("%s-%d", secret, i)),
			Principal: iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"},
		}
	}
	a, err := sigv4auth.New(sigv4auth.Config{Region: region, Service: service, Now: func() time.Time { return now }, Credentials: sigv4auth.StaticCredentials(keys...)})
	if err != nil {
		tb.Fatal(err)
	}
	empty := sha256.Sum256(nil)
	requests := make([]*arrived, callers)
	for i := range requests {
		caller := i * (n / callers)
		out, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://api.example.com/prod/rides", nil)
		if err != nil {
			tb.Fatal(err)
		}
		creds := aws.Credentials{AccessKeyID: keyID(caller), SecretAccessKey: fmt.Sprintf("%s-%d", secret, caller)}
		if err := signer.NewSigner().SignHTTP(context.Background(), creds, out, hex.EncodeToString(empty[:]), service, region, now); err != nil {
			tb.Fatal(err)
		}
		r := httptest.NewRequest(out.Method, "/prod/rides", nil)
		r.Host, r.Header = out.Host, out.Header
		requests[i] = &arrived{r: r}
	}
	return a, requests
}

// inTurn verifies the requests one after the other.
func inTurn(b *testing.B, a *sigv4auth.Authenticator, requests []*arrived) func() {
	next := 0
	return func() {
		if _, err := a.Verify(requests[next].again()); err != nil {
			b.Fatal(err)
		}
		next = (next + 1) % len(requests)
	}
}

// BenchmarkKeys measures what it costs to know many keys, against knowing one: with callers whose derived keys are cached, and with more callers than
// the cache has room for, each of which misses it.
func BenchmarkKeys(b *testing.B) {
	one, lone := knowing(b, 1, 1)
	for _, tt := range []struct{ known, callers int }{{1_000, 1}, {1_000_000, 1}, {1_000_000, 1_000}, {1_000_000, 50_000}} {
		b.Run(fmt.Sprintf("known=%d/callers=%d", tt.known, tt.callers), func(b *testing.B) {
			many, requests := knowing(b, tt.known, tt.callers)
			verify := inTurn(b, many, requests)
			for range min(tt.callers, 10_000) { // the size of the cache
				verify()
			}
			compare(b, inTurn(b, one, lone), verify)
		})
	}
}

// BenchmarkCores measures how many more requests a second all cores verify than one does, in turn, and reports beside it how many more floors they
// do: cores that share their units cannot do better than that.
func BenchmarkCores(b *testing.B) {
	cores := runtime.GOMAXPROCS(0)
	if cores < 2 {
		b.Skip("one core: there is nothing to compare")
	}
	a := authenticator(b)
	verify := func() func() {
		q := post(b)
		return func() {
			if _, err := a.Verify(q.again()); err != nil {
				b.Error(err)
			}
		}
	}
	rate := func(workers int, work func() func()) float64 {
		var done atomic.Int64
		var all sync.WaitGroup
		begin := time.Now()
		for range workers {
			f := work()
			all.Go(func() {
				for range 20 * perRound {
					f()
				}
				done.Add(20 * perRound)
			})
		}
		all.Wait()
		return float64(done.Load()) / time.Since(begin).Seconds()
	}
	var ours, floors []float64
	for b.Loop() {
		ours = append(ours, rate(cores, verify)/rate(1, verify))
		least := func() func() { return floor(len(rideBody), canonicalBytes) }
		floors = append(floors, rate(cores, least)/rate(1, least))
	}
	b.ReportMetric(0, "ns/op") // of a round, which says nothing
	b.ReportMetric(float64(cores), "cores")
	b.ReportMetric(median(ours), "x-one-core")
	b.ReportMetric(median(floors), "x-one-core-of-floor")
}
