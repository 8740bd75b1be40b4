package sts

import (
	"hash/maphash"
	"math/rand/v2"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
)

// refresh is how many times a session is found in recent for once that the list of the recently used
// is told so: one that is busy stays among them.
const refresh = 16

// maxRecent is enough for the sessions that are busy at one time, and takes 32 KiB.
const maxRecent = 4096

// cache holds tokens that have been opened. Only what a ring has sealed enters it, under the access
// key ID that it is bound to, so that nobody fills it with what they made up, and those of one access
// key have one place.
type cache struct {
	sessions *lru.Cache[string, *opened]

	// recent holds some of the sessions for a look without a lock, which many cores would wait for. The
	// length is a power of two.
	recent []atomic.Pointer[opened]
	seed   maphash.Seed // so that nobody can choose access keys that share a slot
}

func newCache(size int) (*cache, error) {
	slots := 1
	for slots < min(size, maxRecent) {
		slots *= 2
	}
	c := &cache{recent: make([]atomic.Pointer[opened], slots), seed: maphash.MakeSeed()}
	var err error
	c.sessions, err = lru.NewWithEvict(size, c.forget)
	return c, err
}

func (c *cache) slot(accessKeyID string) *atomic.Pointer[opened] {
	return &c.recent[maphash.String(c.seed, accessKeyID)&uint64(len(c.recent)-1)]
}

// forget lets go of a session that has made room for another. A request that has just found it may put
// it back: it then stays until another takes its slot.
func (c *cache) forget(accessKeyID string, o *opened) { c.slot(accessKeyID).CompareAndSwap(o, nil) }

// get returns the session of an access key, nil if it is not there. Whether the token is the right one
// is not looked at.
func (c *cache) get(accessKeyID string) *opened {
	slot := c.slot(accessKeyID)
	if o := slot.Load(); o != nil && o.credential.AccessKeyID == accessKeyID {
		if rand.Uint32()%refresh == 0 {
			c.sessions.Get(accessKeyID)
		}
		return o
	}
	o, ok := c.sessions.Get(accessKeyID)
	if !ok {
		return nil
	}
	slot.Store(o)
	return o
}

func (c *cache) put(o *opened) {
	c.sessions.Add(o.credential.AccessKeyID, o)
	c.slot(o.credential.AccessKeyID).Store(o)
}

func (c *cache) remove(o *opened) {
	c.sessions.Remove(o.credential.AccessKeyID)
	c.forget(o.credential.AccessKeyID, o)
}
