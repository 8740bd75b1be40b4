package sigv4auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// refusalTest changes a rightly signed request, or its signing, and says how it has to be refused.
type refusalTest struct {
	name   string
	config func(*sigv4auth.Config)
	r      func() *http.Request
	s      signing
	change func(*http.Request)
	code   sigv4auth.Reason
	status int
	typ    string
	text   string // in the body
}

const (
	invalidSignature = "InvalidSignatureException"
	incomplete       = "IncompleteSignatureException"
	unrecognized     = "UnrecognizedClientException"
)

func (tt refusalTest) run(t *testing.T) {
	t.Parallel()
	var event sigv4auth.Event
	events := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = auditInto(&event, &events)
		if tt.config != nil {
			tt.config(c)
		}
	})
	make := func() *http.Request {
		r := ride()
		if tt.r != nil {
			r = tt.r()
		}
		r = sign(t, r, tt.s)
		if tt.change != nil {
			tt.change(r)
		}
		return r
	}
	if _, err := a.Verify(make()); !errors.Is(err, tt.code) {
		t.Errorf("Verify: %v; want %v", err, tt.code)
	}
	events = 0
	var handler spy
	w := httptest.NewRecorder()
	a.Handler(&handler).ServeHTTP(w, make())
	if handler.ran != 0 {
		t.Fatal("the handler ran")
	}
	if w.Code != tt.status {
		t.Errorf("status %d; want %d", w.Code, tt.status)
	}
	if got := w.Header().Get("x-amzn-ErrorType"); got != tt.typ {
		t.Errorf("x-amzn-ErrorType %q; want %q", got, tt.typ)
	}
	if !strings.Contains(w.Body.String(), tt.text) {
		t.Errorf("body %s; want %q in it", w.Body, tt.text)
	}
	if w.Header().Get("x-amzn-RequestId") == "" || w.Header().Get("Date") == "" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", w.Header())
	}
	if events != 1 || event.Outcome != sigv4auth.Refused || event.Reason != tt.code ||
		event.RequestID != w.Header().Get("x-amzn-RequestId") || event.Principal != "" {
		t.Errorf("%d events, the last %+v", events, event)
	}
}

// runAll runs each of tests under its name.
func runAll(t *testing.T, tests []refusalTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}
