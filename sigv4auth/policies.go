package sigv4auth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// PolicyStore finds the policies that apply to a caller.
//
// Policies returns the policies that are attached to id's principal, and a revision that names
// their state, for the audit. No policies at all is the empty Set, which allows nothing; an error
// means that the store failed: the request is answered with 503, and never admitted. A policy that
// is attached but cannot be read is a nil policy in the Set, which denies. The session policies of
// id's session are added by the Authorizer; a store returns none for such a session.
//
// One request is decided by one state. If id.Revision is not empty, it names the state that the
// credential was read from, and the policies MUST be those of that state, in which id.AccessKeyID
// is active and its principal has the ARN and the unique ID of id.Principal. A store may answer
// from a later state if all of these, and the policies, are the same in it. A store that cannot
// tell, or no longer has that state, returns an error that wraps [ErrRevisionGone]: it MUST NOT
// answer by the ARN alone, since the principal may have been deleted and created again with other
// rights. [Authenticator.Require] then looks the credential up again, refuses the request if it no
// longer verifies, and asks once more; a second such error is answered with 503, and so is the
// first one where Check is called without Require.
//
// If id.Revision is empty, the credential store names no states, and the policies are the
// principal's current ones. They can then be newer than the credential, by the time between the two
// calls, which is at most a second if a body arrived in between. Separate stores for credentials
// and policies SHOULD share revisions to rule that out, and MUST NOT give one revision two
// meanings.
//
// Policies is called from many goroutines at once. It must return when ctx, the request's context,
// ends. Neither the Authorizer nor, later, the store may change what it returned. Package storetest
// checks a store against this contract.
type PolicyStore interface {
	Policies(ctx context.Context, id Identity) (set iampolicy.Set, revision string, err error)
}

// StaticPolicies returns a store of fixed identity policies. Each principal is named by the ARN
// that aws:PrincipalArn holds: a user's, a federated user's or an account root's own, and for the
// session of a role the role's. A principal that is not named has no policies. A name that no
// principal can have there is reported by [NewAuthorizer]. The policies do not depend on the state
// of the credential store, so id.Revision does not matter.
func StaticPolicies(byPrincipal map[string][]*iampolicy.Policy) PolicyStore {
	s := make(staticPolicies, len(byPrincipal))
	for arn, policies := range byPrincipal {
		s[arn] = slices.Clone(policies)
	}
	return s
}

// staticPolicies is never changed once made.
type staticPolicies map[string][]*iampolicy.Policy

// check returns every name for which no policies will ever be looked for.
func (s staticPolicies) check() error {
	var mistakes []error
	for _, arn := range slices.Sorted(maps.Keys(s)) {
		p := iampolicy.Principal{ARN: arn}
		switch of := p.PrincipalARN(); {
		case of == arn && arn != "" || of == "" && strings.HasPrefix(arn, "arn:") && strings.Contains(arn, ":role/"):
		case of != "":
			mistakes = append(mistakes, fmt.Errorf("StaticPolicies: %q is a session, whose policies are those of %q", arn, of))
		default:
			mistakes = append(mistakes, fmt.Errorf("StaticPolicies: %q is no ARN of a user, a role or an account's root, "+
				"such as arn:aws:iam::111122223333:user/alice", arn))
		}
	}
	return errors.Join(mistakes...)
}

// staticRevision is the revision of policies that do not change while the program runs.
const staticRevision = "static"

func (s staticPolicies) Policies(_ context.Context, id Identity) (iampolicy.Set, string, error) {
	return iampolicy.Set{Identity: s[id.Principal.PrincipalARN()]}, staticRevision, nil
}
