package sigv4auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestRequireUnsigned: a check decides about requests without a signature, alone; with an
// Authorizer it decides by policies about whom it names, with the condition keys that the server
// knows, and the event tells all of it.
func TestRequireUnsigned(t *testing.T) {
	t.Parallel()
	const provider = "arn:aws:iam::111122223333:oidc-provider/id.example"
	trust, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Sid": "web", "Effect": "Allow",
		"Principal": {"Federated": "`+provider+`"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {
			"StringEquals": {"id.example:sub": "alice", "aws:FederatedProvider": "id.example", "aws:RequestedRegion": "us-east-1"},
			"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}, "Bool": {"aws:SecureTransport": "true"},
			"Null": {"aws:MultiFactorAuthPresent": "true", "aws:TokenIssueTime": "true", "aws:PrincipalArn": "true"}}}]}`), iampolicy.TrustPolicy)
	if err != nil {
		t.Fatal(err)
	}
	const role = "arn:aws:iam::111122223333:role/r"
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
			return iampolicy.Set{Resource: trust}, "7", nil
		}),
		Target:          func(*http.Request) (string, string) { return "sts:AssumeRoleWithWebIdentity", role },
		ResourceAccount: sigv4auth.AccountInARN,
	})
	if err != nil {
		t.Fatal(err)
	}
	var event sigv4auth.Event
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "sts", Credentials: sigv4auth.StaticCredentials(),
		Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) { event = e }},
		Proxies: sigv4auth.TrustedProxies{
			Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, ClientHeader: "X-Forwarded-For",
			SchemeHeader: "X-Forwarded-Proto",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var spy sigv4test.Spy
	h := auth.RequireUnsigned(func(r *http.Request, id sigv4auth.Identity) error {
		if authz.Check(r, sigv4auth.Identity{Principal: id.Principal, VerifiedAt: time.Now()}) == nil {
			t.Error("an identity that nobody vouches for is admitted")
		}
		subject := r.Header.Get("Subject")
		if subject == "" {
			return sigv4auth.ErrUnrecognizedClient
		}
		if subject == "panic" {
			panic("no")
		}
		id.Principal = iampolicy.Principal{ARN: provider}
		id = id.WithSession(sigv4auth.Session{Federated: &sigv4auth.FederatedIdentity{Provider: "id.example", Subject: subject}})
		return authz.Check(r, id)
	})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := sigv4auth.IdentityFrom(r.Context()); ok {
			t.Error("the handler finds an identity")
		}
		spy.ServeHTTP(w, r)
	}))
	for _, c := range []struct {
		name, subject, client, scheme string
		status                        int
		reason                        sigv4auth.Reason
		decision                      iampolicy.Outcome
	}{
		{"who may", "alice", "198.51.100.7", "https", 200, "", iampolicy.Allow},
		{"another subject", "bob", "198.51.100.7", "https", 403, sigv4auth.ErrAccessDenied, iampolicy.ImplicitDeny},
		{"another address", "alice", "203.0.113.1", "https", 403, sigv4auth.ErrAccessDenied, iampolicy.ImplicitDeny},
		{"an address that is not known", "alice", "", "https", 403, sigv4auth.ErrAccessDenied, iampolicy.ImplicitDeny},
		{"without TLS", "alice", "198.51.100.7", "http", 403, sigv4auth.ErrAccessDenied, iampolicy.ImplicitDeny},
		{"nobody", "", "198.51.100.7", "https", 403, sigv4auth.ErrUnrecognizedClient, 0},
		{"a check that panics", "panic", "198.51.100.7", "https", 500, sigv4auth.ErrInternalFailure, 0},
	} {
		spy.Forget()
		event = sigv4auth.Event{}
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Subject", c.subject)
		r.Header.Set("X-Forwarded-Proto", c.scheme)
		if c.client != "" {
			r.Header.Set("X-Forwarded-For", c.client)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || (len(spy.Seen()) == 1) != (c.status == 200) || event.Reason != c.reason ||
			event.Authorization != sigv4auth.AuthorizationCustom || event.Decision.Outcome != c.decision || event.Time.IsZero() {
			t.Errorf("%s: %d %s: %+v", c.name, w.Code, w.Body, event)
		}
		if asked := c.subject == "alice" || c.subject == "bob"; asked && (event.Resource != role || event.Principal != provider ||
			event.PolicyRevision != "7" || c.decision == iampolicy.Allow && event.Decision.Sid != "web") {
			t.Errorf("%s: %+v", c.name, event)
		}
		if addr, ok := auth.ClientIP(r); ok != (c.client != "") || ok && (addr.String() != c.client || event.Source != addr) {
			t.Errorf("%s: the client is %v, in the event %v", c.name, addr, event.Source)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("RequireUnsigned without a Check admits everybody")
		}
	}()
	auth.RequireUnsigned(nil)
}

// TestWithSession: a caller may prove a second factor with the request itself. What it is known by
// is its own, and the policies of an earlier session are gone with it.
func TestWithSession(t *testing.T) {
	t.Parallel()
	mfa, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*",
		"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "1"}}}}`),
		iampolicy.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:        sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice.Credential.Principal.ARN: {mfa}}),
		Target:          func(*http.Request) (string, string) { return "a:b", "*" },
		ResourceAccount: "111122223333",
	})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := sigv4auth.New(alice.Config())
	if err != nil {
		t.Fatal(err)
	}
	ran := false
	h := auth.Require(func(r *http.Request, id sigv4auth.Identity) error {
		ran = true
		if err := authz.Check(r, id); !errors.Is(err, sigv4auth.ErrAccessDenied) {
			t.Errorf("a long-term key: %v", err)
		}
		s := sigv4auth.Session{MFAPresent: true, MFA: id.VerifiedAt, Tags: map[string]string{"a": "b"}}
		with := id.WithSession(s)
		s.Tags["a"] = "c"
		if known, ok := with.Session(); !ok || known.Tags["a"] != "b" {
			t.Errorf("the session is %v", known)
		}
		if _, ok := id.Session(); ok {
			t.Error("the identity that it was made from has changed")
		}
		return authz.Check(r, with)
	})(&sigv4test.Spy{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, alice.Sign(httptest.NewRequest(http.MethodGet, "/", nil)))
	if w.Code != http.StatusOK || !ran {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
