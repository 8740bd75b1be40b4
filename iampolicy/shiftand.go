package iampolicy

import (
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/ascii"
)

// A shiftAnd is an automaton for patterns of characters and question marks, with a
// bit for each of its states (Baeza-Yates and Gonnet, "A new approach to text
// searching", 1992; with stars as of Navarro and Raffinot). A byte of the text moves every
// state that it may follow on by a shift and an AND, so that a search takes time in
// proportion to the text, for up to 63 elements at once, however much of the pattern
// matches at each place.
//
// An element is a byte of a text, or a question mark. The bit before that of a
// pattern's first element is the state in which nothing is matched yet.
//
// A question mark takes the first byte of a character, and stays for the others.
// Bytes that begin a character and those inside of one are different symbols, so that
// an element never takes a part of a character: in UTF-8 their values tell, but for a
// byte from 0x80 to 0xbf that does not continue a character. Such a stray byte is a
// character by itself, and has symbols of its own behind the others.
type shiftAnd struct {
	take [256 + strays]uint64 // by symbol, the elements that it may be
	any  uint64               // question marks
	loop uint64               // what stays where it is: states before a star
	used int                  // bits
}

const (
	strays = 64 // symbols for stray bytes
	// shiftAndBits is how many elements there may be beside the first state.
	shiftAndBits = 63
)

// begin adds a state in which nothing is matched yet, and returns its bit.
func (a *shiftAnd) begin() uint64 {
	a.used++
	return 1 << (a.used - 1)
}

// reset makes a as new.
func (a *shiftAnd) reset() {
	clear(a.take[:])
	a.any, a.loop, a.used = 0, 0, 0
}

// last returns the bit of what was added last.
func (a *shiftAnd) last() uint64 { return 1 << (a.used - 1) }

// addByte adds one byte of a text, with its symbol.
func (a *shiftAnd) addByte(symbol int, fold bool) {
	bit := uint64(1) << a.used
	a.used++
	a.take[symbol] |= bit
	if c := ascii.Lower(byte(symbol)); fold && symbol < utf8.RuneSelf && 'a' <= c && c <= 'z' {
		a.take[c] |= bit
		a.take[c-('a'-'A')] |= bit
	}
}

// addAny adds a question mark.
func (a *shiftAnd) addAny() {
	a.any |= 1 << a.used
	a.used++
}

// seal ends the additions: question marks take every symbol that begins a character.
func (a *shiftAnd) seal() {
	if a.any == 0 {
		return
	}
	for i := range 0x80 {
		a.take[i] |= a.any
	}
	for i := 0xc0; i < len(a.take); i++ {
		a.take[i] |= a.any
	}
}

// isInside reports whether c has the form of a byte inside of a character.
func isInside(c byte) bool { return c&0xc0 == 0x80 }

// inside is isInside as a mask, without a branch: texts decide what would be predicted.
func inside(c byte) uint64 { return uint64((int64(int8(c)) + 0x40) >> 63) }

// A strayBits has a bit for each byte of a text that is stray.
type strayBits []uint64

// strayWords is how long a strayBits is at most.
const strayWords = (maxTextBytes + 63) / 64

// fill finds the stray bytes of s.
func (b strayBits) fill(s string) {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		if size == 1 && isInside(s[i]) {
			b[i/64] |= 1 << (i % 64)
		}
		i += size
	}
}

// straysOf returns the stray bytes of a text that patterns may be tried on, nil if it is UTF-8.
func straysOf(s string) strayBits {
	if utf8.ValidString(s) || len(s) > maxTextBytes {
		return nil
	}
	b := make(strayBits, (len(s)+63)/64)
	b.fill(s)
	return b
}

// strayBytes are those of a text that begins in another, for which bits are. There are
// none where bits is nil.
type strayBytes struct {
	bits strayBits
	at   int
}

func (b strayBytes) has(i int) bool { return b.bits != nil && b.bit(i) != 0 }

// bit is 1 for a stray byte, and 0 for another.
func (b strayBytes) bit(i int) uint64 {
	i += b.at
	return b.bits[uint(i)/64] >> (uint(i) % 64) & 1
}

// symbolAt returns the symbol of a byte of a text that has stray bytes, and the question marks
// that stay when it is read. It has no branch: such texts are made to be unpredictable.
func (a *shiftAnd) symbolAt(s string, i int, stray strayBytes) (symbol int, stay uint64) {
	c, is := s[i], stray.bit(i)
	return int(c) + int(is)*(256-0x80), a.any & inside(c) &^ -is
}

// index returns where the first match ends that begins anywhere in s, or -1; the
// first state is the lowest bit. work grows by what it costs.
func (a *shiftAnd) index(s string, stray strayBytes, work *int) (end int) {
	final := a.last()
	d := uint64(1)
	if stray.bits == nil {
		for i := range len(s) {
			c := s[i]
			if d = d<<1&a.take[c] | d&a.any&inside(c) | 1; d&final == 0 {
				continue
			}
			if end, ok := a.endsAt(s, i+1, final, stray); ok {
				*work += typedCost * end
				return end
			}
		}
		*work += typedCost * len(s)
		return -1
	}
	for i := range len(s) {
		symbol, stay := a.symbolAt(s, i, stray)
		if d = d<<1&a.take[symbol] | d&stay | 1; d&final == 0 {
			continue
		}
		if end, ok := a.endsAt(s, i+1, final, stray); ok {
			*work += strayCost * end
			return end
		}
	}
	*work += strayCost * len(s)
	return -1
}

// endsAt returns the end of a match whose last element took the byte before i. A
// question mark takes all of its character. What else ends inside of a character is no
// match: it is a value that breaks off there.
func (a *shiftAnd) endsAt(s string, i int, final uint64, stray strayBytes) (end int, ok bool) {
	isInside := func() bool { return i < len(s) && inside(s[i]) != 0 && !stray.has(i) }
	if a.any&final == 0 {
		return i, !isInside()
	}
	for isInside() {
		i++
	}
	return i, true
}

const (
	// lanes are how many parts of a text are searched at the same time: one state waits
	// for the one before, and four do not wait for each other.
	lanes = 4
	// laneBytes is how long a text must be for that, in times the elements.
	laneBytes = 16
)

// indexASCII is index for a text of ASCII, where each byte is a character.
func (a *shiftAnd) indexASCII(s string, work *int) (end int) {
	// A lane begins so far before the end of the one before that it misses no match.
	overlap := a.used
	if len(s) < laneBytes*overlap || len(s) < 128 {
		return a.indexLane(s, work)
	}
	n := (len(s) + (lanes-1)*overlap + lanes - 1) / lanes
	step := n - overlap
	s0, s1, s2, s3 := s[:n], s[step:step+n], s[2*step:2*step+n], s[len(s)-n:]
	final := a.last()
	d0, d1, d2, d3 := uint64(1), uint64(1), uint64(1), uint64(1)
	for i := range n {
		d0 = d0<<1&a.take[s0[i]] | 1
		d1 = d1<<1&a.take[s1[i]] | 1
		d2 = d2<<1&a.take[s2[i]] | 1
		d3 = d3<<1&a.take[s3[i]] | 1
		if (d0|d1|d2|d3)&final == 0 {
			continue
		}
		*work += lanes * (i + 1)
		// A lane has a match, and a lane before it may have an earlier one.
		end = len(s) - n
		for j, d := range [...]uint64{d0, d1, d2} {
			if d&final != 0 {
				end = j * step
				break
			}
		}
		return a.indexLane(s[:end+i+1], work)
	}
	*work += lanes * n
	return -1
}

// indexLane is indexASCII without lanes.
func (a *shiftAnd) indexLane(s string, work *int) (end int) {
	final := a.last()
	d := uint64(1)
	for i := range len(s) {
		if d = d<<1&a.take[s[i]] | 1; d&final != 0 {
			*work += typedCost * (i + 1)
			return i + 1
		}
	}
	*work += typedCost * len(s)
	return -1
}

// matches reports whether one of the patterns that were added matches all of s. first
// has their first states, and last their last ones.
func (a *shiftAnd) matches(s string, first, last uint64, stray strayBytes, work *int) bool {
	d := first
	if ascii.Only(s) {
		*work += typedCost * len(s)
		for i := range len(s) {
			d = d<<1&a.take[s[i]] | d&a.loop
		}
		return d&last != 0 // what is at its last star stays there
	}
	if stray.bits == nil {
		*work += typedCost * len(s)
		for i := range len(s) {
			c := s[i]
			d = d<<1&a.take[c] | d&(a.loop|a.any&inside(c))
		}
		return d&last != 0
	}
	for i := range len(s) {
		symbol, stay := a.symbolAt(s, i, stray)
		d = d<<1&a.take[symbol] | d&(a.loop|stay)
	}
	*work += strayCost * len(s)
	return d&last != 0
}
