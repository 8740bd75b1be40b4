package v4

// What the tests of key derivation reach for, since one candidate in 2^32 alone is refused.
var (
	FirstKeyForTest   = firstKey
	CandidateForTest  = candidate
	PrivateKeyForTest = privateKey
)
