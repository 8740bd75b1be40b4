package iampolicy

// maxAccessPins bounds the values that conditions leave to policy variables.
const maxAccessPins = 16

// pins returns all values that the policy variables can have, if the conditions
// that are required name them. Without variables that is one: none.
func (q *accessQuestion) pins() (pins []*Context, ok bool) {
	pins = []*Context{{}}
	for _, key := range q.variables {
		values, ok := q.pinnedTo(key)
		if !ok || len(pins)*len(values) > maxAccessPins {
			return nil, false
		}
		var more []*Context
		for _, pin := range pins {
			for _, value := range values {
				fixed := &Context{}
				for have := range pin.Keys() {
					values, _, _ := pin.Get(have)
					fixed.Set(have, values[0])
				}
				fixed.Set(key, value)
				more = append(more, fixed)
			}
		}
		pins = more
	}
	return pins, true
}

// pinnedTo returns the values that a required condition leaves to a key.
func (q *accessQuestion) pinnedTo(key string) (values []string, ok bool) {
	for _, st := range q.required {
		for _, i := range st.on(key) {
			if values, ok = st.conditions[i].literals(); ok {
				return values, true
			}
		}
	}
	return nil, false
}

// literals returns the values of which a key must have one for the condition to
// hold, if the condition names them.
func (c *condition) literals() (values []string, ok bool) {
	if c.operand != stringOperand || c.negated || c.ifExists || c.quantifier != single {
		return nil, false
	}
	for i := range c.patterns {
		if p := &c.patterns[i]; p.shape != literal || p.fold {
			return nil, false
		}
		values = append(values, c.patterns[i].text)
	}
	return values, true
}
