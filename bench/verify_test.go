package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	accessKeyID = "ASIAIOSFODNN7EXAMPLE"
	secret      = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	region      = "us-east-1"
	service     = "execute-api"
	rideBody    = `{"PickupLocation":{"Latitude":47.6174755835663,"Longitude":-122.28837066650185}}`

	// canonicalBytes is the length of the reference request's canonical form.
	canonicalBytes = 1014
)

var (
	now   = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	token = strings.Repeat("IQoJb3JpZ2luX2VjE", 40)[:668] // as long as what AWS issues
)

func authenticator(tb testing.TB) *sigv4auth.Authenticator {
	tb.Helper()
	a, err := sigv4auth.New(sigv4auth.Config{
		Region: region, Service: service, MaxPresignExpiry: time.Hour, Now: func() time.Time { return now },
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

// arrived is a signed request as a server gets it, which can be verified again and again.
type arrived struct {
	r    *http.Request
	text []byte
	body rewindable
}

type rewindable struct{ bytes.Reader }

func (*rewindable) Close() error { return nil }

func (q *arrived) again() *http.Request {
	q.r.ContentLength = int64(len(q.text))
	if q.r.Body = http.NoBody; len(q.text) > 0 {
		q.body.Reset(q.text)
		q.r.Body = &q.body
	}
	return q.r
}

// post is the reference request: a POST with its body's digest and a session token.
func post(tb testing.TB) *arrived {
	tb.Helper()
	out, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://api.example.com/prod/ride", strings.NewReader(rideBody))
	if err != nil {
		tb.Fatal(err)
	}
	out.Header.Set("Content-Type", "application/json")
	sum := sha256.Sum256([]byte(rideBody))
	digest := hex.EncodeToString(sum[:])
	out.Header.Set("X-Amz-Content-Sha256", digest)
	creds := aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}
	if err := signer.NewSigner().SignHTTP(context.Background(), creds, out, digest, service, region, now); err != nil {
		tb.Fatal(err)
	}
	out.Header.Set("Content-Length", "80")
	r := httptest.NewRequest(out.Method, "/prod/ride", nil)
	r.Host, r.Header = out.Host, out.Header
	return &arrived{r: r, text: []byte(rideBody)}
}

// get is a GET that is signed in its header.
func get(tb testing.TB) *arrived {
	tb.Helper()
	out, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://api.example.com/prod/rides", nil)
	if err != nil {
		tb.Fatal(err)
	}
	creds := aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}
	empty := sha256.Sum256(nil)
	if err := signer.NewSigner().SignHTTP(context.Background(), creds, out, hex.EncodeToString(empty[:]), service, region, now); err != nil {
		tb.Fatal(err)
	}
	r := httptest.NewRequest(out.Method, "/prod/rides", nil)
	r.Host, r.Header = out.Host, out.Header
	return &arrived{r: r}
}

// presigned is a presigned GET with a session token.
func presigned(tb testing.TB) *arrived {
	tb.Helper()
	out, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://api.example.com/prod/rides?X-Amz-Expires=60", nil)
	if err != nil {
		tb.Fatal(err)
	}
	creds := aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}
	empty := sha256.Sum256(nil)
	uri, _, err := signer.NewSigner().PresignHTTP(context.Background(), creds, out, hex.EncodeToString(empty[:]), service, region, now)
	if err != nil {
		tb.Fatal(err)
	}
	r := httptest.NewRequest(out.Method, strings.TrimPrefix(uri, "http://api.example.com"), nil)
	r.Host = out.Host
	return &arrived{r: r}
}

// floor is the hashing that verifying with a cached key cannot do without. crypto/hmac keeps its key prepared over Reset.
func floor(bodyBytes, canonical int) func() {
	body, request, sts := make([]byte, bodyBytes), make([]byte, canonical), make([]byte, 140)
	mac := hmac.New(sha256.New, make([]byte, sha256.Size))
	var out [sha256.Size]byte
	return func() {
		if len(body) > 0 {
			sum := sha256.Sum256(body)
			hex.Encode(request[len(request)-64:], sum[:])
		}
		sum := sha256.Sum256(request)
		hex.Encode(sts[len(sts)-64:], sum[:])
		mac.Reset()
		mac.Write(sts)
		mac.Sum(out[:0])
	}
}

func BenchmarkVerify(b *testing.B) {
	a := authenticator(b)
	verify := func(q *arrived, want bool) func() {
		return func() {
			if _, err := a.Verify(q.again()); (err == nil) != want {
				b.Fatal(err)
			}
		}
	}
	refused := post(b)
	refused.r.Header.Set("Authorization", strings.Replace(refused.r.Header.Get("Authorization"), region, "eu-west-1", 1))
	b.Run("request=post", func(b *testing.B) { compare(b, floor(len(rideBody), canonicalBytes), verify(post(b), true)) })
	b.Run("request=get", func(b *testing.B) { compare(b, floor(0, canonicalBytes-120), verify(get(b), true)) })
	b.Run("request=presigned-get", func(b *testing.B) { compare(b, floor(0, canonicalBytes), verify(presigned(b), true)) })
	b.Run("request=refused-before-lookup", func(b *testing.B) {
		compare(b, floor(len(rideBody), canonicalBytes), verify(refused, false))
	})
}

// TestSelf holds what is measured against what it is taken for: the good requests are admitted and the tampered one is not, the canonical request is
// as long as the floor's, and the allocations stay within their bounds, which no machine's noise can move.
func TestSelf(t *testing.T) {
	a := authenticator(t)
	for name, q := range map[string]*arrived{"post": post(t), "presigned": presigned(t)} {
		if _, err := a.Verify(q.again()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		q.r.Method = http.MethodPut
		if _, err := a.Verify(q.again()); err == nil {
			t.Errorf("%s: a tampered request is admitted", name)
		}
	}
	q := post(t)
	length := len("POST\n/prod/ride\n\n") + len("\n") + len(strings.Split(q.r.Header.Get("Authorization"), "SignedHeaders=")[1]) - len(", Signature=") - 64 + len("\n") + 64
	for _, line := range []string{"content-length:80", "content-type:application/json", "host:api.example.com", "x-amz-content-sha256:" + strings.Repeat("0", 64), "x-amz-date:20260102T030405Z", "x-amz-security-token:" + token} {
		length += len(line) + 1
	}
	if length < canonicalBytes-40 || length > canonicalBytes+40 {
		t.Errorf("the reference request's canonical form has %d bytes; the floor hashes %d", length, canonicalBytes)
	}
	for name, bound := range map[string]struct {
		q    *arrived
		most float64
	}{"post": {post(t), 1}, "get": {get(t), 0}, "presigned": {presigned(t), 1}} {
		got := testing.AllocsPerRun(200, func() {
			if _, err := a.Verify(bound.q.again()); err != nil {
				t.Fatal(err)
			}
		})
		if got > bound.most && !raceDetector {
			t.Errorf("%s: %v allocations; at most %v", name, got, bound.most)
		}
	}
}

// protected returns the two ways to mount a handler that does nothing.
func protected(tb testing.TB) map[string]http.Handler {
	tb.Helper()
	policy, err := iampolicy.Parse([]byte(iamRide), iampolicy.Identity)
	if err != nil {
		tb.Fatal(err)
	}
	z, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{"arn:aws:iam::111122223333:role/Rider": {policy}}),
		Target:   sigv4auth.APIGateway{Region: region, AccountID: "111122223333", APIID: "rides", Stage: "prod"}.Target,
	})
	if err != nil {
		tb.Fatal(err)
	}
	a, nothing := authenticator(tb), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return map[string]http.Handler{"handler": a.Handler(nothing), "require": a.Require(z.Check)(nothing)}
}

func BenchmarkProtected(b *testing.B) {
	for name, h := range protected(b) {
		b.Run("mount="+name, func(b *testing.B) {
			q, w := post(b), httptest.NewRecorder()
			compare(b, floor(len(rideBody), canonicalBytes), func() { h.ServeHTTP(w, q.again()) })
		})
	}
}

// TestSelfProtected holds the allocations of the two ways to mount a handler, the body's one included.
func TestSelfProtected(t *testing.T) {
	most := map[string]float64{"handler": 3, "require": 10}
	for name, h := range protected(t) {
		q, w := post(t), httptest.NewRecorder()
		if got := testing.AllocsPerRun(200, func() { h.ServeHTTP(w, q.again()) }); got > most[name] && !raceDetector || w.Code != http.StatusNoContent {
			t.Errorf("%s: %v allocations; at most %v; status %d", name, got, most[name], w.Code)
		}
	}
}
