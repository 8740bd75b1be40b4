package storetest_test

import (
	"context"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// slow leaves time between the lookup of a credential and the answer for its policies.
type slow struct{ sigv4auth.PolicyStore }

func (s slow) Policies(ctx context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	time.Sleep(20 * time.Millisecond)
	return s.PolicyStore.Policies(ctx, id)
}
