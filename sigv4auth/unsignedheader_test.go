package sigv4auth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestUnsignedHeaders: threat 28. Headers that applications take orders from, and that no client
// signs, are admitted: proxies write them. The identity says that they are not signed,
// VerifiedHeader does not return them, and what Config.StripHeaders names the handler does not see.
func TestUnsignedHeaders(t *testing.T) {
	t.Parallel()
	control := []string{"Cookie", "X-Http-Method-Override", "X-Forwarded-Host", "X-Forwarded-For", "X-Original-Url", "Forwarded"}
	for _, strip := range []bool{false, true} {
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			if strip {
				c.StripHeaders = control
			}
		})
		r := sign(t, ride(), signing{})
		for _, name := range control {
			r.Header.Set(name, "evil")
		}
		var handler spy
		a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
		if handler.ran != 1 || handler.r.Method != http.MethodPost || handler.r.Host != "example.com" {
			t.Fatalf("the handler ran %d times, with %+v", handler.ran, handler.r)
		}
		id, _ := sigv4auth.IdentityFrom(handler.r.Context())
		if !id.Signed("CONTENT-type") || id.Signed("content-type;host") || id.Signed("ho\u017ft") { // a letter that folds to s
			t.Error("Signed compares with something else than the names in the list")
		}
		for _, name := range control {
			value, err := sigv4auth.VerifiedHeader(handler.r, name)
			if id.Signed(name) || err == nil {
				t.Errorf("%s counts as signed: %q, %v", name, value, err)
			}
			if got := handler.r.Header.Get(name); (got == "") != strip {
				t.Errorf("strip %t: the handler sees %s: %q", strip, name, got)
			}
		}
	}
}
