package directory_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// TestUpdateUser: who gets another name or path stays the same user, with its keys, groups,
// policies and tags.
func TestUpdateUser(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	before := s.must("CreateUser", "UserName", "ada", "Path", "/ops/", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue")
	s.must("CreateUser", "UserName", "bob")
	s.must("CreateGroup", "GroupName", "fleet")
	s.must("AddUserToGroup", "GroupName", "fleet", "UserName", "ada")
	s.must("PutUserPolicy", "UserName", "ada", "PolicyName", "All", "PolicyDocument", everything)
	key := s.must("CreateAccessKey", "UserName", "ada")
	for _, c := range []struct {
		name   string // as it is before
		params []string
		arn    string
	}{
		{"ada", nil, "user/ops/ada"},
		{"ada", []string{"NewUserName", "Ada"}, "user/ops/Ada"}, // case alone
		{"ADA", []string{"NewPath", "/crew/"}, "user/crew/Ada"},
		{"ada", []string{"NewUserName", "lovelace"}, "user/crew/lovelace"},
		{"lovelace", []string{"NewUserName", "ada", "NewPath", "/"}, "user/ada"},
	} {
		s.must("UpdateUser", append([]string{"UserName", c.name}, c.params...)...)
		got := s.with(key, "GetUser")
		if got.get("User/Arn") != rootOfARN+c.arn || got.get("User/UserId") != before.get("User/UserId") ||
			got.get("User/Tags/member.1/Value") != "blue" || got.get("User/CreateDate") != before.get("User/CreateDate") {
			t.Errorf("after UpdateUser %s %q: %d %s", c.name, c.params, got.status, got.body)
		}
		if got := s.must("GetGroup", "GroupName", "fleet"); got.get("Users/member.1/Arn") != rootOfARN+c.arn {
			t.Errorf("the group has %s", got.body)
		}
	}
	s.refused(404, "NoSuchEntity", "The user with name lovelace cannot be found.", "GetUser", "UserName", "lovelace")
}

// TestDeleteUser: a user is deleted once nothing is left of it, and what is left is told.
func TestDeleteUser(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada")
	s.must("CreateGroup", "GroupName", "fleet")
	managed := s.must("CreatePolicy", "PolicyName", "Rides", "PolicyDocument", everything).get("Policy/Arn")
	id := s.must("CreateAccessKey", "UserName", "ada").get("AccessKey/AccessKeyId")
	s.must("AddUserToGroup", "GroupName", "fleet", "UserName", "ada")
	s.must("AttachUserPolicy", "UserName", "ada", "PolicyArn", managed)
	s.must("PutUserPolicy", "UserName", "ada", "PolicyName", "All", "PolicyDocument", everything)
	for _, c := range []struct {
		left string
		undo []string
	}{
		{"must delete access keys first.", []string{"DeleteAccessKey", "AccessKeyId", id}},
		{"must remove users from group first.", []string{"RemoveUserFromGroup", "GroupName", "fleet"}},
		{"must detach all policies first.", []string{"DetachUserPolicy", "PolicyArn", managed}},
		{"must delete policies first.", []string{"DeleteUserPolicy", "PolicyName", "All"}},
	} {
		revision := s.dir.Revision()
		s.refused(409, "DeleteConflict", "Cannot delete entity, "+c.left, "DeleteUser", "UserName", "ada")
		if s.dir.Revision() != revision {
			t.Errorf("%s: something changed", c.left)
		}
		s.must(c.undo[0], append(c.undo[1:], "UserName", "ada")...)
	}
	s.must("DeleteUser", "UserName", "ada")
	s.refused(404, "NoSuchEntity", "The user with name ada cannot be found.", "DeleteUser", "UserName", "ada")
}

// TestRefusedChangesNothing: of a request that is refused for what it asks, nothing is done.
func TestRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "bob")
	s.must("CreateGroup", "GroupName", "old")
	s.must("CreateGroup", "GroupName", "new")
	long := strings.Repeat("n", 129)
	none := rootOfARN + "policy/None"
	scope := "Scope ARN: " + none + " does not exist or is not attachable."
	revision := s.dir.Revision()
	for _, c := range []struct {
		status  int
		code    string
		message string // "": any
		action  string
		params  []string
	}{
		{404, "NoSuchEntity", scope, "CreateUser", []string{"UserName", "eve", "PermissionsBoundary", none}},
		{404, "NoSuchEntity", scope, "PutUserPermissionsBoundary", []string{"UserName", "bob", "PermissionsBoundary", none}},
		{
			400, "ValidationError", "Invalid ARN:  Could not be parsed!",
			"PutUserPermissionsBoundary",
			[]string{"UserName", "bob", "PermissionsBoundary", "policy/of-nobody-at-all"},
		},
		{
			409, "EntityAlreadyExists", "User with name ADMIN already exists.",
			"UpdateUser",
			[]string{"UserName", "bob", "NewUserName", "ADMIN", "NewPath", "/x/"},
		},
		{404, "NoSuchEntity", "The user with name eve cannot be found.", "UpdateUser", []string{"UserName", "eve", "NewUserName", "x"}},
		{400, "ValidationError", "", "CreateUser", []string{"UserName", long[:65]}},
		{400, "ValidationError", "", "CreateUser", []string{"UserName", "e ve"}},
		{400, "ValidationError", "", "CreateUser", []string{"UserName", "eve", "Path", "ops/"}},
		{400, "ValidationError", "", "CreateUser", []string{"UserName", "eve", "Path", "/*/"}},
		{400, "ValidationError", "", "UpdateUser", []string{"UserName", "bob", "NewUserName", ""}},
		{400, "InvalidInput", "", "TagUser", []string{"UserName", "bob", "Tags.member.1.Key", "AWS:x", "Tags.member.1.Value", "y"}},
		{400, "ValidationError", "", "TagUser", []string{"UserName", "bob"}},
		{400, "ValidationError", "", "UntagUser", []string{"UserName", "bob"}},
		{409, "EntityAlreadyExists", "Group with name NEW already exists.", "UpdateGroup", []string{"GroupName", "old", "NewGroupName", "NEW"}},
		{400, "ValidationError", "", "CreateGroup", []string{"GroupName", long}},
		{404, "NoSuchEntity", "The group with name none cannot be found.", "DeleteGroup", []string{"GroupName", "none"}},
		{
			404, "NoSuchEntity", "The user with name eve cannot be found.",
			"RemoveUserFromGroup",
			[]string{"GroupName", "old", "UserName", "eve"},
		},
		{400, "ValidationError", "", "DeleteAccessKey", []string{"AccessKeyId", "AKIA"}},
		{400, "ValidationError", "", "UpdateAccessKey", []string{"AccessKeyId", adminKey}},
	} {
		s.refused(c.status, c.code, c.message, c.action, c.params...)
		if s.dir.Revision() != revision {
			t.Fatalf("%s %q: something changed", c.action, c.params)
		}
	}
	s.must("CreateGroup", "GroupName", long[:128])
}

// TestUntagUser: tags are told in parts, and removed by who may remove those keys.
func TestUntagUser(t *testing.T) {
	t.Parallel()
	const bossKey = "AKIABOSSBOSSBOSSBOS1"
	s := newIAM(t, directory.Contents{Users: []directory.NewUser{
		{ARN: rootOfARN + "user/ada", Tags: []directory.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}, {Key: "c", Value: "3"}}},
		{
			ARN: rootOfARN + "user/boss", Keys: []directory.NewKey{{ID: bossKey, Secret: secretOf(bossKey)}},
			Holder: directory.Holder{Inline: map[string]string{"Untag": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
				"Action":"iam:UntagUser","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","z"]}}}]}`}},
		},
	}})
	for _, c := range []struct {
		status int
		keys   []string
	}{
		{403, []string{"b"}},
		{403, []string{"a", "b"}},
		{200, []string{"a", "z"}}, // one that is not there is none
	} {
		params := []string{"UserName", "ada"}
		for i, key := range c.keys {
			params = append(params, "TagKeys.member."+itoa(i+1), key)
		}
		if got := s.call(bossKey, "UntagUser", params...); got.status != c.status {
			t.Errorf("UntagUser %q: %d %s; want %d", c.keys, got.status, got.message, c.status)
		}
	}
	first := s.must("ListUserTags", "UserName", "ada", "MaxItems", "1")
	if first.get("Tags/member.1/Key") != "b" || first.get("Tags/member.2/Key") != "" || first.get("IsTruncated") != "true" {
		t.Errorf("ListUserTags: %s", first.body)
	}
	rest := s.must("ListUserTags", "UserName", "ada", "Marker", first.get("Marker"))
	if rest.get("Tags/member.1/Value") != "3" || rest.get("Tags/member.2/Key") != "" || rest.get("IsTruncated") != "false" {
		t.Errorf("ListUserTags, second part: %s", rest.body)
	}
}

// TestListGroupsForUser: the groups of a user are told in parts, in the order of their names.
func TestListGroupsForUser(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada")
	for _, name := range []string{"Crew", "alpha", "Bravo"} {
		s.must("CreateGroup", "GroupName", name)
		s.must("AddUserToGroup", "GroupName", name, "UserName", "ada")
	}
	var got []string
	for marker := ""; ; {
		params := []string{"UserName", "ada", "MaxItems", "1"}
		if marker != "" {
			params = append(params, "Marker", marker)
		}
		part := s.must("ListGroupsForUser", params...)
		got = append(got, part.get("Groups/member.1/GroupName"))
		if marker = part.get("Marker"); marker == "" || len(got) > 3 {
			break
		}
		if len(got) == 1 { // the one that the part ended with goes
			s.must("RemoveUserFromGroup", "GroupName", "alpha", "UserName", "ada")
		}
	}
	if strings.Join(got, " ") != "alpha Bravo Crew" {
		t.Errorf("the groups are %q", got)
	}
}
