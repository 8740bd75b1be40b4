package directory_test

import (
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// trustsAccount is a trust policy.
const trustsAccount = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + accountID +
	`"},"Action":"sts:AssumeRole"}}`

// newIAMIn is newIAM with a configuration of the directory.
func newIAMIn(t *testing.T, cfg directory.Config, contents directory.Contents) *iam {
	t.Helper()
	clock := sigv4test.NewClock(start)
	cfg.Now = clock.Now
	dir, err := directory.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	contents.Accounts = append(contents.Accounts, accountID)
	contents.Users = append(contents.Users, directory.NewUser{
		ARN: adminARN, Holder: directory.Holder{Inline: map[string]string{"All": everything}},
		Keys: []directory.NewKey{{ID: adminKey, Secret: secretOf(adminKey)}},
	})
	if err := dir.Fill(t.Context(), contents); err != nil {
		t.Fatal(err)
	}
	return newIAMOn(t, dir, clock)
}

// parsed compiles a policy.
func parsed(t *testing.T, text string, as iampolicy.PolicyType) *iampolicy.Policy {
	t.Helper()
	p, err := iampolicy.Parse([]byte(text), as)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// has expects elements of an answer: paths and texts in turn. An element that is not there has
// none.
func (a answer) has(t *testing.T, want ...string) {
	t.Helper()
	for i := 0; i < len(want); i += 2 {
		if got := a.get(want[i]); got != want[i+1] {
			t.Errorf("%s: %q, want %q", want[i], got, want[i+1])
		}
	}
}

// simulated returns what a simulation decides.
func (s *iam) simulated(source, action, resource string) string {
	s.t.Helper()
	return s.must("SimulatePrincipalPolicy", "PolicySourceArn", source, "ActionNames.member.1", action, "ResourceArns.member.1", resource).
		get(result + "1/EvalDecision")
}
