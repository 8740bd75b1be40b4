package identitytest

import (
	"context"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// FaultsForTest returns the names of the tests that a store fails.
func FaultsForTest(ctx context.Context, open func() sts.IdentityStore) (faults []string, ran int) {
	for _, c := range checks {
		if c.check(ctx, open()) != nil {
			faults = append(faults, c.name)
		}
	}
	return faults, len(checks)
}
