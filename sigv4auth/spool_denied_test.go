package sigv4auth_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestDeniedWhileSpooling: threat 233. What a caller may do once the body is whole is what counts,
// where it took more than a second to arrive: in one event, and with the credential as it is then.
func TestDeniedWhileSpooling(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 10_000)
	allowed := iampolicy.Set{Identity: []*iampolicy.Policy{parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)}}
	for _, m := range spoolable() {
		if m.name == "undeclared digest" {
			continue // its body arrives before the policies are asked
		}
		for name, tt := range map[string]struct {
			took    time.Duration
			change  func(*revisionStore)
			report  bool
			asked   []string // the revisions
			refused bool     // by what the policies say at last
		}{
			"nothing changes":               {2 * time.Second, func(*revisionStore) {}, false, []string{"", ""}, false},
			"the policy is taken away":      {2 * time.Second, func(s *revisionStore) { s.set = iampolicy.Set{} }, false, []string{"", ""}, true},
			"the clock is set back":         {-time.Second, func(s *revisionStore) { s.set = iampolicy.Set{} }, false, []string{"", ""}, true},
			"within a second":               {time.Second, func(s *revisionStore) { s.set = iampolicy.Set{} }, false, []string{""}, false},
			"report only, and taken away":   {2 * time.Second, func(s *revisionStore) { s.set = iampolicy.Set{} }, true, []string{"", ""}, true},
			"report only, and nothing else": {2 * time.Second, func(*revisionStore) {}, true, []string{"", ""}, false},
		} {
			clock, policies := sigv4test.NewClock(testNow), &revisionStore{set: allowed}
			var last sigv4auth.Event
			n := 0
			a, dir := m.spooling(t, func(c *sigv4auth.Config) { c.Now, c.Observe.Audit = clock.Now, auditInto(&last, &n) })
			z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
				Policies: policies, ReportOnly: tt.report,
				Target: func(*http.Request) (string, string) { return testAPI.Target(ride()) },
			})
			r, sent := m.upload(t, data)
			r.Body = &paused{text: sent, at: len(sent) / 2, pause: func() {
				clock.Advance(tt.took)
				tt.change(policies)
			}}
			var handler spy
			w := httptest.NewRecorder()
			a.Require(z.Check)(&handler).ServeHTTP(w, r)
			runs := !tt.refused || tt.report
			if handler.ran == 1 != runs || runs && handler.body != data || n != 1 || !slices.Equal(policies.asked, tt.asked) {
				t.Errorf("%s, %s: ran %d times; asked for %q; %d events; %d %s",
					m.name, name, handler.ran, policies.asked, n, w.Code, w.Body)
			}
			reason, outcome := sigv4auth.Reason(""), iampolicy.Allow
			if tt.refused {
				reason, outcome = sigv4auth.ErrAccessDenied, iampolicy.ImplicitDeny
			}
			if last.Reason != reason || last.Decision.Outcome != outcome || !last.Time.Equal(testNow) {
				t.Errorf("%s, %s: %+v", m.name, name, last)
			}
			nothingLeft(t, dir, m.name)
		}
	}
}

// TestReadmittedWhileSpooling: threat 234. The second decision is by the policies of the state that
// the credential is of by then, and that is who the handler gets.
func TestReadmittedWhileSpooling(t *testing.T) {
	t.Parallel()
	allowed := iampolicy.Set{Identity: []*iampolicy.Policy{parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)}}
	data := strings.Repeat("ride", 10_000)
	for _, m := range plainModes {
		clock, store := sigv4test.NewClock(testNow), &changingStore{credential: session()}
		store.credential.Revision = "1"
		policies := &revisionStore{at: "1", set: allowed}
		a := m.authenticator(t, func(c *sigv4auth.Config) {
			c.Credentials, c.Now = store, clock.Now
			c.Body, c.Spool = delivers(sigv4auth.BodySpooled), sigv4auth.Spool{MemoryBytes: 1000, Dir: t.TempDir()}
		})
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: policies, Target: func(*http.Request) (string, string) { return testAPI.Target(ride()) },
		})
		r := m.upload(data)
		r.Body = &paused{text: data, at: len(data) / 2, pause: func() {
			clock.Advance(2 * time.Second)
			policies.at, store.credential.Revision = "2", "2"
			store.credential.Session = &sigv4auth.Session{Tags: map[string]string{"team": "new"}}
		}}
		var handler spy
		w := httptest.NewRecorder()
		a.Require(z.Check)(&handler).ServeHTTP(w, r)
		if handler.ran != 1 || !slices.Equal(policies.asked, []string{"1", "2"}) {
			t.Fatalf("%s: ran %d times; asked for %q; %d %s", m.name, handler.ran, policies.asked, w.Code, w.Body)
		}
		id, _ := sigv4auth.IdentityFrom(handler.r.Context())
		if s, _ := id.Session(); id.Revision != "2" || s.Tags["team"] != "new" || !id.VerifiedAt.Equal(testNow) {
			t.Errorf("%s: the handler got %+v", m.name, id)
		}
	}
}
