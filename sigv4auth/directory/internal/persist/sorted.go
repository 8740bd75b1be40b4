package persist

import (
	"iter"
	"slices"
	"sort"
	"strings"
)

// maxItems is how many keys a leaf has at most, and how many leaves what is above them.
const maxItems = 64

// Sorted is a map in the order of the bytes of its keys: a B+ tree. Its zero value is empty. It is
// never changed, and safe for concurrent use.
type Sorted[V any] struct {
	root *branch[V] // nil => empty
	n    int
}

// branch is a leaf, which has values, or has branches below, each with the least key that it may
// have; what comes before the first of these is in the first, too.
type branch[V any] struct {
	owner  *owner
	keys   []string
	values []V
	below  []*branch[V]
}

// Get returns the value of a key, and whether there is one.
func (s Sorted[V]) Get(key string) (value V, ok bool) {
	b := s.root
	if b == nil {
		return value, false
	}
	for b.below != nil {
		b = b.below[b.place(key)]
	}
	i, ok := slices.BinarySearch(b.keys, key)
	if !ok {
		return value, false
	}
	return b.values[i], true
}

// Len returns the number of keys.
func (s Sorted[V]) Len() int { return s.n }

// From returns keys and values in order, from the first that is not less than key.
func (s Sorted[V]) From(key string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		if s.root != nil {
			s.root.from(key, yield)
		}
	}
}

// Prefix returns the keys that begin with a prefix, and their values, in order.
func (s Sorted[V]) Prefix(prefix string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for key, value := range s.From(prefix) {
			if !strings.HasPrefix(key, prefix) || !yield(key, value) {
				return
			}
		}
	}
}

// Edit returns a draft of the next version.
func (s Sorted[V]) Edit() *SortedEdit[V] { return &SortedEdit[V]{s: s, owner: new(owner)} }

// SortedEdit is a draft of a Sorted. It is not safe for concurrent use, and MUST NOT be edited
// while From or Prefix of it go on.
type SortedEdit[V any] struct {
	s     Sorted[V]
	owner *owner
}

// Get, Len, From and Prefix are those of a [Sorted], on the draft as it is.
func (e *SortedEdit[V]) Get(key string) (V, bool) { return e.s.Get(key) }

// Len is described with Get.
func (e *SortedEdit[V]) Len() int { return e.s.Len() }

// From is described with Get.
func (e *SortedEdit[V]) From(key string) iter.Seq2[string, V] { return e.s.From(key) }

// Prefix is described with Get.
func (e *SortedEdit[V]) Prefix(prefix string) iter.Seq2[string, V] { return e.s.Prefix(prefix) }

// Set gives a key a value.
func (e *SortedEdit[V]) Set(key string, value V) {
	if e.s.root == nil {
		e.s.root = &branch[V]{owner: e.owner}
	}
	root, right, added := e.set(e.s.root, key, value)
	if right != nil {
		root = &branch[V]{owner: e.owner, keys: []string{root.keys[0], right.keys[0]}, below: []*branch[V]{root, right}}
	}
	e.s.root = root
	if added {
		e.s.n++
	}
}

// Delete removes a key, if it is there.
func (e *SortedEdit[V]) Delete(key string) {
	if _, ok := e.s.Get(key); !ok {
		return
	}
	e.s.n--
	e.s.root = e.delete(e.s.root, key)
	for e.s.root != nil && len(e.s.root.below) == 1 {
		e.s.root = e.s.root.below[0]
	}
}

// Done returns the draft as a version. The draft can be edited on, which does not change it.
func (e *SortedEdit[V]) Done() Sorted[V] {
	e.owner = new(owner)
	return e.s
}

// place returns which of the branches below has a key.
func (b *branch[V]) place(key string) int {
	i := sort.Search(len(b.keys), func(i int) bool { return b.keys[i] > key })
	return max(i-1, 0)
}

func (b *branch[V]) from(key string, yield func(string, V) bool) bool {
	if b.below == nil {
		i, _ := slices.BinarySearch(b.keys, key)
		for ; i < len(b.keys); i++ {
			if !yield(b.keys[i], b.values[i]) {
				return false
			}
		}
		return true
	}
	for i := b.place(key); i < len(b.below); i++ {
		if !b.below[i].from(key, yield) {
			return false
		}
	}
	return true
}

// own returns a branch that the draft may change.
func (e *SortedEdit[V]) own(b *branch[V]) *branch[V] {
	if b.owner == e.owner {
		return b
	}
	return &branch[V]{owner: e.owner, keys: slices.Clone(b.keys), values: slices.Clone(b.values), below: slices.Clone(b.below)}
}

// set returns the branch with a key's value, and where it was full, the right half of it.
func (e *SortedEdit[V]) set(b *branch[V], key string, value V) (_, right *branch[V], added bool) {
	b = e.own(b)
	if b.below == nil {
		i, found := slices.BinarySearch(b.keys, key)
		if found {
			b.values[i] = value
			return b, nil, false
		}
		b.keys, b.values = slices.Insert(b.keys, i, key), slices.Insert(b.values, i, value)
		return b, e.split(b), true
	}
	i := b.place(key)
	below, more, added := e.set(b.below[i], key, value)
	b.below[i], b.keys[i] = below, min(b.keys[i], key)
	if more != nil {
		b.keys, b.below = slices.Insert(b.keys, i+1, more.keys[0]), slices.Insert(b.below, i+1, more)
	}
	return b, e.split(b), added
}

// split cuts the right half off a branch that is too large.
func (e *SortedEdit[V]) split(b *branch[V]) (right *branch[V]) {
	if len(b.keys) <= maxItems {
		return nil
	}
	half := len(b.keys) / 2
	right = &branch[V]{owner: e.owner, keys: slices.Clone(b.keys[half:])}
	clear(b.keys[half:])
	b.keys = b.keys[:half]
	if b.below == nil {
		right.values = slices.Clone(b.values[half:])
		clear(b.values[half:])
		b.values = b.values[:half]
	} else {
		right.below = slices.Clone(b.below[half:])
		clear(b.below[half:])
		b.below = b.below[:half]
	}
	return right
}

// delete removes a key that is there. It returns nil for a branch that is empty then. Branches that
// get small are not joined: no path gets longer by that.
func (e *SortedEdit[V]) delete(b *branch[V], key string) *branch[V] {
	b = e.own(b)
	if b.below == nil {
		i, _ := slices.BinarySearch(b.keys, key)
		b.keys, b.values = slices.Delete(b.keys, i, i+1), slices.Delete(b.values, i, i+1)
	} else {
		i := b.place(key)
		if below := e.delete(b.below[i], key); below != nil {
			b.below[i] = below
		} else {
			b.keys, b.below = slices.Delete(b.keys, i, i+1), slices.Delete(b.below, i, i+1)
		}
	}
	if len(b.keys) == 0 {
		return nil
	}
	return b
}
