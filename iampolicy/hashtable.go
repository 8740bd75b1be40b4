package iampolicy

import "math/bits"

// A hashTable finds items by a hash: with open addressing, in a slice at least
// twice as long as it has items, which for a policy's few dozen actions is several
// times faster than a map. What has equal hashes shares an item.
type hashTable[T any] struct {
	slots []hashSlot[T] // a power of two of them, or none
}

type hashSlot[T any] struct {
	hash uint32
	used bool
	item T
}

func newHashTable[T any](items map[uint32]T) hashTable[T] {
	if len(items) == 0 {
		return hashTable[T]{}
	}
	t := hashTable[T]{slots: make([]hashSlot[T], 1<<bits.Len(uint(2*len(items)-1)))}
	for hash, item := range items {
		i := t.start(hash)
		for t.slots[i].used {
			i = (i + 1) & uint32(len(t.slots)-1)
		}
		t.slots[i] = hashSlot[T]{hash, true, item}
	}
	return t
}

func (t *hashTable[T]) start(hash uint32) uint32 { return hash & uint32(len(t.slots)-1) }

// find returns the item of a hash, or the zero value.
func (t *hashTable[T]) find(hash uint32) (item T) {
	if len(t.slots) == 0 {
		return item
	}
	for i := t.start(hash); ; i = (i + 1) & uint32(len(t.slots)-1) {
		if s := &t.slots[i]; !s.used || s.hash == hash {
			return s.item
		}
	}
}
