package iampolicy

import "iter"

// ConditionKeys returns an iterator over the condition keys that the policy looks at, each with the
// index in the document of a statement that does: those of its conditions and of its policy
// variables, as they are spelled. A key comes as often as it is named.
func (p *Policy) ConditionKeys() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i := range p.statements {
			st := &p.statements[i]
			for key := range st.keys() {
				if !yield(st.index, key) {
					return
				}
			}
		}
	}
}

// keys returns the condition keys that the statement looks at.
func (st *statement) keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !variableKeys(nil, st.resources, yield) {
			return
		}
		for i := range st.conditions {
			c := &st.conditions[i]
			if !yield(c.key) || !variableKeys(c.patterns, c.arns, yield) {
				return
			}
		}
	}
}

// variableKeys yields the keys of the policy variables in patterns, until yield returns false.
func variableKeys(patterns []pattern, arns []arnPattern, yield func(string) bool) (more bool) {
	of := func(patterns []pattern) bool {
		for i := range patterns {
			for _, v := range patterns[i].variables() {
				if !yield(v.key) {
					return false
				}
			}
		}
		return true
	}
	if !of(patterns) {
		return false
	}
	for i := range arns {
		if !of(arns[i].parts) || !of([]pattern{arns[i].tail}) {
			return false
		}
	}
	return true
}
