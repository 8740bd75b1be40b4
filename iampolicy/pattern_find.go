package iampolicy

import (
	"strings"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/ascii"
)

// find returns the end of the leftmost place in s where the run matches.
//
// It tries a few places, which is quickest for what policies have, and then goes through
// s with a shiftAnd, whose time does not depend on how much matches where. So all finds of
// one match together take time in proportion to len(s) × ⌈len(pattern)/63⌉ + len(pattern) at
// most: where a run has up to 63 elements a find reads each byte that it leaves to
// the next one a bounded number of times (five, in lanes), or comes to the end of s and
// is the last; where it has more it reads all of s once for each 63 of them.
func (m *matcher) find(run []part, s string) (end int, ok bool) {
	start := 0
	m.e.work += findCost
	if run[0].any > 0 {
		// The star before takes what question marks leave over: they need room only.
		if start, ok = m.begins(run[:1], s); !ok || len(run) == 1 {
			return start, ok
		}
		run = run[1:]
	}
	if len(s) > maxTextBytes {
		return 0, false // unreachable: no caller has a longer one
	}
	places := fewPlaces
	switch text := m.textOf(&run[0]); {
	case m.ragged, m.fold && len(s)*len(text) > maxFolded:
		places = 0
	case len(run) == 1 && !m.fold:
		places = 1 // there is no second one to try
	default:
		// What does not occur at all need not be looked for at every place.
		for i := 1; !m.fold && i < len(run) && i <= fewParts; i++ {
			if run[i].any == 0 && m.index(s[start:], m.textOf(&run[i])) < 0 {
				return 0, false
			}
		}
	}
	for range places {
		i := m.index(s[start:], m.textOf(&run[0]))
		if i < 0 {
			return 0, false
		}
		start += i
		if n, ok := m.begins(run, s[start:]); ok {
			return start + n, true
		}
		size := firstCharacter(s[start:])
		if size == 0 {
			return 0, false
		}
		start += size
	}
	n, ok := m.search(run, s[start:])
	return start + n, ok
}

const (
	// fewPlaces are tried one by one, and fewParts of a run looked for by themselves.
	fewPlaces, fewParts = 4, 8
	// findCost is what a find costs beside what it compares.
	findCost = 32
	// maxFolded bounds the letters that are compared in any case one by one.
	maxFolded = 2048
)

// index returns where a text is in s, or -1. In any case of its letters it must be short.
func (m *matcher) index(s, text string) (i int) {
	if !m.fold {
		if len(text) > len(s) {
			return -1
		}
		if i = strings.Index(s, text); i < 0 {
			m.e.work += indexCost(len(s), len(text))
		} else {
			m.e.work += indexCost(i+len(text), len(text))
		}
		return i
	}
	for i := range len(s) - len(text) + 1 {
		m.e.work += partCost
		if ascii.HasPrefixFold(s[i:], text) {
			return i
		}
	}
	return -1
}

// search is find by a shiftAnd. It is apart so that others do not pay for the tables.
func (m *matcher) search(run []part, s string) (end int, ok bool) {
	elements := 0
	for i := range run {
		if elements += run[i].any; run[i].any == 0 {
			elements += len(m.textOf(&run[i]))
		}
	}
	m.e.work += prepareCost + partCost*len(run) + elementCost*elements
	switch {
	case elements == 0: // of variables with nothing in them
		return 0, true
	case elements > len(s):
		return 0, false
	case elements > shiftAndBits:
		return m.searchLong(run, s)
	}
	var a shiftAnd
	a.begin()
	w := runWalk{run: run}
	m.fill(&a, &w)
	a.seal()
	if ascii.Only(s) {
		end = a.indexASCII(s, &m.e.work)
	} else {
		var bits [strayWords]uint64
		end = a.index(s, m.strays(bits[:], s), &m.e.work)
	}
	return end, end >= 0
}

// searchLong is search for a run of more elements than one shiftAnd has. Its parts are
// searched one after the other, each through all of s: one begins wherever the part
// before it was at its end.
func (m *matcher) searchLong(run []part, s string) (end int, ok bool) {
	var (
		bits   [strayWords]uint64
		places [2]placeBits
	)
	stray := m.strays(bits[:], s)
	before, behind := &places[0], &places[1]
	before.fill()
	w := runWalk{run: run}
	for {
		var a shiftAnd
		a.begin()
		m.fill(&a, &w)
		a.seal()
		m.e.work += prepareCost + longCost*len(s)
		*behind = placeBits{}
		end, ok := a.pass(s, stray, before, behind, w.done())
		if w.done() {
			return end, ok
		}
		before, behind = behind, before
	}
}

// pass goes through s once: the elements begin wherever before has a place, and behind gets the
// places where they end. Of the last part of a run the first end is the answer.
func (a *shiftAnd) pass(s string, stray strayBytes, before, behind *placeBits, isLast bool) (end int, ok bool) {
	final, d := a.last(), uint64(0)
	for from := 0; from < len(s); from += 64 {
		places, ends := before[from/64], uint64(0)
		part := s[from:min(from+64, len(s))]
		for i := range len(part) {
			symbol, stay := int(part[i]), a.any&inside(part[i])
			if stray.bits != nil {
				symbol, stay = a.symbolAt(s, from+i, stray)
			}
			d = (d|places&1)<<1&a.take[symbol] | d&stay
			places >>= 1
			if d&final == 0 {
				continue
			}
			ends |= 1 << i
			if isLast {
				if end, ok := a.endsAt(s, from+i+1, final, stray); ok {
					return end, true
				}
			}
		}
		// What ends with a byte ends before the next one.
		behind[from/64] |= ends << 1
		behind[from/64+1] = ends >> 63
	}
	return 0, false
}

// longCost is what a byte costs in one pass of searchLong.
const longCost = 4

// A placeBits has a bit for each place between the bytes of a text.
type placeBits [maxTextBytes/64 + 1]uint64

func (b *placeBits) fill() {
	for i := range b {
		b[i] = ^uint64(0)
	}
}

// strays returns the stray bytes of s, for which there is room in bits. Of the value of a
// condition key they are known.
func (m *matcher) strays(bits strayBits, s string) strayBytes {
	at := m.whole - m.trimmed - len(s)
	switch {
	case m.known:
		return strayBytes{m.stray.bits, m.stray.at + at}
	case m.e.utf8, m.e.stray != nil:
		return strayBytes{m.e.stray, m.e.at + at}
	}
	m.e.work += typedCost * len(s)
	if utf8.ValidString(s) {
		return strayBytes{}
	}
	m.e.work += strayFillCost * len(s)
	bits.fill(s)
	return strayBytes{bits: bits}
}

// strayFillCost is what a byte costs where stray ones are looked for.
const strayFillCost = 8

// A runWalk is a place in a run: some elements of its part number part have been added.
type runWalk struct {
	run      []part
	part     int
	elements int
}

func (w *runWalk) done() bool { return w.part == len(w.run) }

// fill adds elements of the run to a, as many as there is room for.
func (m *matcher) fill(a *shiftAnd, w *runWalk) {
	for ; w.part < len(w.run); w.part, w.elements = w.part+1, 0 {
		pt := &w.run[w.part]
		if pt.any > 0 {
			for ; w.elements < pt.any && a.used <= shiftAndBits; w.elements++ {
				a.addAny()
			}
			if w.elements < pt.any {
				return
			}
			continue
		}
		text := m.textOf(pt)
		for ; w.elements < len(text) && a.used <= shiftAndBits; w.elements++ {
			a.addByte(symbolOf(text, w.elements), m.fold)
		}
		if w.elements < len(text) {
			return
		}
	}
}

// symbolOf returns the symbol of a byte of a pattern's text.
func symbolOf(text string, i int) int {
	if isInside(text[i]) && betweenCharacters(text, i) {
		return 256 + int(text[i]&0x3f)
	}
	return int(text[i])
}
