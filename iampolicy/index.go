package iampolicy

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/wildgate/wildgate/internal/ascii"
)

// A statementIndex finds the statements of one effect that can match a request, so that the cost of
// a decision grows with those and not with all there are: by action first, and among the statements
// of an action by what their resources begin with, end with, or contain, or by a value that a
// condition key must have. What it finds is then matched in full; that it leaves nothing out is all
// that is asked of it.
type statementIndex struct {
	exact hashTable[*bucket] // by ascii.HashFold of an action without wildcards
	wild  affixes            // by what stands before an action's first wildcard, in lower case
	other *bucket            // NotAction, and actions that begin with a wildcard
	lists []*bucket          // of the keys of wild
}

const (
	// fewStatements are walked rather than looked up.
	fewStatements = 4
	// maxIndexEntries bounds what one statement may add to the index: its actions
	// times its resources.
	maxIndexEntries = 256
	// maxIndexValues is the same for its actions times the values of its conditions.
	maxIndexValues = 4096
)

// newIndex indexes the statements, or returns nil where there are few.
func newIndex(statements []statement) *statementIndex {
	if len(statements) <= fewStatements {
		return nil
	}
	x := &statementIndex{other: &bucket{}}
	exact, prefixes := map[uint32]*bucket{}, map[string]*bucket{}
	for i := range statements {
		for _, b := range x.bucketsOf(&statements[i], exact, prefixes) {
			b.always = append(b.always, int32(i))
		}
	}
	keys := sortedKeys(prefixes)
	for _, key := range keys {
		x.lists = append(x.lists, prefixes[key])
	}
	x.wild = newAffixes(keys, false)
	x.exact = newHashTable(exact)
	all := append(slices.Collect(maps.Values(exact)), x.lists...)
	newIndexBuilder(statements).buildAll(append(all, x.other))
	if x.other.always == nil && x.other.rest == nil {
		x.other = nil
	}
	return x
}

// sortedKeys returns the keys of m in order.
func sortedKeys[T any](m map[string]T) []string {
	return slices.Sorted(maps.Keys(m))
}

// bucketsOf returns the buckets where the statement belongs, each once.
func (x *statementIndex) bucketsOf(st *statement, exact map[uint32]*bucket, prefixes map[string]*bucket) []*bucket {
	if st.notAction || len(st.actions)*max(1, len(st.resources)) > maxIndexEntries {
		return []*bucket{x.other}
	}
	var list []*bucket
	add := func(b *bucket) {
		if !slices.Contains(list, b) {
			list = append(list, b)
		}
	}
	for i := range st.actions {
		a := &st.actions[i]
		if a.shape == literal {
			hash := ascii.HashFold(a.text)
			if exact[hash] == nil {
				exact[hash] = &bucket{}
			}
			add(exact[hash])
			continue
		}
		head := ""
		if a.shape == prefix {
			head = a.text
		} else if a.shape == general && len(a.runs[0]) > 0 {
			head = a.runs[0][0].text
		}
		if head == "" {
			return []*bucket{x.other}
		}
		head = ascii.ToLower(head)
		if prefixes[head] == nil {
			prefixes[head] = &bucket{}
		}
		add(prefixes[head])
	}
	return list
}

// search looks for the first statement that matches, or for the one that names
// the caller most directly.
type search struct {
	e          *evaluation
	statements []statement
	grants     bool  // of a resource policy's Allow statements the strongest is wanted
	best       int32 // -1: none yet
	grant      grant
	// few and many have, with an index, a bit for each statement that was tried: a
	// text may lead to one many times. few is for the first 64, which is all that
	// most documents have; many is nil where there are no others.
	few  uint64
	many *seen
}

type seen [(maxStatements + 63) / 64]uint64

// all searches with the index, or where there is none among all statements.
func (s *search) all(x *statementIndex) {
	if x == nil {
		for i := range s.statements {
			s.consider(int32(i))
		}
		return
	}
	if !s.e.hashed {
		s.e.hashed, s.e.actionHash = true, ascii.HashFold(s.e.req.Action)
	}
	if b := x.exact.find(s.e.actionHash); b != nil {
		s.bucket(b)
	}
	if len(x.lists) > 0 {
		for i := x.wild.longest(s.e.req.Action, true); i >= 0; i = x.wild.up[i] {
			s.bucket(x.lists[i])
		}
	}
	if x.other != nil {
		s.bucket(x.other)
	}
}

func (s *search) bucket(b *bucket) {
	if len(b.always) > 0 {
		s.each(b.always)
	}
	r := b.rest
	if r == nil {
		return
	}
	if len(r.byValue) > 0 {
		s.values(r.byValue)
	}
	resource := s.e.req.Resource
	for i := r.prefixes.longest(resource, false); i >= 0; i = r.prefixes.up[i] {
		s.each(r.byPrefix[i])
	}
	for i := r.suffixes.longest(resource, false); i >= 0; i = r.suffixes.up[i] {
		s.each(r.bySuffix[i])
	}
	if r.byGram == nil {
		return
	}
	for i := range len(resource) - gramLength + 1 {
		if g := gramAt(resource, i); r.grams[g%gramFilter/64]&(1<<(g%64)) != 0 {
			s.each(r.byGram[g])
		}
	}
}

func (s *search) each(candidates []int32) {
	if s.e.work += len(candidates); s.e.over() {
		return // the answer no longer counts: the request is denied
	}
	for _, i := range candidates {
		word, bit := &s.few, uint64(1)<<(i%64)
		if i >= 64 {
			word = &s.many[i/64]
		}
		if *word&bit == 0 {
			*word |= bit
			s.consider(i)
		}
	}
}

// consider matches one candidate, if it would be better than what is found.
func (s *search) consider(i int32) {
	st := &s.statements[i]
	if !s.grants {
		if (s.best < 0 || i < s.best) && s.e.matches(st) {
			s.best = i
		}
		return
	}
	g := st.principals.names(&s.e.caller, &s.e.req.Principal)
	if (g > s.grant || g == s.grant && g != noGrant && i < s.best) && s.e.matchesRequest(st) {
		s.best, s.grant = i, g
	}
}

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
