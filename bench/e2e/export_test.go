package e2e

import "github.com/wildgate/wildgate/ridesvc"

// NewMemoryStoreForTest returns the store that the servers use.
func NewMemoryStoreForTest() ridesvc.Store { return newMemoryStore() }

// MaxRides is how many rides it keeps.
const MaxRides = maxRides
