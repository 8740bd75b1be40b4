package iampolicy

import (
	"slices"
	"strings"
)

// globAffixes are the plain texts that all words of a glob begin and end with.
type globAffixes struct {
	head, tail string
	plain      bool // the glob is its head
	open       bool // the glob is its head and whatever follows
}

func endsOf(list []globItem) (e globAffixes) {
	plain := func(item globItem) bool { return item.kind == globChar || item.kind == globFold }
	n := slices.IndexFunc(list, func(item globItem) bool { return !plain(item) })
	if n < 0 {
		n = len(list)
	}
	e.head, e.plain = plainText(list[:n]), n == len(list)
	e.open = n == len(list)-1 && list[n].kind.isStar()
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

// A globAffixList has the ends of a glob: of an ARN, those of each part but the first.
// Of the lone star of Resource, which matches more than ARNs, there are none.
type globAffixList []globAffixes

// endsOfARN takes the items of an ARN's pattern apart at its first five colons.
func endsOfARN(p *arnPattern) (ends globAffixList) {
	var g globCompiler
	list, _ := g.arn(p, under)
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
func cutColon(list []globItem) (before, after []globItem) {
	n := slices.Index(list, globItem{kind: globChar, char: ':'})
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
