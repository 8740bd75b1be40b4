package iampolicy

// A PolicyType is what a policy is attached to, and so what it can do. Each has its own rules of
// what a document may and must contain, and its own place in a [Set]. The zero PolicyType is none
// of them.
type PolicyType uint8

const (
	IdentityPolicy      PolicyType = iota + 1 // attached to a user, a group or a role
	ResourcePolicy                            // attached to a resource: says who may do what with it
	SessionPolicy                             // passed when temporary credentials were issued; limits them
	PermissionsBoundary                       // a permissions boundary: limits a user or a role
	SCP                                       // a service control policy: limits the principals of an account
	RCP                                       // a resource control policy: limits access to the resources of an account
	TrustPolicy                               // a role's trust policy: says who may assume the role
)

// String returns AWS's name of the policy type.
func (k PolicyType) String() string {
	switch k {
	case IdentityPolicy:
		return "identity policy"
	case ResourcePolicy:
		return "resource policy"
	case SessionPolicy:
		return "session policy"
	case PermissionsBoundary:
		return "permissions boundary"
	case SCP:
		return "service control policy"
	case RCP:
		return "resource control policy"
	case TrustPolicy:
		return "role trust policy"
	}
	return "no policy"
}

// MarshalText returns what String does.
func (k PolicyType) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
