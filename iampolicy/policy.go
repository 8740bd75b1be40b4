package iampolicy

// A Policy is a compiled policy document. It is immutable and safe for
// concurrent use. [Parse] makes one; the zero Policy has no type, and a [Set]
// that holds it denies.
type Policy struct {
	typ  PolicyType
	name string
	// What the document says, for the printer; both are "" where they are missing.
	version, id string
	api         *apiGateway // that short forms of resources stand for; nil where they may not stand
	// statements has the Deny statements first, each effect in the order of the document.
	statements []statement
	denies     int    // how many of them deny
	keys       uint64 // the bits of the condition keys that they may look at
	// deny and allow index the statements of each effect; nil where there are few.
	deny, allow *statementIndex
}

// Type returns the type that the policy was parsed as.
func (p *Policy) Type() PolicyType { return p.typ }

// Name returns what [WithName] gave, or "".
func (p *Policy) Name() string { return p.name }

// arrange sorts the statements by effect.
func (p *Policy) arrange() {
	sorted := make([]statement, 0, len(p.statements))
	for _, deny := range [...]bool{true, false} {
		for i := range p.statements {
			if p.statements[i].deny == deny {
				sorted = append(sorted, p.statements[i])
			}
		}
		if deny {
			p.denies = len(sorted)
		}
	}
	p.statements = sorted
	p.deny, p.allow = newIndex(p.with(true)), newIndex(p.with(false))
}

// indexOf returns the index of one effect.
func (p *Policy) indexOf(deny bool) *statementIndex {
	if deny {
		return p.deny
	}
	return p.allow
}

// with returns the statements of one effect.
func (p *Policy) with(deny bool) []statement {
	if deny {
		return p.statements[:p.denies]
	}
	return p.statements[p.denies:]
}

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

func withArticle(k PolicyType) string {
	if k == IdentityPolicy {
		return "an " + k.String()
	}
	return "a " + k.String()
}
