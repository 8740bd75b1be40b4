// Package e2e measures what protection costs a whole service: ridesvc behind the middleware against
// the bare handler, on loopback.
//
//	go run ./bench e2e
//
// Each of the two runs in a process of its own, so that its CPU time can be read; this process
// makes the load. Both get the same bytes, requests that are signed before the clock starts, over
// connections that are kept. The two take turns in short rounds, and what counts is the median of
// the rounds' ratios. The rides are kept in memory, since a database would hide what protection
// costs. The load shares the machine with the server: requests a second are those of the pair, the
// CPU time per request is the server's alone.
package e2e
