package sigv4auth_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestRefusedTime: another time or scope than is accepted: section E. The first second outside of
// each bound is refused, the last within is admitted by TestWindows (threat 69).
func TestRefusedTime(t *testing.T) {
	t.Parallel()
	runAll(t, []refusalTest{
		{
			name: "threat 67: signed too long ago", s: signing{at: testNow.Add(-5*time.Minute - time.Second)},
			code: sigv4auth.ErrRequestExpired, status: 403, typ: invalidSignature, text: "Signature expired: 20260102T025904Z is now " +
				"earlier than 20260102T025905Z (20260102T030405Z - 5 min.)",
		},
		{
			name: "threat 68: signed in the future", s: signing{at: testNow.Add(5*time.Minute + time.Second)},
			code: sigv4auth.ErrRequestNotYetCurrent, status: 403, typ: invalidSignature, text: "Signature not yet current: " +
				"20260102T030906Z is still later than 20260102T030905Z (20260102T030405Z + 5 min.)",
		},
		{
			name: "threat 70: neither X-Amz-Date nor Date", change: delHeader("X-Amz-Date"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Authorization header requires existence of " +
				"either a 'X-Amz-Date' or a 'Date' header. ",
		},
		{
			name: "threat 71: a date in the extended format", change: setHeader("X-Amz-Date", "2026-01-02T03:04:05Z"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Date must be in ISO-8601 'basic format'",
		},
		{
			name: "threat 72: the scope of another day", change: authorization("/20260102/", "/20260101/"),
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature, text: "Date in Credential scope does not match YYYYMMDD",
		},
		{
			name: "threat 73: another region", s: signing{region: "ap-northeast-1"},
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature, text: `{"message":"Credential should be scoped to a ` +
				`valid region, not 'ap-northeast-1'. "}`,
		},
		{
			name: "threat 73: another service", s: signing{service: "s3"},
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature, text: `{"message":"Credential should be scoped to ` +
				`correct service: 'execute-api'. "}`,
		},
		{
			name: "threat 73: another terminator", change: authorization("aws4_request", "aws5_request"),
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature, text: "valid terminator: 'aws4_request', not " +
				"'aws5_request'. ",
		},
		{
			name: "threat 80: a host that is not served", config: func(c *sigv4auth.Config) { c.Hosts = []string{"api.example.com"} },
			code: sigv4auth.ErrHostNotAllowed, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 71: a date with a slash for a digit", change: setHeader("X-Amz-Date", "2026/102T030405Z"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Got '2026/102T030405Z'",
		},
		{
			name: "threat 80: a host that begins like one that is served", r: func() *http.Request {
				r := ride()
				r.Host = "example.com.evil.example"
				return r
			}, config: func(c *sigv4auth.Config) { c.Hosts = []string{"example.com"} }, code: sigv4auth.ErrHostNotAllowed, status: 403,
			typ: invalidSignature,
		},
		{
			name: "order: an old date before a malformed credential", s: signing{at: testNow.Add(-time.Hour)},
			change: authorization("/aws4_request", ""), code: sigv4auth.ErrRequestExpired, status: 403, typ: invalidSignature,
		},
		{
			name: "order: a malformed credential before its scope", s: signing{region: "eu-west-1"},
			change: authorization(testKeyID, "a/"+testKeyID), code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "order: the scope before the payload mode", s: signing{region: "eu-west-1", digestHeader: true},
			change: setHeader("X-Amz-Content-Sha256", "x"), code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature,
		},
	})
}

// TestWindows pins both bounds of each window (threats 69 and 88): these are the last instants that
// are admitted. TestRefusedTime and TestRefusedPresigned have the first that are refused.
func TestWindows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		s    signing
		now  time.Time
	}{
		{"five minutes ago", signing{at: testNow.Add(-5 * time.Minute)}, testNow},
		{"in five minutes", signing{at: testNow.Add(5 * time.Minute)}, testNow},
		{"presigned, at its expiry", signing{presign: time.Minute, at: testNow.Add(-time.Minute)}, testNow},
		{"presigned, five minutes before its date", signing{presign: time.Minute, at: testNow.Add(5 * time.Minute)}, testNow},
		{"presigned, for a week", signing{presign: 7 * 24 * time.Hour, at: testNow.Add(-7 * 24 * time.Hour)}, testNow},
		{"a nanosecond before the key expires", temporary(), testNow.Add(time.Hour - time.Nanosecond)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := tt.s
			if s.at.IsZero() {
				s.at = tt.now.Truncate(time.Second)
			}
			a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Now = func() time.Time { return tt.now } })
			if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), s)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOneInstantAndContext: the clock is asked once, and once more since a body was read, and what
// it said first is the instant (threat 74); the store gets the request's context, and nobody keeps
// what a store goes on changing.
func TestOneInstantAndContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	asked, got := 0, any(nil)
	session := &sigv4auth.Session{Policies: []*iampolicy.Policy{nil}}
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = auditInto(&e, &n)
		c.Now = func() time.Time { asked++; return testNow.Add(time.Duration(asked)) }
		c.Credentials = sigv4test.StoreFunc(func(ctx context.Context, id, _ string) (sigv4auth.Credential, error) {
			got = ctx.Value(key{})
			return sigv4auth.Credential{
				AccessKeyID: id, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal,
				Session: session,
			}, nil
		})
	})
	r := sign(t, ride(), signing{})
	id, err := a.Verify(r.WithContext(context.WithValue(r.Context(), key{}, "here")))
	if err != nil || asked != 2 || got != "here" || !id.VerifiedAt.Equal(e.Time) {
		t.Errorf("%v; the clock was asked %d times; the store's context has %v; %v and %v", err, asked, got, id.VerifiedAt, e.Time)
	}
	session.Policies[0] = &iampolicy.Policy{}
	session.SourceIdentity = "changed"
	if s, _ := id.Session(); s.SourceIdentity != "" || s.Policies[0] != nil {
		t.Errorf("the identity's session changed with the store's: %+v", s)
	}
}

// TestWindowsOfAClockWithFractions: both bounds are inclusive to the whole second, as dates are.
func TestWindowsOfAClockWithFractions(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Now = func() time.Time { return testNow.Add(300 * time.Millisecond) }
	})
	for _, s := range []signing{
		{at: testNow.Add(-5 * time.Minute)}, {at: testNow.Add(5 * time.Minute)}, {presign: time.Minute, at: testNow.Add(-time.Minute)},
	} {
		if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), s)); err != nil {
			t.Error(err)
		}
	}
	for _, s := range []signing{
		{at: testNow.Add(-5*time.Minute - time.Second)},
		{at: testNow.Add(5*time.Minute + time.Second)},
		{presign: time.Minute, at: testNow.Add(-61 * time.Second)},
	} {
		if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), s)); err == nil {
			t.Errorf("%+v: admitted", s)
		}
	}
}

// TestHTTPDate: the Date header counts where no X-Amz-Date came, if it is signed, in its one
// preferred form (threats 70 and 71).
func TestHTTPDate(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	for date, want := range map[string]bool{
		"Fri, 02 Jan 2026 03:04:05 GMT": true, "Sat, 02 Jan 2026 03:04:05 GMT": false, "fri, 02 jan 2026 3:04:05 GMT": false, "Fri, 02 Jan 2026 " +
			"03:04:05.5 GMT": false,
		"Friday, 02-Jan-26 03:04:05 GMT": false, "Fri Jan  2 03:04:05 2026": false, "2026-01-02T03:04:05Z": false,
	} {
		r := request("GET", "/prod/rides", "")
		r.Header.Set("Date", date)
		if _, err := a.Verify(signWithDate(t, r)); (err == nil) != want {
			t.Errorf("%q: %v", date, err)
		}
	}
	// Beside an X-Amz-Date, a Date is a header like any other.
	r := request("GET", "/prod/rides", "")
	r.Header.Set("Date", "nonsense")
	if _, err := a.Verify(sign(t, r, signing{})); err != nil {
		t.Errorf("an X-Amz-Date beside a Date: %v", err)
	}
}
