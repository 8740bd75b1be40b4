package iampolicy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
)

// affixes finds those of many texts with which another text begins (or ends, if
// reversed), in logarithmic time. The keys are sorted, so that all that are a prefix
// of s are prefixes of the last key that is not greater than s: from there up leads
// from each to its longest prefix among the others.
type affixes struct {
	reversed bool
	common   string // with which all keys begin; it is cut off from them. Ends, if reversed
	keys     []string
	up       []int32
}

// newAffixes takes the texts in the order of compareTexts.
func newAffixes(texts []string, reversed bool) (a affixes) {
	a.reversed = reversed
	a.keys = slices.Clone(texts)
	a.cutCommon()
	a.up = make([]int32, len(a.keys))
	for i := range a.keys {
		j := int32(i) - 1
		for j >= 0 && !a.affixOf(a.keys[j], a.keys[i]) {
			j = a.up[j]
		}
		a.up[i] = j
	}
	return a
}

// cutCommon cuts what the first and the last key share, and so all keys.
func (a *affixes) cutCommon() {
	if len(a.keys) == 0 {
		return
	}
	first, last := a.keys[0], a.keys[len(a.keys)-1]
	n := shared(first, last, a.reversed)
	if a.reversed {
		a.common = first[len(first)-n:]
	} else {
		a.common = first[:n]
	}
	for i, key := range a.keys {
		a.keys[i] = cut(key, n, a.reversed)
	}
}

// longest returns the longest key with which s begins, -1 if there is none. With
// fold the keys are in lower case and s is read so.
func (a *affixes) longest(s string, fold bool) int32 {
	if len(a.keys) == 0 || !a.hasCommon(s, fold) {
		return -1
	}
	s = cut(s, len(a.common), a.reversed)
	low, high := 0, len(a.keys) // keys[:low] are not greater than s, keys[high:] are
	for low < high {
		middle := int(uint(low+high) / 2)
		if a.compare(a.keys[middle], s, fold) <= 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	i := int32(low) - 1
	for i >= 0 && !a.begins(s, a.keys[i], fold) {
		i = a.up[i]
	}
	return i
}

func (a *affixes) hasCommon(s string, fold bool) bool {
	if a.reversed {
		return strings.HasSuffix(s, a.common)
	}
	// Resources mostly begin alike, and differ where the common part ends.
	if n := len(a.common); n > 0 && !fold && (len(s) < n || s[n-1] != a.common[n-1]) {
		return false
	}
	return strings.HasPrefix(s, a.common) || fold && ascii.HasPrefixFold(s, a.common)
}

func (a *affixes) begins(s, key string, fold bool) bool {
	if a.reversed {
		return strings.HasSuffix(s, key)
	}
	return strings.HasPrefix(s, key) || fold && ascii.HasPrefixFold(s, key)
}

func (a *affixes) affixOf(key, s string) bool { return a.begins(s, key, false) }

func (a *affixes) compare(key, s string, fold bool) int {
	switch {
	case a.reversed:
		return compareTexts(key, s, true)
	case !fold:
		return strings.Compare(key, s)
	}
	for i := range min(len(key), len(s)) {
		if c := cmp.Compare(key[i], ascii.Lower(s[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(key), len(s))
}

// compareTexts orders texts from their beginning, or from their end.
func compareTexts(s, t string, reversed bool) int {
	if !reversed {
		return strings.Compare(s, t)
	}
	n := shared(s, t, true)
	if n == len(s) || n == len(t) {
		return cmp.Compare(len(s), len(t))
	}
	return cmp.Compare(s[len(s)-1-n], t[len(t)-1-n])
}

// shared returns how many bytes the texts have in common at the beginning, or at the end.
func shared(s, t string, reversed bool) (n int) {
	most := min(len(s), len(t))
	if reversed {
		for n < most && s[len(s)-1-n] == t[len(t)-1-n] {
			n++
		}
		return n
	}
	for n < most && s[n] == t[n] {
		n++
	}
	return n
}

func cut(s string, n int, reversed bool) string {
	if reversed {
		return s[:len(s)-n]
	}
	return s[n:]
}
