package workload

// HashedForTest returns how many bytes of a canonical request and of a string to sign the floor of
// q hashes.
func HashedForTest(q *Request) (canonical, toSign int) { return canonicalBytes(q), stringToSignBytes }
