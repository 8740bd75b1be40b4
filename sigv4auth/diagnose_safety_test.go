package sigv4auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// signatureOf returns the signature that r presents.
func signatureOf(r *http.Request) string {
	if _, s, ok := strings.Cut(r.Header.Get("Authorization"), "Signature="); ok {
		return s
	}
	_, s, _ := strings.Cut(r.RequestURI, "X-Amz-Signature=")
	s, _, _ = strings.Cut(s, "&")
	return s
}

// printed returns d in every way in which it may reach a log.
func printed(tb testing.TB, d diagnosis.Report) string {
	tb.Helper()
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "diagnosis", d)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "diagnosis", d)
	asJSON, err := json.Marshal(d)
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprintf("%s\n%+v\n%#v\n%v\n%s\n%s", d, d, d, d.Findings, asJSON, b.String())
}

// TestDiagnosisHoldsNoSecret: secrets stand in every place of a request, right and wrong ones, and
// none is in the diagnosis (threats 97, 116 and 213). No text of the request begins a line of it or
// drives a terminal (threat 214).
func TestDiagnosisHoldsNoSecret(t *testing.T) {
	t.Parallel()
	const sentinel = "SENTINEL-d41d8cd98f00b204"
	store := func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(
			sigv4auth.Credential{AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal},
			sigv4auth.Credential{
				AccessKeyID: tempKeyID, Secret: sigv4auth.NewSecret(testSecret), SessionToken: sigv4auth.NewSecret(testToken),
				Principal: rolePrincipal,
			},
		)
	}
	presigned := signing{keyID: tempKeyID, token: testToken, presign: time.Minute}
	spoil := func(r *http.Request) *http.Request { r.Host = "elsewhere.example"; return r }
	tests := []struct {
		name string
		r    *http.Request
	}{
		{"the signature and the token of a header request", sign(t, ride(), temporary())},
		{"of one that does not verify", spoil(sign(t, ride(), temporary()))},
		{"of a presigned URL", sign(t, request("GET", "/prod/rides", ""), presigned)},
		{"of a presigned URL that does not verify", spoil(sign(t, request("GET", "/prod/rides", ""), presigned))},
		{"another session's token", sign(t, ride(), signing{keyID: tempKeyID, token: sentinel})},
		{"a token that was taken away", changed(t, ride(), temporary(), func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") })},
		{
			"a token that is not signed",
			changed(t, ride(), signing{keyID: tempKeyID}, func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", testToken) }),
		},
		{"a cookie", spoil(sign(t, withHeader(ride(), "Cookie", "session="+sentinel), signing{}))},
		{"an API key", spoil(sign(t, withHeader(ride(), "X-Api-Key", sentinel), signing{}))},
		{"a customer's encryption key", spoil(sign(t, withHeader(ride(), "X-Amz-Server-Side-Encryption-Customer-Key", sentinel), signing{}))},
		{"a header that nobody knows", spoil(sign(t, withHeader(ride(), "X-Whatever", sentinel), signing{}))},
		{
			"a header that nobody knows, of another length",
			changed(t, withHeader(ride(), "X-Whatever", "a  "+sentinel, sentinel), signing{},
				func(r *http.Request) { r.Header["X-Whatever"] = []string{"a " + sentinel + ", " + sentinel} }),
		},
		{"a parameter called a token", spoil(sign(t, request("GET", "/prod/rides?access_token="+sentinel, ""), signing{}))},
		{"a parameter called a token, encoded", spoil(sign(t, request("GET", "/prod/rides?access%5Ft%6fken="+sentinel, ""), signing{}))},
		{"an X-Amz-* parameter that nobody knows", spoil(sign(t, request("GET", "/prod/rides?X-Amz-Meta="+sentinel, ""), signing{}))},
		{"the session token in the path", spoil(sign(t, request("GET", "/prod/"+url.PathEscape(testToken), ""), temporary()))},
		{
			"the session token in the path, in lower case escapes",
			spoil(sign(t, request("GET", "/prod/"+strings.ToLower(url.PathEscape(testToken[:20]))+url.PathEscape(testToken), ""),
				temporary())),
		},
		{"the session token in the query", spoil(sign(t, request("GET", "/prod/rides?q="+url.QueryEscape(testToken), ""), temporary()))},
		{"the session token in the user agent", sign(t, withHeader(ride(), "Accept", "x "+testToken), temporary())},
		{"the secret in the path", spoil(sign(t, request("GET", "/prod/"+url.PathEscape(testSecret), ""), signing{}))},
		{
			"the secret in the name of a parameter",
			changed(t, request("GET", "/prod/rides", ""), signing{},
				func(r *http.Request) { r.RequestURI += "?" + url.QueryEscape(testSecret) + "=1" }),
		},
		{
			"the secret in X-Forwarded-Host",
			changed(t, ride(), signing{}, func(r *http.Request) {
				r.Header.Set("X-Forwarded-Host",
					strings.ReplaceAll(testSecret, "/", ""))
			}),
		},
		{"the secret as the region", sign(t, ride(), signing{region: strings.ReplaceAll(testSecret, "/", ".")})},
		{"the secret as the algorithm", changed(t, ride(), signing{}, func(r *http.Request) { r.Header.Set("Authorization", testSecret+" Credential=x") })},
		{"the secret as the date", changed(t, ride(), signing{}, func(r *http.Request) { r.Header.Set("X-Amz-Date", testSecret) })},
		{"control characters", changed(t, request("GET", "/prod/rides?a=1", ""), signing{}, func(r *http.Request) {
			r.Method, r.RequestURI = "GET\nrefused: forged", "/a\x1b[31m?b=%0Arefused:%20forged&\nrefused: forged=1"
		})},
		{"a line separator in a header that is quoted", spoil(sign(t, withHeader(ride(), "Accept", "a\u2028refused: forged"), signing{}))},
		{"control characters in headers", changed(t, withHeader(ride(), "Accept", "a"), signing{}, func(r *http.Request) {
			r.Header["Accept"] = []string{"a\tb\x1b\nrefused: forged"}
			r.Header["X-Forwarded-Host"] = []string{"a\nrefused: forged"}
			r.Header["X-Forwarded-Prefix"] = []string{"/a\u2028\nrefused: forged"}
			r.Header["X-Amz-\nRefused: forged"] = []string{"1"}
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, store)
			signature := signatureOf(tt.r)
			d := a.Diagnose(tt.r)
			text := printed(t, d)
			for _, secret := range []string{
				testSecret, testToken, sentinel, signature, url.QueryEscape(testToken), url.QueryEscape(url.QueryEscape(testToken)),
				url.PathEscape(testSecret), strings.ReplaceAll(testSecret, "/", ""), strings.ReplaceAll(testSecret, "/", "."),
			} {
				if secret != "" && strings.Contains(text, secret) {
					t.Errorf("%q is in\n%s", secret, text)
				}
			}
			if strings.ContainsAny(text, "\x1b\r\t\u2028") || strings.Count("\n"+d.String(), "\nrefused: ") > 1 ||
				strings.Contains(d.String(), "\nRefused") {
				t.Errorf("not fit for a log: %q", d)
			}
		})
	}
}

// audited returns an Authenticator that diagnoses most requests a minute, and what its audit hook
// was told last.
func audited(tb testing.TB, most int, change func(*sigv4auth.Config)) (*sigv4auth.Authenticator, *sigv4auth.Event) {
	tb.Helper()
	var e sigv4auth.Event
	return newAuthenticator(tb, func(c *sigv4auth.Config) {
		c.Observe.DiagnosesPerMinute, c.Observe.Audit = most, func(_ context.Context, got sigv4auth.Event) { e = got }
		if change != nil {
			change(c)
		}
	}), &e
}

// TestEventDiagnosis: the event of a refused request has the diagnosis if that is asked for, and
// the caller is told nothing of it.
func TestEventDiagnosis(t *testing.T) {
	t.Parallel()
	mismatch := func() *http.Request {
		return changed(t, ride(), temporary(), func(r *http.Request) {
			r.Host = "10.0.0.7:8080"
			r.Header.Set("X-Forwarded-Host",
				"example.com")
		})
	}
	answer := func(a *sigv4auth.Authenticator, r *http.Request) string {
		w := httptest.NewRecorder()
		a.Handler(&spy{}).ServeHTTP(w, r)
		return fmt.Sprint(w.Code, w.Header().Get("X-Amzn-Errortype"), w.Body)
	}
	plain, e := audited(t, 0, nil)
	want := answer(plain, mismatch())
	if e.Diagnosis != nil {
		t.Error("a diagnosis that nobody asked for")
	}
	a, e := audited(t, 2, nil)
	if got := answer(a, mismatch()); got != want {
		t.Errorf("the client is told %s; want %s", got, want)
	}
	if e.Diagnosis == nil || codes(*e.Diagnosis) != "host" || !e.Diagnosis.Verifies || e.Diagnosis.Refused != e.Reason ||
		e.Outcome != sigv4auth.Refused {
		t.Errorf("%+v", e)
	}
	answer(a, sign(t, ride(), signing{}))
	if e.Diagnosis != nil || e.Outcome != sigv4auth.Admitted {
		t.Errorf("an admitted request is diagnosed: %+v", e)
	}
	answer(a, ride())
	if e.Diagnosis != nil {
		t.Error("a request without credentials is diagnosed")
	}
}

// TestEventDiagnosisIsLimited: a flood of refused requests is diagnosed no more often than is asked
// for (threats 222 and 228), whatever it is refused for, and the store is asked no more than twice.
func TestEventDiagnosisIsLimited(t *testing.T) {
	t.Parallel()
	now, asked := testNow, 0
	a, e := audited(t, 3, func(c *sigv4auth.Config) {
		c.Now = func() time.Time { return now }
		store := c.Credentials
		c.Credentials = sigv4test.StoreFunc(func(ctx context.Context, id, token string) (sigv4auth.Credential, error) {
			asked++
			return store.Credential(ctx, id, token)
		})
	})
	flood := func() (diagnosed int) {
		for i := range 20 {
			_, err := a.Verify(sign(t, ride(), signing{at: now, secret: "wrong", keyID: []string{testKeyID, "AKIAUNKNOWN"}[i%2]}))
			if err == nil {
				t.Fatal("admitted")
			}
			if e.Diagnosis != nil {
				diagnosed++
			}
		}
		return diagnosed
	}
	if n := flood(); n != 3 || asked != 23 {
		t.Errorf("%d diagnoses, the store was asked %d times; want 3, 23", n, asked)
	}
	now = now.Add(time.Minute)
	if n := flood(); n != 3 {
		t.Errorf("%d diagnoses in the next minute; want 3", n)
	}
}

// TestEventDiagnosisReadsNothing: of a request that is refused before its body is read, the event's
// diagnosis reads no byte either (threats 130 and 220), and says what it could not try.
func TestEventDiagnosisReadsNothing(t *testing.T) {
	t.Parallel()
	a, e := audited(t, 5, nil)
	r := sign(t, ride(), signing{at: testNow.Add(-time.Hour)})
	r.Body = unreadable{t}
	if _, err := a.Verify(r); err == nil || e.Diagnosis == nil || codes(*e.Diagnosis) != "clock" || e.Diagnosis.Verifies ||
		!strings.Contains(e.Diagnosis.String(), "not tried: what depends on the body") {
		t.Errorf("%v, %+v", err, e.Diagnosis)
	}
	// Where no body is needed, the diagnosis is whole.
	if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), signing{at: testNow.Add(-time.Hour)})); err == nil ||
		!e.Diagnosis.Verifies || codes(*e.Diagnosis) != "clock" {
		t.Errorf("%v, %+v", err, e.Diagnosis)
	}
	r = sign(t, ride(), signing{at: testNow.Add(-time.Hour), digestHeader: true})
	r.Body = unreadable{t}
	if _, err := a.Verify(r); err == nil || !e.Diagnosis.Verifies || codes(*e.Diagnosis) != "clock" {
		t.Errorf("%v, %+v", err, e.Diagnosis)
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, http.ErrBodyNotAllowed
}
func (unreadable) Close() error { return nil }

// TestDiagnoseUnknownKeyCostsTheSame: an event's diagnosis delays the answer, and must not tell by
// that whether a key exists (threat 211).
func TestDiagnoseUnknownKeyCostsTheSame(t *testing.T) {
	t.Parallel()
	a, e := audited(t, 10, nil)
	signatures := func(s signing) int {
		if _, err := a.Verify(sign(t, ride(), s)); err == nil || e.Diagnosis == nil {
			t.Fatal("not diagnosed")
		}
		return e.Diagnosis.Signatures
	}
	if known, unknown := signatures(signing{secret: "wrong"}),
		signatures(signing{secret: "wrong", keyID: "AKIAUNKNOWN"}); known != unknown || known == 0 {
		t.Errorf("%d signatures for a known key, %d for an unknown one", known, unknown)
	}
}

// TestDiagnoseFailingStore: a store that fails is told, and where Verify would not have asked it,
// does not hide what was found before, nor shorten the work (threats 109 and 211).
func TestDiagnoseFailingStore(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential, error) {
			return sigv4auth.Credential{}, errors.New("the store is down: " + testSecret)
		})
	})
	if d := a.Diagnose(sign(t, ride(), signing{})); reasonOf(d) != sigv4auth.ErrServiceUnavailable || d.Verifies || len(d.Findings) > 0 {
		t.Errorf("%s", d)
	}
	d := a.Diagnose(sign(t, ride(), signing{region: "eu-west-1"}))
	if reasonOf(d) != sigv4auth.ErrInvalidScope || d.Verifies || codes(d) != "region" || d.Hint != "" || d.Signatures < 50 ||
		!strings.Contains(d.String(), "not tried: whether the signature is right") || strings.Contains(printed(t, d), testSecret) {
		t.Errorf("%s", d)
	}
}

// TestConfigDiagnosesPerMinute: what is refused at New.
func TestConfigDiagnosesPerMinute(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		most  int
		audit bool
		ok    bool
	}{{0, false, true}, {1, true, true}, {600, true, true}, {-1, true, false}, {601, true, false}, {1, false, false}} {
		cfg := testConfig()
		if cfg.Observe.DiagnosesPerMinute = tt.most; tt.audit {
			cfg.Observe.Audit = func(context.Context, sigv4auth.Event) {}
		}
		if _, err := sigv4auth.New(cfg); (err == nil) != tt.ok || err != nil &&
			!strings.Contains(err.Error(), "Observe.DiagnosesPerMinute") {
			t.Errorf("%d, audit %t: %v", tt.most, tt.audit, err)
		}
	}
}

// FuzzDiagnose changes a signed request in any way. Diagnose does not panic, its verdict is
// Verify's, which is the same before and after it, and it holds neither the secret nor the token
// nor the signature.
func FuzzDiagnose(f *testing.F) {
	a := newAuthenticator(f, nil)
	f.Add(byte(0), "", "POST", "/prod/ride", "example.com", "Accept", "*/*", rideBody)
	f.Add(byte(1), "", "GET", "/prod/ride", "10.0.0.7:80", "X-Forwarded-Host", "example.com", "")
	f.Add(byte(2), "Signature=0", "GET", "/prod//a%2fb?x=+&y=%20&X-Amz-Security-Token=1", "example.com", "X-Amz-Meta-A", "a  b", "x")
	f.Add(byte(3), testToken, "HEAD", "/"+testSecret+"?"+testToken, "a:1", "X-Amz-Date", "20260102T030405Z", "\r\n")
	f.Add(byte(4), "UNSIGNED-PAYLOAD", "PUT", "http://example.com/prod/ride?a=1;b=2", "example.com", "X-Amz-Content-Sha256", "STREAMING-X",
		"a\nb")
	f.Fuzz(func(t *testing.T, kind byte, credential, method, target, host, key, value, body string) {
		s := signing{}
		if kind&1 != 0 {
			s = temporary()
		}
		if kind&2 != 0 {
			s.presign = time.Minute
		}
		s.digestHeader = kind&4 != 0
		if kind&8 != 0 {
			s.at = testNow.Add(-time.Hour)
		}
		build := func() *http.Request {
			r := sign(t, ride(), s)
			if kind&16 != 0 {
				r.Header.Set("Authorization", credential)
			}
			if kind&32 != 0 {
				r.Method = method
			}
			if query, ok := strings.CutPrefix(target, "?"); ok {
				r.RequestURI += "&" + query
			} else if kind&64 != 0 {
				r.RequestURI = target
			}
			if host != "" {
				r.Host = host
			}
			if key != "" {
				r.Header[http.CanonicalHeaderKey(key)] = []string{value}
			}
			if kind&128 != 0 {
				setBody(r, body)
			}
			return r
		}
		verdict := func(r *http.Request) sigv4auth.Reason {
			_, err := a.Verify(r)
			if e := sigv4auth.AsError(err); e != nil {
				return e.Reason
			}
			return ""
		}
		r := build()
		signature := signatureOf(r)
		d := a.Diagnose(r)
		if before, after := verdict(build()), verdict(r); before != after || reasonOf(d) != before {
			t.Fatalf("Verify says %q without Diagnose, %q after it; the diagnosis is %q", before, after, reasonOf(d))
		}
		text := printed(t, d)
		for _, secret := range []string{testSecret, testToken, signature} {
			if len(secret) >= 8 && strings.Contains(text, secret) {
				t.Fatalf("%q is in\n%s", secret, text)
			}
		}
		if d.Verifies && reasonOf(d) != "" && len(d.Findings) == 0 {
			t.Fatalf("a right signature is refused, and nothing was found:\n%s", d)
		}
		if !d.Verifies && reasonOf(d) == "" {
			t.Fatalf("admitted, and the signature is said not to verify:\n%s", d)
		}
	})
}
