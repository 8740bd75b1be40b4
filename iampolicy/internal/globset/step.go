package globset

import (
	"slices"

	"github.com/wildgate/wildgate/internal/ascii"
)

// settle completes a state: behind a star its glob may go on without taking a
// symbol; and before a star it need not look any more, because what can still be
// matched from there can be matched from the star.
func (a *Automaton) settle(state []int32) []int32 {
	for i := 0; i < len(state); i++ {
		if a.items[state[i]].Kind.IsStar() {
			state = append(state, state[i]+1)
		}
	}
	slices.Sort(state)
	state = slices.Compact(state)
	keep := len(state)
	star := int32(-1) // the last one seen that takes colons, or is in this part
	for i := len(state) - 1; i >= 0; i-- {
		p := state[i]
		if star >= 0 && a.of[p] == a.of[star] && (a.items[star].Kind == Star || a.part[p] == a.part[star]) {
			continue
		}
		if a.items[p].Kind.IsStar() {
			star = p
		}
		keep--
		state[keep] = p
	}
	return state[keep:]
}

// step returns the state after a symbol.
func (a *Automaton) step(state []int32, symbol rune) []int32 {
	next := make([]int32, 0, len(state)+4)
	for _, p := range state {
		item := &a.items[p]
		if symbol < 0 {
			next = a.stepVariable(next, p, symbol)
			continue
		}
		switch item.Kind {
		case Char:
			if item.Char == symbol {
				next = append(next, p+1)
			}
		case Fold:
			if symbol < 0x80 && rune(ascii.Lower(byte(symbol))) == item.Char {
				next = append(next, p+1)
			}
		case Any:
			next = append(next, p+1)
		case AnyPart:
			if symbol != ':' {
				next = append(next, p+1)
			}
		case Star:
			next = append(next, p)
		case StarPart:
			if symbol != ':' {
				next = append(next, p)
			}
		case Variable, VariablePart, end:
		}
	}
	return a.settle(next)
}

// stepVariable adds what item p becomes when an unknown value is read. One that
// may match too much may be anywhere after it.
func (a *Automaton) stepVariable(next []int32, p int32, symbol rune) []int32 {
	item := &a.items[p]
	if a.approx[a.of[p]] == Over {
		for q := p; q <= a.ends[a.of[p]]; q++ {
			next = append(next, q)
		}
		return next
	}
	ref, part := variableOf(symbol)
	switch item.Kind {
	case Star:
		next = append(next, p)
	case StarPart:
		if part {
			next = append(next, p)
		}
	case Variable:
		if item.Ref == ref {
			next = append(next, p+1)
		}
	case VariablePart:
		if item.Ref == ref && part {
			next = append(next, p+1)
		}
	case Char, Fold, Any, AnyPart, end:
	}
	return next
}

// symbols appends the symbols that have to be tried after a state: those that
// something waits for, and one for all others.
func (a *Automaton) symbols(list []rune, state []int32) []rune {
	for _, p := range state {
		switch item := &a.items[p]; item.Kind {
		case Char:
			list = append(list, item.Char)
		case Fold:
			list = append(list, item.Char)
			if !a.fold {
				list = append(list, item.Char-('a'-'A'))
			}
		case AnyPart, StarPart:
			list = append(list, ':')
		case Variable, VariablePart:
			if symbol := variableSymbol(item); a.seen[symbol] {
				list = append(list, symbol)
			}
		case Any, Star, end:
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
