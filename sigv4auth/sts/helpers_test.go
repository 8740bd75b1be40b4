package sts_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const (
	account  = "111122223333"
	riderARN = "arn:aws:iam::111122223333:role/service/Rider"
	adaARN   = "arn:aws:iam::111122223333:user/ops/ada"
	rootARN  = "arn:aws:iam::111122223333:root"
	adaKey   = "AKIAADA"
	adaKey2  = "AKIAADA2"
	rootKey  = "AKIAROOT"
)

var start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// directory is a store of users, roles and policies that a test changes.
type directory struct {
	mu       sync.Mutex
	keys     map[string]sigv4auth.Credential
	roles    map[string]sigv4auth.Role
	policies map[string][]*iampolicy.Policy // by ARN
	managed  map[string]*iampolicy.Policy
	states   map[string]int // by ARN
	fails    error
	noPolicy error // what SessionPolicy fails with
	asked    int   // roles

	askew // what the endpoint's tests do to it
}

func newDirectory() *directory {
	ada := iampolicy.Principal{
		ARN: adaARN, AccountID: account, UserID: "AIDAADA", Type: iampolicy.User, Tags: map[string]string{"team": "ops"},
	}
	secret := func(s string) sigv4auth.Secret { return sigv4auth.NewSecret("a-long-term-secret-" + s) }
	return &directory{
		keys: map[string]sigv4auth.Credential{
			adaKey:  {AccessKeyID: adaKey, Secret: secret("ada"), Principal: ada},
			adaKey2: {AccessKeyID: adaKey2, Secret: secret("ada2"), Principal: ada},
			rootKey: {AccessKeyID: rootKey, Secret: secret("root"), Principal: iampolicy.Principal{ARN: rootARN, UserID: account}},
		},
		roles: map[string]sigv4auth.Role{
			riderARN: {
				ARN: riderARN, ID: "AROARIDER", MaxSession: 12 * time.Hour, Tags: map[string]string{"team": "riders", "site": "home"},
			},
		},
		policies: map[string][]*iampolicy.Policy{
			riderARN: {parse(`"ride:*"`, iampolicy.IdentityPolicy)}, adaARN: {parse(`"ride:*"`, iampolicy.IdentityPolicy)},
		},
		managed: map[string]*iampolicy.Policy{
			"arn:aws:iam::aws:policy/ReadOnly": parse(`"ride:Read"`, iampolicy.SessionPolicy),
			"arn:aws:iam::aws:policy/Book":     parse(`"ride:Book"`, iampolicy.SessionPolicy),
		},
		states: map[string]int{},
	}
}

func document(actions string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ` + actions + `, "Resource": "*"}]}`
}

func parse(actions string, typ iampolicy.PolicyType) *iampolicy.Policy {
	p, err := iampolicy.Parse([]byte(document(actions)), typ)
	if err != nil {
		panic(err)
	}
	return p
}

// revokeOlder denies everything to sessions that were issued before an instant.
func revokeOlder(instant string) *iampolicy.Policy {
	p, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
		"Condition": {"DateLessThan": {"aws:TokenIssueTime": "`+instant+`"}}}]}`), iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	return p
}

func (d *directory) revision(arn string) string { return fmt.Sprintf("state %d", d.states[arn]) }

func (d *directory) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	r, ok := d.roles[arn]
	switch {
	case d.fails != nil || d.roleFails != nil:
		return sigv4auth.Role{}, errors.Join(d.fails, d.roleFails)
	case !ok:
		return sigv4auth.Role{}, fmt.Errorf("directory: %w", sigv4auth.ErrNoSuchRole)
	}
	r.Revision = d.revision(arn)
	return r, nil
}

func (d *directory) Credential(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.keys[id]
	switch {
	case d.fails != nil:
		return sigv4auth.Credential{}, d.fails
	case !ok && d.onlyKnown:
		return sigv4auth.Credential{}, errors.New("connection refused")
	case !ok:
		return sigv4auth.Credential{}, fmt.Errorf("directory: %w", sigv4auth.ErrUnrecognizedClient)
	}
	c.Revision = d.revision(c.Principal.ARN)
	return c, nil
}

func (d *directory) SessionPolicy(_ context.Context, arn string) (*iampolicy.Policy, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.managed[arn]
	switch {
	case d.noPolicy != nil:
		return nil, d.noPolicy
	case !ok:
		return nil, fmt.Errorf("directory: %w", sigv4auth.ErrNoSuchPolicy)
	}
	return p, nil
}

func (d *directory) Policies(_ context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails != nil {
		return iampolicy.Set{}, "", d.fails
	}
	if d.gone > 0 {
		d.gone--
		return iampolicy.Set{}, "", fmt.Errorf("directory: %w", sigv4auth.ErrRevisionGone)
	}
	arn := id.Principal.PrincipalARN()
	if id.Revision != "" {
		same := id.Revision == d.revision(arn)
		if id.Principal.EffectiveType() == iampolicy.AssumedRole {
			same = same && id.Principal.UserID == d.roles[arn].ID+":"+id.Principal.SessionName()
		} else {
			of := d.keys[id.AccessKeyID].Principal
			same = same && of.ARN == id.Principal.ARN && of.UserID == id.Principal.UserID
		}
		if !same {
			return iampolicy.Set{}, "", fmt.Errorf("directory: %w", sigv4auth.ErrRevisionGone)
		}
	}
	set := iampolicy.Set{Identity: d.policies[arn]}
	if d.edit != nil {
		d.edit(&set)
	}
	return set, "1", nil
}

// change changes something, as a new state of an ARN.
func (d *directory) change(arn string, do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.states[arn]++
	do()
}

// process is one process: a Store on the ring and the directory that it shares with others.
type process struct {
	*sts.Store
	t     testing.TB
	dir   *directory
	clock *sigv4test.Clock
}

func ringOf(t testing.TB, clock *sigv4test.Clock, keys *keyring.Keys) *keyring.Ring {
	t.Helper()
	ring, err := keyring.Open(keyring.Config{
		Load: func() (keyring.Keys, error) { return *keys, nil }, CheckEvery: time.Nanosecond, Now: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func newProcess(t testing.TB, d *directory, clock *sigv4test.Clock, keys *keyring.Keys, edit ...func(*sts.StoreConfig)) *process {
	t.Helper()
	cfg := sts.StoreConfig{
		Ring: ringOf(t, clock, keys), Roles: d, Credentials: d, Policies: d, ManagedPolicies: d, Now: clock.Now,
	}
	for _, e := range edit {
		e(&cfg)
	}
	s, err := sts.NewStore(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &process{Store: s, t: t, dir: d, clock: clock}
}

// single returns a process with a ring and a directory of its own.
func single(t testing.TB) *process {
	keys := keyring.New(start)
	return newProcess(t, newDirectory(), sigv4test.NewClock(start), &keys)
}

// The plain session of each kind.
func riding() sts.Session {
	return sts.Session{Kind: sts.RoleSession, RoleARN: riderARN, Name: "alice"}
}

func asking() sts.Asker { return sts.Asker{AccessKeyID: adaKey, ARN: adaARN, UserID: "AIDAADA"} }

func selfSession() sts.Session { return sts.Session{Kind: sts.UserSession, Asker: asking()} }

func federated() sts.Session {
	return sts.Session{Kind: sts.FederatedUser, Name: "bob", Asker: asking(), Policy: document(`["ride:Read", "ride:Book"]`)}
}

func (p *process) issue(s sts.Session) sts.Issued {
	p.t.Helper()
	i, err := p.Issue(p.t.Context(), sts.Grant{Session: s, Duration: time.Hour})
	if err != nil {
		p.t.Fatal(err)
	}
	return i
}

// find asks for the credential of what was issued.
func (p *process) find(i sts.Issued) (sigv4auth.Credential, error) {
	return p.Credential(p.t.Context(), i.Credential.AccessKeyID, i.Credential.SessionToken.Reveal())
}

// isUnknown fails if a lookup did not end as that of a key that does not exist.
func isUnknown(t testing.TB, what string, c sigv4auth.Credential, err error) {
	t.Helper()
	if !errors.Is(err, sigv4auth.ErrUnrecognizedClient) || c.AccessKeyID != "" || !c.Secret.IsZero() {
		t.Errorf("%s: %v, of %q", what, err, c.Principal.ARN)
	}
}

// may evaluates what a credential allows, as the Authorizer does.
func (p *process) may(c sigv4auth.Credential, action string) bool {
	p.t.Helper()
	id := sigv4auth.Identity{Principal: c.Principal, AccessKeyID: c.AccessKeyID, Revision: c.Revision, VerifiedAt: p.clock.Now()}
	set, _, err := p.Policies(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	set.Sessions = c.Session.Policies
	d := iampolicy.Evaluate(&set, &iampolicy.Request{
		Principal: c.Principal, Action: action, Resource: "arn:aws:ride:::r", ResourceAccount: account,
	})
	return d.Allowed()
}

// allowed returns those of three actions that a credential allows.
func (p *process) allowed(c sigv4auth.Credential) string {
	p.t.Helper()
	var all []string
	for _, action := range []string{"Read", "Book", "Close"} {
		if p.may(c, "ride:"+action) {
			all = append(all, action)
		}
	}
	return strings.Join(all, " ")
}

func without[M ~map[K]V, K comparable, V any](m M, k K) M {
	c := maps.Clone(m)
	delete(c, k)
	return c
}
