package iampolicy

import (
	"fmt"
	"slices"
)

// An accessStatement is a statement with texts that are the same for elements
// that match the same requests, as far as spelling tells.
type accessStatement struct {
	*statement
	key                                  string // of all elements but Effect and Sid
	actionKey, resourceKey, principalKey string
	conditionKeys                        []string // by condition
	actionEnds, resourceEnds             []accessEnds
}

// accessEnds are the plain texts that all words of a glob begin and end with.
type accessEnds struct{ head, tail string }

func endsOf(list []globItem) (e accessEnds) {
	plain := func(item globItem) bool { return item.kind == globChar || item.kind == globFold }
	n := slices.IndexFunc(list, func(item globItem) bool { return !plain(item) })
	if n < 0 {
		n = len(list)
	}
	e.head = plainText(list[:n])
	if n < len(list) {
		for n = len(list); plain(list[n-1]); n-- {
		}
	} else {
		n = 0 // the glob is its head: it is its tail, too
	}
	e.tail = plainText(list[n:])
	return e
}

func plainText(list []globItem) string {
	text := make([]rune, len(list))
	for i, item := range list {
		text[i] = item.char
	}
	return string(text)
}

// apart reports whether no word can be of both globs, as far as their ends tell.
func (e accessEnds) apart(other accessEnds) bool {
	n, m := min(len(e.head), len(other.head)), min(len(e.tail), len(other.tail))
	return e.head[:n] != other.head[:n] || e.tail[len(e.tail)-m:] != other.tail[len(other.tail)-m:]
}

// apart reports whether no request can match both statements, as far as the ends
// of their actions or those of their resources tell.
func (a *accessStatement) apart(b *accessStatement, work *accessWork) bool {
	all := func(list, others []accessEnds) bool {
		if !work.spend(len(list) * len(others)) {
			return false
		}
		for _, e := range list {
			for _, other := range others {
				if !e.apart(other) {
					return false
				}
			}
		}
		return true
	}
	return !a.notAction && !b.notAction && all(a.actionEnds, b.actionEnds) ||
		!a.notResource && !b.notResource && a.resources != nil && b.resources != nil && all(a.resourceEnds, b.resourceEnds)
}

func newAccessStatement(st *statement) *accessStatement {
	a := &accessStatement{statement: st}
	var g globCompiler
	var actions, resources []string
	for i := range st.actions {
		list, _ := g.pattern(nil, &st.actions[i], false, atMost)
		actions = append(actions, globKey(list, atMost))
		a.actionEnds = append(a.actionEnds, endsOf(list))
	}
	for i := range st.resources {
		resources = append(resources, arnKey(&st.resources[i]))
		if list, ok := g.arn(&st.resources[i], atMost); ok {
			a.resourceEnds = append(a.resourceEnds, endsOf(list))
		}
	}
	a.actionKey = listKey(st.notAction, actions)
	a.resourceKey = listKey(st.notResource, resources)
	if st.principals != nil {
		a.principalKey = fmt.Sprintf("%t %#v", st.notPrincipal, *st.principals)
	}
	for i := range st.conditions {
		a.conditionKeys = append(a.conditionKeys, conditionKey(&st.conditions[i]))
	}
	a.key = listKey(false, append(slices.Clone(a.conditionKeys), "", a.actionKey, a.resourceKey, a.principalKey))
	return a
}

// listKey is the same for lists that differ in order and repetition alone.
func listKey(not bool, list []string) string {
	slices.Sort(list)
	return fmt.Sprintf("%t %q", not, slices.Compact(list))
}

// patternKey spells a pattern with its variables, the same whatever the version.
func patternKey(p *pattern) string {
	var g globCompiler
	list, _ := g.pattern(nil, p, false, atMost)
	names := make([]string, len(g.variables))
	for name, n := range g.variables {
		names[n] = name
	}
	return fmt.Sprintf("%q %q", globKey(list, atMost), names)
}

func arnKey(p *arnPattern) string {
	if p.everything {
		return "everything"
	}
	keys := []string{fmt.Sprint(p.whole), p.head}
	for i := range p.parts {
		keys = append(keys, patternKey(&p.parts[i]))
	}
	return fmt.Sprintf("%q", append(keys, patternKey(&p.tail)))
}

func conditionKey(c *condition) string {
	var values []string
	switch c.operand {
	case stringOperand, binaryOperand:
		for i := range c.patterns {
			values = append(values, patternKey(&c.patterns[i]))
		}
	case arnOperand:
		for i := range c.arns {
			values = append(values, arnKey(&c.arns[i]))
		}
	case addressOperand:
		for _, prefix := range c.prefixes {
			values = append(values, prefix.String())
		}
	case boolOperand, nullOperand:
		values = append(values, fmt.Sprint(c.bools))
	case numberOperand, dateOperand:
		values = slices.Clone(c.texts)
	}
	op := c.operator
	if op.operand == nullOperand {
		op.quantifier = single // it changes nothing before Null
	}
	return fmt.Sprintf("%v %q ", op, foldASCII(c.key)) + listKey(false, values)
}

// variableKeys adds the keys of the policy variables in the statement.
func (a *accessStatement) variableKeys(keys map[string]string) {
	add := func(p *pattern) {
		for i := range p.vars {
			keys[foldASCII(p.vars[i].key)] = p.vars[i].key
		}
	}
	addARN := func(p *arnPattern) {
		for i := range p.parts {
			add(&p.parts[i])
		}
		add(&p.tail)
	}
	for i := range a.resources {
		addARN(&a.resources[i])
	}
	for i := range a.conditions {
		c := &a.conditions[i]
		for j := range c.patterns {
			add(&c.patterns[j])
		}
		for j := range c.arns {
			addARN(&c.arns[j])
		}
	}
}

// on returns the indexes of the conditions on a key, which is folded.
func (a *accessStatement) on(key string) (list []int) {
	for i := range a.conditions {
		if foldASCII(a.conditions[i].key) == key {
			list = append(list, i)
		}
	}
	return list
}
