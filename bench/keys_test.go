package main

import (
	"fmt"
	"testing"

	"github.com/wildgate/wildgate/bench/work"
)

// BenchmarkKeys measures what it costs to know many keys, against knowing one: with callers whose derived keys are cached, and with more callers than
// the cache has room for, each of which misses it.
func BenchmarkKeys(b *testing.B) {
	_, one := prepared(b, work.ManyKeys(1, 1))
	for _, tt := range []struct{ known, callers int }{{1_000, 1}, {1_000_000, 1}, {1_000_000, 1_000}, {1_000_000, 50_000}} {
		b.Run(fmt.Sprintf("known=%d/callers=%d", tt.known, tt.callers), func(b *testing.B) {
			_, many := prepared(b, work.ManyKeys(tt.known, tt.callers))
			compare(b, one, many)
		})
	}
}
