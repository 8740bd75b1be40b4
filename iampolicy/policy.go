package iampolicy

// A Policy is a compiled policy document. It is immutable and safe for
// concurrent use. [Parse] makes one; the zero Policy belongs nowhere, and a
// [Set] that holds it denies.
type Policy struct {
	kind Kind
	name string
}

// Kind returns the kind that the policy was parsed as.
func (p *Policy) Kind() Kind { return p.kind }

// Name returns what [WithName] gave, or "".
func (p *Policy) Name() string { return p.name }
