package iampolicy

import "slices"

// search chooses a candidate up to a rank in each dimension so that no blocker
// stays alive in all, or returns nil if there is no such choice, or a limit was
// met before one was found.
func (q *accessQuestion) search(dimensions [][]accessCandidate, most plausibility) []accessCandidate {
	s := coverSearch{work: &q.check.work}
	all := newBitset(len(q.blockers))
	for i := range q.blockers {
		all.set(i)
	}
	for _, candidates := range dimensions {
		best := q.undominated(candidates, most)
		if len(best) == 0 {
			return nil
		}
		s.dimensions = append(s.dimensions, best)
	}
	slices.SortStableFunc(s.dimensions, func(a, b []accessCandidate) int { return len(a) - len(b) })
	// rest[i] are the blockers that no candidate of dimension i or a later one stops.
	s.rest = make([]bitset, len(s.dimensions)+1)
	s.rest[len(s.dimensions)] = all
	for i := len(s.dimensions) - 1; i >= 0; i-- {
		s.rest[i] = slices.Clone(s.rest[i+1])
		for b := range q.blockers {
			if !slices.ContainsFunc(s.dimensions[i], func(c accessCandidate) bool { return !c.alive.has(b) }) {
				continue
			}
			s.rest[i].clear(b)
		}
	}
	if !s.choose(0, all) {
		return nil
	}
	slices.Reverse(s.chosen)
	return s.chosen
}

// undominated returns the candidates up to a rank of which no other leaves
// fewer blockers alive, those that leave least first.
func (q *accessQuestion) undominated(candidates []accessCandidate, most plausibility) (best []accessCandidate) {
	for _, c := range candidates {
		if c.rank > most || !q.check.work.spend(len(best)*len(c.alive)+1) {
			continue
		}
		if slices.ContainsFunc(best, func(b accessCandidate) bool { return b.rank <= c.rank && subset(b.alive, c.alive) }) {
			continue
		}
		best = slices.DeleteFunc(best, func(b accessCandidate) bool { return c.rank <= b.rank && subset(c.alive, b.alive) })
		best = append(best, c)
	}
	return best
}

type coverSearch struct {
	work       *accessWork
	dimensions [][]accessCandidate
	rest       []bitset
	chosen     []accessCandidate // the last dimension's first
}

// choose chooses for the dimensions from i on, such that none of alive is left.
func (s *coverSearch) choose(i int, alive bitset) bool {
	if !s.work.spend(1 + len(alive)) {
		return false
	}
	for w := range alive {
		if alive[w]&s.rest[i][w] != 0 {
			return false
		}
	}
	if i == len(s.dimensions) {
		return true // rest held all: nothing is alive
	}
	for _, c := range s.dimensions[i] {
		left := make(bitset, len(alive))
		for w := range alive {
			left[w] = alive[w] & c.alive[w]
		}
		if s.choose(i+1, left) {
			s.chosen = append(s.chosen, c)
			return true
		}
	}
	return false
}
