package sigv4auth_test

import (
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
