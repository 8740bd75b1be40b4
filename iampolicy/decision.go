package iampolicy

// An Outcome is what policies say to a request.
type Outcome uint8

const (
	ImplicitDeny Outcome = iota // nothing allows it
	ExplicitDeny                // a Deny statement matches
	Allow                       // it is allowed
)

// String returns AWS's name of the outcome.
func (o Outcome) String() string {
	switch o {
	case ImplicitDeny:
		return "implicitDeny"
	case ExplicitDeny:
		return "explicitDeny"
	case Allow:
		return "allowed"
	}
	return "invalid"
}

// MarshalText returns what String does.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// A Decision is the answer of [Evaluate]. The zero Decision denies.
//
// PolicyType and the fields after it name the first deciding statement, first
// in the order of the Set: for ExplicitDeny a Deny that matched, for Allow the
// Allow that granted. They are for logs; nothing of them should reach the
// caller, since they tell of the policies.
type Decision struct {
	Outcome Outcome
	// OverBudget means that the evaluation would have cost more than its fixed budget, and
	// denies for that alone. No statement is named then. See Evaluate.
	OverBudget bool
	// PolicyType is zero, and the fields after it too, where no statement
	// decided: for ImplicitDeny, and for a root user in its own account.
	PolicyType PolicyType
	// Level is the level within the SCPs or RCPs of the Set.
	Level int
	// Policy is the index of the policy within its place (and level) of the Set.
	Policy int
	// PolicyName is what WithName gave the policy.
	PolicyName string
	// Statement is the index of the statement in its document, from zero.
	Statement int
	// Sid is the statement's Sid.
	Sid string
}

// Allowed reports whether the request may proceed.
func (d Decision) Allowed() bool { return d.Outcome == Allow }
