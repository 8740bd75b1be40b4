package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/storetest"
)

// memoryManaged is a store of managed policies that keeps the contract, but for its fault, and with
// it a store of roles. Both can fail.
type memoryManaged struct {
	*memoryRoles
	fault string

	mu       sync.Mutex
	policies map[string]*iampolicy.Policy
	turns    int
	failed   bool
}

const (
	readARN  = "arn:aws:iam::111122223333:policy/rides/Read"
	writeARN = "arn:aws:iam::111122223333:policy/Write"
)

func session(n int) *iampolicy.Policy {
	const text = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ride:Read%d","Resource":"*"}]}`
	p, err := iampolicy.Parse(fmt.Appendf(nil, text, n), iampolicy.SessionPolicy)
	if err != nil {
		panic(err)
	}
	return p
}

func newMemoryManaged(fault string) *memoryManaged {
	return &memoryManaged{
		memoryRoles: newMemoryRoles(""), fault: fault,
		policies: map[string]*iampolicy.Policy{readARN: session(1), writeARN: session(2)},
	}
}

func (m *memoryManaged) fixture() storetest.Fixture {
	f := m.memoryRoles.fixture()
	f.Credentials, f.Policies, f.Roles, f.ManagedPolicies = m, m, m, m
	f.KnownPolicies = []string{readARN, writeARN}
	f.ChangePolicy = func(arn string) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		switch m.fault {
		case "changes nothing":
		case "changes the policy that it returned":
			*m.policies[arn] = *session(3)
		default:
			m.policies[arn] = session(3)
		}
		return nil
	}
	f.DeletePolicy = func(arn string) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		switch m.fault {
		case "deletes nothing":
		case "deletes all":
			clear(m.policies)
		default:
			delete(m.policies, arn)
		}
		return nil
	}
	f.Fail = func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.failed = true
		return nil
	}
	return f
}

// failure is the error of a store that has failed, or what its fault makes of that. ok: it answers.
func (m *memoryManaged) failure(fault string, none error) (err error, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !m.failed || m.fault == fault+" do not fail":
		return nil, true
	case m.fault == fault+" are none when it fails":
		return none, false
	}
	return errors.New("connection refused"), false
}

func (m *memoryManaged) Credential(ctx context.Context, id, token string) (sigv4auth.Credential, error) {
	if err, ok := m.failure("keys", sigv4auth.ErrUnrecognizedClient); !ok {
		return sigv4auth.Credential{}, err
	}
	return m.memory.Credential(ctx, id, token)
}

func (m *memoryManaged) Policies(ctx context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	if err, ok := m.failure("policies", nil); !ok {
		return iampolicy.Set{}, "", err
	}
	return m.memoryRoles.Policies(ctx, id)
}

func (m *memoryManaged) Role(ctx context.Context, arn string) (sigv4auth.Role, error) {
	if err, ok := m.failure("roles", sigv4auth.ErrNoSuchRole); !ok {
		return sigv4auth.Role{}, err
	}
	return m.memoryRoles.Role(ctx, arn)
}

func (m *memoryManaged) SessionPolicy(ctx context.Context, arn string) (*iampolicy.Policy, error) {
	if err, ok := m.failure("managed policies", sigv4auth.ErrNoSuchPolicy); !ok {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turns++
	for known := range m.policies {
		if m.fault == "takes the name for the ARN" && arn != "" && strings.HasSuffix(known, arn[strings.LastIndexByte(arn, '/')+1:]) {
			arn = known
		}
	}
	p, ok := m.policies[arn]
	switch {
	case m.fault == "no such policy when the context has ended" && ctx.Err() != nil:
		return nil, sigv4auth.ErrNoSuchPolicy
	case m.fault == "another policy when the context has ended" && ctx.Err() != nil:
		return session(9), nil
	case !ok && m.fault == "an unknown policy is a failure":
		return nil, errors.New("no rows")
	case !ok && m.fault == "nothing for an unknown policy":
		return nil, nil
	case !ok && m.fault == "a policy beside an error":
		return session(0), sigv4auth.ErrNoSuchPolicy
	case !ok:
		return nil, fmt.Errorf("memory: %w", sigv4auth.ErrNoSuchPolicy)
	case m.fault == "identity policies":
		return document(1), nil
	case m.fault == "nothing for a known policy":
		return nil, nil
	case m.fault == "policies by turns" && m.turns > 20:
		return session(m.turns), nil
	}
	return p, nil
}

// TestMemoryManaged: a store that keeps all four contracts passes, with every test run.
func TestMemoryManaged(t *testing.T) {
	t.Parallel()
	storetest.TestStore(t, func(*testing.T) storetest.Fixture { return newMemoryManaged("").fixture() })
	faults, ran := storetest.FaultsForTest(t.Context(), func() storetest.Fixture { return newMemoryManaged("").fixture() })
	if len(faults) > 0 || ran != 31 {
		t.Errorf("%d tests ran, and found %v", ran, faults)
	}
}

// TestBrokenManagedStores: each mistake that a store of managed policies can make, and each way in
// which one can fail, fails the test that is about it.
func TestBrokenManagedStores(t *testing.T) {
	t.Parallel()
	const (
		known   = "a known managed policy is a session policy"
		unknown = "any other managed policy does not exist"
		ended   = "an ended context makes no managed policy one that does not exist"
		atOnce  = "many may ask for managed policies at once"
		changed = "a changed managed policy is in force"
		deleted = "a deleted managed policy does not exist, and no other"
		fails   = "a store that fails says so"
	)
	for fault, name := range map[string]string{
		"identity policies":                         known,
		"nothing for a known policy":                known,
		"takes the name for the ARN":                unknown,
		"an unknown policy is a failure":            unknown,
		"nothing for an unknown policy":             unknown,
		"a policy beside an error":                  unknown,
		"no such policy when the context has ended": ended,
		"another policy when the context has ended": ended,
		"policies by turns":                         atOnce,
		"changes nothing":                           changed,
		"changes the policy that it returned":       changed,
		"deletes nothing":                           deleted,
		"deletes all":                               deleted,
		"keys do not fail":                          fails,
		"keys are none when it fails":               fails,
		"policies do not fail":                      fails,
		"policies are none when it fails":           fails,
		"roles do not fail":                         fails,
		"roles are none when it fails":              fails,
		"managed policies do not fail":              fails,
		"managed policies are none when it fails":   fails,
	} {
		testFinds(t, fault, func() storetest.Fixture { return newMemoryManaged(fault).fixture() }, name)
	}
}
