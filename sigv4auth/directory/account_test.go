package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// TestAccount: what is told of an account as a whole, and its alias.
func TestAccount(t *testing.T) {
	t.Parallel()
	s := newIAM(t, directory.Contents{Accounts: []string{"444455556666"}, Users: []directory.NewUser{{
		ARN: "arn:aws:iam::444455556666:user/admin", Holder: directory.Holder{Inline: map[string]string{"All": everything}},
		Keys: []directory.NewKey{{ID: "AKIAOTHEROTHEROTHER1", Secret: secretOf("AKIAOTHEROTHEROTHER1")}},
	}}})
	s.must("CreateUser", "UserName", "ada")
	s.must("CreateGroup", "GroupName", "fleet")
	s.must("AddUserToGroup", "GroupName", "fleet", "UserName", "ada")
	s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", forEC2)
	s.must("CreatePolicy", "PolicyName", "Rides", "PolicyDocument", everything)
	s.must("AttachUserPolicy", "UserName", "ada", "PolicyArn", rootOfARN+"policy/Rides")
	s.must("CreateAccessKey", "UserName", "ada")
	summary := map[string]string{}
	for path, value := range s.must("GetAccountSummary").values {
		if name, ok := strings.CutSuffix(path, "/key"); ok {
			summary[value] = s.must("GetAccountSummary").get(name + "/value")
		}
	}
	for key, want := range map[string]string{
		"Users": "2", "Groups": "1", "Roles": "1", "Policies": "1", "PolicyVersionsInUse": "1", "AccessKeysPerUserQuota": "2", "Providers": "0",
	} {
		if summary[key] != want {
			t.Errorf("GetAccountSummary: %s is %q; want %s", key, summary[key], want)
		}
	}

	s.must("CreateAccountAlias", "AccountAlias", "rides")
	if got := s.call("AKIAOTHEROTHEROTHER1", "CreateAccountAlias", "AccountAlias", "rides"); got.code != "EntityAlreadyExists" {
		t.Errorf("the alias of another account: %d %s", got.status, got.code)
	}
	for _, bad := range []string{"ab", "A-B-C", "-abc", "a--b", strings.Repeat("a", 64)} {
		s.refused(400, "ValidationError", "", "CreateAccountAlias", "AccountAlias", bad)
	}
	if got := s.must("ListAccountAliases"); got.get("AccountAliases/member.1") != "rides" {
		t.Errorf("ListAccountAliases: %s", got.body)
	}
	s.refused(404, "NoSuchEntity", "The account alias other cannot be found.", "DeleteAccountAlias", "AccountAlias", "other")
	s.must("DeleteAccountAlias", "AccountAlias", "rides")
	if got := s.must("ListAccountAliases"); got.get("AccountAliases/member.1") != "" {
		t.Errorf("ListAccountAliases: %s", got.body)
	}

	details := s.must("GetAccountAuthorizationDetails")
	for path, want := range map[string]string{
		"UserDetailList/member.1/UserName": "ada", "UserDetailList/member.1/GroupList/member.1": "fleet",
		"UserDetailList/member.1/AttachedManagedPolicies/member.1/PolicyName": "Rides", "UserDetailList/member.2/UserPolicyList/member.1/PolicyName": "All",
		"GroupDetailList/member.1/GroupName": "fleet", "RoleDetailList/member.1/RoleName": "Rider",
		"Policies/member.1/PolicyVersionList/member.1/IsDefaultVersion": "true", "Policies/member.1/AttachmentCount": "1", "IsTruncated": "false",
	} {
		if got := details.get(path); got != want {
			t.Errorf("GetAccountAuthorizationDetails: %s is %q; want %q", path, got, want)
		}
	}
	if strings.Contains(details.body, "444455556666") || strings.Contains(details.body, "secret") {
		t.Errorf("of another account, or a secret: %s", details.body)
	}
	var seen strings.Builder
	for marker, parts := "", 0; parts < 10; parts++ {
		params := []string{"MaxItems", "1"}
		if marker != "" {
			params = append(params, "Marker", marker)
		}
		a := s.must("GetAccountAuthorizationDetails", params...)
		for _, name := range []string{
			"UserDetailList/member.1/UserName", "GroupDetailList/member.1/GroupName",
			"RoleDetailList/member.1/RoleName", "Policies/member.1/PolicyName",
		} {
			seen.WriteString(a.get(name))
		}
		seen.WriteString(" ")
		if marker = a.get("Marker"); marker == "" {
			break
		}
	}
	if seen.String() != "fleet Rides Rider ada admin " {
		t.Errorf("one by one: %q", seen.String())
	}
	if some := s.must("GetAccountAuthorizationDetails", "Filter.member.1", "Role", "Filter.member.2",
		"LocalManagedPolicy"); some.get("UserDetailList/member.1/UserName") != "" ||
		some.get("RoleDetailList/member.1/RoleName") != "Rider" || some.get("Policies/member.1/PolicyName") != "Rides" {
		t.Errorf("with a filter: %s", some.body)
	}
}

// TestAccountsApart: what one account has is neither told to nor changed by another, where the
// names are the same (threat 105).
func TestAccountsApart(t *testing.T) {
	t.Parallel()
	const other, otherKey = "444455556666", "AKIAOTHEROTHEROTHER1"
	s := newIAM(t, directory.Contents{Accounts: []string{other}, Users: []directory.NewUser{{
		ARN: "arn:aws:iam::" + other + ":user/admin", Holder: directory.Holder{Inline: map[string]string{"All": everything}},
		Keys: []directory.NewKey{{ID: otherKey, Secret: secretOf(otherKey)}},
	}}})
	s.must("CreateUser", "UserName", "ada")
	s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", forEC2)
	s.must("CreatePolicy", "PolicyName", "Rides", "PolicyDocument", everything)
	revision := s.dir.Revision()
	arn := rootOfARN + "policy/Rides"
	for _, c := range [][]string{
		{"404", "GetUser", "UserName", "ada"},
		{"404", "DeleteUser", "UserName", "ada"},
		{"404", "GetRole", "RoleName", "Rider"},
		{"403", "GetPolicy", "PolicyArn", arn},
		{"403", "DeletePolicy", "PolicyArn", arn},
		{"404", "AttachUserPolicy", "UserName", "admin", "PolicyArn", arn},
		{"404", "PutUserPermissionsBoundary", "UserName", "admin", "PermissionsBoundary", arn},
		{"404", "GetAccessKeyLastUsed", "AccessKeyId", adminKey},
		{"404", "UpdateAccessKey", "UserName", "admin", "AccessKeyId", adminKey, "Status", "Inactive"},
	} {
		if got := s.call(otherKey, c[1], c[2:]...); fmt.Sprint(got.status) != c[0] {
			t.Errorf("%q: %d %s: %s", c, got.status, got.code, got.message)
		}
	}
	if got := s.call(otherKey, "ListUsers"); got.get("Users/member.1/Arn") != "arn:aws:iam::"+other+":user/admin" ||
		got.get("Users/member.2/Arn") != "" {
		t.Errorf("ListUsers: %s", got.body)
	}
	if s.dir.Revision() != revision {
		t.Error("something changed")
	}
}
