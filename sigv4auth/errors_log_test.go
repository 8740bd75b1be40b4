package sigv4auth_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestNoErrorIsNoAttribute: what a log says of errors is absent where there is none, in both of
// slog's formats, and never the package's name alone.
func TestNoErrorIsNoAttribute(t *testing.T) {
	t.Parallel()
	line := func(attr slog.Attr) (text, json string) {
		var a, b bytes.Buffer
		slog.New(slog.NewTextHandler(&a, nil)).LogAttrs(context.Background(), slog.LevelInfo, "m", attr)
		slog.New(slog.NewJSONHandler(&b, nil)).LogAttrs(context.Background(), slog.LevelInfo, "m", attr)
		return a.String(), b.String()
	}
	for name, attr := range map[string]slog.Attr{
		"no reason": slog.Any("error", sigv4auth.Event{}.Reason),
		"no error":  slog.Any("error", sigv4auth.AsError(nil)),
	} {
		if text, json := line(attr); strings.Contains(text, "error") || strings.Contains(json, `"error"`) {
			t.Errorf("%s: %s%s", name, text, json)
		}
	}
	for want, attr := range map[string]slog.Attr{
		"AccessDenied": slog.Any("error", sigv4auth.ErrAccessDenied),
		"sigv4auth: AccessDenied: User is not authorized to perform this operation": slog.Any("error", sigv4auth.AsError(sigv4auth.ErrAccessDenied)),
		"sigv4auth: no reason": slog.Any("error", &sigv4auth.Error{}),
	} {
		if text, json := line(attr); !strings.Contains(text, want) || !strings.Contains(json, `"error":"`+want+`"`) {
			t.Errorf("want %s: %s%s", want, text, json)
		}
	}

	// The event of an admitted request, as a group and in its fields.
	var e sigv4auth.Event
	events := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &events) })
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy))})
	a.Require(z.Check)(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	text, json := line(slog.Any("event", e))
	if e.Outcome != sigv4auth.Admitted || strings.Contains(text+json, "sigv4auth:") || strings.Contains(text, "reason") {
		t.Errorf("%s%s", text, json)
	}
}
