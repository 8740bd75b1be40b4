package iampolicy

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
	"github.com/wildgate/wildgate/internal/ascii"
)

// An accessStatement is a statement with texts that are the same for elements
// that match the same requests, as far as spelling tells.
type accessStatement struct {
	*statement
	key                                  string // of all elements but Effect and Sid
	actionKey, resourceKey, principalKey string
	conditionKeys                        []string // by condition
	actionEnds, resourceEnds             []globAffixList
}

func newAccessStatement(st *statement) *accessStatement {
	a := &accessStatement{statement: st}
	var g globCompiler
	var actions, resources []string
	for i := range st.actions {
		list, _ := g.pattern(nil, &st.actions[i], false, globset.Under)
		actions = append(actions, globset.Key(list, globset.Under))
		a.actionEnds = append(a.actionEnds, globAffixList{endsOf(list)})
	}
	for i := range st.resources {
		resources = append(resources, arnKey(&st.resources[i]))
		a.resourceEnds = append(a.resourceEnds, endsOfARN(&st.resources[i]))
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
	key := keyOf(slices.Compact(list)...)
	if not {
		key = "not " + key
	}
	return key
}

// keyOf joins texts so that other texts make another key.
func keyOf(list ...string) string {
	n := 0
	for _, text := range list {
		n += len(text) + 4
	}
	b := make([]byte, 0, n)
	for _, text := range list {
		b = append(strconv.AppendInt(b, int64(len(text)), 10), ':')
		b = append(b, text...)
	}
	return string(b)
}

// patternKey spells a pattern with its variables, the same whatever the version.
func patternKey(p *pattern) string {
	var g globCompiler
	list, _ := g.pattern(nil, p, false, globset.Under)
	texts := make([]string, 1+len(g.variables))
	texts[0] = globset.Key(list, globset.Under)
	for name, n := range g.variables {
		texts[1+n] = name
	}
	return keyOf(texts...)
}

func arnKey(p *arnPattern) string {
	if p.everything {
		return "everything"
	}
	keys := []string{"parts", p.head}
	if p.whole {
		keys[0] = "whole"
	}
	for i := range p.parts {
		keys = append(keys, patternKey(&p.parts[i]))
	}
	return keyOf(append(keys, patternKey(&p.tail))...)
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
	return fmt.Sprintf("%v %q ", op, ascii.ToLower(c.key)) + listKey(false, values)
}

// variableKeys adds the keys of the policy variables in the statement.
func (a *accessStatement) variableKeys(keys map[string]string) {
	add := func(p *pattern) {
		for _, v := range p.variables() {
			keys[ascii.ToLower(v.key)] = v.key
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
		if ascii.ToLower(a.conditions[i].key) == key {
			list = append(list, i)
		}
	}
	return list
}
