package globset

import (
	"encoding/binary"
	"slices"
)

// A Term is a question about a word. It holds of the words that one of its globs matches; and, if
// it is said what it can read, of those that it cannot read. A negated term holds of all others.
type Term struct {
	Globs   []Glob
	Negated bool
	// Readable are globs of the words that the term can read, nil if it can read all.
	Readable []Glob
}

// A Bitset is a set of small numbers that are not negative. The zero Bitset is empty, and
// has no room.
type Bitset []uint64

// NewBitset returns an empty set with room for the numbers below n.
func NewBitset(n int) Bitset { return make(Bitset, (n+63)/64) }

// Has reports whether i is in the set.
func (b Bitset) Has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

// Set puts i into the set.
func (b Bitset) Set(i int) { b[i/64] |= 1 << (i % 64) }

// Clear takes i out of the set.
func (b Bitset) Clear(i int) { b[i/64] &^= 1 << (i % 64) }

// Key returns a text that is the same for equal sets only, of those with the same room.
func (b Bitset) Key() string {
	k := make([]byte, 0, 8*len(b))
	for _, w := range b {
		k = binary.LittleEndian.AppendUint64(k, w)
	}
	return string(k)
}

// SubsetOf reports whether all of b are in other, which has the same room.
func (b Bitset) SubsetOf(other Bitset) bool {
	for i := range b {
		if b[i]&^other[i] != 0 {
			return false
		}
	}
	return true
}

// holds returns the terms that hold of the word that ends in this state, and
// whether the required ones are among them.
func (a *Automaton) holds(state []int32) (set Bitset, ok bool) {
	set = NewBitset(len(a.terms))
	for i := range a.terms {
		t := &a.terms[i]
		holds := t.Negated // if no glob matches
		if t.Readable != nil && !slices.ContainsFunc(t.Readable, func(g Glob) bool { return slices.Contains(state, a.ends[g]) }) {
			holds = !t.Negated
		}
		if holds {
			set.Set(i)
		}
	}
	for _, p := range state {
		if a.items[p].Kind != end {
			continue
		}
		for _, i := range a.use[a.of[p]] {
			if a.terms[i].Negated {
				set.Clear(i)
			} else {
				set.Set(i)
			}
		}
	}
	for _, m := range a.required {
		if !set.Has(m) {
			return set, false
		}
	}
	return set, true
}

// dead reports whether no word that goes on from the state can satisfy the required terms.
func (a *Automaton) dead(state []int32) bool {
	for _, m := range a.required {
		t := &a.terms[m]
		alive := func(g Glob) bool { return a.alive(state, g) }
		matchesAll := func(g Glob) bool { return a.matchesAll(state, g) }
		switch {
		case t.Negated && slices.ContainsFunc(t.Globs, matchesAll),
			t.Negated && t.Readable != nil && !slices.ContainsFunc(t.Readable, alive):
			return true
		case t.Negated, slices.ContainsFunc(t.Globs, alive):
		case t.Readable == nil || slices.ContainsFunc(t.Readable, matchesAll):
			return true
		}
	}
	return false
}

func (a *Automaton) alive(state []int32, g Glob) bool {
	i, _ := slices.BinarySearch(state, a.start[g])
	return i < len(state) && state[i] <= a.ends[g]
}

// matchesAll reports whether a glob matches whatever follows.
func (a *Automaton) matchesAll(state []int32, g Glob) bool {
	last := a.ends[g] - 1
	if last < a.start[g] || a.items[last].Kind != Star {
		return false
	}
	_, found := slices.BinarySearch(state, last)
	return found
}
