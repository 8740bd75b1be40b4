package globset

import (
	"encoding/binary"
	"slices"
)

const (
	// maxStates bounds one automaton.
	maxStates = 1 << 15
	// maxItems bounds what its states hold together, at about ten bytes each.
	maxItems = 1 << 22
)

// An Automaton asks what sets of terms can hold of one word. It is filled by AddGlob, AddTerm and
// Require, and not changed by being asked. One goroutine at a time may use it.
//
// Its words are walked from the empty one on, breadth first: so each
// set of terms is found with a shortest word. No alphabet is fixed: after a word
// only the characters that some glob waits for differ from each other, and one
// character stands for all the rest.
type Automaton struct {
	globs    map[string]Glob // by Key
	items    []Item          // of all globs, each with its end
	of       []Glob          // by item, its glob
	part     []int32         // by item, how many before it in its glob can take a colon
	start    []int32         // by glob, its first item
	ends     []int32         // by glob, its end
	approx   []Approximation // by glob
	terms    []Term
	required []int // terms
	// What prepare finds out.
	use   [][]int       // by glob, the terms with it
	seen  map[rune]bool // the variables' symbols that are tried
	fold  bool          // all globs fold: upper case tells nothing
	waits int           // how many globs the required terms have: each is looked at in every state
}

// A Glob is the number of a glob in its automaton.
type Glob int32

// New returns an automaton without globs.
func New() *Automaton { return &Automaton{globs: map[string]Glob{}} }

// AddGlob adds a glob, once: equal ones have the same number.
func (a *Automaton) AddGlob(list []Item, approx Approximation) Glob {
	key := Key(list, approx)
	if g, ok := a.globs[key]; ok {
		return g
	}
	g := Glob(len(a.start))
	a.globs[key] = g
	a.start, a.approx = append(a.start, int32(len(a.items))), append(a.approx, approx)
	a.items = append(append(a.items, list...), Item{Kind: end})
	colons := int32(0)
	for i := range len(list) + 1 {
		a.of, a.part = append(a.of, g), append(a.part, colons)
		if i < len(list) && list[i].takesColon() {
			colons++
		}
	}
	a.ends = append(a.ends, int32(len(a.items)-1))
	return g
}

// AddTerm adds a term, whose globs are of the automaton, and returns its number.
func (a *Automaton) AddTerm(t Term) int {
	a.terms = append(a.terms, t)
	return len(a.terms) - 1
}

// Require leaves only the words of which the term holds. The values of unknown variables are
// read only where a glob of a required term that is not negated has them.
func (a *Automaton) Require(term int) { a.required = append(a.required, term) }

// A node is a state of the automaton, and how it was first reached.
type node struct {
	state  []int32 // items, ascending
	parent int32
	symbol rune
}

// Witnesses calls visit with every set of terms that holds of some word, once, with a shortest such
// word, among the words of which the required terms hold; but the empty word comes last, so that
// another one, of any length, may stand for its set. Word and set are the caller's to keep. In the
// word, what is below zero stands for the value of a variable. visit returns false to stop.
//
// Before each piece of work spend is called with how much it is, in steps of some nanoseconds; it
// returns false where that is more than there may be. Then, and where the automaton has
// more than 32,768 states or too large ones, Witnesses is not complete.
func (a *Automaton) Witnesses(spend func(steps int) bool, visit func(word []rune, holds Bitset) bool) (complete bool) {
	if !spend(16*len(a.items) + 16*len(a.terms)) {
		return false
	}
	a.prepare()
	first := a.settle(slices.Clone(a.start))
	nodes := []node{{state: first, parent: -1}}
	known := map[string]bool{stateKey(first): true}
	sets := map[string]bool{}
	complete = true
	record := func(at int) (more bool) {
		holds, ok := a.holds(nodes[at].state)
		if !ok {
			return true
		}
		if !spend(len(holds)) {
			complete = false
			return false
		}
		if sets[holds.Key()] {
			return true
		}
		sets[holds.Key()] = true
		return visit(wordOf(nodes, at), holds)
	}
	var symbols []rune
	items := 0
	for at := 0; at < len(nodes); at++ {
		state := nodes[at].state
		if !spend(8 + len(state) + len(a.terms)/8) {
			return false
		}
		// The empty word comes last: another one reads better.
		if at > 0 && !record(at) {
			return complete
		}
		symbols = a.symbols(symbols[:0], state)
		for _, symbol := range symbols {
			if !spend(4 + len(state) + a.waits/8) {
				return false
			}
			next := a.step(state, symbol)
			if a.dead(next) {
				continue
			}
			key := stateKey(next)
			if known[key] {
				continue
			}
			if items += len(next); len(nodes) == maxStates || items > maxItems || !spend(64) {
				return false
			}
			known[key] = true
			nodes = append(nodes, node{state: next, parent: int32(at), symbol: symbol})
		}
	}
	record(0)
	return complete
}

func (a *Automaton) prepare() {
	a.use = make([][]int, len(a.start))
	for i := range a.terms {
		for _, g := range a.terms[i].Globs {
			a.use[g] = append(a.use[g], i)
		}
	}
	a.fold = true
	for _, item := range a.items {
		if item.Kind == Char && lowerOrUpper(item.Char) {
			a.fold = false
		}
	}
	a.seen = map[rune]bool{}
	a.waits = 0
	// A variable's symbol is of use only where a required term waits for it.
	for _, m := range a.required {
		a.waits += len(a.terms[m].Globs)
		for _, g := range a.terms[m].Globs {
			if a.terms[m].Negated {
				continue
			}
			for i := a.start[g]; i <= a.ends[g]; i++ {
				if item := &a.items[i]; item.Kind == Variable || item.Kind == VariablePart {
					a.seen[variableSymbol(item)] = true
				}
			}
		}
	}
}

func lowerOrUpper(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// variableSymbol is the symbol of a variable: no character.
func variableSymbol(item *Item) rune {
	if item.Kind == VariablePart {
		return -2 - 2*rune(item.Ref)
	}
	return -1 - 2*rune(item.Ref)
}

// variableOf returns which variable a symbol stands for, and whether its value has
// no colon.
func variableOf(symbol rune) (ref int, part bool) {
	n := int(-1 - symbol)
	return n / 2, n%2 == 1
}

func wordOf(nodes []node, at int) []rune {
	var word []rune
	for i := at; nodes[i].parent >= 0; i = int(nodes[i].parent) {
		word = append(word, nodes[i].symbol)
	}
	slices.Reverse(word)
	return word
}

func stateKey(state []int32) string {
	k := make([]byte, 0, 4*len(state))
	for _, p := range state {
		k = binary.LittleEndian.AppendUint32(k, uint32(p))
	}
	return string(k)
}
