package directory_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// TestSCPs: service control policies limit everybody of their account, also who is not in the
// directory, and nobody else.
func TestSCPs(t *testing.T) {
	t.Parallel()
	const some = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:Get*","Resource":"*"}}`
	level := []*iampolicy.Policy{parsed(t, some, iampolicy.SCP)}
	cfg := directory.Config{SCPs: map[string][][]*iampolicy.Policy{accountID: {level}}}
	s := newIAMIn(t, cfg, directory.Contents{})
	level[0] = parsed(t, everything, iampolicy.SCP) // which is no longer the directory's
	s.must("GetUser")
	s.refused(403, "AccessDenied", "", "ListUsers")
	for account, limited := range map[string]bool{accountID: true, "444455556666": false} {
		for _, name := range []string{"user/admin", "root", "user/none"} {
			id := sigv4auth.Identity{Principal: iampolicy.Principal{ARN: "arn:aws:iam::" + account + ":" + name}}
			set, _, err := s.dir.Policies(t.Context(), id)
			if err != nil || (len(set.SCPs) == 1) != limited {
				t.Errorf("%s of %s: %d levels, %v", name, account, len(set.SCPs), err)
			}
		}
	}
}

// TestSCPMistakes: what is no service control policy of an account is refused.
func TestSCPMistakes(t *testing.T) {
	t.Parallel()
	good := parsed(t, everything, iampolicy.SCP)
	_, err := directory.Open(t.Context(), directory.Config{SCPs: map[string][][]*iampolicy.Policy{
		"me": {{good}}, "111111111111": {}, "222222222222": {{good, nil}}, "333333333333": {{parsed(t, everything, iampolicy.IdentityPolicy)}},
	}})
	if err == nil {
		t.Fatal("Open: no error")
	}
	for _, want := range []string{`"me"`, "no level for account 111111111111", "account 222222222222", "account 333333333333"} {
		if !strings.Contains(err.Error(), "directory: Config.SCPs has ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not say %s", err, want)
		}
	}
}
