package sts

import (
	"hash/maphash"
	"math/rand/v2"
	"sync/atomic"
)

// ways is how many sessions share the places of a set.
const ways = 4

// How much memory a cache takes, in bytes, as far as that is worth counting: for each place as much
// as a session with a token of usual size and some tags, and for a small cache enough for a few
// large ones.
const (
	perPlace  = 4 << 10
	leastSize = 1 << 20
)

// cache holds tokens that have been opened. Only what a ring has sealed enters it, under the access
// key ID that it is bound to, so that nobody fills it with what they made up. An access key has the
// places of one set, which a hash tells; where they are taken, one of the four that have them makes
// room. No look takes a lock, which many cores would wait for, and keeping a session costs next to
// nothing, where a list of the recently used costs as much as to open its token.
type cache struct {
	seed maphash.Seed // so that nobody can choose access keys that share a set
	sets [][ways]atomic.Pointer[opened]
	mask uint64 // the number of sets, a power of two, less one
	ways int    // fewer in a cache of less than four

	// What the sessions weigh, which differs a hundredfold: the policies that some have are large
	// once they are parsed. Where that is too much, sessions go, from a set by chance on.
	weight atomic.Int64
	most   int64
}

// newCache returns a cache of at most size sessions: as many as there are in a power of two of
// sets.
func newCache(size int) *cache {
	sets := 1
	for 2*sets*ways <= size {
		sets *= 2
	}
	return &cache{
		seed: maphash.MakeSeed(), sets: make([][ways]atomic.Pointer[opened], sets), mask: uint64(sets - 1), ways: min(size, ways),
		most: max(int64(size)*perPlace, leastSize),
	}
}

func (c *cache) set(accessKeyID string) []atomic.Pointer[opened] {
	return c.sets[maphash.String(c.seed, accessKeyID)&c.mask][:c.ways]
}

// get returns the session of an access key, nil if it is not there. Whether the token is the right
// one is not looked at.
func (c *cache) get(accessKeyID string) *opened {
	set := c.set(accessKeyID)
	for i := range set {
		if o := set[i].Load(); o != nil && o.credential.AccessKeyID == accessKeyID {
			return o
		}
	}
	return nil
}

// put keeps a session: in the place of the same access key, or a free one, or by chance.
func (c *cache) put(o *opened) {
	set := c.set(o.credential.AccessKeyID)
	place := -1
	for i := range set {
		other := set[i].Load()
		if other != nil && other.credential.AccessKeyID == o.credential.AccessKeyID {
			place = i
			break
		}
		if other == nil && place < 0 {
			place = i
		}
	}
	if place < 0 {
		place = rand.IntN(len(set))
	}
	weight := o.weight
	if other := set[place].Swap(o); other != nil {
		weight -= other.weight
	}
	if c.weight.Add(weight) > c.most {
		c.shrink()
	}
}

// shrink lets sessions go until the rest is not too much.
func (c *cache) shrink() {
	from := rand.Uint64()
	for n := range uint64(len(c.sets)) {
		set := &c.sets[(from+n)&c.mask]
		for i := range set {
			if c.weight.Load() <= c.most {
				return
			}
			if o := set[i].Swap(nil); o != nil {
				c.weight.Add(-o.weight)
			}
		}
	}
}

// remove lets go of a session.
func (c *cache) remove(o *opened) {
	set := c.set(o.credential.AccessKeyID)
	for i := range set {
		if set[i].CompareAndSwap(o, nil) {
			c.weight.Add(-o.weight)
		}
	}
}

// len returns how many sessions are kept.
func (c *cache) len() (n int) {
	for s := range c.sets {
		for i := range c.sets[s] {
			if c.sets[s][i].Load() != nil {
				n++
			}
		}
	}
	return n
}
