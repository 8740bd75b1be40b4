package gate

import (
	"github.com/wildgate/wildgate/bench/micro"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

// allocations bound what no noise moves. They are measured too, but chosen: to raise one is a
// decision.
var allocations = map[runner.Name]float64{
	{Group: workload.Requests, Case: "header POST"}:              1,
	{Group: workload.Requests, Case: "header GET"}:               0,
	{Group: workload.Requests, Case: "presigned GET"}:            0,
	{Group: workload.Requests, Case: "token of 8 KiB"}:           1,
	{Group: workload.Requests, Case: "40 more signed headers"}:   1,
	{Group: workload.Requests, Case: "80 query parameters"}:      0,
	{Group: workload.Requests, Case: "derived key not cached"}:   35,
	{Group: workload.Requests, Case: "SigV4A POST, to ECDSA"}:    12, // nearly all in the standard library
	{Group: workload.Requests, Case: "POST, handler"}:            3,
	{Group: workload.Requests, Case: "POST, handler and policy"}: 5,

	// A body grows as it arrives, so that the length that is declared claims no memory.
	{Group: workload.Bodies, Case: "0 B"}:     0,
	{Group: workload.Bodies, Case: "1 KiB"}:   2,
	{Group: workload.Bodies, Case: "16 KiB"}:  2,
	{Group: workload.Bodies, Case: "256 KiB"}: 3,
	{Group: workload.Bodies, Case: "1 MiB"}:   4,
	// two more than others, since so much memory has the garbage collector empty the pools at every
	// turn
	{Group: workload.Bodies, Case: "16 MiB"}: 8,

	{Group: workload.Chunks, Case: "16 MiB, signed"}: 10,
	{Group: workload.Chunks, Case: "16 MiB, CRC32"}:  10,

	{Group: workload.Refusals, Case: "no credentials"}:                1,
	{Group: workload.Refusals, Case: "Authorization cut short"}:       2,
	{Group: workload.Refusals, Case: "credentials in two places"}:     2,
	{Group: workload.Refusals, Case: "another host"}:                  1,
	{Group: workload.Refusals, Case: "x-amz header not signed"}:       2,
	{Group: workload.Refusals, Case: "an hour old"}:                   2,
	{Group: workload.Refusals, Case: "an hour ahead"}:                 2,
	{Group: workload.Refusals, Case: "presigned, expired"}:            2,
	{Group: workload.Refusals, Case: "another region"}:                2,
	{Group: workload.Refusals, Case: "unsigned payload, not enabled"}: 1,
	{Group: workload.Refusals, Case: "body too large"}:                1,
	{Group: workload.Refusals, Case: "signed header missing"}:         2,
	{Group: workload.Refusals, Case: "unknown key"}:                   1,
	{Group: workload.Refusals, Case: "another session token"}:         1,
	{Group: workload.Refusals, Case: "session that is over"}:          1,
	{Group: workload.Refusals, Case: "wrong signature"}:               1,
	{Group: workload.Refusals, Case: "another method"}:                1,
	{Group: workload.Refusals, Case: "another body"}:                  2,
	{Group: workload.Refusals, Case: "body cut short"}:                2,
	{Group: workload.Refusals, Case: "wrong checksum"}:                17,
	{Group: workload.Refusals, Case: "bad chunk"}:                     11,
	{Group: workload.Refusals, Case: "denied by policy"}:              35, // the answer with its reason is written as well

	// A compiled statement keeps some thirty pieces of memory.
	{Group: micro.Parsing, Case: "1,000 that differ in action"}:         30_000,
	{Group: micro.Parsing, Case: "1,000 that differ in prefix"}:         26_000,
	{Group: micro.Parsing, Case: "1,000 that differ behind a wildcard"}: 33_000,

	// All but the decision allocates: nodes of the document, and patterns of it.
	{Group: micro.Hostile, Case: "a decision by 6,144 characters"}: 0,
	{Group: micro.Hostile, Case: "a decision by 1 MiB"}:            0,
	{Group: micro.Hostile, Case: "a validation of 64 KiB"}:         120_000,

	// A document of 1 MiB has up to 100,000 values.
	{Group: micro.Largest, Case: "Parse, accounts and users of NotPrincipal"}:              100_000,
	{Group: micro.Largest, Case: "Validate, accounts and users of NotPrincipal"}:           280_000,
	{Group: micro.Largest, Case: "Parse, actions"}:                                         60_000,
	{Group: micro.Largest, Case: "Validate, actions"}:                                      300_000,
	{Group: micro.Largest, Case: "Parse, actions with two stars"}:                          600_000,
	{Group: micro.Largest, Case: "Validate, actions with two stars"}:                       950_000,
	{Group: micro.Largest, Case: "Parse, resources of 1,000 stars"}:                        640_000,
	{Group: micro.Largest, Case: "Validate, resources of 1,000 stars"}:                     640_000,
	{Group: micro.Largest, Case: "Parse, bounds of a key from both sides"}:                 200,
	{Group: micro.Largest, Case: "Validate, bounds of a key from both sides"}:              550_000,
	{Group: micro.Largest, Case: "Parse, statements of 250 actions and 240 conditions"}:    280_000,
	{Group: micro.Largest, Case: "Validate, statements of 250 actions and 240 conditions"}: 700_000,

	{Group: micro.Deriving, Case: "public key of SigV4A"}: 28,

	{Group: micro.Least, Case: "header POST"}: 1,

	// Three are the standard library's AEAD, four the redacting secrets. The session that a
	// verified identity has is a copy: that is one, for static credentials too.
	{Group: micro.Tokens, Case: micro.OpenedPlain}:  10,
	{Group: micro.Tokens, Case: micro.OpenedFull}:   13,
	{Group: micro.Sessions, Case: micro.CachedPOST}: 2,
	{Group: micro.Sessions, Case: micro.CachedGET}:  1,

	{Group: micro.Directories, Case: micro.DirectoryPOST}: 1,
	{Group: micro.Directories, Case: micro.DirectoryGET}:  0,

	{Group: micro.DirectorySizes, Case: micro.DirectoryLookup}: 0,
	{Group: micro.DirectorySizes, Case: micro.DirectoryChange}: 200,
}

// noAllocations are the groups of which no case may allocate.
var noAllocations = map[workload.Group]bool{
	workload.Keys: true, workload.Callers: true, workload.Policies: true, workload.Statements: true, micro.Growth: true, micro.Globs: true,
}

// mostGrowth is how many times as long a hostile document of twice the length may take: in
// proportion it is twice, and with the square four times.
const mostGrowth = 3

// Growth returns what the ratio of a case is at most, where it is the growth of the same work with
// its size: then it is bounded, and not compared with a recorded one.
func Growth(n runner.Name) (most float64, bounded bool) {
	return mostGrowth, n.Group == micro.Hostile || n.Group == micro.DirectorySizes
}

// Allocations returns how often ours may allocate in a case. One that has no bound is a case that
// nobody decided on.
func Allocations(n runner.Name) (most float64, bounded bool) {
	most, bounded = allocations[n]
	return most, bounded || noAllocations[n.Group]
}
