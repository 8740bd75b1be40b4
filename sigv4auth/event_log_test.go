package sigv4auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// logged serves requests with LogTo as the audit hook, and returns the lines.
func logged(t *testing.T, level slog.Level, change func(*sigv4auth.Config), reportOnly bool, requests ...*http.Request) []map[string]any {
	t.Helper()
	var b bytes.Buffer
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = sigv4auth.LogTo(slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: level})))
		if change != nil {
			change(c)
		}
	})
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
		Policies:   attached(parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)),
		ReportOnly: reportOnly,
	})
	h := a.Require(z.Check)(&spy{})
	for _, r := range requests {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	return decodeLines(t, b.Bytes())
}

// decodeLines reads lines of JSON. What is not the same in two runs is left out, once it is there.
func decodeLines(t *testing.T, text []byte) (lines []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(text) {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		id, _ := m["request_id"].(string)
		if len(id) != 36 {
			t.Errorf("request ID %q", id)
		}
		delete(m, "request_id")
		delete(m, slog.TimeKey)
		lines = append(lines, m)
	}
	return lines
}

// TestLogTo: one short line for each event, of the level that its outcome has, with words and
// groups.
func TestLogTo(t *testing.T) {
	t.Parallel()
	denied := func() *http.Request { return sign(t, request("GET", "/prod/rides", ""), signing{}) }
	failing := func(c *sigv4auth.Config) {
		c.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential, error) {
			return sigv4auth.Credential{}, errors.New("down")
		})
	}
	tests := []struct {
		name       string
		change     func(*sigv4auth.Config)
		reportOnly bool
		r          *http.Request
		level, msg string
		reason     any
		groups     []string
	}{
		{"admitted", nil, false, sign(t, ride(), signing{}), "INFO", "admitted", nil, []string{"request", "signature", "decision"}},
		{"denied by policy", nil, false, denied(), "WARN", "refused", "AccessDenied", []string{"request", "signature", "decision"}},
		{"denied, report only", nil, true, denied(), "WARN", "admitted", "AccessDenied", []string{"request", "signature", "decision"}},
		{"unsigned", nil, false, ride(), "WARN", "refused", "MissingAuthenticationToken", []string{"request"}},
		{"wrong", nil, false, sign(t, ride(), signing{secret: "x"}), "WARN", "refused", "SignatureMismatch", []string{"request", "signature"}},
		{"store down", failing, false, sign(t, ride(), signing{}), "ERROR", "refused", "ServiceUnavailable", []string{"request", "signature"}},
	}
	for _, tt := range tests {
		lines := logged(t, slog.LevelInfo, tt.change, tt.reportOnly, tt.r)
		if len(lines) != 1 {
			t.Fatalf("%s: %d lines: %v", tt.name, len(lines), lines)
		}
		line := lines[0]
		if line["level"] != tt.level || line["msg"] != tt.msg || line["reason"] != tt.reason {
			t.Errorf("%s: %v; want %s %s, %v", tt.name, line, tt.level, tt.msg, tt.reason)
		}
		for _, group := range []string{"request", "signature", "decision"} {
			_, is := line[group].(map[string]any)
			if want := slices.Contains(tt.groups, group); is != want {
				t.Errorf("%s: group %s: %t; want %t: %v", tt.name, group, is, want, line)
			}
		}
		if (line["report_only"] == true) != tt.reportOnly {
			t.Errorf("%s: %v", tt.name, line)
		}
	}
}

// TestLogToSaysAll: what an auditor asks of a decision stands in its line: threat 218.
func TestLogToSaysAll(t *testing.T) {
	t.Parallel()
	line := logged(t, slog.LevelInfo, nil, false, sign(t, ride(), signing{}))[0]
	want := map[string]any{
		"level": "INFO", "msg": "admitted", "principal": userPrincipal.ARN, "action": "execute-api:Invoke",
		"resource":  "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride",
		"request":   map[string]any{"method": "POST", "path": "/prod/ride", "source": "192.0.2.1"},
		"signature": map[string]any{"access_key_id": testKeyID, "payload_mode": "digest"},
		"decision": map[string]any{
			"outcome": "allowed", "policy_type": "identity policy", "sid": "Ride", "statement": 0.0, "revision": "r1",
		},
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Error(diff)
	}
}

// TestLogToDiagnosis: a diagnosis is a line of its own, and the request's own line stays short.
func TestLogToDiagnosis(t *testing.T) {
	t.Parallel()
	diagnose := func(c *sigv4auth.Config) { c.Observe.DiagnosesPerMinute = 600 }
	lines := logged(t, slog.LevelInfo, diagnose, false, sign(t, ride(), signing{secret: "x"}))
	if len(lines) != 2 || lines[0]["msg"] != "refused" || lines[0]["diagnosis"] != nil ||
		lines[1]["msg"] != "diagnosis" || lines[1]["level"] != "WARN" || lines[1]["canonical_request"] == nil {
		t.Errorf("%v", lines)
	}
}

// contextHandler adds what it finds in the context, as those of tracing libraries do.
type contextHandler struct{ slog.Handler }

type traceKey struct{}

func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(slog.Any("trace_id", ctx.Value(traceKey{})))
	return h.Handler.Handle(ctx, r)
}

// TestLogToPassesTheContextOn: a handler of the logger finds the trace of the request.
func TestLogToPassesTheContextOn(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = sigv4auth.LogTo(slog.New(contextHandler{slog.NewJSONHandler(&b, nil)}))
	})
	r := sign(t, ride(), signing{})
	r = r.WithContext(context.WithValue(r.Context(), traceKey{}, "4bf92f"))
	a.Handler(&spy{}).ServeHTTP(httptest.NewRecorder(), r)
	if line := decodeLines(t, b.Bytes())[0]; line["trace_id"] != "4bf92f" {
		t.Errorf("%v", line)
	}
}

// countingHandler counts what it is asked and what it is given.
type countingHandler struct {
	slog.Handler
	asked, handled *int
	least          slog.Level
}

func (h countingHandler) Enabled(_ context.Context, level slog.Level) bool {
	*h.asked++
	return level >= h.least
}

func (h countingHandler) Handle(context.Context, slog.Record) error {
	*h.handled++
	return nil
}

// TestLogToAsksFirst: a level that is disabled costs nothing: no attribute is made.
func TestLogToAsksFirst(t *testing.T) {
	var asked, handled int
	hook := sigv4auth.LogTo(slog.New(countingHandler{slog.DiscardHandler, &asked, &handled, slog.LevelWarn}))
	e := sigv4auth.Event{RequestID: "x", Outcome: sigv4auth.Admitted, Action: "a:B", Resource: "r"}
	if n := testing.AllocsPerRun(100, func() { hook(t.Context(), e) }); n != 0 || asked == 0 || handled != 0 {
		t.Errorf("%v allocations, asked %d times, handled %d", n, asked, handled)
	}
	e.Outcome = sigv4auth.Refused
	hook(t.Context(), e)
	if handled != 1 {
		t.Errorf("handled %d", handled)
	}
}

// TestLogToHoldsNoSecret: threats 97 and 214, as for the event itself.
func TestLogToHoldsNoSecret(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = sigv4auth.LogTo(slog.New(slog.NewTextHandler(&b, nil)))
		c.Observe.DiagnosesPerMinute = 600
	})
	for _, r := range []*http.Request{
		sign(t, ride(), temporary()),
		sign(t, request("GET", "/prod/rides", ""), signing{keyID: tempKeyID, token: testToken, presign: time.Minute}),
		sign(t, ride(), signing{keyID: tempKeyID, token: "wrong" + testToken}),
		sign(t, ride(), signing{secret: "another"}),
	} {
		signature := r.Header.Get("Authorization") + r.URL.Query().Get("X-Amz-Signature")
		signature = signature[len(signature)-64:]
		b.Reset()
		a.Handler(&spy{}).ServeHTTP(httptest.NewRecorder(), r)
		if text := b.String(); text == "" || strings.Contains(text, testToken) || strings.Contains(text, signature) ||
			strings.Contains(text, testSecret) {
			t.Errorf("%s", text)
		}
	}
	evil := sign(t, ride(), signing{})
	evil.Method, evil.RequestURI = "GET\r\nx", "/a\x1b[31m\nb?X-Amz-Signature=0"
	b.Reset()
	a.Handler(&spy{}).ServeHTTP(httptest.NewRecorder(), evil)
	if n := strings.Count(b.String(), "\n"); n != strings.Count(b.String(), "time=") || strings.ContainsAny(b.String(), "\r\x1b") {
		t.Errorf("%q", b.String())
	}
}

// TestLogToOfABody: the second event of a request whose body turns out wrong is a line, too.
func TestLogToOfABody(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	hook := sigv4auth.LogTo(slog.New(slog.NewJSONHandler(&b, nil)))
	id := strings.Repeat("0", 36)
	hook(t.Context(), sigv4auth.Event{RequestID: id, Outcome: sigv4auth.BodyRefused, Reason: sigv4auth.ErrPayloadMismatch})
	hook(t.Context(), sigv4auth.Event{RequestID: id, Outcome: sigv4auth.BodyRefused, Reason: sigv4auth.ErrServiceUnavailable})
	lines := decodeLines(t, b.Bytes())
	if lines[0]["msg"] != "body refused" || lines[0]["level"] != "WARN" || lines[1]["level"] != "ERROR" {
		t.Errorf("%v", lines)
	}
}

// TestLogToNeedsALogger: a service does not start without the log that it was to have.
func TestLogToNeedsALogger(t *testing.T) {
	t.Parallel()
	defer func() {
		if v, _ := recover().(string); !strings.Contains(v, "LogTo needs a logger") {
			t.Errorf("recovered %q", v)
		}
	}()
	sigv4auth.LogTo(nil)
}

// TestLogToSaysTheDetail: the line of a refusal has what the reason alone does not say, such as
// which accounts differ, whether the refusal is enforced or not.
func TestLogToSaysTheDetail(t *testing.T) {
	t.Parallel()
	for _, reportOnly := range []bool{false, true} {
		var b bytes.Buffer
		signer := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
		cfg := signer.Config()
		cfg.Observe.Audit = sigv4auth.LogTo(slog.New(slog.NewJSONHandler(&b, nil)))
		auth, err := sigv4auth.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
			Policies:        sigv4auth.StaticPolicies(nil),
			Target:          func(*http.Request) (string, string) { return "orders:Get", "arn:acme:orders:eu-1:444455556666:order/7" },
			ResourceAccount: sigv4auth.AccountInARN,
			ReportOnly:      reportOnly,
		})
		if err != nil {
			t.Fatal(err)
		}
		auth.Require(authz.Check)(new(sigv4test.Spy)).ServeHTTP(httptest.NewRecorder(), signer.Sign(httptest.NewRequest("GET", "/", nil)))
		const want = `"detail":"the caller is of account \"111122223333\", the resource of \"444455556666\"`
		if line := b.String(); !strings.Contains(line, want) {
			t.Errorf("report only %t: %s", reportOnly, line)
		}
	}
}
