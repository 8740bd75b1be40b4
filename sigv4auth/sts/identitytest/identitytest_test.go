package identitytest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/identitytest"
)

// TestMemoryIdentities: the library's own store keeps the contract.
func TestMemoryIdentities(t *testing.T) {
	t.Parallel()
	identitytest.TestStore(t, func(*testing.T) sts.IdentityStore { return &sts.MemoryIdentities{} })
}

// broken is a store with a mistake.
type broken struct {
	sts.MemoryIdentities
	fault string
	mu    sync.Mutex
	kept  []sts.ProviderLogin
}

func (b *broken) Logins(ctx context.Context, pool, identity string) ([]sts.ProviderLogin, error) {
	switch b.fault {
	case "an unknown identity is a guest's":
		logins, _ := b.MemoryIdentities.Logins(ctx, pool, identity)
		return logins, nil
	case "one pool":
		pool = ""
	case "hands out what it keeps":
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.kept == nil {
			logins, err := b.MemoryIdentities.Logins(ctx, pool, identity)
			if err != nil {
				return nil, err
			}
			b.kept = logins
		}
		return b.kept, nil
	case "unknown when the context has ended":
		if ctx.Err() != nil {
			return nil, sts.ErrNoSuchIdentity
		}
	}
	return b.MemoryIdentities.Logins(ctx, pool, identity)
}

func (b *broken) Link(ctx context.Context, pool, identity string, logins []sts.ProviderLogin) (string, error) {
	switch b.fault {
	case "one pool":
		pool = ""
	case "takes case for nothing", "takes providers for one":
		logins = slices.Clone(logins)
		for i := range logins {
			if b.fault == "takes case for nothing" {
				logins[i].Subject = strings.ToLower(logins[i].Subject)
			} else {
				logins[i].Provider, _, _ = strings.Cut(logins[i].Provider, "/")
			}
		}
	case "keeps the last login":
		if len(logins) > 1 {
			logins = logins[len(logins)-1:]
		}
	case "a conflict is a failure":
		id, err := b.MemoryIdentities.Link(ctx, pool, identity, logins)
		if err != nil {
			err = fmt.Errorf("conflict: %v", err) //nolint:errorlint // the mistake
		}
		return id, err
	case "a new identity at each time":
		b.mu.Lock()
		defer b.mu.Unlock()
		_, _ = b.MemoryIdentities.Link(ctx, pool, identity, nil)
		return identity, nil
	case "the first login wins":
		if id, err := b.MemoryIdentities.Link(ctx, pool, identity, logins); err == nil || len(logins) == 0 {
			return id, err
		}
		return b.MemoryIdentities.Link(ctx, pool, identity, logins[:1])
	case "a conflict when the context has ended":
		if ctx.Err() != nil {
			return "", sts.ErrLoginLinked
		}
	}
	return b.MemoryIdentities.Link(ctx, pool, identity, logins)
}

// TestBrokenStores: each mistake that a store can make fails a test that is about it.
func TestBrokenStores(t *testing.T) {
	t.Parallel()
	for fault, name := range map[string]string{
		"an unknown identity is a guest's":      "an identity that was never made is unknown",
		"one pool":                              "pools know nothing of each other",
		"hands out what it keeps":               "a login has one identity, and keeps it",
		"takes case for nothing":                "what is exactly the same is the same, and nothing else",
		"takes providers for one":               "what is exactly the same is the same, and nothing else",
		"keeps the last login":                  "logins that come together are one identity",
		"a conflict is a failure":               "logins of two identities stay apart",
		"a new identity at each time":           "many may link at once, and agree",
		"the first login wins":                  "an identity has one login of a provider",
		"unknown when the context has ended":    "an ended context changes nothing",
		"a conflict when the context has ended": "an ended context changes nothing",
		"":                                      "",
	} {
		faults, ran := identitytest.FaultsForTest(t.Context(), func() sts.IdentityStore { return &broken{fault: fault} })
		if ran != 10 || fault == "" && len(faults) > 0 || fault != "" && !slices.Contains(faults, name) {
			t.Errorf("%q: %d tests ran, and failed are %q", fault, ran, faults)
		}
	}
}
