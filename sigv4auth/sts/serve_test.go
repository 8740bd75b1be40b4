package sts_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// service is a handler behind the middleware, with a process's store in both places.
type service struct {
	*process
	handler http.Handler
	served  int
	event   sigv4auth.Event // the last one
}

func serve(p *process) *service {
	s := &service{process: p}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api", Credentials: p, Now: p.clock.Now, MaxPresignExpiry: time.Hour,
		Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) { s.event = e }},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: p, ResourceAccount: account, Target: func(*http.Request) (string, string) { return "ride:Read", "arn:aws:ride:::r" },
	})
	if err != nil {
		p.t.Fatal(err)
	}
	s.handler = auth.Require(authz.Check)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.served++ }))
	return s
}

// call sends a request that is signed with c, after edit has changed it, and returns the error type
// of the answer, "" if it was admitted.
func (s *service) call(c sigv4auth.Credential, edit ...func(r *http.Request)) string {
	s.t.Helper()
	caller := sigv4test.Signer{Credential: c, Region: "us-east-1", Service: "execute-api", Now: s.clock.Now}
	r := caller.Sign(httptest.NewRequest(http.MethodGet, "/ride", nil))
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	before := s.served
	s.handler.ServeHTTP(w, r)
	if (s.served > before) != (w.Code == http.StatusOK) {
		s.t.Fatalf("status %d, and the handler ran %d times", w.Code, s.served-before)
	}
	return w.Header().Get("X-Amzn-Errortype")
}

// TestServing: sessions of each kind are admitted in another process than the one that issued them,
// refused without their token, with another's or a changed one, under another's key and with a
// wrong secret, and told when they have expired. A token that was added or changed after the
// signature admits nobody who it is not the token of (threats 92 and 102).
func TestServing(t *testing.T) {
	t.Parallel()
	const (
		unknown = "UnrecognizedClientException"
		refused = "refused, for whichever reason" // of its signature, or of its token
	)
	keys := keyring.New(start)
	d, clock := newDirectory(), sigv4test.NewClock(start)
	issuer, s := newProcess(t, d, clock, &keys), serve(newProcess(t, d, clock, &keys))
	for _, session := range []sts.Session{riding(), selfSession(), federated()} {
		good, other := issuer.issue(session).Credential, issuer.issue(session).Credential
		withToken := func(token string) sigv4auth.Credential {
			c := good
			c.SessionToken = sigv4auth.NewSecret(token)
			return c
		}
		token := good.SessionToken.Reveal()
		setToken := func(token string) func(r *http.Request) {
			return func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", token) }
		}
		stolen := good
		stolen.AccessKeyID = other.AccessKeyID
		wrong := good
		wrong.Secret = other.Secret
		longTerm := d.keys[adaKey]
		for round := range 2 { // not in the cache, and in it
			for _, c := range []struct {
				name, want string
				c          sigv4auth.Credential
				edit       []func(r *http.Request)
			}{
				{"without its token", unknown, withToken(""), nil},
				{"with another's token", unknown, withToken(other.SessionToken.Reveal()), nil},
				{"with a changed token", unknown, withToken("B" + token[1:]), nil},
				{"with a token of no form", unknown, withToken("no token"), nil},
				{"under another's key", unknown, stolen, nil},
				{"with another's secret", "InvalidSignatureException", wrong, nil},
				{"with another's token added later", refused, withToken(""), []func(*http.Request){setToken(other.SessionToken.Reveal())}},
				{"with another's token in its place", refused, good, []func(*http.Request){setToken(other.SessionToken.Reveal())}},
				{"a long-term key with a token added", refused, longTerm, []func(*http.Request){setToken(token)}},
				{"as it is", "", good, nil},
			} {
				if got := s.call(c.c, c.edit...); got != c.want && (c.want != refused || got == "") {
					t.Errorf("%v %s, round %d: %q; want %q", session.Kind, c.name, round, got, c.want)
				}
			}
			if s.event.Principal != good.Principal.ARN || s.event.AccessKeyID != good.AccessKeyID {
				t.Errorf("the audit says %q", s.event.Principal)
			}
		}
		clock.Advance(time.Hour)
		if got := s.call(good); got != "ExpiredTokenException" {
			t.Errorf("%v that has expired: %q", session.Kind, got)
		}
	}
	good := issuer.issue(riding()).Credential
	d.fails = fmt.Errorf("connection refused")
	if got := s.call(good); got != "ServiceUnavailableException" {
		t.Errorf("a store that fails: %q", got)
	}
	d.fails = nil
	d.change(riderARN, func() { d.roles = without(d.roles, riderARN) })
	if got := s.call(good); got != unknown {
		t.Errorf("a role that is gone: %q", got)
	}
}

// TestRevokedByIssueTime: a condition on aws:TokenIssueTime ends the sessions of a role that are
// older.
func TestRevokedByIssueTime(t *testing.T) {
	t.Parallel()
	s := serve(single(t))
	before := s.issue(riding()).Credential
	s.clock.Advance(time.Minute)
	after := s.issue(riding()).Credential
	s.dir.change(riderARN, func() {
		s.dir.policies[riderARN] = append(s.dir.policies[riderARN], revokeOlder("2026-11-30T12:00:30Z"))
	})
	if got := s.call(before); got != "AccessDeniedException" {
		t.Errorf("an older session: %q", got)
	}
	if got := s.call(after); got != "" {
		t.Errorf("a later session: %q", got)
	}
}

// TestNothingShows: no secret, token or key is in what a Store, what it issues and its errors
// print, nor in the audit of refused and admitted requests (threat 116).
func TestNothingShows(t *testing.T) {
	t.Parallel()
	p := single(t)
	s := serve(p)
	i := p.issue(riding())
	secret, token := i.Credential.Secret.Reveal(), i.Credential.SessionToken.Reveal()
	changed := i.Credential
	changed.SessionToken = sigv4auth.NewSecret("B" + token[1:])
	var out strings.Builder
	show := func(v any) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, c := range []sigv4auth.Credential{i.Credential, changed} {
		s.call(c)
		show(s.event)
		_, err := p.Credential(t.Context(), c.AccessKeyID, c.SessionToken.Reveal())
		show(err)
		said, err := p.Session(c.AccessKeyID, c.SessionToken.Reveal())
		show(said)
		show(err)
	}
	g := sts.Grant{Session: riding(), Duration: time.Hour, MinTokenSize: 9999}
	_, err := p.Issue(t.Context(), g)
	show(err)
	show(g)
	show(i)
	show(&i)
	show(p.Store)
	show(struct{ s *sts.Store }{p.Store})
	for _, canary := range []string{secret, token, token[1:], token[100:140], fmt.Sprintf("%x", secret), fmt.Sprintf("%x", token[:20])} {
		if strings.Contains(strings.ToLower(out.String()), strings.ToLower(canary)) {
			t.Errorf("what is printed has %q", canary)
		}
	}
}
