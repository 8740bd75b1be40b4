package iampolicy

import (
	"fmt"
	"slices"
)

const (
	// maxAccessAttempts bounds how many values of the policy variables are guessed.
	maxAccessAttempts = 8
	// maxAccessPins bounds the values that conditions leave to them.
	maxAccessPins = 16
)

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

// guess gives the policy variables values, others in each attempt: a name that is
// in no policy, none, and those that the conditions on their keys speak of.
func (q *accessQuestion) guess(attempt int) *Context {
	fixed := &Context{}
	for i, key := range q.variables {
		values := q.spokenOf(key)
		switch n := attempt - 2; {
		case attempt == 1:
		case attempt > 1 && len(values) > 0:
			fixed.Set(key, values[n%len(values)])
		default:
			fixed.Set(key, fmt.Sprintf("witness%d", i+1))
		}
	}
	return fixed
}

// spokenOf returns values that conditions on the key speak of: one that each of
// their patterns matches.
func (q *accessQuestion) spokenOf(key string) (list []string) {
	for _, st := range slices.Concat(q.required, q.blockers) {
		for _, i := range st.on(key) {
			for j := range st.conditions[i].patterns {
				if text := shortest(&st.conditions[i].patterns[j]); text != "" && !slices.Contains(list, text) {
					list = append(list, text)
				}
			}
		}
	}
	return list
}

// shortest returns a text that the pattern matches, or "" if it has variables.
func shortest(p *pattern) string {
	var g globCompiler
	items, _ := g.pattern(nil, p, false, atMost)
	var text []rune
	for _, item := range items {
		switch item.kind {
		case globChar, globFold:
			text = append(text, item.char)
		case globAny, globAnyPart:
			text = append(text, 'x')
		case globVariable:
			return ""
		case globStar, globStarPart, globEnd:
		}
	}
	return string(text)
}
