package iampolicy

import (
	"slices"

	"github.com/wildgate/wildgate/internal/ascii"
)

// settle completes a state: behind a star its glob may go on without taking a
// symbol; and before a star it need not look any more, because what can still be
// matched from there can be matched from the star.
func (l *language) settle(state []int32) []int32 {
	for i := 0; i < len(state); i++ {
		if l.items[state[i]].kind.isStar() {
			state = append(state, state[i]+1)
		}
	}
	slices.Sort(state)
	state = slices.Compact(state)
	keep := len(state)
	star := int32(-1) // the last one seen that takes colons, or is in this part
	for i := len(state) - 1; i >= 0; i-- {
		p := state[i]
		if star >= 0 && l.of[p] == l.of[star] && (l.items[star].kind == globStar || l.part[p] == l.part[star]) {
			continue
		}
		if l.items[p].kind.isStar() {
			star = p
		}
		keep--
		state[keep] = p
	}
	return state[keep:]
}

// step returns the state after a symbol.
func (l *language) step(state []int32, symbol rune) []int32 {
	next := make([]int32, 0, len(state)+4)
	for _, p := range state {
		item := &l.items[p]
		if symbol < 0 {
			next = l.stepVariable(next, p, symbol)
			continue
		}
		switch item.kind {
		case globChar:
			if item.char == symbol {
				next = append(next, p+1)
			}
		case globFold:
			if symbol < 0x80 && rune(ascii.Lower(byte(symbol))) == item.char {
				next = append(next, p+1)
			}
		case globAny:
			next = append(next, p+1)
		case globAnyPart:
			if symbol != ':' {
				next = append(next, p+1)
			}
		case globStar:
			next = append(next, p)
		case globStarPart:
			if symbol != ':' {
				next = append(next, p)
			}
		case globVariable, globVariablePart, globEnd:
		}
	}
	return l.settle(next)
}

// stepVariable adds what item p becomes when an unknown value is read. One that
// may match too much may be anywhere after it.
func (l *language) stepVariable(next []int32, p int32, symbol rune) []int32 {
	item := &l.items[p]
	if l.pol[l.of[p]] == over {
		for q := p; q <= l.ends[l.of[p]]; q++ {
			next = append(next, q)
		}
		return next
	}
	ref, part := variableOf(symbol)
	switch item.kind {
	case globStar:
		next = append(next, p)
	case globStarPart:
		if part {
			next = append(next, p)
		}
	case globVariable:
		if item.ref == ref {
			next = append(next, p+1)
		}
	case globVariablePart:
		if item.ref == ref && part {
			next = append(next, p+1)
		}
	case globChar, globFold, globAny, globAnyPart, globEnd:
	}
	return next
}

// symbols appends the symbols that have to be tried after a state: those that
// something waits for, and one for all others.
func (l *language) symbols(list []rune, state []int32) []rune {
	for _, p := range state {
		switch item := &l.items[p]; item.kind {
		case globChar:
			list = append(list, item.char)
		case globFold:
			list = append(list, item.char)
			if !l.fold {
				list = append(list, item.char-('a'-'A'))
			}
		case globAnyPart, globStarPart:
			list = append(list, ':')
		case globVariable, globVariablePart:
			if symbol := variableSymbol(item); l.seen[symbol] {
				list = append(list, symbol)
			}
		case globAny, globStar, globEnd:
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.Insert(list, 0, otherSymbol(list))
}

// otherSymbol returns a character that is not in the list, one that reads well
// if there is one. It is never in upper case, which may be the same as lower.
func otherSymbol(list []rune) rune {
	for _, r := range "xyzabcdefghijklmnopqrstuvw0123456789-_" {
		if !slices.Contains(list, r) {
			return r
		}
	}
	for r := rune(0x100); ; r++ { // no policy has characters from here on
		if !slices.Contains(list, r) {
			return r
		}
	}
}
