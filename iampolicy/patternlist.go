package iampolicy

const (
	// A list with so many patterns to search for, on so long a value, is searched together.
	listPatterns = 4
	listBytes    = 128
)

// searches reports whether the pattern has a run between two stars with a question mark
// in it, and no variables: such runs are looked for by a shiftAnd.
func (p *pattern) searches() bool {
	return p.body != nil && p.texts == nil && len(p.vars) == 0 && len(p.runs) > 2
}

// matchesAny reports whether one of the patterns matches s. Those that search, and have at
// most 63 elements, go through s together, as many at a time as a shiftAnd has room for:
// a list takes time in proportion to len(s) × ⌈its length/64⌉, and not a search for each. It
// is apart so that others do not pay for the tables.
func matchesAny(patterns []pattern, s string, e *evaluation, unknownMatches bool) bool {
	b := patternBatch{m: matcher{e: e}, s: s}
	var bits strayBits
	b.stray = b.m.strays(&bits, s)
	for i := range patterns {
		p := &patterns[i]
		if e.spend(len(s)); e.over() {
			return false
		}
		if n := p.elements(); !p.searches() || n > shiftAndBits {
			if p.match(s, e, unknownMatches) {
				return true
			}
		} else if b.mayMatch(p.runs) {
			if b.a.used+1+n > shiftAndBits+1 && b.matches() {
				return true
			}
			b.add(p)
		}
	}
	return b.matches()
}

// elements returns how many elements of a shiftAnd the pattern has.
func (p *pattern) elements() (n int) {
	if p.body == nil {
		return 0
	}
	for _, run := range p.runs {
		for i := range run {
			n += run[i].any + len(run[i].text)
		}
	}
	return n
}

// A patternBatch is patterns in one shiftAnd.
type patternBatch struct {
	m           matcher
	s           string
	stray       *strayBits
	a           shiftAnd
	first, last uint64
}

// mayMatch looks at what s begins and ends with.
func (b *patternBatch) mayMatch(runs [][]part) bool {
	if _, ok := b.m.begins(runs[0], b.s); !ok {
		return false
	}
	_, ok := b.m.ends(runs[len(runs)-1], b.s)
	return ok
}

// add adds a pattern of the list, with a state before it, and after each star one that stays.
func (b *patternBatch) add(p *pattern) {
	a := &b.a
	b.first |= a.begin()
	for i, run := range p.runs {
		if i > 0 {
			a.loop |= a.last()
		}
		w := runWalk{run: run}
		b.m.fill(a, &w)
	}
	b.last |= a.last()
}

// matches reports whether one of the patterns added matches, and empties the batch.
func (b *patternBatch) matches() bool {
	if b.first == 0 {
		return false
	}
	b.m.e.work += prepareCost
	b.a.seal()
	matched := b.a.matches(b.s, b.first, b.last, b.stray, &b.m.e.work)
	b.a, b.first, b.last = shiftAnd{}, 0, 0
	return matched
}
