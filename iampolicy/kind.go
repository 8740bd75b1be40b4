package iampolicy

// A Kind is a policy type. Each has its own rules of what a document may and
// must contain, and its own place in a [Set]. The zero Kind is none of them.
type Kind uint8

const (
	Identity Kind = iota + 1 // attached to a user, a group or a role
	Resource                 // attached to a resource: says who may do what with it
	Session                  // passed when temporary credentials were issued; limits them
	Boundary                 // a permissions boundary: limits a user or a role
	SCP                      // a service control policy: limits the principals of an account
	RCP                      // a resource control policy: limits access to the resources of an account
	Trust                    // a role's trust policy: says who may assume the role
)

// String returns AWS's name of the policy type.
func (k Kind) String() string {
	switch k {
	case Identity:
		return "identity policy"
	case Resource:
		return "resource policy"
	case Session:
		return "session policy"
	case Boundary:
		return "permissions boundary"
	case SCP:
		return "service control policy"
	case RCP:
		return "resource control policy"
	case Trust:
		return "role trust policy"
	}
	return "no policy"
}
