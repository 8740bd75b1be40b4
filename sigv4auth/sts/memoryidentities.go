package sts

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

const defaultMaxIdentities = 100_000

// MemoryIdentities is an [IdentityStore] in memory: its identities end with the process, and a user
// who logs in after it is another one to policies that name cognito-identity.amazonaws.com:sub. It
// is for tests, and for services that keep nothing by identity. Its zero value is empty, and is
// safe for concurrent use. It must not be copied.
type MemoryIdentities struct {
	// Max is how many identities it holds. More are refused. It must not be changed once the store
	// is in use. 0 or less: 100,000.
	Max int

	mu     sync.Mutex
	logins map[poolIdentity][]ProviderLogin
	owners map[poolLogin]string
}

type poolIdentity struct{ pool, identity string }

type poolLogin struct {
	pool  string
	login ProviderLogin
}

var _ IdentityStore = (*MemoryIdentities)(nil)

// Logins returns the logins of an identity.
func (m *MemoryIdentities) Logins(_ context.Context, pool, identity string) ([]ProviderLogin, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	logins, ok := m.logins[poolIdentity{pool, identity}]
	if !ok {
		return nil, fmt.Errorf("sts: the identities in memory: %w", ErrNoSuchIdentity)
	}
	return slices.Clone(logins), nil
}

// Link makes logins those of one identity.
func (m *MemoryIdentities) Link(_ context.Context, pool, identity string, logins []ProviderLogin) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	owner, found := identity, false
	for _, l := range logins {
		switch is, linked := m.owners[poolLogin{pool, l}]; {
		case !linked:
		case found && is != owner:
			return "", fmt.Errorf("sts: the logins are those of several identities: %w", ErrLoginLinked)
		default:
			owner, found = is, true
		}
	}
	at := poolIdentity{pool, owner}
	has, exists := m.logins[at]
	if !found && len(has) > 0 && len(logins) > 0 {
		return "", fmt.Errorf("sts: the identity is somebody else's: %w", ErrLoginLinked)
	}
	var added []ProviderLogin
	for _, l := range logins {
		if slices.Contains(has, l) {
			continue
		}
		if slices.ContainsFunc(has, func(h ProviderLogin) bool { return h.Provider == l.Provider }) {
			return "", fmt.Errorf("sts: the identity has another login of a provider: %w", ErrLoginLinked)
		}
		added = append(added, l)
	}
	most := m.Max
	if most <= 0 {
		most = defaultMaxIdentities
	}
	if !exists && len(m.logins) >= most {
		return "", fmt.Errorf("sts: the identities in memory: %w", ErrTooManyIdentities)
	}
	if m.logins == nil {
		m.logins, m.owners = map[poolIdentity][]ProviderLogin{}, map[poolLogin]string{}
	}
	m.logins[at] = append(has, added...)
	for _, l := range added {
		m.owners[poolLogin{pool, l}] = owner
	}
	return owner, nil
}
