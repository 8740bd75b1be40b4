package sts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdksigner "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// withoutExpires returns a URL that is presigned as sts.PresignClient of aws-sdk-go-v2 does it,
// without X-Amz-Expires, and for a server.
func withoutExpires(t *testing.T, c sigv4auth.Credential, at time.Time, host, query string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://"+host+"/?"+query, nil)
	r.Header.Set("X-K8s-Aws-Id", "demo")
	empty := sha256.Sum256(nil)
	signed, _, err := sdksigner.NewSigner().PresignHTTP(t.Context(), aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.Secret.Reveal(), SessionToken: c.SessionToken.Reveal(),
	}, r, hex.EncodeToString(empty[:]), "sts", "us-east-1", at)
	if err != nil || strings.Contains(signed, "X-Amz-Expires") {
		t.Fatalf("%v: %s", err, signed)
	}
	return signed
}

// TestPresignedWithoutExpires: as STS, the endpoint admits a presigned URL that does not say how
// long it is valid, for as long as a request that is signed in its header, and not where presigned
// URLs are off: threats 88, 89 and 96.
func TestPresignedWithoutExpires(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*sts.EndpointConfig)
		age  time.Duration
		code string
	}{
		{"at once", nil, 0, ""},
		{"at the end of the window", nil, 5 * time.Minute, ""},
		{"a second later", nil, 5*time.Minute + time.Second, "SignatureDoesNotMatch"},
		{"not yet", nil, -5*time.Minute - time.Second, "SignatureDoesNotMatch"},
		{"AWS's 15 minutes", func(c *sts.EndpointConfig) { c.Auth.ClockSkew = 15 * time.Minute }, 15 * time.Minute, ""},
		{
			"a shorter life", func(c *sts.EndpointConfig) { c.Auth.MaxPresignExpiry = time.Minute }, 61 * time.Second,
			"SignatureDoesNotMatch",
		},
		{"off", func(c *sts.EndpointConfig) { c.Auth.MaxPresignExpiry = 0 }, 0, "SignatureDoesNotMatch"},
	} {
		d := open(t, func(cfg *sts.EndpointConfig) {
			if c.edit != nil {
				c.edit(cfg)
			}
		})
		u := withoutExpires(t, d.key(adaKey), d.clock.Now().Add(-c.age), "example.com", form("GetCallerIdentity"))
		r := httptest.NewRequest(http.MethodGet, strings.TrimPrefix(u, "https://example.com"), nil)
		r.Header.Set("X-K8s-Aws-Id", "demo")
		a := d.serve(r)
		if a.code != c.code || c.code == "" && a.text("Arn") != adaARN {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
	if _, err := sts.NewEndpoint(sts.EndpointConfig{
		Store: single(t).Store, Auth: sigv4auth.Config{Region: "us-east-1", PresignExpiresOptional: true},
	}); err == nil || !strings.Contains(err.Error(), "Auth.PresignExpiresOptional") {
		t.Errorf("set by the user: %v", err)
	}
}

// TestLoginWithoutExpires: as aws-iam-authenticator, a Login refuses a URL that does not say how
// long it is valid, also where its own Lifetime says it: threats 83 to 87.
func TestLoginWithoutExpires(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []time.Duration{0, 15 * time.Minute} {
		p, l := loginDesk(t, func(c *sts.LoginConfig) { c.Lifetime = lifetime })
		u := withoutExpires(t, p.dir.keys[adaKey], p.clock.Now(), stsHost, "Action=GetCallerIdentity&Version=2011-06-15")
		if _, err := l.Verify(t.Context(), wrapped(u)); !errors.Is(err, sigv4auth.ErrIncompleteSignature) {
			t.Errorf("lifetime %v: %v", lifetime, err)
		}
	}
}
