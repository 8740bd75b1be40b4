package sigv4auth_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/sigv4auth"
)

// expiresOptional makes an Authenticator admit presigned URLs without X-Amz-Expires.
func expiresOptional(c *sigv4auth.Config) { c.PresignExpiresOptional = true }

// withoutExpires signs a GET as sts.PresignClient of aws-sdk-go-v2 does, which sends no
// X-Amz-Expires, at an instant.
func withoutExpires(t *testing.T, at time.Time, s signing) *http.Request {
	t.Helper()
	s.at, s.unlimited = at, true
	return sign(t, rides(), s)
}

// presignUnlimited signs r so.
func presignUnlimited(tb testing.TB, r *http.Request, s signing, at time.Time) *http.Request {
	tb.Helper()
	c := aws.Credentials{AccessKeyID: cmp.Or(s.keyID, testKeyID), SecretAccessKey: cmp.Or(s.secret, testSecret), SessionToken: s.token}
	empty := sha256.Sum256(nil)
	r.URL.Scheme, r.URL.Host = "http", r.Host
	signed, _, err := signer.NewSigner().PresignHTTP(tb.Context(), c, r, hex.EncodeToString(empty[:]),
		cmp.Or(s.service, testService), cmp.Or(s.region, testRegion), at)
	if err != nil {
		tb.Fatal(err)
	}
	if strings.Contains(signed, "X-Amz-Expires") {
		tb.Fatalf("the signer adds an expiry: %s", signed)
	}
	return httptest.NewRequest(r.Method, strings.TrimPrefix(signed, "http://"+r.Host), nil)
}

// TestPresignExpiresOptional: where it is set, a URL without X-Amz-Expires lives as long as a
// request that is signed in its header, and no longer than MaxPresignExpiry: threats 83 to 89.
func TestPresignExpiresOptional(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		config func(*sigv4auth.Config)
		age    time.Duration
		code   sigv4auth.Reason // "": admitted
	}{
		{"at once", nil, 0, ""},
		{"at the end of the window", nil, 5 * time.Minute, ""},
		{"threat 88: a second later", nil, 5*time.Minute + time.Second, sigv4auth.ErrRequestExpired},
		{"ahead, within the window", nil, -5 * time.Minute, ""},
		{"threat 89: not yet valid", nil, -5*time.Minute - time.Second, sigv4auth.ErrRequestNotYetCurrent},
		{"the longest window", func(c *sigv4auth.Config) { c.ClockSkew = 15 * time.Minute }, 15 * time.Minute, ""},
		{
			"after the longest window", func(c *sigv4auth.Config) { c.ClockSkew = 15 * time.Minute }, 15*time.Minute + time.Second,
			sigv4auth.ErrRequestExpired,
		},
		{"threat 96: as long as is configured", func(c *sigv4auth.Config) { c.MaxPresignExpiry = time.Minute }, time.Minute, ""},
		{
			"threat 96: longer than is configured", func(c *sigv4auth.Config) { c.MaxPresignExpiry = time.Minute }, 61 * time.Second,
			sigv4auth.ErrRequestExpired,
		},
		{
			"threats 83 to 87: not set", func(c *sigv4auth.Config) { c.PresignExpiresOptional = false }, 0,
			sigv4auth.ErrIncompleteSignature,
		},
	} {
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			expiresOptional(c)
			if tt.config != nil {
				tt.config(c)
			}
		})
		_, err := a.Verify(withoutExpires(t, testNow.Add(-tt.age), signing{}))
		if tt.code == "" && err != nil || tt.code != "" && !errors.Is(err, tt.code) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.code)
		}
	}
}

// TestPresignExpiresOptionalRefuses: the option widens nothing but that. A parameter that is there
// is read as ever, and one that is taken out or put in after signing breaks the signature: threats
// 83 to 93.
func TestPresignExpiresOptionalRefuses(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"", "0", "-1", "604801", "+5", "007", "1e3"} {
		refusalTest{
			config: expiresOptional, r: func() *http.Request { return request("GET", "/prod/rides", "") }, s: signing{presign: time.Minute},
			change: target("X-Amz-Expires=60", "X-Amz-Expires="+v),
			code:   sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		}.runNamed(t, "threats 83 to 87: X-Amz-Expires="+v)
	}
	unlimited := signing{unlimited: true}
	runAll(t, []refusalTest{
		{
			name: "threat 88: the parameter is taken out", config: expiresOptional, r: rides, s: presigned,
			change: target("X-Amz-Expires=60&", ""),
			code:   sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 88: the parameter is put in", config: expiresOptional, r: rides, s: unlimited,
			change: target("X-Amz-Date=", "X-Amz-Expires=604800&X-Amz-Date="),
			code:   sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 91: in another case", config: expiresOptional, r: rides, s: presigned,
			change: target("X-Amz-Expires=", "x-amz-expires="),
			code:   sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 91: twice", config: expiresOptional, r: rides, s: presigned,
			change: target("X-Amz-Expires=", "X-Amz-Expires=60&X-Amz-Expires="),
			code:   sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 90: the key expires before the URL",
			config: func(c *sigv4auth.Config) {
				expiresOptional(c)
				c.Now = func() time.Time { return testNow.Add(time.Hour) }
			},
			r: rides, s: signing{unlimited: true, keyID: tempKeyID, token: testToken, at: testNow.Add(time.Hour)},
			code: sigv4auth.ErrExpiredToken, status: 403, typ: "ExpiredTokenException",
		},
		{
			name: "threat 93: with another method", config: expiresOptional, r: rides, s: unlimited,
			change: func(r *http.Request) { r.Method = "DELETE" },
			code:   sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "the other parts stay required", config: expiresOptional, r: rides, s: unlimited,
			change: target("X-Amz-Date=", "X-Amz-Dated="),
			code:   sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "must include 'X-Amz-Date'",
		},
	})
}
