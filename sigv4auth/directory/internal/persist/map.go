// Package persist has maps whose versions share what did not change: a version is never changed,
// and the next one costs what differs. They are made for many readers and one writer, who edits a
// draft.
package persist

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
)

const (
	levelBits = 5
	levelMask = 1<<levelBits - 1
	hashBits  = 64
)

// owner is whose a node is: a draft changes its own nodes in place, and copies all others.
type owner struct{ _ byte }

// Map is a hash trie: Bagwell, "Ideal Hash Trees". Its zero value is empty. It is never changed,
// and safe for concurrent use.
type Map[V any] struct {
	root *node[V] // nil => empty
	n    int
	seed maphash.Seed // zero => empty

	ignored uint64 // bits of hashes; 0, but in tests of keys whose hashes are the same
}

// node is a node of a Map: of its 32 places, those in the bitmap have a slot, in order. Below the
// last bit of the hashes, where only keys of one hash meet, slots are in no order, and the bitmap
// is empty.
type node[V any] struct {
	owner *owner
	used  uint32
	slots []slot[V]
}

// slot is a node below, or an entry.
type slot[V any] struct {
	below *node[V] // nil => the rest is an entry
	key   string
	value V
}

// Get returns the value of a key, and whether there is one.
func (m Map[V]) Get(key string) (value V, ok bool) {
	if m.root == nil {
		return value, false
	}
	return m.root.get(key, m.hash(key))
}

func (m *Map[V]) hash(key string) uint64 { return maphash.String(m.seed, key) &^ m.ignored }

// Len returns the number of keys.
func (m Map[V]) Len() int { return m.n }

// All returns keys and values, in no order.
func (m Map[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		if m.root != nil {
			m.root.all(yield)
		}
	}
}

// Edit returns a draft of the next version.
func (m Map[V]) Edit() *MapEdit[V] { return &MapEdit[V]{m: m, owner: new(owner)} }

// MapEdit is a draft of a Map. It is not safe for concurrent use.
type MapEdit[V any] struct {
	m     Map[V]
	owner *owner
}

// Get returns the value of a key in the draft, and whether there is one.
func (e *MapEdit[V]) Get(key string) (value V, ok bool) {
	return e.m.Get(key)
}

// Len returns the number of keys in the draft.
func (e *MapEdit[V]) Len() int { return e.m.n }

// Set gives a key a value.
func (e *MapEdit[V]) Set(key string, value V) {
	if e.m.root == nil {
		e.m.root, e.m.seed = &node[V]{owner: e.owner}, maphash.MakeSeed()
	}
	var added bool
	e.m.root, added = e.set(e.m.root, 0, e.m.hash(key), slot[V]{key: key, value: value})
	if added {
		e.m.n++
	}
}

// Delete removes a key, if it is there.
func (e *MapEdit[V]) Delete(key string) {
	if _, ok := e.Get(key); !ok {
		return
	}
	e.m.n--
	e.m.root = e.delete(e.m.root, 0, e.m.hash(key), key)
	if e.m.n == 0 {
		e.m.root = nil
	}
}

// Done returns the draft as a version. The draft can be edited on, which does not change it.
func (e *MapEdit[V]) Done() Map[V] {
	e.owner = new(owner)
	return e.m
}

func (n *node[V]) get(key string, hash uint64) (value V, ok bool) {
	for shift := 0; shift < hashBits; shift += levelBits {
		place := uint32(1) << (hash >> shift & levelMask)
		if n.used&place == 0 {
			return value, false
		}
		s := &n.slots[bits.OnesCount32(n.used&(place-1))]
		if s.below == nil {
			if s.key == key {
				return s.value, true
			}
			return value, false
		}
		n = s.below
	}
	if i := n.inBucket(key); i >= 0 {
		return n.slots[i].value, true
	}
	return value, false
}

func (n *node[V]) inBucket(key string) int {
	return slices.IndexFunc(n.slots, func(s slot[V]) bool { return s.key == key })
}

func (n *node[V]) all(yield func(string, V) bool) bool {
	for i := range n.slots {
		s := &n.slots[i]
		if s.below != nil && !s.below.all(yield) || s.below == nil && !yield(s.key, s.value) {
			return false
		}
	}
	return true
}

// own returns a node that the draft may change.
func (e *MapEdit[V]) own(n *node[V]) *node[V] {
	if n.owner == e.owner {
		return n
	}
	return &node[V]{owner: e.owner, used: n.used, slots: slices.Clone(n.slots)}
}

func (e *MapEdit[V]) set(n *node[V], shift int, hash uint64, entry slot[V]) (_ *node[V], added bool) {
	n = e.own(n)
	if shift >= hashBits {
		if i := n.inBucket(entry.key); i >= 0 {
			n.slots[i] = entry
			return n, false
		}
		n.slots = append(n.slots, entry)
		return n, true
	}
	place := uint32(1) << (hash >> shift & levelMask)
	i := bits.OnesCount32(n.used & (place - 1))
	if n.used&place == 0 {
		n.used |= place
		n.slots = slices.Insert(n.slots, i, entry)
		return n, true
	}
	s := &n.slots[i]
	switch {
	case s.below != nil:
		s.below, added = e.set(s.below, shift+levelBits, hash, entry)
		return n, added
	case s.key == entry.key:
		*s = entry
		return n, false
	}
	// Two keys in one place: both go a level down.
	below := &node[V]{owner: e.owner}
	below, _ = e.set(below, shift+levelBits, e.m.hash(s.key), *s)
	below, _ = e.set(below, shift+levelBits, hash, entry)
	*s = slot[V]{below: below}
	return n, true
}

// delete removes a key that is there. It returns nil for a node that is empty then.
func (e *MapEdit[V]) delete(n *node[V], shift int, hash uint64, key string) *node[V] {
	n = e.own(n)
	if shift >= hashBits {
		i := n.inBucket(key)
		n.slots = slices.Delete(n.slots, i, i+1)
	} else {
		place := uint32(1) << (hash >> shift & levelMask)
		i := bits.OnesCount32(n.used & (place - 1))
		s := &n.slots[i]
		if s.below != nil {
			s.below = e.delete(s.below, shift+levelBits, hash, key)
		}
		switch {
		case s.below == nil: // the entry, or what was above it alone
			n.used &^= place
			n.slots = slices.Delete(n.slots, i, i+1)
		case len(s.below.slots) == 1 && s.below.slots[0].below == nil:
			*s = s.below.slots[0] // an entry needs no node of its own
		}
	}
	if len(n.slots) == 0 {
		return nil
	}
	return n
}
