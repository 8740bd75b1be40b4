package main_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestTheCommandSaysWhatABareNameIs: it is no user, and the explanation says so.
func TestTheCommandSaysWhatABareNameIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ principal, want string }{
		{"alice", `the principal "alice" is no ARN, and taken for a service, which has no policies of its own; a user is arn:aws:iam::ACCOUNT:user/NAME`},
		{"events.amazonaws.com", ""},
	} {
		_, o := simulateJSON(t, allowAll, "-identity", "-", "-principal", tt.principal, "-action", "a:b", "-resource", "arn:aws:s3:::x")
		if o.Allowed || !strings.Contains(o.Explanation, tt.want) || tt.want == "" && strings.Contains(o.Explanation, "principal") {
			t.Errorf("%s: %s", tt.principal, o.Explanation)
		}
	}
}

// TestTheCommandDecidesAsTheLibrary: for one policy, principal and resource the Authorizer, its
// Explain and simulate come to one decision, and say of accounts that differ the same sentence.
func TestTheCommandDecidesAsTheLibrary(t *testing.T) {
	t.Parallel()
	const all = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"orders:*","Resource":"*"}}`
	policy, err := iampolicy.Parse([]byte(all), iampolicy.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "all.json")
	if err := os.WriteFile(file, []byte(all), 0o600); err != nil {
		t.Fatal(err)
	}
	const (
		alice   = "arn:aws:iam::111122223333:user/alice"
		unknown = `the caller is of account "111122223333", and the resource's is not known: then a resource policy has to allow it as well`
		other   = `the caller is of account "111122223333", the resource of "444455556666": ` +
			`across accounts a resource policy has to allow it as well`
	)
	for _, tt := range []struct{ name, action, resource, account, sentence string }{
		{"the account in the ARN", "orders:Get", "arn:acme:orders:eu-1:111122223333:order/7", "", ""},
		{"another account in the ARN", "orders:Get", "arn:acme:orders:eu-1:444455556666:order/7", "", other},
		{"an ARN without account", "orders:Get", "arn:acme:orders:::order/7", "", unknown},
		{"a resource that is no ARN", "orders:Get", "order/7", "", unknown},
		{"the account that is given", "orders:Get", "arn:acme:orders:::order/7", "111122223333", ""},
		{"another account that is given", "orders:Get", "order/7", "444455556666", other},
		{"an action that nothing allows", "invoices:Get", "order/7", "", unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			account := tt.account
			if account == "" {
				account = sigv4auth.AccountInARN
			}
			signer := sigv4test.NewSigner(alice)
			auth, err := sigv4auth.New(signer.Config())
			if err != nil {
				t.Fatal(err)
			}
			authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
				Policies:        sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice: {policy}}),
				Target:          func(*http.Request) (string, string) { return tt.action, tt.resource },
				ResourceAccount: account,
			})
			if err != nil {
				t.Fatal(err)
			}
			r := signer.Sign(httptest.NewRequest(http.MethodGet, "/", nil))
			id, err := auth.Verify(r)
			if err != nil {
				t.Fatal(err)
			}
			refused := sigv4auth.AsError(authz.Check(r, id))
			detail := ""
			if refused != nil {
				detail = refused.Detail
			}
			x, err := authz.Explain(r, id)
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"-identity", file, "-principal", alice, "-action", tt.action, "-resource", tt.resource}
			if tt.account != "" {
				args = append(args, "-resource-account", tt.account)
			}
			_, o := simulateJSON(t, "", args...)
			if o.Allowed != (refused == nil) || x.Decision.Allowed() != o.Allowed || o.Decision != x.Decision.Outcome.String() {
				t.Errorf("Check: %v; Explain: %v; the command: %s", refused, x.Decision.Outcome, o.Decision)
			}
			for where, text := range map[string]string{"Check": detail, "Explain": x.String(), "the command": o.Explanation} {
				if !strings.Contains(text, tt.sentence) || tt.sentence == "" && strings.Contains(text, "of account") {
					t.Errorf("%s says: %s\nwant %q", where, text, tt.sentence)
				}
			}
			if o.Explanation != strings.ReplaceAll(x.String(), "policy 0,", `policy "`+file+`",`) {
				t.Errorf("the command explains\n%s\nthe library\n%s", o.Explanation, x)
			}
			_, stdout, stderr := callArgs("", append([]string{"simulate"}, args...)...)
			if hinted := strings.Contains(stderr, "-resource-account says whose it is"); hinted != (tt.sentence == unknown) ||
				!strings.Contains(stdout, tt.sentence) {
				t.Errorf("%s%s", stdout, stderr)
			}
		})
	}
}
