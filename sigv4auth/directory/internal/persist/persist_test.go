package persist_test

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/sigv4auth/directory/internal/persist"
)

// draft is what both kinds of drafts do.
type draft interface {
	Get(string) (int, bool)
	Set(string, int)
	Delete(string)
	Len() int
}

// version is what both kinds of versions do, and what they ought to hold.
type version struct {
	get  func(string) (int, bool)
	len  func() int
	all  func() map[string]int
	edit func() (draft, func() version)
	want map[string]int
}

func mapVersion(m persist.Map[int], want map[string]int) version {
	return version{
		get: m.Get, len: m.Len, want: want, all: func() map[string]int { return maps.Collect(m.All()) },
		edit: func() (draft, func() version) {
			e := m.Edit()
			return e, func() version { return mapVersion(e.Done(), nil) }
		},
	}
}

func sortedVersion(s persist.Sorted[int], want map[string]int) version {
	return version{
		get: s.Get, len: s.Len, want: want, all: func() map[string]int { return maps.Collect(s.From("")) },
		edit: func() (draft, func() version) {
			e := s.Edit()
			return e, func() version { return sortedVersion(e.Done(), nil) }
		},
	}
}

func (v version) check(t *testing.T) {
	t.Helper()
	if diff := cmp.Diff(v.want, v.all()); diff != "" || v.len() != len(v.want) {
		t.Fatalf("a version has %d keys and differs (-want +got):\n%s", v.len(), diff)
	}
	for key, value := range v.want {
		if got, ok := v.get(key); !ok || got != value {
			t.Fatalf("Get(%q) = %d, %t; want %d", key, got, ok, value)
		}
	}
	if got, ok := v.get("no such key"); ok {
		t.Fatalf("a key that is not there has the value %d", got)
	}
}

// testVersions edits drafts of random versions at random; no version changes by what is done later.
func testVersions(t *testing.T, empty version, keys int) {
	random := rand.New(rand.NewPCG(1, uint64(keys)))
	empty.want = map[string]int{}
	versions := []version{empty}
	for round := range 60 {
		base := versions[random.IntN(len(versions))]
		e, done := base.edit()
		want := maps.Clone(base.want)
		for range 2 { // a draft goes on after Done
			for range random.IntN(400) {
				key := fmt.Sprint("key ", random.IntN(keys))
				if random.IntN(5) < 2 {
					e.Delete(key)
					delete(want, key)
				} else {
					e.Set(key, round)
					want[key] = round
				}
				value, there := want[key]
				if got, ok := e.Get(key); ok != there || got != value || e.Len() != len(want) {
					t.Fatalf("the draft has %q = %d, %t, of %d keys; want %d of %d", key, got, ok, e.Len(), value, len(want))
				}
			}
			next := done()
			next.want = maps.Clone(want)
			versions = append(versions, next)
		}
	}
	for _, v := range versions {
		v.check(t)
	}
	// Down to nothing.
	last := versions[len(versions)-1]
	e, done := last.edit()
	for _, key := range slices.Sorted(maps.Keys(last.want)) {
		e.Delete(key)
		e.Delete(key)
	}
	none := done()
	none.want = map[string]int{}
	none.check(t)
	last.check(t)
}

// TestMap: every version holds what was put into it, whatever comes after, also where hashes
// collide in part or in whole.
func TestMap(t *testing.T) {
	t.Parallel()
	for _, ignored := range []uint64{0, ^uint64(0), ^uint64(3), 1<<60 - 1} {
		testVersions(t, mapVersion(persist.Colliding[int](ignored), nil), 500)
	}
}

// TestSorted: the same of Sorted.
func TestSorted(t *testing.T) {
	t.Parallel()
	for _, keys := range []int{30, 500, 20_000} {
		testVersions(t, sortedVersion(persist.Sorted[int]{}, nil), keys)
	}
}

// TestOrder: From and Prefix give what a sorted slice gives, and end when they are told to.
func TestOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 3))
	e := new(persist.Sorted[int]).Edit()
	var all []string
	for i := range 5000 {
		key := strings.Repeat(string(rune('a'+random.IntN(4))), random.IntN(3)) + fmt.Sprint(random.IntN(100_000))
		if _, ok := e.Get(key); !ok {
			all = append(all, key)
		}
		e.Set(key, i)
	}
	slices.Sort(all)
	s := e.Done()
	keysOf := func(from iter.Seq2[string, int], most int) (keys []string) {
		for key := range from {
			if len(keys) == most {
				break
			}
			keys = append(keys, key)
		}
		return keys
	}
	for range 500 {
		from := all[random.IntN(len(all))]
		if random.IntN(2) == 0 {
			from = from[:random.IntN(len(from)+1)]
		}
		at, _ := slices.BinarySearch(all, from)
		most := random.IntN(300)
		if diff := cmp.Diff(all[at:min(at+most, len(all))], keysOf(s.From(from), most), cmp.Comparer(slices.Equal[[]string])); diff != "" {
			t.Fatalf("From(%q): %s", from, diff)
		}
		var want []string
		for _, key := range all {
			if strings.HasPrefix(key, from) {
				want = append(want, key)
			}
		}
		if got := keysOf(s.Prefix(from), len(all)); !slices.Equal(got, want) {
			t.Fatalf("Prefix(%q): %d keys; want %d", from, len(got), len(want))
		}
	}
}

// TestReaders: many read versions while drafts of them are edited. It is for the race detector.
func TestReaders(t *testing.T) {
	t.Parallel()
	em, es := new(persist.Map[int]).Edit(), new(persist.Sorted[int]).Edit()
	key := func(i int) string { return fmt.Sprint("key ", i) }
	for i := range 1000 {
		em.Set(key(i), i)
		es.Set(key(i), i)
	}
	m, s := em.Done(), es.Done()
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := range 1000 {
				a, _ := m.Get(key(i))
				b, _ := s.Get(key(i))
				if a != i || b != i {
					t.Errorf("%s = %d, %d", key(i), a, b)
				}
			}
		})
	}
	for i := range 1000 {
		em.Set(key(i), -i)
		es.Delete(key(i))
	}
	readers.Wait()
}

// fuzz does with a draft what the bytes say, and compares each version with a map.
func fuzz(t *testing.T, empty version, script []byte) {
	empty.want = map[string]int{}
	versions := []version{empty}
	e, done := empty.edit()
	want := map[string]int{}
	for i, b := range script {
		key := fmt.Sprint(b & 0x1f)
		switch b >> 5 {
		case 0:
			e.Delete(key)
			delete(want, key)
		case 1:
			next := done()
			next.want = maps.Clone(want)
			versions = append(versions, next)
		case 2:
			base := versions[int(b&0x1f)%len(versions)]
			e, done = base.edit()
			want = maps.Clone(base.want)
		default:
			key += fmt.Sprint(b >> 5)
			e.Set(key, i)
			want[key] = i
		}
	}
	for _, v := range versions {
		v.check(t)
	}
}

func FuzzMap(f *testing.F) {
	f.Add([]byte("\x60\x61\x20\x62\x00\x40\x20\xff"), uint64(0))
	f.Fuzz(func(t *testing.T, script []byte, ignored uint64) {
		fuzz(t, mapVersion(persist.Colliding[int](ignored), nil), script)
	})
}

func FuzzSorted(f *testing.F) {
	f.Add([]byte("\x60\x61\x20\x62\x00\x40\x20\xff"))
	f.Fuzz(func(t *testing.T, script []byte) { fuzz(t, sortedVersion(persist.Sorted[int]{}, nil), script) })
}

func BenchmarkMap(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		e := new(persist.Map[int]).Edit()
		for i := range n {
			e.Set(fmt.Sprintf("AKIA%016d", i), i)
		}
		m := e.Done()
		key := fmt.Sprintf("AKIA%016d", n/2)
		b.Run(fmt.Sprint("Get/", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Get(key)
			}
		})
		b.Run(fmt.Sprint("Set/", n), func(b *testing.B) {
			b.ReportAllocs()
			m := m
			for b.Loop() {
				e := m.Edit()
				e.Set(key, 1)
				m = e.Done()
			}
		})
	}
}

func BenchmarkSortedFrom(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := new(persist.Sorted[int]).Edit()
			for i := range n {
				e.Set(fmt.Sprintf("user%08d", i), i)
			}
			s := e.Done()
			key := fmt.Sprintf("user%08d", n/2)
			b.ReportAllocs()
			for b.Loop() {
				for range s.From(key) {
					break
				}
			}
		})
	}
}
