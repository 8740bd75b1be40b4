package iampolicy

import (
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
)

// resources are the candidates for the resource: first with the variables'
// values as they are fixed, then, if there are variables, for whatever values.
func (q *accessQuestion) resources(fixed *Context) (list []accessCandidate) {
	list = q.resourceWords(fixed)
	if text := "x"; !slices.ContainsFunc(q.required, func(st *accessStatement) bool { return !matchesNoARN(st.statement) }) {
		alive := q.noneAlive()
		for i, st := range q.blockers {
			if matchesNoARN(st.statement) {
				alive.Set(i)
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
	l := globset.New()
	g := globCompiler{fixed: fixed}
	symbolic := fixed == nil
	s := approximations{symbolic: symbolic}
	l.Require(l.AddTerm(globset.Term{Globs: []globset.Glob{l.AddGlob(globOfARN(), globset.Under)}}))
	compile := func(st *accessStatement, approx globset.Approximation) globset.Term {
		a := globset.Term{Negated: st.notResource}
		for i := range st.statement.resources {
			if items, ok := g.arn(&st.statement.resources[i], approx); ok {
				a.Globs = append(a.Globs, l.AddGlob(items, approx))
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
		n := l.AddTerm(compile(st, s.required(st.notResource, hasVariable)))
		l.Require(n)
		required[st.resourceKey] = n
	}
	blocker := make([]int, len(q.blockers)) // by blocker, its term, or -1
	terms := map[string]int{}
	for i, st := range q.blockers {
		blocker[i] = -1
		if st.statement.resources == nil {
			continue
		}
		n, known := required[st.resourceKey]
		if !known {
			n, known = terms[st.resourceKey]
		}
		if !known {
			n = l.AddTerm(compile(st, s.plain(st.notResource)))
			terms[st.resourceKey] = n
		}
		blocker[i] = n
	}
	unstoppable := q.noneAlive()
	for i, st := range q.blockers {
		if blocker[i] < 0 || !st.notResource && matchesNoARN(st.statement) {
			unstoppable.Set(i)
		}
	}
	q.check.work.witnesses(l, func(word []rune, holds globset.Bitset) bool {
		alive := q.noneAlive()
		q.check.work.spend(len(blocker) / 16)
		for i, n := range blocker {
			if n < 0 || holds.Has(n) {
				alive.Set(i)
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
		return !alive.SubsetOf(unstoppable)
	})
	return list
}

// approximations chooses how the globs of each element may err. Where nothing is
// unknown it is all the same, and one choice lets equal globs be one.
type approximations struct {
	symbolic bool
	anchored bool
}

// required chooses for an element that must match. The first one with variables
// is taken exactly, its variables being symbols; all others must then allow for
// what the symbols may stand for.
func (s *approximations) required(negated, hasVariable bool) globset.Approximation {
	if !s.symbolic || negated {
		return globset.Under
	}
	if hasVariable && !s.anchored {
		s.anchored = true
		return globset.Under
	}
	return globset.Over
}

// plain chooses for an element that must not match, or with more true, for one
// whose match matters the other way round.
func (s *approximations) plain(more bool) globset.Approximation {
	if s.symbolic && more {
		return globset.Over
	}
	return globset.Under
}

// globAffixes are the plain texts that all words of a glob begin and end with.
type globAffixes struct {
	head, tail string
	plain      bool // the glob is its head
	open       bool // the glob is its head and whatever follows
}

func endsOf(list []globset.Item) (e globAffixes) {
	plain := func(item globset.Item) bool { return item.Kind == globset.Char || item.Kind == globset.Fold }
	n := slices.IndexFunc(list, func(item globset.Item) bool { return !plain(item) })
	if n < 0 {
		n = len(list)
	}
	e.head, e.plain = plainText(list[:n]), n == len(list)
	e.open = n == len(list)-1 && list[n].Kind.IsStar()
	if n < len(list) {
		for n = len(list); plain(list[n-1]); n-- {
		}
	} else {
		n = 0 // the glob is its head: it is its tail, too
	}
	e.tail = plainText(list[n:])
	return e
}

func plainText(list []globset.Item) string {
	text := make([]rune, len(list))
	for i, item := range list {
		text[i] = item.Char
	}
	return string(text)
}

// A globAffixList has the ends of a glob: of an ARN, those of each part but the first.
// Of the lone star of Resource, which matches more than ARNs, there are none.
type globAffixList []globAffixes

// endsOfARN takes the items of an ARN's pattern apart at its first five colons.
func endsOfARN(p *arnPattern) (ends globAffixList) {
	var g globCompiler
	list, _ := g.arn(p, globset.Under)
	for !p.everything && len(ends) < 5 {
		_, list = cutColon(list)
		part := list
		if len(ends) < 4 {
			part, _ = cutColon(list)
		}
		ends = append(ends, endsOf(part))
	}
	return ends
}

// cutColon returns what is before the first colon, and what is behind it.
func cutColon(list []globset.Item) (before, after []globset.Item) {
	n := slices.Index(list, globset.Item{Kind: globset.Char, Char: ':'})
	return list[:n], list[n+1:]
}

// apart reports whether no word can be of both globs, as far as their ends tell.
func (e globAffixList) apart(other globAffixList) bool {
	for i := range min(len(e), len(other)) {
		if e[i].apart(other[i]) {
			return true
		}
	}
	return false
}

// covers reports whether all words of the other glob are words of this one, as
// far as their ends tell.
func (e globAffixList) covers(other globAffixList) bool {
	for i := range e {
		if other == nil || !e[i].covers(other[i]) {
			return false
		}
	}
	return true
}

// apart is the same for one part.
func (e globAffixes) apart(other globAffixes) bool {
	n, m := min(len(e.head), len(other.head)), min(len(e.tail), len(other.tail))
	return e.head[:n] != other.head[:n] || e.tail[len(e.tail)-m:] != other.tail[len(other.tail)-m:]
}

// covers is the same for one part.
func (e globAffixes) covers(other globAffixes) bool {
	return e.open && strings.HasPrefix(other.head, e.head) || e.plain && other.plain && e.head == other.head
}

// covers reports whether every request that all required statements match is
// sure to match this one, as far as keys and ends tell.
func (a *accessStatement) covers(required []*accessStatement, work *accessWork) bool {
	all := func(list, others []globAffixList) bool {
		return work.spend(len(list)*len(others)) && !slices.ContainsFunc(others, func(other globAffixList) bool {
			return !slices.ContainsFunc(list, func(e globAffixList) bool { return e.covers(other) })
		})
	}
	some := func(covered func(*accessStatement) bool) bool { return slices.ContainsFunc(required, covered) }
	for _, key := range a.conditionKeys {
		// Where an Allow's condition holds, so does the same one of a Deny. The other way round a
		// value that cannot be read would tell them apart; where a Deny is required, all are
		// Denies.
		if !some(func(st *accessStatement) bool { return slices.Contains(st.conditionKeys, key) }) {
			return false
		}
	}
	return (a.principals == nil || some(func(st *accessStatement) bool { return st.principalKey == a.principalKey })) &&
		some(func(st *accessStatement) bool {
			return st.actionKey == a.actionKey || !a.notAction && !st.notAction && all(a.actionEnds, st.actionEnds)
		}) &&
		(a.resources == nil || some(func(st *accessStatement) bool {
			return st.resourceKey == a.resourceKey ||
				!a.notResource && !st.notResource && st.resources != nil && all(a.resourceEnds, st.resourceEnds)
		}))
}

// apart reports whether no request can match both statements, as far as the ends
// of their actions or those of their resources tell.
func (a *accessStatement) apart(b *accessStatement, work *accessWork) bool {
	all := func(list, others []globAffixList) bool {
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
