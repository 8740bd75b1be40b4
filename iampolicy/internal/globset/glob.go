// Package globset finds out which sets of globs one word can match: for two globs, say, whether a
// word matches both, only one of them or neither. It gives a shortest word for each set.
//
// A glob is a list of items: characters, question marks and stars. It may have variables, whose
// values are not known, and then errs to the one or the other side, as its [Approximation] says.
// Words may have parts, between colons, that some items stay within.
//
// Globs and what is asked about them, [Term], are put into an [Automaton]. It is the product of
// all globs' automata, made deterministic as it is walked. That it can be very large is in the
// nature of the question, so it is bounded, and all work is counted.
package globset

import "github.com/wildgate/wildgate/internal/ascii"

// An Item is one step of a glob: what the next symbol of a word may be.
type Item struct {
	Kind Kind
	Char rune // of Char, and of Fold in lower case
	Ref  int  // of Variable and VariablePart: which
}

// A Kind says what an item matches.
type Kind uint8

// What an item matches. A part has no colon.
const (
	Char         Kind = iota // this character
	Fold                     // this ASCII letter in either case
	Any                      // one character
	AnyPart                  // one character, no colon
	Star                     // any characters
	StarPart                 // any characters without colon
	Variable                 // the value of a variable
	VariablePart             // the value of a variable, without colon
	end                      // nothing: the word is matched
)

// IsStar reports whether the item matches any number of characters, of all kinds or but for the
// colon.
func (k Kind) IsStar() bool { return k == Star || k == StarPart }

// takesColon reports whether the item can match a text with a colon.
func (i *Item) takesColon() bool {
	return i.Kind == Char && i.Char == ':' || i.Kind == Any || i.Kind == Star || i.Kind == Variable
}

// An Approximation says how a glob may err where it or the word has variables, whose values are
// not known. Where there are none, every glob is exact.
type Approximation uint8

const (
	// Under: what the glob matches is matched for every value of the variables.
	// A variable is a symbol of its own that only itself and stars match. Where it
	// stands within a part, its value has no colon: that is another
	// symbol, which stars within a part match, too.
	Under Approximation = iota
	// Over: what any values would match is matched. A variable is a star: whoever makes
	// the glob puts Star or StarPart there.
	Over
)

// AppendText appends items for the characters of text to list. With fold, ASCII letters match in
// either case. A byte that is no UTF-8 becomes U+FFFD.
func AppendText(list []Item, text string, fold bool) []Item {
	for _, r := range text {
		item := Item{Kind: Char, Char: r}
		if fold && r < 0x80 {
			item.Char = rune(ascii.Lower(byte(r)))
			if 'a' <= item.Char && item.Char <= 'z' {
				item.Kind = Fold
			}
		}
		list = append(list, item)
	}
	return list
}

// Key returns a text that is the same for equal globs only.
func Key(list []Item, approx Approximation) string {
	b := make([]byte, 0, 1+4*len(list))
	b = append(b, byte(approx))
	for _, item := range list {
		n := uint32(item.Char) + uint32(item.Ref)
		b = append(b, byte(item.Kind), byte(n), byte(n>>8), byte(n>>16))
	}
	return string(b)
}
