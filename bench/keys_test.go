package main

import (
	"testing"

	"github.com/wildgate/wildgate/bench/workload"
)

// BenchmarkManyCallers measures what it costs to serve more callers in turn than the cache of
// derived keys has room for, so that each misses it, against as many different requests by one
// caller.
func BenchmarkManyCallers(b *testing.B) {
	const known, requests = 100_000, 20_000
	_, one := prepared(b, workload.Crowd(known, 1, requests))
	_, many := prepared(b, workload.Crowd(known, requests, requests))
	compare(b, one, many)
}
