package dbtest_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// ofRequest is what answers differ in that say the same.
var ofRequest = regexp.MustCompile(`<RequestId>.*</RequestId>`)

// everythingOf returns all that a process tells of the account.
func everythingOf(t *testing.T, p *process) []string {
	t.Helper()
	c := newCaller(t, p)
	var all []string
	for _, call := range [][]string{
		{"GetAccountAuthorizationDetails", "MaxItems", "1000"},
		{"ListOpenIDConnectProviders"},
		{"ListAccountAliases"},
	} {
		_, body := c.send(call[0], call[1:]...)
		all = append(all, ofRequest.ReplaceAllString(body, ""))
	}
	for i := range 4 {
		for _, call := range [][]string{
			{"ListAccessKeys", "UserName", fmt.Sprint("n", i)},
			{"GetGroup", "GroupName", fmt.Sprint("n", i)},
			{"ListEntitiesForPolicy", "PolicyArn", fmt.Sprint(iamARN, "policy/p", i)},
		} {
			_, body := c.send(call[0], call[1:]...)
			all = append(all, ofRequest.ReplaceAllString(body, ""))
		}
	}
	return all
}

// TestFollowersAgree: after any changes, by two processes in turn, both tell the same, and so does
// one that has just begun.
func TestFollowersAgree(t *testing.T) {
	t.Parallel()
	actions := []string{
		"CreateUser", "DeleteUser", "UpdateUser", "CreateGroup", "DeleteGroup", "UpdateGroup", "AddUserToGroup", "AddUserToGroup",
		"RemoveUserFromGroup", "CreateRole", "DeleteRole", "UpdateRole", "UpdateAssumeRolePolicy", "CreatePolicy", "DeletePolicy",
		"AttachUserPolicy", "AttachGroupPolicy", "AttachRolePolicy", "DetachUserPolicy", "DetachGroupPolicy", "DetachRolePolicy",
		"PutUserPolicy", "DeleteUserPolicy", "PutRolePolicy", "DeleteRolePolicy", "PutGroupPolicy", "DeleteGroupPolicy",
		"PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary", "PutRolePermissionsBoundary", "CreateAccessKey", "TagUser", "UntagUser",
		"TagRole", "TagPolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion", "CreateAccountAlias",
		"DeleteAccountAlias", "CreateOpenIDConnectProvider", "AddClientIDToOpenIDConnectProvider", "DeleteOpenIDConnectProvider",
	}
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		random := rand.New(rand.NewPCG(3, 4))
		ring, _ := newRing(t)
		two := []*process{start(t, open(), ring), start(t, open(), ring)}
		two[0].fill(directory.Contents{Accounts: []string{account}, Users: []directory.NewUser{boss()}})
		two[1].refresh()
		callers := []*caller{newCaller(t, two[0]), newCaller(t, two[1])}
		done := map[string]bool{}
		name := func() string { return fmt.Sprintf("%c%d", "nN"[random.IntN(2)], random.IntN(4)) }
		for i := range 700 {
			policy, id := fmt.Sprint(iamARN, "policy/p", random.IntN(3)), "id"+fmt.Sprint(random.IntN(2))+".example.com"
			action := actions[random.IntN(len(actions))]
			who := name()
			trusted := trust
			if random.IntN(2) == 0 {
				trusted = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + iamARN + "user/" + name() +
					`"},"Action":"sts:AssumeRole"}]}`
			}
			document := allow("ride:*")
			if action == "UpdateAssumeRolePolicy" {
				document = trusted
			}
			if callers[random.IntN(2)].call(action, "UserName", who, "NewUserName", name(), "GroupName", name(), "NewGroupName", name(),
				"RoleName", name(), "NewPath", []string{"/", "/a/"}[random.IntN(2)], "PolicyName", fmt.Sprint("p", random.IntN(3)), "PolicyArn", policy,
				"PermissionsBoundary", policy, "PolicyDocument", document, "AssumeRolePolicyDocument", trusted, "Tags.member.1.Key", name(),
				"Tags.member.1.Value", name(), "TagKeys.member.1", name(), "VersionId", fmt.Sprint("v", 1+random.IntN(4)), "AccountAlias", "rides",
				"Url", "https://"+id, "ClientID", name(), "ClientIDList.member.1", "first", "OpenIDConnectProviderArn", iamARN+"oidc-provider/"+id,
				"ThumbprintList.member.1", "0123456789012345678901234567890123456789") == "" {
				done[action] = true
			}
			if i%50 < 3 {
				for _, p := range two {
					p.refresh()
				}
				want := everythingOf(t, two[0])
				if diff := cmp.Diff(want, everythingOf(t, two[1])); diff != "" {
					t.Fatalf("after %d changes, the last %s (-one +other):\n%s", i, action, diff)
				}
				if diff := cmp.Diff(want, everythingOf(t, start(t, open(), ring))); diff != "" {
					t.Fatalf("after %d changes, the last %s (-before +opened again):\n%s", i, action, diff)
				}
			}
		}
		for _, p := range two {
			if told := p.told(); len(told) > 0 {
				t.Errorf("told was %v", told)
			}
		}
		if len(done) < 30 {
			t.Errorf("only %d operations changed something: %v", len(done), done)
		}
	})
}
