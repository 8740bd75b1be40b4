package sigv4auth

import (
	"context"
	"slices"

	"github.com/wildgate/wildgate/iampolicy"
)

// PolicyStore finds the policies that bear on a caller.
//
// Policies returns the policies that are attached to id's principal, and a revision that names their state, for the audit. No
// policies at all is the empty Set, which allows nothing; an error means that the store failed: the request is answered with 503, and
// never admitted. A policy that is attached but cannot be read is a nil policy in the Set, which denies. The session policies of
// id's session are added by the Authorizer; a store returns none for such a session.
//
// Policies is called from many goroutines at once. What it returns is not changed.
type PolicyStore interface {
	Policies(ctx context.Context, id Identity) (set iampolicy.Set, revision string, err error)
}

// StaticPolicies returns a store of fixed identity policies. Each principal is named by the ARN that aws:PrincipalArn holds: a user's, a
// federated user's or an account root's own, and for the session of a role the role's. A principal that is not named has no policies.
func StaticPolicies(byPrincipal map[string][]*iampolicy.Policy) PolicyStore {
	s := make(staticPolicies, len(byPrincipal))
	for arn, policies := range byPrincipal {
		s[arn] = slices.Clone(policies)
	}
	return s
}

// staticPolicies is never changed once made.
type staticPolicies map[string][]*iampolicy.Policy

// staticRevision is the revision of policies that do not change while the program runs.
const staticRevision = "static"

func (s staticPolicies) Policies(_ context.Context, id Identity) (iampolicy.Set, string, error) {
	return iampolicy.Set{Identity: s[id.Principal.PrincipalARN()]}, staticRevision, nil
}
