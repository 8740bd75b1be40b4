package globset_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
)

// match is what a glob without variables matches, by its definition.
func match(list []globset.Item, word string) bool {
	if len(list) == 0 {
		return word == ""
	}
	item, rest := list[0], list[1:]
	if item.Kind == globset.Star || item.Kind == globset.StarPart {
		for n := range len(word) + 1 {
			if match(rest, word[n:]) {
				return true
			}
			if n < len(word) && item.Kind == globset.StarPart && word[n] == ':' {
				return false
			}
		}
		return false
	}
	if word == "" {
		return false
	}
	first := word[:1] // the words of these tests are of ASCII
	fits := false
	switch item.Kind {
	case globset.Char:
		fits = first == string(item.Char)
	case globset.Fold:
		fits = strings.ToLower(first) == string(item.Char)
	case globset.Any:
		fits = true
	case globset.AnyPart:
		fits = first != ":"
	case globset.Star, globset.StarPart, globset.Variable, globset.VariablePart:
	}
	return fits && match(rest, word[1:])
}

// values are those of the variables, by number.
type values [2]string

// with puts the values into a glob. It has none where a value has a colon and must not.
func (v values) with(list []globset.Item) (plain []globset.Item, ok bool) {
	for _, item := range list {
		switch item.Kind {
		case globset.VariablePart:
			if strings.Contains(v[item.Ref], ":") {
				return nil, false
			}
			plain = globset.AppendText(plain, v[item.Ref], false)
		case globset.Variable:
			plain = globset.AppendText(plain, v[item.Ref], false)
		case globset.Char, globset.Fold, globset.Any, globset.AnyPart, globset.Star, globset.StarPart:
			plain = append(plain, item)
		}
	}
	return plain, true
}

// match is what a glob matches where the variables have these values.
func (v values) match(list []globset.Item, word string) bool {
	plain, ok := v.with(list)
	return ok && match(plain, word)
}

// A term is a globset.Term with its globs spelled out.
type term struct {
	globs, readable [][]globset.Item
	limited         bool // it can read what is readable only
	negated         bool
	required        bool
}

// holds is what a term holds of, by its definition.
func (t *term) holds(v values, word string) bool {
	matches := func(list []globset.Item) bool { return v.match(list, word) }
	holds := slices.ContainsFunc(t.globs, matches) || t.limited && !slices.ContainsFunc(t.readable, matches)
	return holds != t.negated
}

// add puts the term into an automaton, its globs as approx says and what it can read as readable
// says.
func (t *term) add(a *globset.Automaton, approx, readable globset.Approximation) {
	var to globset.Term
	to.Negated = t.negated
	for _, list := range t.globs {
		to.Globs = append(to.Globs, a.AddGlob(made(list, approx), approx))
	}
	if t.limited {
		to.Readable = []globset.Glob{}
	}
	for _, list := range t.readable {
		to.Readable = append(to.Readable, a.AddGlob(made(list, readable), readable))
	}
	if n := a.AddTerm(to); t.required {
		a.Require(n)
	}
}

// made is a glob with stars for its variables where it errs to match too much.
func made(list []globset.Item, approx globset.Approximation) []globset.Item {
	list = slices.Clone(list)
	for i := range list {
		switch {
		case approx == globset.Under:
		case list[i].Kind == globset.Variable:
			list[i] = globset.Item{Kind: globset.Star}
		case list[i].Kind == globset.VariablePart:
			list[i] = globset.Item{Kind: globset.StarPart}
		}
	}
	return list
}

// allWords returns all words over the letters, of at most so many of them, the shorter ones first.
func allWords(letters string, most int) (words []string) {
	words = []string{""}
	for start := 0; most > 0; most-- {
		end := len(words)
		for _, w := range words[start:end] {
			for _, letter := range letters {
				words = append(words, w+string(letter))
			}
		}
		start = end
	}
	return words
}

// sequences returns all lists of at most so many of the items.
func sequences(items []globset.Item, most int) (lists [][]globset.Item) {
	lists = append(lists, nil)
	for n := 0; len(lists[n]) < most; n++ {
		for _, item := range items {
			lists = append(lists, append(slices.Clone(lists[n]), item))
		}
	}
	return lists
}

// A choice chooses one of the numbers below n.
type choice func(n int) int

// kinds of items without variables.
var plainItems = []globset.Item{
	{Kind: globset.Char, Char: 'a'},
	{Kind: globset.Char, Char: 'b'},
	{Kind: globset.Char, Char: ':'},
	{Kind: globset.Char, Char: 'A'},
	{Kind: globset.Fold, Char: 'a'},
	{Kind: globset.Fold, Char: 'b'},
	{Kind: globset.Any},
	{Kind: globset.AnyPart},
	{Kind: globset.Star},
	{Kind: globset.StarPart},
	{Kind: globset.Star},
	{Kind: globset.StarPart},
}

// glob returns a glob of at most so many items, some of them variables if there are some.
func (c choice) glob(most, variables int) (list []globset.Item) {
	for range c(most + 1) {
		switch n := c(len(plainItems) + 2*variables); {
		case n < len(plainItems):
			list = append(list, plainItems[n])
		case n < len(plainItems)+variables:
			list = append(list, globset.Item{Kind: globset.Variable, Ref: n - len(plainItems)})
		default:
			list = append(list, globset.Item{Kind: globset.VariablePart, Ref: n - len(plainItems) - variables})
		}
	}
	return list
}

// term returns a term of some globs.
func (c choice) term(most, variables int) (t term) {
	for range c(3) {
		t.globs = append(t.globs, c.glob(most, variables))
	}
	t.negated, t.limited = c(3) == 0, c(4) == 0
	if t.limited {
		for range c(3) {
			t.readable = append(t.readable, c.glob(most, 0))
		}
	}
	return t
}

// spell writes terms as a failure's text.
func spell(terms []term) string {
	var b strings.Builder
	globs := func(lists [][]globset.Item) {
		for _, list := range lists {
			b.WriteByte(' ')
			for _, item := range list {
				switch item.Kind {
				case globset.Char:
					b.WriteRune(item.Char)
				case globset.Fold:
					fmt.Fprintf(&b, "(%c)", item.Char)
				case globset.Variable, globset.VariablePart:
					fmt.Fprintf(&b, "${%d}", item.Ref)
				case globset.Any, globset.AnyPart:
					b.WriteByte('?')
				case globset.Star, globset.StarPart:
					b.WriteByte('*')
				}
				if item.Kind == globset.AnyPart || item.Kind == globset.StarPart || item.Kind == globset.VariablePart {
					b.WriteByte('~')
				}
			}
			b.WriteByte(';')
		}
	}
	for i := range terms {
		t := &terms[i]
		fmt.Fprintf(&b, "\n%d: required %t, negated %t:", i, t.required, t.negated)
		if globs(t.globs); t.limited {
			b.WriteString(" reads")
			globs(t.readable)
		}
	}
	return b.String()
}

// unlimited lets all work be done.
func unlimited(int) bool { return true }
