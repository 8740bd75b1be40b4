package iampolicy

import "strings"

const (
	// A list with so many patterns to search for, on so long a text, is searched together.
	listPatterns = 4
	listBytes    = 128
)

// searches reports whether the pattern has a run between two stars with a question mark
// in it, and no variables: such runs are looked for by a shiftAnd.
func (p *pattern) searches() bool {
	return p.body != nil && p.texts == nil && len(p.vars) == 0 && len(p.runs) > 2
}

// searchedTail returns the pattern of what follows on the head, if it searches and is all else that
// there is to the ARN's pattern; or else nil.
func (p *arnPattern) searchedTail() *pattern {
	if p.everything || p.whole || p.parts != nil || !p.tail.searches() {
		return nil
	}
	return &p.tail
}

// manySearch reports whether so many patterns search that it pays to do it together.
func manySearch(list []pattern) bool {
	n := 0
	for i := range list {
		if list[i].searches() {
			if n++; n == listPatterns {
				return true
			}
		}
	}
	return false
}

// manySearchARN is manySearch for patterns of ARNs.
func manySearchARN(list []arnPattern) bool {
	n := 0
	for i := range list {
		if list[i].searchedTail() != nil {
			if n++; n == listPatterns {
				return true
			}
		}
	}
	return false
}

// matchesAny reports whether one of the patterns matches s, which is of at most maxTextBytes.
// Those that search, and have at most 63 elements, go through s together, as many at a time as
// a shiftAnd has room for: a list takes time in proportion to len(s) × ⌈its length/64⌉, and not
// a search for each. It is apart so that others do not pay for the tables.
func matchesAny(list []pattern, s string, e *evaluation, unknownMatches bool) bool {
	var bits [strayWords]uint64
	// Of one list all patterns fold, or none does.
	b := patternBatch{m: matcher{e: e, fold: list[0].fold, whole: len(s)}, text: s}
	b.m.stray, b.m.known = b.m.strays(bits[:], s), true
	for i := range list {
		if e.spend(len(s)); e.over() {
			return false
		}
		p := &list[i]
		if p.searches() {
			if b.add("", p) {
				return true
			}
		} else if p.match(s, e, unknownMatches) {
			return true
		}
	}
	return b.matches()
}

// matchesAnyARN is matchesAny for patterns of ARNs.
func matchesAnyARN(list []arnPattern, s string, e *evaluation, unknownMatches bool) bool {
	var bits [strayWords]uint64
	b := patternBatch{m: matcher{e: e, whole: len(s)}, text: s}
	b.m.stray, b.m.known = b.m.strays(bits[:], s), true
	for i := range list {
		if e.spend(len(s)); e.over() {
			return false
		}
		p := &list[i]
		if tail := p.searchedTail(); tail != nil {
			if b.add(p.head, tail) {
				return true
			}
		} else if p.match(s, e, unknownMatches) {
			return true
		}
	}
	return b.matches()
}

// A patternBatch is patterns in one shiftAnd, for the same part of a text.
type patternBatch struct {
	m           matcher
	text        string
	a           shiftAnd
	head        int // the patterns are for what is behind so many bytes
	first, last uint64
}

// mayMatch looks at what s begins and ends with.
func (b *patternBatch) mayMatch(runs [][]part, s string) bool {
	n, ok := b.m.begins(runs[0], s)
	if !ok {
		return false
	}
	_, ok = b.m.ends(runs[len(runs)-1], s[n:])
	return ok
}

// add adds a pattern for what follows on a head, with a state before it, and after each star
// one that stays. Where there is no room left it reports first whether one of the others matches,
// and a pattern that is too long for any room it matches at once.
func (b *patternBatch) add(head string, p *pattern) (matched bool) {
	if !strings.HasPrefix(b.text, head) || !b.mayMatch(p.runs, b.text[len(head):]) {
		return false
	}
	if p.elements > shiftAndBits {
		m := b.m
		m.whole -= len(head)
		m.stray.at += len(head)
		return m.match(p.runs, b.text[len(head):])
	}
	full := b.a.used+1+p.elements > shiftAndBits+1
	if b.first != 0 && (full || b.head != len(head)) && b.matches() {
		return true
	}
	b.m.e.work += elementCost * p.elements
	a := &b.a
	b.head = len(head)
	b.first |= a.begin()
	for i, run := range p.runs {
		if i > 0 {
			a.loop |= a.last()
		}
		w := runWalk{run: run}
		b.m.fill(a, &w)
	}
	b.last |= a.last()
	return false
}

// matches reports whether one of the patterns added matches, and empties the batch.
func (b *patternBatch) matches() bool {
	if b.first == 0 {
		return false
	}
	b.m.e.work += prepareCost
	b.a.seal()
	stray := b.m.stray
	stray.at += b.head
	matched := b.a.matches(b.text[b.head:], b.first, b.last, stray, &b.m.e.work)
	b.a.reset()
	b.first, b.last = 0, 0
	return matched
}
