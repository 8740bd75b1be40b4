package iampolicy

import (
	"encoding/binary"
	"slices"
)

const (
	// maxAccessStates bounds one automaton.
	maxAccessStates = 1 << 15
	// maxAccessItems bounds what its states hold together, at about ten bytes each.
	maxAccessItems = 1 << 22
)

// A language asks what sets of atoms can hold of one word. An atom holds of the
// words that one of its globs matches, or if it is negated none.
//
// Its words are those of the product of all globs' automata, made
// deterministic as it is walked, from the empty word on, breadth first: so each
// set of atoms is found with a shortest word. No alphabet is fixed: after a word
// only the characters that some glob waits for differ from each other, and one
// character stands for all the rest.
type language struct {
	globs map[string]int32 // by globKey
	items []globItem       // of all globs, each with its globEnd
	of    []int32          // by item, its glob
	part  []int32          // by item, how many colons come before it in its glob
	start []int32          // by glob, its first item
	ends  []int32          // by glob, its globEnd
	pol   []approximation
	atoms []accessAtom
	must  []int   // atoms that have to hold
	use   [][]int // by glob, the atoms with it
	seen  map[rune]bool
	fold  bool // all globs fold: upper case tells nothing
	waits int  // how many globs the musts have: each is looked at in every state
}

type accessAtom struct {
	globs   []int32
	negated bool
	// readable are globs of the words that the atom can read, nil if it can read all;
	// ofUnread is whether it holds of the others.
	readable []int32
	ofUnread bool
}

func newLanguage() *language { return &language{globs: map[string]int32{}} }

// glob adds a glob, once.
func (l *language) glob(list []globItem, pol approximation) int32 {
	key := globKey(list, pol)
	if g, ok := l.globs[key]; ok {
		return g
	}
	g := int32(len(l.start))
	l.globs[key] = g
	l.start, l.pol = append(l.start, int32(len(l.items))), append(l.pol, pol)
	l.items = append(append(l.items, list...), globItem{kind: globEnd})
	colons := int32(0)
	for i := range len(list) + 1 {
		l.of, l.part = append(l.of, g), append(l.part, colons)
		if i < len(list) && list[i].kind == globChar && list[i].char == ':' {
			colons++
		}
	}
	l.ends = append(l.ends, int32(len(l.items)-1))
	return g
}

// atom adds an atom, and returns its number.
func (l *language) atom(a accessAtom) int {
	l.atoms = append(l.atoms, a)
	return len(l.atoms) - 1
}

// A languageNode is a state of the automaton, and how it was first reached.
type languageNode struct {
	state  []int32 // items, ascending
	parent int32
	symbol rune
}

// words calls visit with every set of atoms that holds of some word, once, with
// such a word, among the words of which the musts hold; visit returns false to
// stop. It stops, too, where a limit is exceeded.
func (l *language) words(work *accessWork, visit func(word []rune, holds bitset) bool) {
	if !work.spend(16*len(l.items) + 16*len(l.atoms)) {
		return
	}
	l.prepare()
	first := l.settle(slices.Clone(l.start))
	nodes := []languageNode{{state: first, parent: -1}}
	known := map[string]bool{stateKey(first): true}
	sets := map[string]bool{}
	record := func(at int) (more bool) {
		holds, ok := l.holds(nodes[at].state)
		if !ok || !work.spend(len(holds)) || sets[holds.key()] {
			return true
		}
		sets[holds.key()] = true
		return visit(wordOf(nodes, at), holds)
	}
	var symbols []rune
	items := 0
	for at := 0; at < len(nodes); at++ {
		state := nodes[at].state
		if !work.spend(8 + len(state) + len(l.atoms)/8) {
			return
		}
		// The empty word comes last: another one reads better.
		if at > 0 && !record(at) {
			return
		}
		symbols = l.symbols(symbols[:0], state)
		for _, symbol := range symbols {
			if !work.spend(4 + len(state) + l.waits/8) {
				return
			}
			next := l.step(state, symbol)
			if l.dead(next) {
				continue
			}
			key := stateKey(next)
			if known[key] {
				continue
			}
			if items += len(next); len(nodes) == maxAccessStates || items > maxAccessItems {
				work.exceeded("an automaton of more than 32,768 states, or of too large ones")
				return
			}
			if !work.spend(64) {
				return
			}
			known[key] = true
			nodes = append(nodes, languageNode{state: next, parent: int32(at), symbol: symbol})
		}
	}
	record(0)
}

func (l *language) prepare() {
	l.use = make([][]int, len(l.start))
	for i := range l.atoms {
		for _, g := range l.atoms[i].globs {
			l.use[g] = append(l.use[g], i)
		}
	}
	l.fold = true
	for _, item := range l.items {
		if item.kind == globChar && lowerOrUpper(item.char) {
			l.fold = false
		}
	}
	l.seen = map[rune]bool{}
	// A variable's symbol is of use only where a must waits for it.
	for _, m := range l.must {
		l.waits += len(l.atoms[m].globs)
		for _, g := range l.atoms[m].globs {
			if l.atoms[m].negated {
				continue
			}
			for i := l.start[g]; i <= l.ends[g]; i++ {
				if item := &l.items[i]; item.kind == globVariable || item.kind == globVariablePart {
					l.seen[variableSymbol(item)] = true
				}
			}
		}
	}
}

func lowerOrUpper(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// variableSymbol is the symbol of a variable: no character.
func variableSymbol(item *globItem) rune {
	if item.kind == globVariablePart {
		return -2 - 2*rune(item.ref)
	}
	return -1 - 2*rune(item.ref)
}

// variableOf returns which variable a symbol stands for, and whether its value has
// no colon.
func variableOf(symbol rune) (ref int, part bool) {
	n := int(-1 - symbol)
	return n / 2, n%2 == 1
}

func wordOf(nodes []languageNode, at int) []rune {
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

// holds returns the atoms that hold of the word that ends in this state, and
// whether the musts are among them.
func (l *language) holds(state []int32) (set bitset, ok bool) {
	set = newBitset(len(l.atoms))
	for i := range l.atoms {
		a := &l.atoms[i]
		holds := a.negated // if no glob matches
		if a.readable != nil && !slices.ContainsFunc(a.readable, func(g int32) bool { return slices.Contains(state, l.ends[g]) }) {
			holds = a.ofUnread
		}
		if holds {
			set.set(i)
		}
	}
	for _, p := range state {
		if l.items[p].kind != globEnd {
			continue
		}
		for _, i := range l.use[l.of[p]] {
			if l.atoms[i].negated {
				set.clear(i)
			} else {
				set.set(i)
			}
		}
	}
	for _, m := range l.must {
		if !set.has(m) {
			return set, false
		}
	}
	return set, true
}

// dead reports whether no word that goes on from the state can satisfy the musts.
func (l *language) dead(state []int32) bool {
	for _, m := range l.must {
		a := &l.atoms[m]
		alive := func(g int32) bool { return l.alive(state, g) }
		matchesAll := func(g int32) bool { return l.matchesAll(state, g) }
		switch {
		case a.negated && slices.ContainsFunc(a.globs, matchesAll),
			a.negated && a.readable != nil && !slices.ContainsFunc(a.readable, alive):
			return true
		case a.negated, slices.ContainsFunc(a.globs, alive):
		case a.readable == nil || slices.ContainsFunc(a.readable, matchesAll):
			return true
		}
	}
	return false
}

func (l *language) alive(state []int32, g int32) bool {
	i, _ := slices.BinarySearch(state, l.start[g])
	return i < len(state) && state[i] <= l.ends[g]
}

// matchesAll reports whether a glob matches whatever follows.
func (l *language) matchesAll(state []int32, g int32) bool {
	last := l.ends[g] - 1
	if last < l.start[g] || l.items[last].kind != globStar {
		return false
	}
	_, found := slices.BinarySearch(state, last)
	return found
}
