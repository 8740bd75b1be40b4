package sigv4auth_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

func TestStaticPolicies(t *testing.T) {
	t.Parallel()
	p := parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)
	given := map[string][]*iampolicy.Policy{userPrincipal.ARN: {p}, "arn:aws:iam::111122223333:role/Rider": {p}}
	store := sigv4auth.StaticPolicies(given)
	given[userPrincipal.ARN][0] = nil // what the caller changes later has no effect
	for arn, want := range map[string]int{
		userPrincipal.ARN: 1, rolePrincipal.ARN: 1, "arn:aws:iam::111122223333:user/mallory": 0, "": 0,
		"arn:aws:sts::111122223333:assumed-role/Other/Rider": 0, "arn:aws:iam::111122223333:role/Rider": 0,
	} {
		set, revision, err := store.Policies(t.Context(), sigv4auth.Identity{Principal: iampolicy.Principal{ARN: arn}})
		if err != nil || len(set.Identity) != want || revision == "" || want == 1 && set.Identity[0] != p {
			t.Errorf("%q: %v, %q, %v", arn, set, revision, err)
		}
	}
}

// TestStaticPoliciesOfNobody: policies under a name that no caller has would never be found; that
// is told where the Authorizer is made.
func TestStaticPoliciesOfNobody(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"arn:aws:iam::111122223333:user/alice":           "",
		"arn:aws:iam::111122223333:root":                 "",
		"arn:aws:iam::111122223333:role/app/Rider":       "",
		"arn:aws:sts::111122223333:federated-user/alice": "",
		"alice":                               `"alice" is no ARN of a user, a role or an account's root`,
		"":                                    `"" is no ARN`,
		"events.amazonaws.com":                `"events.amazonaws.com" is no ARN`,
		"arn:aws:iam::111122223333:group/ops": "is no ARN of a user",
		"arn:aws:sts::111122223333:assumed-role/Rider/alice":     `is a session, whose policies are those of "arn:aws:iam::111122223333:role/Rider"`,
		"arn:aws:sts::111122223333:assumed-role/Dispatch/carola": "is a session",
	} {
		_, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
			Policies: sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{name: nil}), Target: testAPI.Target,
			ResourceAccount: sigv4auth.AccountInARN,
		})
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "AuthorizerConfig.Policies is invalid: StaticPolicies: ")) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
