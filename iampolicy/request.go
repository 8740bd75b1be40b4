package iampolicy

// A Request is what [Evaluate] decides on. Evaluate takes every string as data:
// a star in a Resource is a star.
type Request struct {
	Principal Principal
	// Action is service:name, as execute-api:Invoke. Empty, or without a
	// service, it matches no statement.
	Action string
	// Resource is the ARN of what is asked for, without wildcards.
	Resource string
	// ResourceAccount is the account that owns the resource. Where it is not
	// the principal's, the rules for cross-account access hold, by which a
	// resource policy must grant too. Empty, it equals no account.
	ResourceAccount string
	// Context holds the condition keys. Evaluate adds none.
	Context Context
}

// A Set holds all policies that apply to one request. A nil policy in it, or
// one whose type does not belong where it stands, makes the Set deny every
// request.
type Set struct {
	// Identity holds the policies of the user and its groups, or of the role.
	Identity []*Policy
	// Boundaries holds permissions boundaries. AWS attaches at most one; of
	// several each must allow.
	Boundaries []*Policy
	// Sessions holds the policies passed when the session was made: of several
	// one must allow.
	Sessions []*Policy
	// Resource is the policy of the resource, of type ResourcePolicy, or for
	// sts:AssumeRole and its like the role's, of type TrustPolicy. A trust
	// policy must itself allow; a resource policy in the caller's account need
	// not.
	Resource *Policy
	// SCPs holds the service control policies of the principal's account by
	// level, root first. Every level must allow, an empty level too; no levels
	// at all is an account without organization.
	SCPs [][]*Policy
	// RCPs holds the resource control policies of the resource's account by
	// level, root first. AWS's RCPFullAWSAccess is implied.
	RCPs [][]*Policy
}

// wellFormed reports whether every policy is there and of the type of its
// place.
func (s *Set) wellFormed() bool {
	all := func(policies []*Policy, kind PolicyType) bool {
		for _, p := range policies {
			if p == nil || p.typ != kind {
				return false
			}
		}
		return true
	}
	for _, policies := range s.SCPs {
		if !all(policies, SCP) {
			return false
		}
	}
	for _, policies := range s.RCPs {
		if !all(policies, RCP) {
			return false
		}
	}
	return all(s.Identity, IdentityPolicy) && all(s.Boundaries, PermissionsBoundary) && all(s.Sessions, SessionPolicy) &&
		(s.Resource == nil || s.Resource.typ == ResourcePolicy || s.Resource.typ == TrustPolicy)
}
