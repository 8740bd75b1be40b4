package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/storetest"
)

// memory is a store of both kinds that keeps the contracts, but for its fault.
type memory struct {
	fault string

	mu       sync.Mutex
	keys     map[string]sigv4auth.Credential
	policies map[string][]*iampolicy.Policy // by ARN
	revision map[string]int                 // by access key ID
	made     int
}

const (
	aliceKey = "AKIAALICE"
	bobKey   = "ASIABOB"
)

func credential(id, token, name string) sigv4auth.Credential {
	return sigv4auth.Credential{
		AccessKeyID: id, Secret: sigv4auth.NewSecret("secret-of-" + id), SessionToken: sigv4auth.NewSecret(token),
		Principal: iampolicy.Principal{
			ARN: "arn:aws:iam::111122223333:user/" + name, UserID: "AIDA" + name, Tags: map[string]string{"team": "ops"},
		},
	}
}

func document(n int) *iampolicy.Policy {
	const text = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ride:Read%d","Resource":"*"}]}`
	p, err := iampolicy.Parse(fmt.Appendf(nil, text, n), iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	return p
}

func newMemory(fault string) *memory {
	alice, bob := credential(aliceKey, "", "alice"), credential(bobKey, "token of bob", "bob")
	return &memory{
		fault:    fault,
		keys:     map[string]sigv4auth.Credential{aliceKey: alice, bobKey: bob},
		policies: map[string][]*iampolicy.Policy{alice.Principal.ARN: {document(0)}, bob.Principal.ARN: {document(1)}},
		revision: map[string]int{aliceKey: 1, bobKey: 1},
	}
}

// fixture is a fixture of the store, with everything that can be done to it.
func (m *memory) fixture() storetest.Fixture {
	return storetest.Fixture{
		Credentials: m, Policies: m, Within: 20 * time.Millisecond,
		Known:  []sigv4auth.Credential{credential(aliceKey, "", "alice"), credential(bobKey, "token of bob", "bob")},
		Revoke: m.revoke, Recreate: m.recreate, ChangePolicies: m.changePolicies, ChangeOthers: m.changeOthers,
	}
}

func (m *memory) revoke(c sigv4auth.Credential) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.fault {
	case "revokes nothing":
		return nil
	case "revokes all":
		clear(m.keys)
	}
	delete(m.keys, c.AccessKeyID)
	return nil
}

func (m *memory) recreate(c sigv4auth.Credential) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made++
	now := m.keys[c.AccessKeyID]
	if m.fault == "changes what it returned" {
		now.Principal.Tags["team"] = "other"
	}
	now.Principal.Tags = maps.Clone(now.Principal.Tags)
	now.Principal.UserID = fmt.Sprintf("%s%d", c.Principal.UserID, m.made)
	m.keys[c.AccessKeyID] = now
	m.policies[c.Principal.ARN] = []*iampolicy.Policy{document(100 + m.made)}
	m.revision[c.AccessKeyID]++
	return nil
}

func (m *memory) changePolicies(c sigv4auth.Credential) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made++
	m.policies[c.Principal.ARN] = []*iampolicy.Policy{document(200 + m.made)}
	m.revision[c.AccessKeyID]++
	return nil
}

func (m *memory) changeOthers() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault == "one revision for all" {
		for id := range m.revision {
			m.revision[id]++
		}
	}
	return nil
}

func (m *memory) Credential(ctx context.Context, id, token string) (sigv4auth.Credential, error) {
	switch m.fault {
	case "unknown when the context has ended":
		if ctx.Err() != nil {
			return sigv4auth.Credential{}, sigv4auth.ErrUnrecognizedClient
		}
	case "waits for ever":
		if ctx.Err() != nil {
			select {}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault == "takes case for nothing" && id == "asiabob" {
		id = bobKey
	}
	c, ok := m.keys[id]
	if !ok {
		switch m.fault {
		case "an unknown key is a failure":
			return sigv4auth.Credential{}, errors.New("no rows")
		case "keys beside an error":
			return sigv4auth.Credential{Secret: sigv4auth.NewSecret("x")}, sigv4auth.ErrUnrecognizedClient
		case "a zero credential for an unknown key":
			return sigv4auth.Credential{AccessKeyID: id}, nil
		}
		return sigv4auth.Credential{}, fmt.Errorf("memory: %w", sigv4auth.ErrUnrecognizedClient)
	}
	switch m.fault {
	case "another key ID":
		c.AccessKeyID = aliceKey
	case "another secret":
		c.Secret = sigv4auth.NewSecret("x")
	case "no token":
		c.SessionToken = sigv4auth.Secret{}
	case "the token that was presented":
		c.SessionToken = sigv4auth.NewSecret(token)
	case "a wrong token is a failure":
		if !c.SessionToken.Equal(token) {
			return sigv4auth.Credential{}, errors.New("memory: cannot open the token")
		}
	case "the secret in the revision":
		c.Revision = c.Secret.Reveal()
	case "answers by turns":
		if m.made++; m.made%7 == 0 {
			c.Principal.UserID = "AIDAOTHER"
		}
	}
	if m.fault != "no revisions" && m.fault != "the secret in the revision" {
		c.Revision = fmt.Sprintf("r%d", m.revision[id])
	}
	return c, nil
}

func (m *memory) Policies(ctx context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	set := iampolicy.Set{Identity: m.policies[id.Principal.PrincipalARN()]}
	switch m.fault {
	case "policies of an ended context":
		if ctx.Err() != nil {
			return iampolicy.Set{}, "", nil
		}
	case "no policies is a failure":
		if set.Identity == nil {
			return iampolicy.Set{}, "", errors.New("no rows")
		}
	case "everybody has policies":
		if set.Identity == nil {
			set.Identity = []*iampolicy.Policy{document(0)}
		}
	case "fails":
		return iampolicy.Set{}, "", errors.New("connection refused")
	case "policies by turns":
		m.made++
		return iampolicy.Set{Identity: []*iampolicy.Policy{document(m.made)}}, "", nil
	case "by ARN alone":
		return set, "", nil
	}
	if id.Revision == "" {
		return set, "", nil
	}
	c, ok := m.keys[id.AccessKeyID]
	gone := !ok || id.Revision != fmt.Sprintf("r%d", m.revision[id.AccessKeyID]) ||
		c.Principal.ARN != id.Principal.ARN || c.Principal.UserID != id.Principal.UserID
	switch m.fault {
	case "any revision":
		gone = !ok || c.Principal.ARN != id.Principal.ARN || c.Principal.UserID != id.Principal.UserID
	case "the revision alone":
		gone = id.Revision != fmt.Sprintf("r%d", m.revision[aliceKey])
	case "any access key":
		c = m.keys[aliceKey]
		if id.Principal.ARN != c.Principal.ARN {
			c = m.keys[bobKey]
		}
		gone = c.Principal.ARN != id.Principal.ARN || c.Principal.UserID != id.Principal.UserID ||
			id.Revision != fmt.Sprintf("r%d", m.revision[c.AccessKeyID])
	case "gone is no code":
		if gone {
			return iampolicy.Set{}, "", errors.New("that revision is gone")
		}
	case "always gone":
		gone = true
	}
	if gone {
		return iampolicy.Set{}, "", fmt.Errorf("memory: %w", sigv4auth.ErrRevisionGone)
	}
	return set, id.Revision, nil
}
