package globset_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
)

func TestAppendText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		fold bool
		want []globset.Item
	}{
		{"", true, nil},
		{"aB:", false, []globset.Item{{Kind: globset.Char, Char: 'a'}, {Kind: globset.Char, Char: 'B'}, {Kind: globset.Char, Char: ':'}}},
		{"aB:", true, []globset.Item{{Kind: globset.Fold, Char: 'a'}, {Kind: globset.Fold, Char: 'b'}, {Kind: globset.Char, Char: ':'}}},
		// Threat 178: the Kelvin sign and the long s are no letters of ASCII.
		{"\u212aſ[", true, []globset.Item{{Kind: globset.Char, Char: '\u212a'}, {Kind: globset.Char, Char: 'ſ'}, {Kind: globset.Char, Char: '['}}},
		{"*?", false, []globset.Item{{Kind: globset.Char, Char: '*'}, {Kind: globset.Char, Char: '?'}}},
		{"\xff", true, []globset.Item{{Kind: globset.Char, Char: '\ufffd'}}},
	} {
		before := []globset.Item{{Kind: globset.Any}}
		if got := globset.AppendText(before, test.text, test.fold); !slices.Equal(got[:1], before) || !slices.Equal(got[1:], test.want) {
			t.Errorf("AppendText(%q, %t) adds %v; want %v", test.text, test.fold, got[1:], test.want)
		}
	}
}

// Globs that differ have different keys, and different numbers in an automaton; equal ones have the
// same.
func TestKeysTellGlobsApart(t *testing.T) {
	t.Parallel()
	items := append(slices.Clone(plainItems[:10]),
		globset.Item{Kind: globset.Variable, Ref: 0}, globset.Item{Kind: globset.Variable, Ref: 1},
		globset.Item{Kind: globset.Variable, Ref: 1 << 9},
		globset.Item{Kind: globset.VariablePart, Ref: 0}, globset.Item{Kind: globset.VariablePart, Ref: 1},
		globset.Item{Kind: globset.Char, Char: 'a' + 1<<8}, globset.Item{Kind: globset.Char, Char: 'a' + 1<<16},
		globset.Item{Kind: globset.Char, Char: 0})
	a := globset.New()
	seen := map[string]bool{}
	numbers := map[globset.Glob]bool{}
	count := 0
	add := func(list []globset.Item) {
		for _, approx := range []globset.Approximation{globset.Under, globset.Over} {
			n := a.AddGlob(list, approx)
			seen[globset.Key(list, approx)], numbers[n] = true, true
			if count++; a.AddGlob(slices.Clone(list), approx) != n || len(seen) != count || len(numbers) != count {
				t.Fatalf("%v has the key or the number of another glob", list)
			}
		}
	}
	add(nil)
	for _, first := range items {
		add([]globset.Item{first})
		for _, second := range items {
			add([]globset.Item{first, second})
		}
	}
}

func TestIsStar(t *testing.T) {
	t.Parallel()
	for kind := globset.Char; kind <= globset.VariablePart; kind++ {
		if got, want := kind.IsStar(), kind == globset.Star || kind == globset.StarPart; got != want {
			t.Errorf("IsStar of %d is %t", kind, got)
		}
	}
}

// A Bitset does what a map does.
func TestBitset(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	const room = 130
	if b := globset.NewBitset(0); len(b) != 0 || !b.SubsetOf(b) {
		t.Errorf("an empty set is %v", b)
	}
	a, b := globset.NewBitset(room), globset.NewBitset(room)
	inA, inB := map[int]bool{}, map[int]bool{}
	for range 5000 {
		set, in := a, inA
		if r.IntN(2) == 0 {
			set, in = b, inB
		}
		if i := r.IntN(room); r.IntN(20) == 0 {
			clear(set)
			clear(in)
		} else if r.IntN(4) == 0 {
			set.Clear(i)
			delete(in, i)
		} else {
			set.Set(i)
			in[i] = true
		}
		subset := true
		for i := range room {
			if set.Has(i) != in[i] {
				t.Fatalf("that %v has %d is %t", in, i, !in[i])
			}
			subset = subset && (!inA[i] || inB[i])
		}
		if a.SubsetOf(b) != subset || (a.Key() == b.Key()) != maps.Equal(inA, inB) {
			t.Fatalf("%v in %v: %t, with equal keys: %t", inA, inB, !subset, a.Key() == b.Key())
		}
	}
}
