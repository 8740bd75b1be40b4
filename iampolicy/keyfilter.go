package iampolicy

import (
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
)

// A KeyFilter tells which condition keys a decision can depend on, so that callers can skip
// computing the others: most policies read few keys, and many none. It is a value; the zero
// KeyFilter is that of policies without conditions. It may include keys that no policy reads.
//
// It is for [Evaluate]. [Explain] shows the keys that were set, whether or not
// a policy reads them.
type KeyFilter struct{ mask uint64 }

// allKeys is the filter of a policy with variables, which can stand in many places.
const allKeys = ^uint64(0)

// KeyFilter returns the filter for all policies of s.
func (s *Set) KeyFilter() KeyFilter {
	var f KeyFilter
	for _, list := range [...][]*Policy{s.Identity, s.Boundaries, s.Sessions, {s.Resource}} {
		f.add(list)
	}
	for _, levels := range [...][][]*Policy{s.SCPs, s.RCPs} {
		for _, level := range levels {
			f.add(level)
		}
	}
	return f
}

func (f *KeyFilter) add(list []*Policy) {
	for _, p := range list {
		if p != nil {
			f.mask |= p.keys
		}
	}
}

// None reports whether no decision depends on any key.
func (f KeyFilter) None() bool { return f.mask == 0 }

// MayUse reports whether a decision may depend on key, in any case of its letters.
func (f KeyFilter) MayUse(key string) bool {
	return f.mask != 0 && f.mask&keyBit(ascii.HashFold(key)) != 0
}

// keyBit returns the bit of a key with this ascii.HashFold. Several keys share one.
func keyBit(hash uint32) uint64 { return 1 << (hash >> 26) }

// keysOf returns the bits of the keys that statements look at, which src holds. A
// variable is looked for in the text: its two characters stand there as they are,
// or one of them as an escape with a code point.
func keysOf(src string, statements []statement) uint64 {
	if strings.Contains(src, "${") || strings.Contains(src, `\u`) {
		return allKeys
	}
	var mask uint64
	for i := range statements {
		for j := range statements[i].conditions {
			mask |= keyBit(statements[i].conditions[j].hash)
		}
	}
	return mask
}
