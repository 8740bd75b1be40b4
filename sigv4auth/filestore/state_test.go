package filestore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// identity is that of a request whose signature was right with c.
func identity(c sigv4auth.Credential) sigv4auth.Identity {
	return sigv4auth.Identity{Principal: c.Principal, AccessKeyID: c.AccessKeyID, Revision: c.Revision}
}

// TestPoliciesAreOfTheCredentialsState: threat 234. Policies are decided from the state that the
// credential is of, or that state is gone.
func TestPoliciesAreOfTheCredentialsState(t *testing.T) {
	role := func(old, text string) func(folder, *filestore.Store) {
		return func(f folder, _ *filestore.Store) { f.edit("principals.json", old, text) }
	}
	tests := []struct {
		name   string
		change func(f folder, s *filestore.Store)
		alice  bool // the state of Alice's session, of the role Rider, is gone
		bob    bool // and of Bob's key
	}{
		{"nothing", func(folder, *filestore.Store) {}, false, false},
		{"a policy of the role is edited", func(f folder, _ *filestore.Store) { f.replace("policies/Read.json", allowAll) }, true, false},
		{"a policy of the role is removed", func(f folder, _ *filestore.Store) { f.remove("policies/Read.json") }, true, false},
		{"the same policy is written anew", func(f folder, _ *filestore.Store) { f.replace("policies/Read.json", allowRead) }, false, false},
		{"a policy of another", func(f folder, _ *filestore.Store) { f.replace("policies/All.json", allowRead) }, false, false},
		{"a policy of nobody", func(f folder, _ *filestore.Store) { f.replace("policies/New.json", allowRead) }, false, false},
		{"the role attaches another policy", role(`["Read"]`, `["All"]`), true, false},
		{"the role gets a boundary", role(`["Read"]`, `["Read"], "PermissionsBoundary": "All"`), true, false},
		{"the role gets a tag", role(`{"team": "riders"}`, `{"team": "drivers"}`), true, false},
		{"the role is made again, with more rights", role(riderLine, otherLine), true, false},
		{"the role is removed", role(`"Roles": [
    {"Arn": "arn:aws:iam::111122223333:role/app/Rider", "RoleId": "AROARIDER", "Tags": {"team": "riders"}, "AttachedPolicies": ["Read"]}
  ]`, `"Roles": []`), true, false},
		{"Bob's key is inactive", role(bobSecret+`", "Status": "Active"`, bobSecret+`", "Status": "Inactive"`), false, true},
		{"Bob's secret is replaced", role(bobSecret, "another-secret-of-bob"), false, true},
		{"Bob's key gets an end", role(bobSecret+`", `, bobSecret+`", "Expires": "2037-01-01T00:00:00Z", `), false, true},
		{"Bob is made again", role("AIDABOB", "AIDABOB2"), false, true},
		{"Bob's key becomes Ada's", func(f folder, _ *filestore.Store) {
			swap := strings.NewReplacer("AKIABOB", "AKIAADA", "AKIAADA", "AKIABOB", bobSecret, adaSecret, adaSecret, bobSecret)
			f.replace("principals.json", swap.Replace(start))
		}, false, true},
		{"Ada's key is removed", func(f folder, _ *filestore.Store) {
			f.edit("principals.json", `[{"AccessKeyId": "AKIAADA", "SecretAccessKey": "`+adaSecret+`", "Status": "Active"}]`, `[]`)
		}, false, false},
		{"principals.json is written anew", func(f folder, _ *filestore.Store) { f.replace("principals.json", start+" ") }, false, false},
		{"principals.json is broken", func(f folder, _ *filestore.Store) { f.replace("principals.json", "{") }, false, false},
		{"the role trusts others, for longer", role(`["Read"]`, `["Read"], "MaxSessionDuration": 7200, "AssumeRolePolicyDocument": `+trustAda), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			s := f.openWith(byHand(f))
			sealed := sessionsOf(t, s, newRing(t))
			issued := issue(t, sealed, "alice")
			token := issued.SessionToken.Reveal()
			alice, err := sealed.Credential(t.Context(), issued.AccessKeyID, token)
			if err != nil || alice.Revision == "" || alice.Revision != issued.Revision {
				t.Fatalf("%+v, %v", alice, err)
			}
			bob, err := s.Credential(t.Context(), "AKIABOB", "")
			if err != nil || bob.Revision == "" {
				t.Fatalf("%+v, %v", bob, err)
			}
			before, _, err := s.Policies(t.Context(), identity(alice))
			if err != nil {
				t.Fatal(err)
			}
			tt.change(f, s)
			for range 3 {
				s.LookForTest()
			}
			for _, who := range []struct {
				c    sigv4auth.Credential
				gone bool
			}{{alice, tt.alice}, {bob, tt.bob}} {
				set, _, err := s.Policies(t.Context(), identity(who.c))
				if errors.Is(err, sigv4auth.ErrRevisionGone) != who.gone || (err != nil) != who.gone || who.gone && set.Identity != nil {
					t.Errorf("%s: %+v, %v; gone: %t", who.c.Principal.ARN, set, err, who.gone)
				}
				if !who.gone && who.c.AccessKeyID == alice.AccessKeyID && set.Identity[0] != before.Identity[0] {
					t.Error("other policies under the same revision")
				}
				// As it is now, it is served.
				if c, err := sealed.Credential(t.Context(), who.c.AccessKeyID, who.c.SessionToken.Reveal()); err == nil {
					if _, _, err := s.Policies(t.Context(), identity(c)); err != nil || (c.Revision != who.c.Revision) != who.gone {
						t.Errorf("%s, looked up again: revision %s, then %s, %v", who.c.Principal.ARN, who.c.Revision, c.Revision, err)
					}
				}
			}
		})
	}
}

// TestRevisionsOfOthers: a store answers for no state but its own, and only for the principal that
// the credential is of.
func TestRevisionsOfOthers(t *testing.T) {
	f := newFolder(t)
	s, other := f.open(), f.open()
	c, err := s.Credential(t.Context(), "AKIAADA", "")
	if err != nil {
		t.Fatal(err)
	}
	gone := func(s *filestore.Store, id sigv4auth.Identity) {
		t.Helper()
		if set, _, err := s.Policies(t.Context(), id); !errors.Is(err, sigv4auth.ErrRevisionGone) || set.Identity != nil {
			t.Errorf("%+v, %v", set, err)
		}
	}
	gone(other, identity(c))
	for _, change := range []func(*sigv4auth.Identity){
		func(id *sigv4auth.Identity) { id.Revision += "1" },
		func(id *sigv4auth.Identity) { id.Revision = "1" },
		func(id *sigv4auth.Identity) { id.AccessKeyID = "AKIABOB" },
		func(id *sigv4auth.Identity) { id.AccessKeyID = "" },
		func(id *sigv4auth.Identity) { id.Principal.ARN = bobARN },
		func(id *sigv4auth.Identity) { id.Principal.UserID = "AIDAOTHER" },
	} {
		id := identity(c)
		change(&id)
		gone(s, id)
	}
	// Without a revision, the ARN counts.
	if set, _, err := other.Policies(t.Context(), sigv4auth.Identity{Principal: c.Principal}); err != nil || len(set.Identity) != 1 {
		t.Errorf("%+v, %v", set, err)
	}
}
