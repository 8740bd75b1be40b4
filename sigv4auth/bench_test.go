package sigv4auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// referenceToken has the length of a session token that AWS issues.
var referenceToken = strings.Repeat("IQoJb3JpZ2luX2VjE", 40)[:668]

// reusableBody is a body that a benchmark can rewind without allocating.
type reusableBody struct{ bytes.Reader }

func (*reusableBody) Close() error { return nil }

// benchRequest is a signed request that can be verified again and again.
type benchRequest struct {
	r    *http.Request
	body reusableBody
	text []byte
}

func newBenchRequest(b *testing.B, r *http.Request, s signing) *benchRequest {
	b.Helper()
	r = sign(b, r, s)
	text, err := io.ReadAll(r.Body)
	if err != nil {
		b.Fatal(err)
	}
	return &benchRequest{r: r, text: text}
}

// rewind makes the request as it arrived.
func (q *benchRequest) rewind() *http.Request {
	q.r.ContentLength = int64(len(q.text))
	if len(q.text) == 0 {
		q.r.Body = http.NoBody
		return q.r
	}
	q.body.Reset(q.text)
	q.r.Body = &q.body
	return q.r
}

func benchAuthenticator(b *testing.B, changes ...func(*sigv4auth.Config)) *sigv4auth.Authenticator {
	b.Helper()
	return newAuthenticator(b, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(
			sigv4auth.Credential{AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal},
			sigv4auth.Credential{
				AccessKeyID: tempKeyID, Secret: sigv4auth.NewSecret(testSecret), SessionToken: sigv4auth.NewSecret(referenceToken),
				Principal: rolePrincipal,
			},
		)
		for _, change := range changes {
			change(c)
		}
	})
}

// BenchmarkVerify measures verification with a cached key beside its floor: the hashing that no
// verifier can do without, over the same bytes. Divide by type=floor of the same run.
func BenchmarkVerify(b *testing.B) {
	a := benchAuthenticator(b)
	digest := signing{keyID: tempKeyID, token: referenceToken, digestHeader: true}
	cases := []struct {
		name string
		q    *benchRequest
		fail bool
	}{
		{"type=verify/request=post", newBenchRequest(b, ride(), digest), false},
		{"type=verify/request=post-undeclared", newBenchRequest(b, ride(), signing{keyID: tempKeyID, token: referenceToken}), false},
		{"type=verify/request=get", newBenchRequest(b, request("GET", "/prod/rides", ""), signing{keyID: tempKeyID, token: referenceToken}), false},
		{
			"type=verify/request=presigned-get",
			newBenchRequest(b, request("GET", "/prod/rides", ""), signing{keyID: tempKeyID, token: referenceToken, presign: time.Minute}),
			false,
		},
		{"type=verify/request=unknown-key", newBenchRequest(b, ride(), signing{keyID: "ASIAUNKNOWN", token: referenceToken, digestHeader: true}), true},
		{
			"type=verify/request=wrong-signature",
			newBenchRequest(b, ride(), signing{keyID: tempKeyID, token: referenceToken, secret: "x", digestHeader: true}), true,
		},
		{
			"type=verify/request=refused-early",
			newBenchRequest(b, ride(), signing{region: "eu-west-1", keyID: tempKeyID, token: referenceToken, digestHeader: true}), true,
		},
	}
	b.Run("type=floor/request=post", func(b *testing.B) {
		canonical, sts := make([]byte, 1014), make([]byte, 140)
		key, mac := v4.NewSigningKey([32]byte{1}), v4.NewMac()
		body := []byte(rideBody)
		var out [64]byte
		b.ReportAllocs()
		for b.Loop() {
			sum := sha256.Sum256(body)
			hex.Encode(out[:], sum[:])
			copy(canonical[950:], out[:])
			sum = sha256.Sum256(canonical)
			hex.Encode(sts[76:], sum[:])
			got := mac.Sign(key, sts)
			out[0] = got[0]
		}
	})
	b.Run("type=floor/request=get", func(b *testing.B) {
		canonical, sts := make([]byte, 950), make([]byte, 140)
		key, mac := v4.NewSigningKey([32]byte{1}), v4.NewMac()
		b.ReportAllocs()
		for b.Loop() {
			sum := sha256.Sum256(canonical)
			hex.Encode(sts[76:], sum[:])
			got := mac.Sign(key, sts)
			canonical[0] = got[0]
		}
	})
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Verify(c.q.rewind()); (err != nil) != c.fail {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHandler measures what enforcing adds to verifying.
func BenchmarkHandler(b *testing.B) {
	a := benchAuthenticator(b)
	q := newBenchRequest(b, ride(), signing{keyID: tempKeyID, token: referenceToken, digestHeader: true})
	z := newAuthorizer(b, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(b, iampolicy.IdentityPolicy, standardUserPolicy))})
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for name, h := range map[string]http.Handler{"type=handler": a.Handler(nothing), "type=require": a.Require(z.Check)(nothing)} {
		b.Run(name, func(b *testing.B) {
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, q.rewind())
			}
			if w.Code != http.StatusOK {
				b.Fatal(w.Body)
			}
		})
	}
}

// BenchmarkLogTo measures what the audit hook of package slog adds to a request: nothing but the
// event where its level is disabled, and a line of JSON where it is not.
func BenchmarkLogTo(b *testing.B) {
	q := newBenchRequest(b, ride(), signing{keyID: tempKeyID, token: referenceToken, digestHeader: true})
	z := newAuthorizer(b, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(b, iampolicy.IdentityPolicy, standardUserPolicy))})
	logAt := func(level slog.Level) func(context.Context, sigv4auth.Event) {
		return sigv4auth.LogTo(slog.New(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: level})))
	}
	for _, tt := range []struct {
		name string
		hook func(context.Context, sigv4auth.Event)
	}{
		{"type=require/audit=none", nil},
		{"type=require/audit=nothing", func(context.Context, sigv4auth.Event) {}},
		{"type=require/audit=disabled-level", logAt(slog.LevelWarn)},
		{"type=require/audit=json", logAt(slog.LevelInfo)},
	} {
		b.Run(tt.name, func(b *testing.B) {
			a := benchAuthenticator(b, func(c *sigv4auth.Config) { c.Observe.Audit = tt.hook })
			h := a.Require(z.Check)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, q.rewind())
			}
			if w.Code != http.StatusOK {
				b.Fatal(w.Body)
			}
		})
	}
}

// BenchmarkDiagnose measures what one diagnosis costs whoever asks for it, against Verify: one
// cause, two, and none, for which all is tried.
func BenchmarkDiagnose(b *testing.B) {
	a := benchAuthenticator(b)
	secret := "wrong" + testSecret
	tests := []struct {
		name   string
		s      signing
		change func(*http.Request)
	}{
		{"type=verify", signing{}, nil},
		{"type=diagnose/causes=1", signing{}, func(r *http.Request) { r.Host = "example.com:443" }},
		{"type=diagnose/causes=2", signing{}, func(r *http.Request) { r.Host, r.RequestURI = "example.com:443", "/ride" }},
		{"type=diagnose/causes=none", signing{secret: secret}, func(*http.Request) {}},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			q := newBenchRequest(b, ride(), tt.s)
			if tt.change != nil {
				tt.change(q.r)
			}
			b.ReportAllocs()
			signatures := 0
			for b.Loop() {
				if tt.change == nil {
					if _, err := a.Verify(q.rewind()); err != nil {
						b.Fatal(err)
					}
					continue
				}
				signatures = a.Diagnose(q.rewind()).Signatures
			}
			b.ReportMetric(float64(signatures), "signatures/op")
		})
	}
}
