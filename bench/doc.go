// Command bench measures signature verification and decisions by policy, Wildgate's beside those of
// what a Go program can import in its place.
//
//	go run ./bench [-quick] [-json] [-html FILE] [-check] [-write FOLDER]
//	go run ./bench e2e [flags]
//	go test -run '^$' -bench . ./bench
//
// What counts is not the time of an operation, which differs from machine to machine and from
// minute to minute, but its ratio to what runs beside it, in interleaved rounds of one run. For
// verification that is the floor, the hashing that no verifier with a cached key can do without,
// over the same bytes: SHA-256 of the body and of the canonical request, and one HMAC-SHA256 whose
// key is prepared. For decisions it is cedar-go, deciding the same request by an equivalent policy.
// Package workload makes what is measured, contender holds who is measured, measure does the
// timing, runner the run, goal says which speeds are to be reached, gate which may not get worse,
// and report shows it all. Package micro has what is measured of single parts.
//
// e2e measures a service bare and behind the middleware, over connections: see package e2e.
//
// The benchmarks beside the command time its rows by themselves, for profiles, and what of Wildgate
// has no row. Their metric x-floor is the median of the ratios.
package main
