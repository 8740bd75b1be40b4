package filestore_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// service is a handler behind the middleware, on a folder.
type service struct {
	t       *testing.T
	handler http.Handler
	store   *filestore.Store
	sealed  *sts.Store
	served  int
	event   sigv4auth.Event // the last one
}

func serve(t *testing.T, f folder) *service {
	s := &service{t: t, store: f.open()}
	s.sealed = sessionsOf(t, s.store, newRing(t))
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api", Credentials: s.sealed,
		Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) { s.event = e }},
	})
	if err != nil {
		t.Fatal(err)
	}
	api := sigv4auth.APIGateway{Region: "us-east-1", AccountID: account, APIID: "rides", Stage: "prod"}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: s.sealed, Target: api.Target, ResourceAccount: sigv4auth.AccountInARN,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.handler = auth.Require(authz.Check)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.served++ }))
	return s
}

// call signs a request with aws-sdk-go-v2's signer, and returns the status and the error type of
// the answer.
func (s *service) call(accessKeyID, secret, token string) (status int, errorType string) {
	s.t.Helper()
	caller := sigv4test.Signer{
		Credential: sigv4auth.Credential{
			AccessKeyID: accessKeyID, Secret: sigv4auth.NewSecret(secret),
			SessionToken: sigv4auth.NewSecret(token),
		},
		Region: "us-east-1", Service: "execute-api",
	}
	r := caller.Sign(httptest.NewRequest(http.MethodGet, "/prod/ride", nil))
	w := httptest.NewRecorder()
	before := s.served
	s.handler.ServeHTTP(w, r)
	if (s.served > before) != (w.Code == http.StatusOK) {
		s.t.Fatalf("status %d, and the handler ran %d times", w.Code, s.served-before)
	}
	return w.Code, w.Header().Get("X-Amzn-Errortype")
}

// The workshop's lesson: a newcomer is refused, one line in principals.json attaches a policy, and
// the same call is admitted.
func TestServing(t *testing.T) {
	f := newFolder(t)
	s := serve(t, f)
	expect := func(status int, errorType, accessKeyID, secret, token string) {
		t.Helper()
		if got, typ := s.call(accessKeyID, secret, token); got != status || typ != errorType {
			t.Errorf("%d %s, want %d %s", got, typ, status, errorType)
		}
	}
	const (
		deniedType  = "AccessDeniedException"
		unknownType = "UnrecognizedClientException"
	)
	expect(http.StatusOK, "", "AKIAADA", adaSecret, "")
	expect(http.StatusForbidden, "InvalidSignatureException", "AKIAADA", bobSecret, "")
	expect(http.StatusForbidden, deniedType, "AKIABOB", bobSecret, "")
	f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["All"],`)
	eventually(t, "the newcomer is admitted", func() bool { status, _ := s.call("AKIABOB", bobSecret, ""); return status == http.StatusOK })
	if _, revision, _ := s.store.Policies(t.Context(), sigv4auth.Identity{}); s.event.PolicyRevision != revision ||
		!strings.HasPrefix(revision, "2-") {
		t.Errorf("the audit says revision %q", s.event.PolicyRevision)
	}
	expect(http.StatusForbidden, unknownType, "AKIABOB", bobSecret, "a-token-for-a-long-term-key") // threat 102

	// A rotated secret ends the old one, though its derived key was cached (threat 104).
	f.edit("principals.json", bobSecret, "a-new-secret-of-bob")
	eventually(t, "the new secret works", func() bool {
		status, _ := s.call("AKIABOB", "a-new-secret-of-bob", "")
		return status == http.StatusOK
	})
	expect(http.StatusForbidden, "InvalidSignatureException", "AKIABOB", bobSecret, "")
	f.edit("principals.json", `"a-new-secret-of-bob", "Status": "Active"`,
		`"a-new-secret-of-bob", "Status": "Active", "Expires": "2020-01-01T00:00:00Z"`)
	eventually(t, "the key has expired (threat 101)", func() bool {
		_, typ := s.call("AKIABOB", "a-new-secret-of-bob", "")
		return typ == "ExpiredTokenException"
	})
	f.edit("principals.json", `"Status": "Active", "Expires"`, `"Status": "Inactive", "Expires"`)
	eventually(t, "the key is disabled (threat 101)", func() bool {
		_, typ := s.call("AKIABOB", "a-new-secret-of-bob", "")
		return typ == unknownType
	})

	c := issue(t, s.sealed, "alice")
	id, secret, token := c.AccessKeyID, c.Secret.Reveal(), c.SessionToken.Reveal()
	expect(http.StatusForbidden, deniedType, id, secret, token)
	f.edit("principals.json", `"AttachedPolicies": ["Read"]`, `"AttachedPolicies": ["All"]`)
	eventually(t, "the session is admitted", func() bool { status, _ := s.call(id, secret, token); return status == http.StatusOK })
	if s.event.Principal != "arn:aws:sts::111122223333:assumed-role/Rider/alice" {
		t.Errorf("the audit says %q", s.event.Principal)
	}
	expect(http.StatusForbidden, unknownType, id, secret, "")           // threat 102
	expect(http.StatusForbidden, unknownType, id, secret, token+"x")    // threat 102
	expect(http.StatusForbidden, unknownType, "AKIANOBODY", secret, "") // threat 109
	// AWS's way to revoke sessions: those that were issued before an instant are denied everything.
	f.replace("policies/Revoked.json", `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
		"Condition": {"DateLessThan": {"aws:TokenIssueTime": "2099-01-01T00:00:00Z"}}}]}`)
	f.edit("principals.json", `"Tags": {"team": "riders"}, "AttachedPolicies": ["All"]`,
		`"Tags": {"team": "riders"}, "AttachedPolicies": ["All", "Revoked"]`)
	eventually(t, "the sessions are revoked (threat 101)", func() bool { _, typ := s.call(id, secret, token); return typ == deniedType })
	f.edit("principals.json", "AROARIDER", "AROARIDER2")
	eventually(t, "the role's sessions have ended (threat 101)", func() bool {
		_, typ := s.call(id, secret, token)
		return typ == unknownType
	})

	_ = s.store.Close()
	expect(http.StatusServiceUnavailable, "ServiceUnavailableException", "AKIAADA", adaSecret, "") // threat 109
}
