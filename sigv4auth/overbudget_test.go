package sigv4auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// dearPolicy allows everything, and takes more than an evaluation's budget to look at where the
// User-Agent is one of 4,000 bytes: 4,096 patterns of some seventy elements, which nearly match
// everywhere.
func dearPolicy() string {
	pattern := `"*` + strings.Repeat("a", 70) + `?b*"`
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":[` + strings.Repeat(pattern+",", 4095) + pattern + `]}}}]}`
}

// TestAnEvaluationOverItsBudgetIsToldSo: it is refused, the event says why, the error's detail does
// too, and the answer does not (threat 224).
func TestAnEvaluationOverItsBudgetIsToldSo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, agent string
		over        bool
	}{
		{"a short value", "client/1", false},
		{"a value on which every pattern is tried everywhere", "b" + strings.Repeat("a", 3999), true},
	} {
		var e sigv4auth.Event
		events := 0
		var refused error
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &events) })
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, dearPolicy()))})
		var handler spy
		r := ride()
		r.Header.Set("User-Agent", tt.agent)
		w := httptest.NewRecorder()
		a.Require(func(r *http.Request, id sigv4auth.Identity) error {
			refused = z.Check(r, id)
			return refused
		})(&handler).ServeHTTP(w, sign(t, r, signing{}))
		if (handler.ran == 1) == tt.over || events != 1 || e.Decision.OverBudget != tt.over || e.Decision.Allowed() == tt.over {
			t.Errorf("%s: %d, the handler ran %d times, %+v", tt.name, w.Code, handler.ran, e.Decision)
		}
		if tt.over && (w.Code != 403 || !strings.Contains(sigv4auth.AsError(refused).Detail, "budget") ||
			strings.Contains(w.Body.String(), "budget")) {
			t.Errorf("%s: %d %s, %q", tt.name, w.Code, w.Body, sigv4auth.AsError(refused).Detail)
		}
	}
}
