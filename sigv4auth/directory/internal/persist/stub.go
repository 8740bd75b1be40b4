// Package persist is a stand-in that is replaced.
package persist

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

type Map[V any] struct{ m map[string]V }

func (m Map[V]) Get(key string) (V, bool)  { v, ok := m.m[key]; return v, ok }
func (m Map[V]) Len() int                  { return len(m.m) }
func (m Map[V]) All() iter.Seq2[string, V] { return maps.All(m.m) }
func (m Map[V]) Edit() *MapEdit[V]         { return &MapEdit[V]{m.m, false} }

type MapEdit[V any] struct {
	m   map[string]V
	own bool
}

func (e *MapEdit[V]) take() {
	if !e.own {
		e.m, e.own = maps.Clone(e.m), true
		if e.m == nil {
			e.m = map[string]V{}
		}
	}
}
func (e *MapEdit[V]) Get(key string) (V, bool) { v, ok := e.m[key]; return v, ok }
func (e *MapEdit[V]) Set(key string, v V)      { e.take(); e.m[key] = v }
func (e *MapEdit[V]) Delete(key string)        { e.take(); delete(e.m, key) }
func (e *MapEdit[V]) Len() int                 { return len(e.m) }
func (e *MapEdit[V]) Done() Map[V]             { e.own = false; return Map[V]{e.m} }

type Sorted[V any] struct{ Map[V] }

func from[V any](m map[string]V, key string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if k >= key && !yield(k, m[k]) {
				return
			}
		}
	}
}

func prefix[V any](m map[string]V, p string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for k, v := range from(m, p) {
			if !strings.HasPrefix(k, p) || !yield(k, v) {
				return
			}
		}
	}
}
func (s Sorted[V]) From(key string) iter.Seq2[string, V] { return from(s.m, key) }
func (s Sorted[V]) Prefix(p string) iter.Seq2[string, V] { return prefix(s.m, p) }
func (s Sorted[V]) Edit() *SortedEdit[V]                 { return &SortedEdit[V]{s.Map.Edit()} }

type SortedEdit[V any] struct{ *MapEdit[V] }

func (e *SortedEdit[V]) From(key string) iter.Seq2[string, V] { return from(e.m, key) }
func (e *SortedEdit[V]) Prefix(p string) iter.Seq2[string, V] { return prefix(e.m, p) }
func (e *SortedEdit[V]) Done() Sorted[V]                      { return Sorted[V]{e.MapEdit.Done()} }
