package iampolicy

// A Policy is a compiled policy document. It is immutable and safe for
// concurrent use. [Parse] makes one; the zero Policy is of no kind, and a [Set]
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
