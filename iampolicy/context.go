package iampolicy

import (
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/ascii"
)

// A Context holds the condition keys of a request, such as aws:SourceIp, with
// their values. Key names are case-insensitive in ASCII, the part after a slash
// too (IAM user guide, "Condition element"). The zero Context is empty and ready
// to use.
//
// A Context is not safe for use while it is changed. A copy shares what it
// holds with the original: after copying change neither.
type Context struct {
	entries []contextEntry
}

type contextEntry struct {
	hash uint32 // of the key, folded
	key  string // as first set
	one  [1]string
	many []string
	// multivalued decides which of one and many holds the values.
	multivalued bool
	// strays has for each value where it is no UTF-8, and is nil if all are.
	strays  []strayBits
	unknown bool // => there is no value in one or many
}

// Grow makes room for n more keys, so that setting them allocates once.
func (c *Context) Grow(n int) { c.entries = slices.Grow(c.entries, n) }

// Set gives key the one value. A key that was set before is replaced.
func (c *Context) Set(key, value string) {
	e := c.entry(key)
	e.one[0], e.many, e.multivalued, e.unknown = value, nil, false, false
	e.findStrays()
}

// SetMany makes key multivalued, with these values: also where there is one
// value or none. The values are copied. A key that was set before is replaced.
func (c *Context) SetMany(key string, values ...string) {
	e := c.entry(key)
	e.one[0], e.many, e.multivalued, e.unknown = "", slices.Clone(values), true, false
	e.findStrays()
}

// SetUnknown makes key one that the request has, but whose value is not known: as aws:SourceIp,
// where a proxy should have told the client's address and has not. What is not known denies. Every
// condition on key holds in a Deny statement and fails in an Allow, whatever the operator is,
// IfExists and Null included. A policy variable that names key may stand for any text: a Deny
// applies where some value would make it apply, and an Allow where every value would. A default in
// the variable is ignored. A key that was set before is replaced.
//
// A key that the request does not have is not set at all: it fulfils negated
// operators in an Allow.
func (c *Context) SetUnknown(key string) {
	e := c.entry(key)
	e.one[0], e.many, e.multivalued, e.unknown, e.strays = "", nil, false, true, nil
}

// Delete removes key, if it is there.
func (c *Context) Delete(key string) {
	if i := c.index(key, ascii.HashFold(key)); i >= 0 {
		c.entries = slices.Delete(c.entries, i, i+1)
	}
}

// Get returns the values of key, which must not be changed and hold until the next change of c, and
// whether key is multivalued. ok is false where c does not have key. A key whose value is not known
// has no values, and is not multivalued; every other key that is not multivalued has one value.
func (c *Context) Get(key string) (values []string, multivalued, ok bool) {
	e := c.lookup(key, ascii.HashFold(key))
	if e == nil {
		return nil, false, false
	}
	return e.values(), e.multivalued, true
}

// Unknown reports whether key was last set by SetUnknown.
func (c *Context) Unknown(key string) bool {
	e := c.lookup(key, ascii.HashFold(key))
	return e != nil && e.unknown
}

// Keys returns an iterator over the keys, as spelled when first set, in that
// order. c must not be changed while it runs.
func (c *Context) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range c.entries {
			if !yield(c.entries[i].key) {
				return
			}
		}
	}
}

// findStrays looks at the values once, so that not every decision has to. Only where one is
// no UTF-8 it allocates.
func (e *contextEntry) findStrays() {
	e.strays = nil
	values := e.values()
	if !slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
		return
	}
	e.strays = make([]strayBits, len(values))
	for i, v := range values {
		e.strays[i] = straysOf(v)
	}
}

func (e *contextEntry) values() []string {
	switch {
	case e.unknown:
		return nil
	case e.multivalued:
		return e.many[:len(e.many):len(e.many)]
	}
	return e.one[:]
}

// lookup returns the entry of key, whose ascii.HashFold is hash, or nil.
func (c *Context) lookup(key string, hash uint32) *contextEntry {
	if i := c.index(key, hash); i >= 0 {
		return &c.entries[i]
	}
	return nil
}

// index walks the entries, which are few, comparing hashes: for a request's
// ten to thirty keys that is cheaper than hashing into a map.
func (c *Context) index(key string, hash uint32) int {
	for i := range c.entries {
		if e := &c.entries[i]; e.hash == hash && ascii.EqualFold(e.key, key) {
			return i
		}
	}
	return -1
}

// entry returns the entry of key, which it makes where it is missing.
func (c *Context) entry(key string) *contextEntry {
	hash := ascii.HashFold(key)
	if e := c.lookup(key, hash); e != nil {
		return e
	}
	c.entries = append(c.entries, contextEntry{hash: hash, key: key})
	return &c.entries[len(c.entries)-1]
}
