package iampolicy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
)

// An accessKey is the dimension of one condition key: what a request may have
// there is nothing, one value, or a list of values.
type accessKey struct {
	q    *accessQuestion
	name string // folded
	// tests are the different conditions on the key. Those of required statements
	// come first, and are the first required of them.
	tests    []*condition
	required int
	blockers [][]int // by blocker, its tests
	modelled bool    // values finds all that there are
}

// maxAnyValue bounds the ForAnyValue conditions on one key: their subsets are tried.
const maxAnyValue = 8

func newAccessKey(q *accessQuestion, name string) *accessKey {
	k := &accessKey{q: q, name: name, modelled: true}
	type testKey struct {
		condition string
		deny      bool // and the operator is one that cannot read every value
	}
	known := map[testKey]int{}
	add := func(st *accessStatement) (tests []int) {
		for _, i := range st.on(name) {
			c := &st.conditions[i]
			key := testKey{st.conditionKeys[i], c.deny && !c.readsAll()}
			n, ok := known[key]
			if !ok {
				n = len(k.tests)
				known[key] = n
				k.tests = append(k.tests, c)
			}
			tests = append(tests, n)
		}
		return tests
	}
	for _, st := range q.required {
		add(st)
	}
	// Where a condition of a required Allow holds, the same one of a Deny does.
	for key, n := range maps.Clone(known) {
		if !key.deny {
			known[testKey{key.condition, true}] = n
		}
	}
	k.required = len(k.tests)
	for _, st := range q.blockers {
		k.blockers = append(k.blockers, add(st))
	}
	return k
}

// candidates lists what the request may have for the key.
func (k *accessKey) candidates(fixed *Context) (list []accessCandidate) {
	if !slices.Contains(k.q.variables, k.name) {
		return k.free(list, fixed)
	}
	// The key is a policy variable: it has the value that was fixed, or whichever.
	e := evaluation{context: fixed}
	holds := globset.NewBitset(len(k.tests))
	for i, c := range k.tests {
		if c.holds(&e) {
			holds.Set(i)
		}
		k.q.check.work.spendMatching(&e)
	}
	list = k.candidate(list, holds, realistic, "", func(*Request) {}) // the witness has all that is fixed
	if k.q.pinned {
		return list
	}
	why := fmt.Sprintf("it depends on the value of the policy variable ${%s}", k.name)
	mark := len(list)
	list = k.free(list, nil)
	for i := range list[mark:] {
		c := &list[mark+i]
		c.rank, c.put = unproven, nil
		if c.why == "" {
			c.why = why
		}
	}
	return list
}

// free lists all that any request may have for the key. Without fixed, values of
// policy variables are not known.
func (k *accessKey) free(list []accessCandidate, fixed *Context) []accessCandidate {
	key := k.spelling()
	list = k.entry(list, nil, missingEntry, realistic, "", func(*Request) {})
	unstoppable := k.unstoppable()
	stopsAll := func(c accessCandidate) bool { return c.rank == realistic && c.alive.SubsetOf(unstoppable) }
	add := func(fixed *Context) {
		if slices.ContainsFunc(list, stopsAll) {
			return // there is no better one
		}
		for _, v := range k.values(fixed, k.mustOf(singleEntry)) {
			list = k.entry(list, []accessValue{v}, singleEntry, v.rank, v.why, func(req *Request) { req.Context.Set(key, v.text) })
		}
		if !slices.ContainsFunc(list, stopsAll) {
			list = k.lists(list, fixed)
		}
	}
	if fixed != nil {
		add(fixed)
	}
	if fixed == nil || !k.q.pinned && k.sorts() == textSort {
		add(nil)
	}
	if !k.modelled {
		list = append(list, k.unmodelled())
	}
	return list
}

// spelling returns the key as a policy spells it.
func (k *accessKey) spelling() string { return k.tests[0].key }

type entryKind uint8

const (
	missingEntry entryKind = iota
	singleEntry
	listEntry
)

// mustOf returns the tests that each value of an entry has to pass for the
// required conditions to hold.
func (k *accessKey) mustOf(kind entryKind) []int {
	must := []int{}
	for i, c := range k.tests[:k.required] {
		switch {
		case c.operand == nullOperand:
		case kind == singleEntry, c.quantifier == forAllValues:
			must = append(must, i)
		}
	}
	return must
}

// holds reports whether a test holds of an entry with these values. It is
// condition.holds, for values that may be unknown.
func (k *accessKey) holds(test int, values []accessValue, kind entryKind) bool {
	c := k.tests[test]
	if c.operand == nullOperand {
		return c.bools[0] && (kind == singleEntry || len(values) > 0) || c.bools[1] && kind != singleEntry && len(values) == 0
	}
	passes := func(v accessValue) bool { return v.passes.Has(test) }
	switch {
	case kind == missingEntry && (c.ifExists || c.quantifier == forAllValues):
		return true
	case kind == missingEntry && c.quantifier == single:
		return c.negated
	case c.quantifier == forAllValues:
		return !slices.ContainsFunc(values, func(v accessValue) bool { return !passes(v) })
	case c.quantifier == forAnyValue:
		return slices.ContainsFunc(values, passes)
	}
	return kind == singleEntry && passes(values[0])
}

// entry appends the candidate of an entry, if the required conditions hold of it.
func (k *accessKey) entry(
	list []accessCandidate, values []accessValue, kind entryKind, r plausibility, why string, put func(*Request),
) []accessCandidate {
	holds := globset.NewBitset(len(k.tests))
	for i := range k.tests {
		if k.holds(i, values, kind) {
			holds.Set(i)
		}
	}
	return k.candidate(list, holds, r, why, put)
}

func (k *accessKey) candidate(
	list []accessCandidate, holds globset.Bitset, r plausibility, why string, put func(*Request),
) []accessCandidate {
	for i := range k.required {
		if !holds.Has(i) {
			return list
		}
	}
	alive := k.q.noneAlive()
	for i, tests := range k.blockers {
		if !slices.ContainsFunc(tests, func(n int) bool { return !holds.Has(n) }) {
			alive.Set(i)
		}
	}
	if r == unproven {
		put = nil
	}
	return append(list, accessCandidate{alive: alive, rank: r, put: put, why: why})
}

// lists appends the lists of values, of which each set of ForAnyValue conditions
// that must not hold allows one that is best: all values that pass none of them.
func (k *accessKey) lists(list []accessCandidate, fixed *Context) []accessCandidate {
	var anyOf []int
	r := unusual
	for i, c := range k.tests {
		if c.operand == nullOperand {
			continue
		}
		if c.quantifier != single {
			r = realistic
		} else if i < k.required {
			return list // it never holds of a list
		}
		if i >= k.required && c.quantifier == forAnyValue {
			anyOf = append(anyOf, i)
		}
	}
	if len(anyOf) > maxAnyValue {
		k.q.check.work.exceeded("more than eight ForAnyValue conditions on one key")
		anyOf = anyOf[:maxAnyValue]
	}
	key := k.spelling()
	list = k.entry(list, nil, listEntry, r, "", func(req *Request) { req.Context.SetMany(key) })
	values := k.values(fixed, k.mustOf(listEntry))
	for subset := range 1 << len(anyOf) {
		var allowed []accessValue
		for _, v := range values {
			failsAll := true
			for i, n := range anyOf {
				failsAll = failsAll && (subset&(1<<i) == 0 || !v.passes.Has(n))
			}
			if failsAll {
				allowed = append(allowed, v)
			}
		}
		if len(allowed) == 0 || !k.q.check.work.spend(len(allowed)*len(k.tests)) {
			continue
		}
		allowed = k.shorten(allowed)
		worst, why, texts := r, "", []string{}
		for _, v := range allowed {
			if v.rank > worst {
				worst, why = v.rank, v.why
			}
			texts = append(texts, v.text)
		}
		list = k.entry(list, allowed, listEntry, worst, why, func(req *Request) { req.Context.SetMany(key, texts...) })
	}
	return list
}

// shorten leaves out values without which the same conditions hold.
func (k *accessKey) shorten(values []accessValue) []accessValue {
	same := func(shorter []accessValue) bool {
		for i := range k.tests {
			if k.holds(i, values, listEntry) != k.holds(i, shorter, listEntry) {
				return false
			}
		}
		return true
	}
	short := values
	for i := len(short) - 1; i >= 0 && len(short) > 1; i-- {
		if !k.q.check.work.spend(len(short) * len(k.tests)) {
			break
		}
		if shorter := slices.Delete(slices.Clone(short), i, i+1); same(shorter) {
			short = shorter
		}
	}
	return short
}

// unmodelled is the candidate that stands for all there may be where values are
// compared in ways that are not modelled together: it stops all that it might.
func (k *accessKey) unmodelled() accessCandidate {
	return accessCandidate{
		alive: k.unstoppable(), rank: unproven,
		why: fmt.Sprintf("it depends on values of %s that are compared by operators which are not modelled, or not together", k.spelling()),
	}
}

// unstoppable returns the blockers that have no condition on the key but such as
// are required to hold.
func (k *accessKey) unstoppable() globset.Bitset {
	alive := k.q.noneAlive()
	for i, tests := range k.blockers {
		if !slices.ContainsFunc(tests, func(n int) bool { return n >= k.required }) {
			alive.Set(i)
		}
	}
	return alive
}
