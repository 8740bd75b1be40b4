package sigv4auth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestRefusedPresigned: presigned URLs that are changed, expired or off: section F.
func TestRefusedPresigned(t *testing.T) {
	t.Parallel()
	runAll(t, []refusalTest{
		{
			name: "threat 94: an x-amz-* header that is not signed, presigned", r: rides, s: presigned,
			change: setHeader("X-Amz-Acl", "public-read"),
			code:   sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 88: one second after the expiry", r: rides, s: signing{presign: time.Minute, at: testNow.Add(-61 * time.Second)},
			code: sigv4auth.ErrRequestExpired, status: 403, typ: invalidSignature, text: "Signature expired: 20260102T030404Z",
		},
		{
			name: "order: the form before the time", r: rides, s: signing{
				presign: time.Minute, at: testNow.Add(-61 * time.Second),
			}, change: target("limit=10", "limit=%ZZ"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "order: all parts before the time", r: rides, s: signing{
				presign: time.Minute, at: testNow.Add(-61 * time.Second),
			}, change: target("X-Amz-Signature=", "X-Amz-Signed="),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "threat 88: a second date that has not expired", r: rides, s: signing{presign: time.Minute}, change: target("limit=10",
				"limit=10&X-Amz-Date=20260102T030405Z&X-Amz-Expires=60"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 3: expired, and credentials in the header too", r: rides, s: signing{
				presign: time.Minute, at: testNow.Add(-61 * time.Second),
			}, change: setHeader("Authorization", "AWS4-HMAC-SHA256 Credential="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "both",
		},
		{
			name: "threat 96: expired, and off", config: func(c *sigv4auth.Config) { c.MaxPresignExpiry = 0 }, r: rides, s: signing{
				presign: time.Minute, at: testNow.Add(-61 * time.Second),
			},
			code: sigv4auth.ErrNotEnabled, status: 403, typ: invalidSignature,
		},
		{
			name:   "threat 96: expired, and longer than is configured",
			config: func(c *sigv4auth.Config) { c.MaxPresignExpiry = 59 * time.Second }, r: rides, s: signing{
				presign: time.Minute, at: testNow.Add(-61 * time.Second),
			},
			code: sigv4auth.ErrNotEnabled, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 89: not yet valid", r: rides, s: signing{presign: time.Minute, at: testNow.Add(5*time.Minute + time.Second)},
			code: sigv4auth.ErrRequestNotYetCurrent, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 90: the key expires before the URL", r: rides, s: signing{
				keyID: tempKeyID, token: testToken, presign: 24 * time.Hour, at: testNow.Add(-time.Hour),
			},
			config: func(c *sigv4auth.Config) { c.Now = func() time.Time { return testNow.Add(time.Hour) } },
			code:   sigv4auth.ErrExpiredToken, status: 403, typ: "ExpiredTokenException", text: `{"message":"The security token ` +
				`included in the request is expired"}`,
		},
		{
			name: "threat 91: a parameter twice", r: rides, s: presigned, change: target("X-Amz-Date=", "X-Amz-Date=20260102T030405Z&"+
				"X-Amz-Date="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 91: a parameter in another case", r: rides, s: presigned, change: target("X-Amz-Date=", "x-amz-date="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 91: a twin in another case", r: rides, s: presigned,
			change: target("X-Amz-Date=", "x-amz-date=20260102T030405Z&X-Amz-Date="),
			code:   sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 91: a twin that is escaped", r: rides, s: presigned,
			change: target("X-Amz-Date=", "X%2DAmz%2DDate=20260102T030405Z&X-Amz-Date="),
			code:   sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 91: another X-Amz-* parameter twice", r: rides, s: presigned,
			change: target("limit=10", "X-Amz-Foo=1&x-amz-foo=2"),
			code:   sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 92: the token is appended after signing", r: rides, s: signing{
				keyID: tempKeyID, presign: time.Minute,
			}, change: target("limit=10", "limit=10&X-Amz-Security-Token="+
				strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(testToken)),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 32: a plus in the token is a space", r: rides, s: signing{
				keyID: tempKeyID, token: testToken, presign: time.Minute,
			}, change: target("%2B", "+"),
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: "UnrecognizedClientException",
		},
		{
			name: "threat 93: a presigned URL with another method", r: rides, s: presigned,
			change: func(r *http.Request) { r.Method = "DELETE" },
			code:   sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 95: a parameter is added to a presigned URL", r: rides, s: presigned, change: target("limit=10",
				"limit=10&response-content-type=text%2Fhtml"),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 96: presigned URLs are off by default", config: func(c *sigv4auth.Config) { c.MaxPresignExpiry = 0 }, r: rides,
			s:    presigned,
			code: sigv4auth.ErrNotEnabled, status: 403, typ: invalidSignature,
		},
		{
			name:   "threat 96: a longer expiry than is configured",
			config: func(c *sigv4auth.Config) { c.MaxPresignExpiry = 59 * time.Second }, r: rides, s: presigned,
			code: sigv4auth.ErrNotEnabled, status: 403, typ: invalidSignature,
		},
		{name: "a lone parameter of a presigned URL is no credential", r: rides, change: func(r *http.Request) {
			r.Header = http.Header{}
			r.RequestURI = "/prod/rides?X-Amz-Expires=1"
		}, code: sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException"},
	})
}

// TestExpires pins what X-Amz-Expires may be: threats 83, 84, 85, 86 and 87.
func TestExpires(t *testing.T) {
	t.Parallel()
	for _, v := range []string{
		"0", "-1", "604801", "1000000", "+5", "%2B5", "%205", "5%20", "007", "1.0", "1e3", "0x10", "9223372036854775808",
		"18446744073709551617", "", "%EF%BC%95", "5,5",
	} {
		refusalTest{
			r: func() *http.Request { return request("GET", "/prod/rides", "") }, s: signing{presign: time.Minute},
			change: target("X-Amz-Expires=60", "X-Amz-Expires="+
				v),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		}.runNamed(t, "X-Amz-Expires="+v)
	}
	refusalTest{
		r: func() *http.Request { return request("GET", "/prod/rides", "") }, s: signing{presign: time.Minute},
		change: target("X-Amz-Expires=60", "X-Expires=60"),
		code:   sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "must include 'X-Amz-Expires'",
	}.runNamed(t, "missing")
}

func (tt refusalTest) runNamed(t *testing.T, name string) { t.Run(name, tt.run) }
