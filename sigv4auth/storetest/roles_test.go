package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/storetest"
)

// memoryRoles is a store of roles, and of the policies of their sessions, that keeps the contracts,
// but for its fault.
type memoryRoles struct {
	*memory
	fault string

	mu     sync.Mutex
	roles  map[string]sigv4auth.Role
	of     map[string][]*iampolicy.Policy
	states int
	turns  int
}

const (
	riderARN = "arn:aws:iam::111122223333:role/service/Rider"
	otherARN = "arn:aws:iam::111122223333:role/Other"
)

func trusting(account string) *iampolicy.Policy {
	p, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"`+account+`"},
		"Action":"sts:AssumeRole"}]}`), iampolicy.TrustPolicy)
	if err != nil {
		panic(err)
	}
	return p
}

func role(arn, id string) sigv4auth.Role {
	return sigv4auth.Role{
		ARN: arn, ID: id, TrustPolicy: trusting("111122223333"), MaxSession: 2 * time.Hour, Tags: map[string]string{"team": "ops"},
	}
}

func newMemoryRoles(fault string) *memoryRoles {
	return &memoryRoles{
		memory: newMemory(""), fault: fault,
		roles: map[string]sigv4auth.Role{riderARN: role(riderARN, "AROARIDER"), otherARN: role(otherARN, "AROAOTHER")},
		of:    map[string][]*iampolicy.Policy{riderARN: {document(1)}, otherARN: {document(2)}},
	}
}

func (m *memoryRoles) fixture() storetest.Fixture {
	f := m.memory.fixture()
	f.Policies, f.Roles = m, m
	f.KnownRoles = []sigv4auth.Role{role(riderARN, "AROARIDER"), role(otherARN, "AROAOTHER")}
	change := func(what string) func(sigv4auth.Role) error {
		return func(r sigv4auth.Role) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.states++
			now := m.roles[r.ARN]
			switch {
			case what == "delete" && m.fault == "deletes nothing":
			case what == "delete":
				if delete(m.roles, r.ARN); m.fault == "deletes all" {
					clear(m.roles)
				}
			case what == "recreate" && m.fault != "keeps the unique ID":
				if m.fault == "changes the role that it returned" {
					now.Tags["team"] = "other"
				}
				now.ID = fmt.Sprint("AROAMADE", m.states)
				m.roles[r.ARN] = now
			}
			m.of[r.ARN] = []*iampolicy.Policy{document(100 + m.states)}
			return nil
		}
	}
	f.DeleteRole, f.RecreateRole, f.ChangeRole = change("delete"), change("recreate"), change("policies")
	f.ChangeTrust = func(r sigv4auth.Role) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		for arn, now := range m.roles {
			if m.fault != "changes no trust policy" && arn == r.ARN || m.fault == "changes all trust policies" {
				now.TrustPolicy = trusting("444455556666")
				m.roles[arn] = now
			}
		}
		return nil
	}
	return f
}

func (m *memoryRoles) Role(ctx context.Context, arn string) (sigv4auth.Role, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turns++
	for known := range m.roles {
		if m.fault == "takes the name for the ARN" && strings.HasSuffix(known, arn[strings.LastIndexByte(arn, '/')+1:]) && arn != "" {
			arn = known
		}
	}
	r, ok := m.roles[arn]
	r.Revision = fmt.Sprint("state ", m.states)
	switch {
	case m.fault == "no such role when the context has ended" && ctx.Err() != nil:
		return sigv4auth.Role{}, sigv4auth.ErrNoSuchRole
	case !ok && m.fault == "an unknown role is a failure":
		return sigv4auth.Role{}, errors.New("no rows")
	case !ok && m.fault == "a zero role for an unknown one":
		return sigv4auth.Role{}, nil
	case !ok:
		return sigv4auth.Role{}, fmt.Errorf("memory: %w", sigv4auth.ErrNoSuchRole)
	case m.fault == "another trust policy":
		r.TrustPolicy = nil
	case m.fault == "another role":
		r = m.roles[otherARN]
	case m.fault == "roles by turns" && m.turns > 20:
		r.ID += "0"
	}
	return r, nil
}

func (m *memoryRoles) Policies(ctx context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	if id.Principal.EffectiveType() != iampolicy.AssumedRole {
		return m.memory.Policies(ctx, id)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	arn := id.Principal.PrincipalARN()
	r, ok := m.roles[arn]
	sameID := id.Principal.UserID == r.ID+":"+id.Principal.SessionName() || m.fault == "sessions by ARN alone"
	sameState := id.Revision == fmt.Sprint("state ", m.states) || m.fault == "any state"
	if !ok || !sameID || !sameState {
		return iampolicy.Set{}, "", sigv4auth.ErrRevisionGone
	}
	return iampolicy.Set{Identity: m.of[arn]}, "", nil
}

// TestMemoryRoles: a store of roles that keeps the contracts passes, with every test run.
func TestMemoryRoles(t *testing.T) {
	t.Parallel()
	storetest.TestStore(t, func(*testing.T) storetest.Fixture { return newMemoryRoles("").fixture() })
	faults, ran := storetest.FaultsForTest(t.Context(), func() storetest.Fixture { return newMemoryRoles("").fixture() })
	if len(faults) > 0 || ran != 24 {
		t.Errorf("%d tests ran, and found %v", ran, faults)
	}
}

// TestBrokenRoleStores: each mistake that a store of roles can make fails the test that is about
// it.
func TestBrokenRoleStores(t *testing.T) {
	t.Parallel()
	const (
		known   = "a known role is returned as it is"
		unknown = "any other role does not exist"
		ended   = "an ended context makes no role one that does not exist"
		atOnce  = "many may ask for roles at once"
		deleted = "a deleted role does not exist, and no other"
		again   = "a role that was made again is another one"
		trust   = "a changed trust policy is in force"
		one     = "a revision is of one role"
		kept    = "the sessions of a role keep its state, or it is gone"
	)
	for fault, name := range map[string]string{
		"another trust policy":                    known,
		"another role":                            known,
		"takes the name for the ARN":              unknown,
		"an unknown role is a failure":            unknown,
		"a zero role for an unknown one":          unknown,
		"no such role when the context has ended": ended,
		"roles by turns":                          atOnce,
		"deletes nothing":                         deleted,
		"deletes all":                             deleted,
		"keeps the unique ID":                     again,
		"changes the role that it returned":       again,
		"changes no trust policy":                 trust,
		"changes all trust policies":              trust,
		"sessions by ARN alone":                   one,
		"any state":                               kept,
	} {
		testFinds(t, fault, func() storetest.Fixture { return newMemoryRoles(fault).fixture() }, name)
	}
}
