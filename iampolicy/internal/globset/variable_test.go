package globset_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
)

// allValues are the values of two variables that are tried.
func allValues() (list []values) {
	texts := []string{"", "a", "ba", ":", "a:b"}
	for _, first := range texts {
		for _, second := range texts {
			list = append(list, values{first, second})
		}
	}
	return list
}

// reads is what a glob matches that errs to match too little, by its definition: a variable is a
// symbol that only itself and stars match.
func reads(list, word []globset.Item) bool {
	if len(list) == 0 {
		return len(word) == 0
	}
	item, rest := list[0], list[1:]
	if item.Kind.IsStar() {
		for n := range len(word) + 1 {
			if reads(rest, word[n:]) {
				return true
			}
			if n < len(word) && item.Kind == globset.StarPart && (word[n].Kind == globset.Variable || word[n].Char == ':') {
				return false
			}
		}
		return false
	}
	if len(word) == 0 {
		return false
	}
	switch first := word[0]; {
	case first.Kind == globset.Char:
		return match([]globset.Item{item}, string(first.Char)) && reads(rest, word[1:])
	case item.Kind == globset.Variable, item.Kind == globset.VariablePart && first.Kind == globset.VariablePart:
		return item.Ref == first.Ref && reads(rest, word[1:])
	}
	return false
}

// checkApproximations holds what a glob matches of a word that has variables itself: one that errs
// to match too little is matched for all of their values or not at all, and one that errs to match
// too much if it is for any. The word is given as a glob that is required, so that there is no
// other.
func checkApproximations(t *testing.T, list, word []globset.Item, all []values) (isUnder, isOver, some, every bool) {
	t.Helper()
	a := globset.New()
	given := term{globs: [][]globset.Item{word}, required: true}
	given.add(a, globset.Under, globset.Under)
	asked := term{globs: [][]globset.Item{list}}
	asked.add(a, globset.Under, globset.Under)
	asked.add(a, globset.Over, globset.Over)
	visits := 0
	if !a.Witnesses(unlimited, func(found []rune, holds globset.Bitset) bool {
		visits++
		isUnder, isOver = holds.Has(1), holds.Has(2)
		if len(found) != len(word) {
			t.Fatalf("the word is %v%s", found, spell([]term{given}))
		}
		for i, r := range found {
			if variable := word[i].Kind != globset.Char; variable != (r < 0) || !variable && r != word[i].Char {
				t.Fatalf("the word is %v%s", found, spell([]term{given}))
			}
		}
		return true
	}) || visits != 1 {
		t.Fatalf("%d visits%s", visits, spell([]term{given, asked}))
	}
	every = true
	for _, v := range all {
		plain, ok := v.with(word)
		if !ok {
			continue // there is no such word
		}
		var text strings.Builder
		for _, item := range plain {
			text.WriteRune(item.Char)
		}
		matches := v.match(list, text.String())
		some, every = some || matches, every && matches
	}
	if want := reads(list, word); isUnder != want || isUnder && !every || some && !isOver || isUnder && !isOver {
		t.Fatalf("under %t (want %t), over %t; it matches for some values: %t, for all that are tried: %t%s",
			isUnder, want, isOver, some, every, spell([]term{given, asked}))
	}
	return isUnder, isOver, some, every
}

func TestEveryShortGlobOfVariables(t *testing.T) {
	t.Parallel()
	all := allValues()
	globs := sequences([]globset.Item{
		{Kind: globset.Char, Char: ':'},
		{Kind: globset.Any},
		{Kind: globset.AnyPart},
		{Kind: globset.Star},
		{Kind: globset.StarPart},
		{Kind: globset.Variable},
		{Kind: globset.VariablePart},
		{Kind: globset.VariablePart, Ref: 1},
	}, 3)
	for _, kind := range []globset.Kind{globset.Variable, globset.VariablePart} {
		for _, word := range sequences([]globset.Item{{Kind: globset.Char, Char: ':'}, {Kind: kind}}, 3) {
			for _, list := range globs {
				checkApproximations(t, list, word, all)
			}
		}
	}
}

func TestApproximations(t *testing.T) {
	t.Parallel()
	const worlds = 4000
	all := allValues()
	under, over, exact := 0, 0, 0
	for seed := range uint64(worlds) {
		c := seeded(seed)
		// Each variable stands there in one form: a glob for any value has two words, where the
		// same value also must not have a colon.
		forms := [2]globset.Kind{globset.Variable + globset.Kind(c(2)), globset.Variable + globset.Kind(c(2))}
		var word []globset.Item
		for range 1 + c(4) {
			word = append(word, [...]globset.Item{
				{Kind: globset.Char, Char: 'a'},
				{Kind: globset.Char, Char: ':'},
				{Kind: forms[0], Ref: 0},
				{Kind: forms[1], Ref: 1},
			}[c(4)])
		}
		isUnder, isOver, some, every := checkApproximations(t, c.glob(5, 2), word, all)
		if isUnder {
			under++
		}
		if !isOver {
			over++
		}
		if isUnder == every && isOver == some {
			exact++
		}
	}
	t.Logf("%d surely match, %d surely do not, %d are exact", under, over, exact)
	if under < worlds/20 || over < worlds/4 || exact < worlds/2 {
		t.Errorf("the test has lost its power: %d surely match, %d surely do not, %d are exact", under, over, exact)
	}
}

// Whether some word is matched by all that is required and by no blocker, whatever the values of
// the variables, is answered to the safe side: where there are such values and such a word, a set
// is found of which not more blockers hold than of that word. For that one required term is taken
// exactly, and its variables are symbols; the others err to hold of too much, and the blockers to
// hold of too little.
func TestNoAnswerIsMissedWhateverTheValues(t *testing.T) {
	t.Parallel()
	const worlds = 400
	words, all := allWords("ab:", 4), allValues()
	asked, symbolic := 0, 0
	for seed := range uint64(worlds) {
		c := seeded(seed)
		a := globset.New()
		required := 1 + c(2)
		terms := make([]term, required+1+c(3))
		for i := range terms {
			terms[i] = c.term(4, 2)
			t := &terms[i]
			if t.required = i < required; i == 0 {
				t.negated, t.globs = false, append(t.globs, c.glob(4, 2))
			}
			// A term that holds of too much has globs that match too much, unless it is
			// negated, and reads too little.
			tooMuch := t.required != t.negated
			globs, readable := globset.Under, globset.Over
			if tooMuch {
				globs, readable = globset.Over, globset.Under
			}
			if i == 0 {
				globs = globset.Under
			}
			t.add(a, globs, readable)
		}
		var sets []globset.Bitset
		if !a.Witnesses(unlimited, func(word []rune, holds globset.Bitset) bool {
			if slices.ContainsFunc(word, func(r rune) bool { return r < 0 }) {
				symbolic++
			}
			sets = append(sets, holds)
			return true
		}) {
			t.Fatalf("seed %d: not complete", seed)
		}
		safe := map[string]bool{}
		for _, v := range all {
			for _, word := range words {
				set, ok := setOf(terms, v, word)
				if !ok || safe[set.Key()] {
					continue
				}
				asked++
				if !slices.ContainsFunc(sets, func(found globset.Bitset) bool { return found.SubsetOf(set) }) {
					t.Fatalf("seed %d: %b, of %q with the values %q, is missed%s", seed, set, word, v, spell(terms))
				}
				safe[set.Key()] = true
			}
		}
	}
	t.Logf("%d sets, %d words with variables", asked, symbolic)
	if asked < worlds || symbolic < worlds/4 {
		t.Errorf("the test has lost its power: %d sets, %d words with variables", asked, symbolic)
	}
}

// The symbol of a variable is read only where a required term waits for it: elsewhere no word
// needs one.
func TestVariablesAreReadWhereRequired(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name              string
		negated, required bool
		length            int // of the only word
		symbol            bool
	}{
		{"required", false, true, 1, true},
		{"required not to match", true, true, 1, false},
		{"not required", false, false, 1, false},
	} {
		a := globset.New()
		asked := term{globs: [][]globset.Item{{{Kind: globset.Variable}}}, negated: test.negated, required: test.required}
		asked.add(a, globset.Under, globset.Under)
		other := term{globs: [][]globset.Item{{{Kind: globset.Variable}, {Kind: globset.Char, Char: 'a'}}}}
		other.add(a, globset.Under, globset.Under)
		var words [][]rune
		a.Witnesses(unlimited, func(word []rune, _ globset.Bitset) bool {
			words = append(words, word)
			return true
		})
		if len(words) != 1 || len(words[0]) != test.length || len(words[0]) > 0 && (words[0][0] < 0) != test.symbol {
			t.Errorf("%s: the words are %v", test.name, words)
		}
	}
}
