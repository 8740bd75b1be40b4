package sigv4auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// auditInto returns a hook that keeps the last event and counts.
func auditInto(last *sigv4auth.Event, count *int) func(context.Context, sigv4auth.Event) {
	return func(_ context.Context, e sigv4auth.Event) {
		*last = e
		*count++
	}
}

// TestEventHoldsNoSecret: neither token nor signature nor query, and no control byte (threats 97,
// 116 and 214).
func TestEventHoldsNoSecret(t *testing.T) {
	t.Parallel()
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
	requests := []*http.Request{
		sign(t, ride(), temporary()),
		sign(t, request("GET", "/prod/rides", ""), signing{keyID: tempKeyID, token: testToken, presign: time.Minute}),
		sign(t, ride(), signing{keyID: tempKeyID, token: "wrong" + testToken}),
	}
	evil := sign(t, ride(), signing{})
	evil.Method, evil.RequestURI = "GET\r\nx", "/a\x1b[31m\nb?X-Amz-Signature=0"
	requests = append(requests, evil)
	for i, r := range requests {
		signature := r.Header.Get("Authorization") + r.URL.Query().Get("X-Amz-Signature")
		signature = signature[len(signature)-64:]
		a.Handler(&spy{}).ServeHTTP(httptest.NewRecorder(), r)
		text := fmt.Sprintf("%+v", e) + asJSON(t, e) + inLog(e)
		if n != i+1 || strings.Contains(text, testToken) || strings.Contains(text, signature) || strings.Contains(text, testSecret) ||
			strings.ContainsAny(strings.TrimSuffix(text, "\n"), "\r\n\x1b") || strings.Contains(e.Path, "?X-") {
			t.Errorf("event %d: %q", n, text)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// inLog is what package slog writes of an event, in JSON.
func inLog(v any) string {
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "event", v)
	return b.String()
}

// TestSecretInPlaceOfTheKeyID: threats 97 and 116. Whoever swaps an access key ID and a secret
// without a slash or a plus sends the secret as the ID: neither event nor diagnosis hold it. The
// same ID of a key that the store knows is told.
func TestSecretInPlaceOfTheKeyID(t *testing.T) {
	t.Parallel()
	const secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00"
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit, c.Observe.DiagnosesPerMinute = auditInto(&e, &n), 600
	})
	for name, s := range map[string]signing{"unknown": {keyID: secret}, "another region": {keyID: secret, region: "eu-west-1"}} {
		a.Handler(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), s))
		text := fmt.Sprintf("%+v%+v", e, e.Diagnosis) + asJSON(t, e) + inLog(e)
		if e.AccessKeyID != "REDACTED" || strings.Contains(text, secret) {
			t.Errorf("%s: %s", name, text)
		}
	}
	known := sigv4auth.Credential{AccessKeyID: secret, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal}
	a = newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials, c.Observe.Audit = sigv4auth.StaticCredentials(known), auditInto(&e, &n)
	})
	for _, s := range []signing{{keyID: secret}, {keyID: secret, secret: "another" + testSecret}} {
		if a.Handler(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), s)); e.AccessKeyID != secret {
			t.Errorf("%s: %q", e.Outcome, e.AccessKeyID)
		}
	}
}

// TestEventSpeaksInWords: what becomes of a request is a word in JSON and in a log, not a number
// that only this package knows.
func TestEventSpeaksInWords(t *testing.T) {
	t.Parallel()
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit, c.Observe.DiagnosesPerMinute = auditInto(&e, &n), 600
		c.Hosts = []string{"example.com"}
	})
	sent := sign(t, ride(), signing{})
	sent.Host = "example.org"
	a.Handler(&spy{}).ServeHTTP(httptest.NewRecorder(), sent)
	for form, text := range map[string]string{"JSON": asJSON(t, e), "slog": inLog(e)} {
		for _, word := range []string{`"refused"`, `"HostNotAllowed"`, `"host-not-served"`} {
			if !strings.Contains(text, word) {
				t.Errorf("%s does not say %s:\n%s", form, word, text)
			}
		}
	}
	authz := newAuthorizer(t,
		sigv4auth.AuthorizerConfig{
			Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
				`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)),
		})
	a.Require(authz.Check)(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	for form, text := range map[string]string{"JSON": asJSON(t, e), "slog": inLog(e)} {
		for _, word := range []string{`"admitted"`, `"digest"`, `"allowed"`, `"identity policy"`} {
			if !strings.Contains(text, word) {
				t.Errorf("%s does not say %s:\n%s", form, word, text)
			}
		}
	}
}

// TestOneEvent: a request through Require is one event, not one for each step.
func TestOneEvent(t *testing.T) {
	t.Parallel()
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy))})
	var id string
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id, _ = sigv4auth.RequestIDFrom(r.Context())
		if n != 1 {
			t.Error("the event comes after the handler")
		}
	})
	a.Require(z.Check)(h).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	if n != 1 || e.Outcome != sigv4auth.Admitted || e.RequestID != id || id == "" || e.Action != "execute-api:Invoke" ||
		e.Method != "POST" || e.Path != "/prod/ride" {
		t.Errorf("%d events, the last %+v", n, e)
	}
}

// TestPanicTellsNoSecret: what a store panicked with is in no text of the refusal: threat 116. What
// the runtime says is.
func TestPanicTellsNoSecret(t *testing.T) {
	t.Parallel()
	verify := func(value func()) *sigv4auth.Error {
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			c.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential, error) {
				value()
				return sigv4auth.Credential{}, nil
			})
		})
		_, err := a.Verify(sign(t, ride(), signing{}))
		return sigv4auth.AsError(err)
	}
	e := verify(func() { panic("dial postgres://u:hunter2@db") })
	if text := fmt.Sprint(e, e.Message, e.Detail); strings.Contains(text, "hunter2") || !strings.Contains(e.Detail, "string") {
		t.Errorf("%s", text)
	}
	e = verify(func() {
		list := strings.Fields("")
		list[len(list)] = "x"
	})
	if !strings.Contains(e.Detail, "index out of range") {
		t.Errorf("detail %q", e.Detail)
	}
	if _, ok := errors.AsType[runtime.Error](error(e)); !ok {
		t.Errorf("cause %v", e.Cause)
	}
}
