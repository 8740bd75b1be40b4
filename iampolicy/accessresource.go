package iampolicy

import "slices"

// resources are the candidates for the resource: first with the variables'
// values as they are fixed, then, if there are variables, for whatever values.
func (q *accessQuestion) resources(fixed *Context) (list []accessCandidate) {
	list = q.resourceWords(fixed)
	if text := "x"; !slices.ContainsFunc(q.required, func(st *accessStatement) bool { return !matchesNoARN(st.statement) }) {
		alive := q.noneAlive()
		for i, st := range q.blockers {
			if matchesNoARN(st.statement) {
				alive.set(i)
			}
		}
		list = append(list, accessCandidate{alive: alive, rank: unusual, put: func(req *Request) { req.Resource = text }})
	}
	if q.pinned {
		return list
	}
	return append(list, q.resourceWords(nil)...)
}

// matchesNoARN reports whether a resource matches that is not an ARN: only the
// lone star does.
func matchesNoARN(st *statement) bool {
	return st.resources == nil || slices.ContainsFunc(st.resources, func(p arnPattern) bool { return p.everything }) != st.notResource
}

// resourceWords are the candidates that are ARNs. Without fixed values the
// required statements match too much rather than too little, and the blockers too
// little rather than too much.
func (q *accessQuestion) resourceWords(fixed *Context) (list []accessCandidate) {
	l := newLanguage()
	g := globCompiler{fixed: fixed}
	symbolic := fixed == nil
	s := polarities{symbolic: symbolic}
	l.must = append(l.must, l.atom(accessAtom{globs: []int32{l.glob(globOfARN(), under)}}))
	compile := func(st *accessStatement, pol approximation) accessAtom {
		a := accessAtom{negated: st.notResource}
		for i := range st.statement.resources {
			if items, ok := g.arn(&st.statement.resources[i], pol); ok {
				a.globs = append(a.globs, l.glob(items, pol))
			}
		}
		return a
	}
	required := map[string]int{}
	for _, st := range q.required {
		if st.statement.resources == nil {
			continue
		}
		hasVariable := slices.ContainsFunc(st.statement.resources, func(p arnPattern) bool { return len(p.tail.variables()) > 0 })
		n := l.atom(compile(st, s.required(st.notResource, hasVariable)))
		l.must = append(l.must, n)
		required[st.resourceKey] = n
	}
	blocker := make([]int, len(q.blockers)) // by blocker, its atom, or -1
	atoms := map[string]int{}
	for i, st := range q.blockers {
		blocker[i] = -1
		if st.statement.resources == nil {
			continue
		}
		n, known := required[st.resourceKey]
		if !known {
			n, known = atoms[st.resourceKey]
		}
		if !known {
			n = l.atom(compile(st, s.plain(st.notResource)))
			atoms[st.resourceKey] = n
		}
		blocker[i] = n
	}
	unstoppable := q.noneAlive()
	for i, st := range q.blockers {
		if blocker[i] < 0 || !st.notResource && matchesNoARN(st.statement) {
			unstoppable.set(i)
		}
	}
	l.words(&q.check.work, func(word []rune, holds bitset) bool {
		alive := q.noneAlive()
		q.check.work.spend(len(blocker) / 16)
		for i, n := range blocker {
			if n < 0 || holds.has(n) {
				alive.set(i)
			}
		}
		c := accessCandidate{alive: alive}
		if symbolic {
			c.rank, c.why = unproven, "it depends on the value of a policy variable in Resource or NotResource"
		} else {
			text := string(word)
			c.put = func(req *Request) { req.Resource = text }
		}
		list = append(list, c)
		return !subset(alive, unstoppable)
	})
	return list
}

// polarities chooses how the globs of each element may err. Where nothing is
// unknown it is all the same, and one choice lets equal globs be one.
type polarities struct {
	symbolic bool
	anchored bool
}

// required chooses for an element that must match. The first one with variables
// is taken exactly, its variables being symbols; all others must then allow for
// what the symbols may stand for.
func (s *polarities) required(negated, hasVariable bool) approximation {
	if !s.symbolic || negated {
		return under
	}
	if hasVariable && !s.anchored {
		s.anchored = true
		return under
	}
	return over
}

// plain chooses for an element that must not match, or with over true, for one
// whose match matters the other way round.
func (s *polarities) plain(more bool) approximation {
	if s.symbolic && more {
		return over
	}
	return under
}
