package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// Fixture is the store under test, what is in it, and what can be done to it. The functions return
// once they have asked the store for the change; an error of theirs fails the test. They are not
// called concurrently with each other.
type Fixture struct {
	_ [0]func()

	// Credentials is the store of credentials. It is required.
	Credentials sigv4auth.CredentialStore

	// Policies is the store of policies that is used with it. nil: only Credentials is tested.
	Policies sigv4auth.PolicyStore

	// Known are credentials in the store that are active and have not expired, as the store is to
	// return them; their Revision does not count. At least one is required, and two of different
	// principals, if the store can hold them.
	Known []sigv4auth.Credential

	// Revoke makes one of Known unknown. nil: the store cannot be changed.
	Revoke func(c sigv4auth.Credential) error

	// Recreate makes the principal of one of Known again, under the same ARN with another unique ID
	// and other policies. The access key may become one of the new principal, or unknown. It can be
	// called more than once for one credential. nil: the store cannot do that.
	Recreate func(c sigv4auth.Credential) error

	// ChangePolicies gives the principal of one of Known other policies. nil: the store cannot do
	// that.
	ChangePolicies func(c sigv4auth.Credential) error

	// ChangeOthers changes what has nothing to do with Known, for instance issues a session for
	// somebody else. A request of Known that is under way must not become a failure by that. nil:
	// the store cannot do that, or its revisions are of everything in it.
	ChangeOthers func() error

	// Roles is the store of roles that is used with them. nil: no roles are tested.
	Roles sigv4auth.RoleStore

	// KnownRoles are roles in the store, as it is to return them; their Revision does not count. Of
	// two or more, one is changed and the others stay.
	KnownRoles []sigv4auth.Role

	// DeleteRole deletes one of KnownRoles, RecreateRole makes it again, under the same ARN with
	// another unique ID and other policies, and ChangeRole gives it other policies. nil: the store
	// cannot do that.
	DeleteRole, RecreateRole, ChangeRole func(r sigv4auth.Role) error

	// ChangeTrust gives one of KnownRoles another trust policy. nil: the store cannot do that.
	ChangeTrust func(r sigv4auth.Role) error

	// ManagedPolicies is the store of managed policies that is used with them. nil: none are
	// tested.
	ManagedPolicies sigv4auth.ManagedPolicyStore

	// KnownPolicies are the ARNs of managed policies in the store that can be read. Of two or more,
	// one is deleted and the others stay.
	KnownPolicies []string

	// ChangePolicy gives one of KnownPolicies another document, and DeletePolicy deletes it. nil:
	// the store cannot do that.
	ChangePolicy, DeletePolicy func(arn string) error

	// Fail makes all of the stores fail until the end of the test, as a database that cannot be
	// reached does, or Close. nil: they never fail.
	Fail func() error

	// Sealed says that Known are sessions whose access keys no store holds, as those of package
	// sts: a revision is then the role's, and Policies cannot tell the access keys apart.
	Sealed bool

	// Within is how long a change may take to be in force. 0: a second.
	Within time.Duration
}

// TestStore runs every test of the contracts, each as a subtest of t on a fixture of its own, which
// open returns. What open has to clean up it registers with t.
func TestStore(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			f := open(t)
			if err := f.check(); err != nil {
				t.Fatal(err)
			}
			if c.needs != nil && !c.needs(&f) {
				t.Log("not tested: the fixture cannot do what this needs")
				return
			}
			if err := c.run(t.Context(), &f); err != nil {
				t.Error(err)
			}
		})
	}
}

// check returns what is wrong with the fixture itself.
func (f *Fixture) check() error {
	if f.Credentials == nil || len(f.Known) == 0 {
		return fmt.Errorf("storetest: a Fixture needs Credentials and at least one of Known")
	}
	for i, c := range f.Known {
		if c.AccessKeyID == "" {
			return fmt.Errorf("storetest: Fixture.Known[%d] has no AccessKeyID", i)
		}
	}
	if f.Within == 0 {
		f.Within = time.Second
	}
	return nil
}

// test is one test of the contracts. It returns what the store does against them.
type test struct {
	name  string
	needs func(f *Fixture) bool // nil: nothing
	run   func(ctx context.Context, f *Fixture) error
}

func checks() []test {
	policies := func(f *Fixture) bool { return f.Policies != nil }
	return append([]test{
		{"a known key is returned as it is", nil, knownKeys},
		{"any other key is unknown", nil, unknownKeys},
		{"a session token that was presented is not taken for the key's", nil, wrongTokens},
		{"an ended context makes no key unknown", nil, endedContext},
		{"many may ask at once", nil, manyAtOnce},
		{"a revoked key becomes unknown, and no other", func(f *Fixture) bool { return f.Revoke != nil }, revocation},
		{"what was returned is not changed", func(f *Fixture) bool { return f.Revoke != nil || f.Recreate != nil }, returnedIsKept},
		{"policies of a known principal are found", policies, knownPolicies},
		{"policies of an unknown principal are none", policies, unknownPrincipal},
		{"an ended context gives no other policies", policies, endedContextOfPolicies},
		{"a revision is of one credential", policies, revisionOfOne},
		{"a revision that was never given is gone", policies, neverGiven},
		{"a state stays what it was, or is gone", func(f *Fixture) bool {
			return policies(f) && (f.Revoke != nil || f.Recreate != nil || f.ChangePolicies != nil)
		}, stateIsKept},
		{"what changes for others changes no state", func(f *Fixture) bool { return policies(f) && f.ChangeOthers != nil }, othersStates},
		{"no decision is joined from two states", func(f *Fixture) bool { return policies(f) && f.Recreate != nil }, noMixture},
		{"a store that fails says so", func(f *Fixture) bool { return f.Fail != nil }, failing},
	}, append(roleChecks(), managedChecks()...)...)
}

// goneForGood fails unless what was revoked or deleted is gone in time and does not come back, as
// from some cache.
func (f *Fixture) goneForGood(ctx context.Context, how string, gone func() error) error {
	if err := f.eventually(ctx, gone); err != nil {
		return fmt.Errorf("after it was %s: %w", how, err)
	}
	for range 20 {
		if err := gone(); err != nil {
			return fmt.Errorf("after it had been gone: %w", err)
		}
	}
	return nil
}

// eventually calls holds until it returns nil, and returns its last error if that takes too long.
func (f *Fixture) eventually(ctx context.Context, holds func() error) error {
	for end := time.Now().Add(f.Within); ; {
		err := holds()
		if err == nil || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
