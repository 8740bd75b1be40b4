// Package bench measures Wildgate's verification and evaluation from outside, as a user's program sees them.
//
//	go test -run '^$' -bench . ./bench
//
// What counts is not the time of an operation, which differs from machine to machine and from minute to minute, but its ratio to what runs beside
// it: the metric x-floor is the median, over interleaved rounds of one run, of the operation's time divided by that of the floor. For Verify
// the floor is the hashing that no verifier with a cached key can do without, over the same bytes: SHA-256 of the body and of the
// canonical request, and one HMAC-SHA256 whose key is prepared. For Evaluate it is cedar-go, deciding the same request by an equivalent policy.
package bench
