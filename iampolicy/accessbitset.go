package iampolicy

import "encoding/binary"

// A bitset is a set of small numbers.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bitset) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) clear(i int)    { b[i/64] &^= 1 << (i % 64) }

func (b bitset) key() string {
	k := make([]byte, 0, 8*len(b))
	for _, w := range b {
		k = binary.LittleEndian.AppendUint64(k, w)
	}
	return string(k)
}

// subset reports whether all of a are in b.
func subset(a, b bitset) bool {
	for i := range a {
		if a[i]&^b[i] != 0 {
			return false
		}
	}
	return true
}
