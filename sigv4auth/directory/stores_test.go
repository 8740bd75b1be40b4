package directory_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/storetest"
)

const (
	adaKey = "AKIAADAADAADAADAADA1"
	bobKey = "AKIABOBBOBBOBBOBBOB1"
)

// allowing returns a policy that allows an action.
func allowing(action string) string {
	return strings.Replace(everything, `"Action":"*"`, `"Action":"`+action+`"`, 1)
}

// people are two users, each with a key and a policy, and two roles.
func people() directory.Contents {
	tags := []directory.Tag{{Key: "team", Value: "blue"}}
	user := func(name, key string) directory.NewUser {
		return directory.NewUser{
			ARN: rootOfARN + "user/ops/" + name, Tags: tags,
			Holder: directory.Holder{Inline: map[string]string{"Own": allowing("own:" + name)}},
			Keys:   []directory.NewKey{{ID: key, Secret: secretOf(key)}},
		}
	}
	trust := strings.Replace(forEC2, `{"Service": "ec2.amazonaws.com"}`, `{"AWS": "`+rootOfARN+`user/ops/ada"}`, 1)
	return directory.Contents{
		Users: []directory.NewUser{user("ada", adaKey), user("bob", bobKey)},
		Roles: []directory.NewRole{
			{ARN: rootOfARN + "role/svc/Rider", Trust: trust, Tags: tags, MaxSession: 2 * time.Hour, Holder: directory.Holder{
				Inline: map[string]string{"Ride": allowing("ride:*")},
			}},
			{ARN: rootOfARN + "role/Other", Trust: forEC2},
		},
	}
}

// TestContract: a Directory keeps the contracts of the four kinds of stores, with everything that
// can be done to it (threats 104, 191 and 207).
func TestContract(t *testing.T) {
	t.Parallel()
	storetest.TestStore(t, func(t *testing.T) storetest.Fixture {
		s := newIAM(t, people())
		var known []sigv4auth.Credential
		for _, id := range []string{adaKey, bobKey} {
			c, err := s.dir.Credential(t.Context(), id, "")
			if err != nil {
				t.Fatal(err)
			}
			if c.Principal.Tags["team"] != "blue" {
				t.Errorf("the tags are %v", c.Principal.Tags)
			}
			known = append(known, c)
		}
		var roles []sigv4auth.Role
		for _, name := range []string{"svc/Rider", "Other"} {
			r, err := s.dir.Role(t.Context(), rootOfARN+"role/"+name)
			if err != nil {
				t.Fatal(err)
			}
			roles = append(roles, r)
		}
		managed := []string{
			s.must("CreatePolicy", "PolicyName", "Read", "Path", "/rides/", "PolicyDocument", allowing("ride:Read")).get("Policy/Arn"),
			s.must("CreatePolicy", "PolicyName", "Write", "PolicyDocument", allowing("ride:Write")).get("Policy/Arn"),
		}
		made := 0
		name := func(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
		change := func(what, parameter, arn string) {
			made++
			s.must("Put"+what+"Policy", parameter, name(arn), "PolicyName", "Own", "PolicyDocument", allowing(fmt.Sprint("made:", made)))
		}
		remove := func(c sigv4auth.Credential) {
			user := name(c.Principal.ARN)
			if s.admin("GetUser", "UserName", user).status != 200 {
				return
			}
			if keys := s.must("ListAccessKeys", "UserName", user); keys.get("AccessKeyMetadata/member.1/AccessKeyId") != "" {
				s.must("DeleteAccessKey", "UserName", user, "AccessKeyId", keys.get("AccessKeyMetadata/member.1/AccessKeyId"))
			}
			s.must("DeleteUserPolicy", "UserName", user, "PolicyName", "Own")
			s.must("DeleteUser", "UserName", user)
		}
		removeRole := func(r sigv4auth.Role) {
			for _, policy := range []string{"Ride", "Own"} {
				s.admin("DeleteRolePolicy", "RoleName", name(r.ARN), "PolicyName", policy)
			}
			s.must("DeleteRole", "RoleName", name(r.ARN))
		}
		return storetest.Fixture{
			Credentials: s.dir, Policies: s.dir, Roles: s.dir, Known: known, KnownRoles: roles, Within: 50 * time.Millisecond,
			Revoke: func(c sigv4auth.Credential) error {
				if s.admin("GetUser", "UserName", name(c.Principal.ARN)).status == 200 {
					s.admin("UpdateAccessKey", "UserName", name(c.Principal.ARN), "AccessKeyId", c.AccessKeyID, "Status", "Inactive")
				}
				return nil
			},
			ChangePolicies: func(c sigv4auth.Credential) error {
				change("User", "UserName", c.Principal.ARN)
				return nil
			},
			Recreate: func(c sigv4auth.Credential) error {
				remove(c)
				s.must("CreateUser", "UserName", name(c.Principal.ARN), "Path", "/ops/")
				change("User", "UserName", c.Principal.ARN)
				return nil
			},
			ChangeOthers: func() error {
				made++
				s.must("CreateUser", "UserName", fmt.Sprint("other", made))
				s.must("PutUserPolicy", "UserName", fmt.Sprint("other", made), "PolicyName", "All", "PolicyDocument", everything)
				s.must("CreateGroup", "GroupName", fmt.Sprint("other", made))
				s.must("CreatePolicy", "PolicyName", fmt.Sprint("other", made), "PolicyDocument", everything)
				return nil
			},
			ChangeRole: func(r sigv4auth.Role) error {
				change("Role", "RoleName", r.ARN)
				return nil
			},
			RecreateRole: func(r sigv4auth.Role) error {
				removeRole(r)
				s.must("CreateRole", "RoleName", name(r.ARN), "Path", "/svc/", "AssumeRolePolicyDocument", forEC2)
				change("Role", "RoleName", r.ARN)
				return nil
			},
			DeleteRole: func(r sigv4auth.Role) error {
				removeRole(r)
				return nil
			},
			ChangeTrust: func(r sigv4auth.Role) error {
				s.must("UpdateAssumeRolePolicy", "RoleName", name(r.ARN), "PolicyDocument", forEC2)
				return nil
			},
			ManagedPolicies: s.dir, KnownPolicies: managed,
			ChangePolicy: func(arn string) error {
				s.must("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", allowing("ride:List"), "SetAsDefault", "true")
				return nil
			},
			DeletePolicy: func(arn string) error {
				s.must("DeletePolicy", "PolicyArn", arn)
				return nil
			},
			Fail: s.dir.Close,
		}
	})
}

// TestRevisions: a request that is under way is decided by the state of its credential, or is told
// that this is gone, whatever of it changes; what changes of others does not matter.
func TestRevisions(t *testing.T) {
	t.Parallel()
	managed := rootOfARN + "policy/Managed"
	for _, c := range []struct {
		action string
		params []string
		gone   bool
	}{
		{"PutUserPolicy", []string{"UserName", "ada", "PolicyName", "Own", "PolicyDocument", everything}, true},
		{"PutUserPolicy", []string{"UserName", "bob", "PolicyName", "Own", "PolicyDocument", everything}, false},
		{"PutGroupPolicy", []string{"GroupName", "fleet", "PolicyName", "More", "PolicyDocument", everything}, true},
		{"PutGroupPolicy", []string{"GroupName", "crew", "PolicyName", "More", "PolicyDocument", everything}, false},
		{"CreatePolicyVersion", []string{"PolicyArn", managed, "PolicyDocument", everything, "SetAsDefault", "true"}, true},
		{"CreatePolicyVersion", []string{"PolicyArn", rootOfARN + "policy/Other", "PolicyDocument", everything, "SetAsDefault", "true"}, false},
		{"CreatePolicyVersion", []string{"PolicyArn", rootOfARN + "policy/Limit", "PolicyDocument", everything, "SetAsDefault", "true"}, true},
		{"TagUser", []string{"UserName", "ada", "Tags.member.1.Key", "team", "Tags.member.1.Value", "red"}, true},
		{"UpdateAccessKey", []string{"UserName", "ada", "AccessKeyId", adaKey, "Status", "Inactive"}, true},
		{"UpdateAccessKey", []string{"UserName", "bob", "AccessKeyId", bobKey, "Status", "Inactive"}, false},
		{"RemoveUserFromGroup", []string{"UserName", "ada", "GroupName", "fleet"}, true},
		{"DeleteUserPermissionsBoundary", []string{"UserName", "ada"}, true},
		{"CreateRole", []string{"RoleName", "New", "AssumeRolePolicyDocument", forEC2}, false},
	} {
		s := newIAM(t, people())
		for _, name := range []string{"Managed", "Limit", "Other"} {
			s.must("CreatePolicy", "PolicyName", name, "PolicyDocument", everything)
		}
		for _, name := range []string{"fleet", "crew"} {
			s.must("CreateGroup", "GroupName", name)
		}
		s.must("AddUserToGroup", "GroupName", "fleet", "UserName", "ada")
		s.must("AttachGroupPolicy", "GroupName", "fleet", "PolicyArn", managed)
		s.must("PutUserPermissionsBoundary", "UserName", "ada", "PermissionsBoundary", rootOfARN+"policy/Limit")
		ada, err := s.dir.Credential(t.Context(), adaKey, "")
		if err != nil {
			t.Fatal(err)
		}
		id := sigv4auth.Identity{Principal: ada.Principal, AccessKeyID: adaKey, Revision: ada.Revision}
		s.must(c.action, c.params...)
		_, _, err = s.dir.Policies(t.Context(), id)
		if c.gone != errors.Is(err, sigv4auth.ErrRevisionGone) || !c.gone && err != nil {
			t.Errorf("%s %q: %v", c.action, c.params, err)
		}
	}
}

// TestOthersRevision: the revision of another directory is none of this one's.
func TestOthersRevision(t *testing.T) {
	t.Parallel()
	one, other := newIAM(t, people()), newIAM(t, people())
	c, err := one.dir.Credential(t.Context(), adaKey, "")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = other.dir.Policies(t.Context(), sigv4auth.Identity{Principal: c.Principal, AccessKeyID: adaKey, Revision: c.Revision})
	if !errors.Is(err, sigv4auth.ErrRevisionGone) {
		t.Errorf("another's revision: %v", err)
	}
}

// TestNobodyIsBuiltIn: an empty directory knows no key, and one that is closed fails (threat 117).
func TestNobodyIsBuiltIn(t *testing.T) {
	t.Parallel()
	dir, err := directory.Open(t.Context(), directory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "root", "admin", adminKey, "AKIAIOSFODNN7EXAMPLE"} {
		if _, err := dir.Credential(t.Context(), id, ""); !errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Credential(t.Context(), adminKey, ""); err == nil || errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
		t.Errorf("once it is closed: %v", err)
	}
	if _, _, err := dir.Policies(t.Context(), sigv4auth.Identity{}); err == nil {
		t.Error("policies of a closed directory")
	}
}

// TestLookupAllocatesNothing: neither a credential nor policies that were asked for before.
func TestLookupAllocatesNothing(t *testing.T) {
	s := newIAM(t, people())
	c, err := s.dir.Credential(t.Context(), adaKey, "")
	if err != nil {
		t.Fatal(err)
	}
	id := sigv4auth.Identity{Principal: c.Principal, AccessKeyID: adaKey, Revision: c.Revision}
	role, err := s.dir.Role(t.Context(), rootOfARN+"role/svc/Rider")
	if err != nil {
		t.Fatal(err)
	}
	session := sigv4auth.Identity{Revision: role.Revision, Principal: iampolicy.Principal{
		ARN: "arn:aws:sts::" + accountID + ":assumed-role/Rider/x", RoleARN: role.ARN, UserID: role.ID + ":x",
	}}
	ctx := t.Context()
	for what, ask := range map[string]func() error{
		"Credential":            func() error { _, err := s.dir.Credential(ctx, adaKey, ""); return err },
		"Role":                  func() error { _, err := s.dir.Role(ctx, role.ARN); return err },
		"Policies":              func() error { _, _, err := s.dir.Policies(ctx, id); return err },
		"Policies of a session": func() error { _, _, err := s.dir.Policies(ctx, session); return err },
	} {
		if n := testing.AllocsPerRun(100, func() {
			if err := ask(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

// TestReadersAndWriters: many ask while the directory changes. It is for the race detector.
func TestReadersAndWriters(t *testing.T) {
	t.Parallel()
	s := newIAM(t, people())
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				c, err := s.dir.Credential(t.Context(), adaKey, "")
				if err != nil {
					t.Error(err)
					return
				}
				set, _, err := s.dir.Policies(t.Context(), sigv4auth.Identity{
					Principal: c.Principal, AccessKeyID: adaKey,
					Revision: c.Revision,
				})
				if err != nil && !errors.Is(err, sigv4auth.ErrRevisionGone) {
					t.Error(err)
				}
				for _, p := range set.Identity {
					_ = p.Name()
				}
			}
		})
	}
	for i := range 50 {
		s.must("TagUser", "UserName", "ada", "Tags.member.1.Key", "n", "Tags.member.1.Value", fmt.Sprint(i))
		s.must("PutUserPolicy", "UserName", "ada", "PolicyName", "Own", "PolicyDocument", allowing(fmt.Sprint("own:", i)))
		s.must("CreateGroup", "GroupName", fmt.Sprint("g", i))
	}
	close(stop)
	readers.Wait()
}
