package iampolicy

import "math/bits"

// A bucketTable finds buckets by a hash: with open addressing, in a slice at least
// twice as long as it has buckets, which for a policy's few dozen actions is
// several times faster than a map. Actions of equal hash share a bucket.
type bucketTable struct {
	slots []bucketSlot // a power of two of them, or none
}

type bucketSlot struct {
	hash   uint32
	bucket *bucket
}

func newBucketTable(buckets map[uint32]*bucket) bucketTable {
	if len(buckets) == 0 {
		return bucketTable{}
	}
	t := bucketTable{slots: make([]bucketSlot, 1<<bits.Len(uint(2*len(buckets)-1)))}
	for hash, b := range buckets {
		i := t.start(hash)
		for t.slots[i].bucket != nil {
			i = (i + 1) & uint32(len(t.slots)-1)
		}
		t.slots[i] = bucketSlot{hash, b}
	}
	return t
}

func (t *bucketTable) start(hash uint32) uint32 { return hash & uint32(len(t.slots)-1) }

// find returns the bucket of a hash, or nil.
func (t *bucketTable) find(hash uint32) *bucket {
	if len(t.slots) == 0 {
		return nil
	}
	for i := t.start(hash); ; i = (i + 1) & uint32(len(t.slots)-1) {
		if s := &t.slots[i]; s.bucket == nil || s.hash == hash {
			return s.bucket
		}
	}
}
