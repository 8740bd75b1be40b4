package globset_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
)

// seeded returns a choice that is the same for each seed.
func seeded(seed uint64) choice { return rand.New(rand.NewPCG(seed, 1)).IntN }

// letters tell all plainItems apart, and one is in none of them.
const letters = "aAbB:z"

// setOf returns the terms that hold of a word, and whether all that are required do.
func setOf(terms []term, v values, word string) (set globset.Bitset, ok bool) {
	set, ok = globset.NewBitset(len(terms)), true
	for i := range terms {
		if terms[i].holds(v, word) {
			set.Set(i)
		} else if terms[i].required {
			ok = false
		}
	}
	return set, ok
}

// checkAgainstWords holds the witnesses of terms without variables against all of the words, which
// are sorted by length: each set that one of them has is found, with a word that is as short as the
// first of these, unless that is the empty word; and each word that is found has the set that it is
// said to have. It returns how many sets there are.
func checkAgainstWords(t *testing.T, terms []term, words []string) int {
	t.Helper()
	a := globset.New()
	for i := range terms {
		terms[i].add(a, globset.Approximation(i%2), globset.Approximation(i/2%2)) // without variables it is all the same
	}
	found := map[string]string{}
	complete := a.Witnesses(unlimited, func(word []rune, holds globset.Bitset) bool {
		set, ok := setOf(terms, values{}, string(word))
		if !ok || !slices.Equal(set, holds) {
			t.Fatalf("of %q hold %b; want %b, and all that are required%s", string(word), holds, set, spell(terms))
		}
		if first, twice := found[holds.Key()]; twice {
			t.Fatalf("%b is found twice, with %q and with %q%s", holds, first, string(word), spell(terms))
		}
		found[holds.Key()] = string(word)
		return true
	})
	if !complete {
		t.Fatalf("not complete%s", spell(terms))
	}
	longest := len(words[len(words)-1])
	seen := map[string]bool{}
	for _, word := range words {
		set, ok := setOf(terms, values{}, word)
		if !ok {
			continue
		}
		witness, has := found[set.Key()]
		if !has {
			t.Fatalf("%b, of %q, is not found%s", set, word, spell(terms))
		}
		if first := !seen[set.Key()]; first {
			seen[set.Key()] = true
			if word != "" && len(witness) != len(word) {
				t.Fatalf("%b is found with %q; %q is a shortest one%s", set, witness, word, spell(terms))
			}
		}
	}
	for key, witness := range found {
		if !seen[key] && len(witness) <= longest {
			t.Fatalf("%q is found, which is none of the words%s", witness, spell(terms))
		}
	}
	return len(found)
}

// Without variables the answer is exact: it is what trying all short words gives.
func TestWitnessesAgainstAllShortWords(t *testing.T) {
	t.Parallel()
	const worlds = 800
	words := allWords(letters, 4)
	sets, none := 0, 0
	for seed := range uint64(worlds) {
		c := seeded(seed)
		terms := make([]term, 2+c(4))
		for i := range terms {
			terms[i] = c.term(5, 0)
			terms[i].required = c(8) == 0
		}
		n := checkAgainstWords(t, terms, words)
		if sets += n; n == 0 {
			none++
		}
	}
	t.Logf("%d sets, %d times none", sets, none)
	if sets < 2*worlds || none < worlds/20 {
		t.Errorf("the test has lost its power: %d sets, %d times none", sets, none)
	}
}

// One word at a time: what it matches is what the definition says, for every glob of up to three
// items.
func TestEveryShortGlob(t *testing.T) {
	t.Parallel()
	words := allWords(letters, 4)
	for _, list := range sequences(plainItems[:10], 3) {
		checkAgainstWords(t, []term{{globs: [][]globset.Item{list}}}, words)
	}
}

func TestWitnesses(t *testing.T) {
	t.Parallel()
	glob := func(text string) (list []globset.Item) {
		for _, r := range text {
			switch r {
			case '*':
				list = append(list, globset.Item{Kind: globset.Star})
			case '+':
				list = append(list, globset.Item{Kind: globset.StarPart})
			case '?':
				list = append(list, globset.Item{Kind: globset.Any})
			default:
				list = globset.AppendText(list, string(r), false)
			}
		}
		return list
	}
	globs := func(texts ...string) (lists [][]globset.Item) {
		for _, text := range texts {
			lists = append(lists, glob(text))
		}
		return lists
	}
	for _, test := range []struct {
		name  string
		terms []term
		want  string // word and set, as a list of terms, in the order in which they are found
	}{
		{"no term", nil, ":"},
		{"everything", []term{{globs: globs("*")}}, ":0"},
		{"no glob", []term{{}}, ":"},
		{"no glob, required", []term{{required: true}}, ""},
		{"a text", []term{{globs: globs("ab")}}, "x: ab:0"},
		{"a text, required", []term{{globs: globs("ab"), required: true}}, "ab:0"},
		{"the empty word alone", []term{{globs: globs(""), required: true}}, ":0"},
		{"the empty word last", []term{{globs: globs("")}}, "x: :0"},
		{"two texts", []term{{globs: globs("a")}, {globs: globs("b")}}, "x: a:0 b:1"},
		{"two ends that overlap", []term{{globs: globs("ab*"), required: true}, {globs: globs("*bc"), required: true}}, "abc:01"},
		{"two ends that do not", []term{{globs: globs("ab*"), required: true}, {globs: globs("*cd"), required: true}}, "abcd:01"},
		{"one within the other", []term{{globs: globs("a*")}, {globs: globs("ab*")}}, "x: a:0 ab:01"},
		{"one but not the other", []term{{globs: globs("a*"), required: true}, {globs: globs("ab*", "a"), negated: true, required: true}}, "ax:01"},
		{"one and its negation", []term{{globs: globs("a*"), required: true}, {globs: globs("a*"), negated: true, required: true}}, ""},
		{"a part", []term{{globs: globs("+"), required: true}, {globs: globs("*:*"), required: true}}, ""},
		{"two parts", []term{{globs: globs("+:+"), required: true}, {globs: globs("a*b"), required: true}}, "a:b:01"},
		{"what can be read", []term{{globs: globs("ab"), readable: globs("a*"), limited: true}}, "x:0 a:"},
		{"negated, what can be read", []term{{globs: globs("ab"), readable: globs("a*"), limited: true, negated: true}}, "x: a:0"},
		{"a letter that would stand for all others", []term{{globs: globs("x")}}, "y: x:0"},
		{"nothing can be read", []term{{globs: globs("a"), limited: true}}, "x:0"},
	} {
		a := globset.New()
		for i := range test.terms {
			test.terms[i].add(a, globset.Under, globset.Under)
		}
		// It can be asked twice.
		for range 2 {
			var got []string
			complete := a.Witnesses(unlimited, func(word []rune, holds globset.Bitset) bool {
				var text strings.Builder
				text.WriteString(string(word) + ":")
				for i := range test.terms {
					if holds.Has(i) {
						text.WriteString(string(rune('0' + i)))
					}
				}
				got = append(got, text.String())
				return true
			})
			if s := strings.Join(got, " "); !complete || s != test.want {
				t.Errorf("%s: %s, %t; want %s", test.name, s, complete, test.want)
			}
		}
	}
}

// nearlyAll returns an automaton that has a state for each set of places at which the last letters
// may have been an a, and as many globs besides that wait for nothing but the end of a word.
func nearlyAll(places, globs int) *globset.Automaton {
	a := globset.New()
	add := func(head string, places int) {
		list := globset.AppendText([]globset.Item{{Kind: globset.Star}}, head, false)
		list = append(list, slices.Repeat([]globset.Item{{Kind: globset.Any}}, places)...)
		a.AddTerm(globset.Term{Globs: []globset.Glob{a.AddGlob(list, globset.Under)}})
	}
	add("a", places)
	for n := range globs {
		add("", 20+n)
	}
	return a
}

// Work is asked for before it is done: however much there may be, what is found is the beginning of
// what is found without a limit, and it is complete only where all of it is.
func TestWitnessesSpend(t *testing.T) {
	t.Parallel()
	ask := func(most int) (sets []string, asked int, complete bool) {
		complete = nearlyAll(2, 1).Witnesses(func(steps int) bool {
			if steps < 0 {
				t.Fatalf("%d steps", steps)
			}
			asked++
			return asked <= most
		}, func(_ []rune, holds globset.Bitset) bool {
			sets = append(sets, holds.Key())
			return true
		})
		return sets, asked, complete
	}
	all, total, complete := ask(1 << 30)
	if !complete || len(all) != 4 {
		t.Fatalf("%d sets, %t", len(all), complete)
	}
	for most := range total + 1 {
		sets, asked, complete := ask(most)
		if complete != (most == total) || !slices.Equal(sets, all[:len(sets)]) || asked > most+1 {
			t.Fatalf("with %d of %d pieces of work: %d sets, %t, after %d", most, total, len(sets), complete, asked)
		}
	}
	if sets, _, _ := ask(0); len(sets) != 0 {
		t.Error("something is found without work")
	}
}

// The size of an automaton is bounded, by its states and by what these hold, so that no work may be
// spent on more: the first has small states and many, the second has large ones.
func TestAutomatonIsBounded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		places, globs int
		most          int // steps, in millions
		complete      bool
	}{
		{"small", 10, 0, 1, true},
		{"many states", 20, 0, 5, false},
		{"large states", 20, 200, 20, false},
	} {
		steps := 0
		complete := nearlyAll(test.places, test.globs).Witnesses(func(n int) bool {
			steps += n
			return true
		}, func([]rune, globset.Bitset) bool { return true })
		if complete != test.complete || steps > test.most<<20 {
			t.Errorf("%s: %d steps, %t", test.name, steps, complete)
		}
	}
}

// Where no word can go on to what is required, nothing is walked: a state is dead if a glob of a
// negated term matches all that follows, and so on.
func TestDeadEnds(t *testing.T) {
	t.Parallel()
	star := [][]globset.Item{{{Kind: globset.Star}}}
	empty := [][]globset.Item{nil}
	for _, test := range []struct {
		name     string
		required term
	}{
		{"no glob is alive", term{globs: empty}},
		{"negated, and a glob matches all", term{globs: star, negated: true}},
		{"negated, and it cannot be read", term{readable: empty, limited: true, negated: true}},
		{"no glob is alive, and all can be read", term{globs: empty, readable: star, limited: true}},
	} {
		test.required.required = true
		for _, first := range []bool{true, false} {
			a := globset.New()
			if first {
				test.required.add(a, globset.Under, globset.Under)
			}
			list := globset.AppendText([]globset.Item{{Kind: globset.Star}}, "a", false)
			list = append(list, slices.Repeat([]globset.Item{{Kind: globset.Any}}, 10)...)
			a.AddTerm(globset.Term{Globs: []globset.Glob{a.AddGlob(list, globset.Under)}})
			if !first {
				test.required.add(a, globset.Under, globset.Under)
			}
			steps := 0
			complete := a.Witnesses(func(n int) bool {
				steps += n
				return true
			}, func([]rune, globset.Bitset) bool { return true })
			if !complete || steps > 1000 {
				t.Errorf("%s: %d steps, %t", test.name, steps, complete)
			}
		}
	}
}

// What is before a star is looked at no more once the star is reached: twice as many stars are
// twice as much work. And being asked again is as much work as being asked.
func TestStarsAreLinear(t *testing.T) {
	t.Parallel()
	for _, kind := range []globset.Kind{globset.Star, globset.StarPart} {
		work := func(stars int) int {
			a := globset.New()
			list := []globset.Item{{Kind: kind}}
			for range stars {
				list = append(list, globset.Item{Kind: globset.Char, Char: 'a'}, globset.Item{Kind: kind})
			}
			required := globset.Term{Globs: []globset.Glob{a.AddGlob(list, globset.Under)}}
			for n := range 16 {
				required.Globs = append(required.Globs, a.AddGlob(list[:n], globset.Under))
			}
			a.Require(a.AddTerm(required))
			var steps [2]int
			for i := range steps {
				if !a.Witnesses(func(n int) bool {
					steps[i] += n
					return true
				}, func([]rune, globset.Bitset) bool { return true }) {
					t.Fatal("not complete")
				}
			}
			if steps[0] != steps[1] {
				t.Errorf("%d steps, and %d when asked again", steps[0], steps[1])
			}
			return steps[0]
		}
		if once, twice := work(500), work(1000); twice > 5*once/2 {
			t.Errorf("kind %d: 500 stars are %d steps, 1,000 are %d", kind, once, twice)
		}
	}
}

// One character stands for all that no glob waits for, whichever these are; and what folds is an
// ASCII letter, not a character whose last byte is one.
func TestOtherCharacters(t *testing.T) {
	t.Parallel()
	a := globset.New()
	var waited []rune
	for r := rune('!'); r < 0x103; r++ {
		waited = append(waited, r)
		a.AddTerm(globset.Term{Globs: []globset.Glob{a.AddGlob(globset.AppendText(nil, string(r), false), globset.Under)}})
	}
	folded := a.AddTerm(globset.Term{Globs: []globset.Glob{a.AddGlob(globset.AppendText(nil, "A", true), globset.Under)}})
	far := a.AddTerm(globset.Term{Globs: []globset.Glob{a.AddGlob(globset.AppendText(nil, "\u0161", false), globset.Under)}})
	words := map[rune]bool{}
	a.Witnesses(unlimited, func(word []rune, holds globset.Bitset) bool {
		if len(word) != 1 {
			t.Fatalf("%q is found", string(word))
		}
		words[word[0]] = true
		for i, r := range waited {
			if holds.Has(i) != (word[0] == r) {
				t.Errorf("that %q is %q is %t", word[0], r, holds.Has(i))
			}
		}
		if holds.Has(folded) != (word[0] == 'a' || word[0] == 'A') || holds.Has(far) != (word[0] == '\u0161') {
			t.Errorf("%q: %b", word[0], holds)
		}
		return true
	})
	if !words[0x103] || len(words) != len(waited)+2 {
		t.Errorf("%d words, that of U+0103 among them: %t", len(words), words[0x103])
	}
}

func TestVisitStops(t *testing.T) {
	t.Parallel()
	visits := 0
	complete := nearlyAll(2, 1).Witnesses(unlimited, func([]rune, globset.Bitset) bool {
		visits++
		return visits < 2
	})
	if !complete || visits != 2 {
		t.Errorf("%d visits, %t", visits, complete)
	}
}

// FuzzWitnesses: without variables, any terms are answered as trying all short words answers them.
func FuzzWitnesses(f *testing.F) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		b := make([]byte, 60)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	words := allWords(letters, 3)
	f.Fuzz(func(t *testing.T, b []byte) {
		c := choice(func(n int) int {
			if len(b) == 0 {
				return 0
			}
			first := b[0]
			b = b[1:]
			return int(first) % n
		})
		terms := make([]term, 1+c(5))
		for i := range terms {
			terms[i] = c.term(7, 0)
			terms[i].required = c(4) == 0
		}
		checkAgainstWords(t, terms, words)
	})
}
