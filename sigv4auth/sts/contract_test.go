package sts_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/storetest"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestContract: a Store keeps the contracts of both kinds of stores, for each kind of session and
// for long-term keys, with everything that can be done to what is behind it (threats 233 and 234).
func TestContract(t *testing.T) {
	t.Parallel()
	for _, first := range []struct {
		name    string
		session sts.Session
	}{{"a role's", riding()}, {"a user's", selfSession()}, {"a federated user's", federated()}, {"a long-term key", sts.Session{}}} {
		t.Run(first.name, func(t *testing.T) {
			t.Parallel()
			storetest.TestStore(t, func(t *testing.T) storetest.Fixture {
				p := single(t)
				if first.session.Kind != sts.RoleSession {
					p.dir.policies[adaARN] = []*iampolicy.Policy{parse(`"ride:Read"`, iampolicy.IdentityPolicy)}
				}
				long, err := p.Credential(t.Context(), adaKey, "")
				if err != nil {
					t.Fatal(err)
				}
				known, behind, made := []sigv4auth.Credential{long}, adaARN, 0
				switch first.session.Kind {
				case sts.RoleSession:
					known, behind = []sigv4auth.Credential{p.issue(first.session).Credential, long}, riderARN
				case sts.UserSession, sts.FederatedUser:
					root, err := p.Credential(t.Context(), rootKey, "") // whom no change is about
					if err != nil {
						t.Fatal(err)
					}
					known = []sigv4auth.Credential{p.issue(first.session).Credential, root}
				}
				attach := func() {
					made++
					p.dir.policies[behind] = []*iampolicy.Policy{parse(fmt.Sprintf(`"ride:Read%d"`, made), iampolicy.IdentityPolicy)}
				}
				return storetest.Fixture{
					Credentials: p, Policies: p, Known: known, Sealed: first.session.Kind == sts.RoleSession, Within: 50 * time.Millisecond,
					Revoke: func(sigv4auth.Credential) error {
						p.dir.change(behind, func() {
							if behind == riderARN {
								p.dir.roles = without(p.dir.roles, riderARN)
							} else {
								p.dir.keys = without(p.dir.keys, adaKey)
							}
						})
						return nil
					},
					Recreate: func(sigv4auth.Credential) error {
						p.dir.change(behind, func() {
							attach()
							if behind == riderARN {
								r := p.dir.roles[riderARN]
								r.ID = fmt.Sprintf("AROARIDER%d", made)
								p.dir.roles[riderARN] = r
								return
							}
							c := p.dir.keys[adaKey]
							c.Principal.UserID = fmt.Sprintf("AIDAADA%d", made)
							p.dir.keys[adaKey] = c
						})
						return nil
					},
					ChangePolicies: func(sigv4auth.Credential) error { p.dir.change(behind, attach); return nil },
					ChangeOthers: func() error {
						p.issue(riding())
						p.dir.change("somebody else", func() {})
						return nil
					},
				}
			})
		})
	}
}
