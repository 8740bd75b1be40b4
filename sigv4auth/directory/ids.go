package directory

import "crypto/rand"

// The prefixes of unique IDs: IAM User Guide, "Understanding unique ID prefixes".
const (
	userPrefix   = "AIDA"
	groupPrefix  = "AGPA"
	rolePrefix   = "AROA"
	policyPrefix = "ANPA"
)

// newUniqueID appends 85 random bits to a prefix.
func newUniqueID(prefix string) string { return prefix + rand.Text()[:17] }
