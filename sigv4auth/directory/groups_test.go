package directory_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestGroups: groups are created, told, renamed and deleted, and users come and go.
func TestGroups(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	if got := s.must("CreateGroup", "GroupName", "Fleet", "Path", "/ops/"); got.get("Group/Arn") != rootOfARN+"group/ops/Fleet" {
		t.Errorf("CreateGroup: %s", got.body)
	}
	s.refused(409, "EntityAlreadyExists", "Group with name fleet already exists.", "CreateGroup", "GroupName", "fleet")
	s.must("CreateUser", "UserName", "ada")
	s.must("CreateUser", "UserName", "bob")
	for _, name := range []string{"ada", "ADA", "bob"} { // one who is in it may be added again
		s.must("AddUserToGroup", "GroupName", "fleet", "UserName", name)
	}
	s.refused(404, "NoSuchEntity", "The user with name eve cannot be found.", "AddUserToGroup", "GroupName", "Fleet", "UserName", "eve")
	s.refused(404, "NoSuchEntity", "The group with name Crew cannot be found.", "AddUserToGroup", "GroupName", "Crew", "UserName", "ada")
	first := s.must("GetGroup", "GroupName", "Fleet", "MaxItems", "1")
	if first.get("Users/member.1/UserName") != "ada" || first.get("IsTruncated") != "true" || first.get("Group/Path") != "/ops/" {
		t.Errorf("GetGroup: %s", first.body)
	}
	if rest := s.must("GetGroup", "GroupName", "Fleet", "Marker", first.get("Marker")); rest.get("Users/member.1/UserName") != "bob" ||
		rest.get("IsTruncated") != "false" {
		t.Errorf("GetGroup, second part: %s", rest.body)
	}
	s.must("UpdateGroup", "GroupName", "Fleet", "NewGroupName", "Crew", "NewPath", "/")
	s.refused(404, "NoSuchEntity", "The group with name Fleet cannot be found.", "GetGroup", "GroupName", "Fleet")
	if got := s.must("ListGroupsForUser", "UserName", "ada"); got.get("Groups/member.1/Arn") != rootOfARN+"group/Crew" {
		t.Errorf("ListGroupsForUser: %s", got.body)
	}
	s.must("UpdateUser", "UserName", "bob", "NewUserName", "robert", "NewPath", "/x/")
	if got := s.must("GetGroup", "GroupName", "Crew"); got.get("Users/member.2/Arn") != rootOfARN+"user/x/robert" ||
		got.get("Users/member.3/Arn") != "" {
		t.Errorf("GetGroup, of who was renamed: %s", got.body)
	}
	s.refused(409, "DeleteConflict", "Cannot delete entity, must remove users from group first.", "DeleteGroup", "GroupName", "Crew")
	s.must("RemoveUserFromGroup", "GroupName", "Crew", "UserName", "ada")
	s.must("RemoveUserFromGroup", "GroupName", "Crew", "UserName", "robert")
	s.must("DeleteGroup", "GroupName", "Crew")
	if got := s.must("ListGroups"); got.get("Groups/member.1/GroupName") != "" {
		t.Errorf("ListGroups: %s", got.body)
	}
	for i := range 11 {
		name := fmt.Sprint("group", i)
		s.must("CreateGroup", "GroupName", name)
		if i < 10 {
			s.must("AddUserToGroup", "GroupName", name, "UserName", "ada")
		}
	}
	s.refused(409, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", "AddUserToGroup", "GroupName", "group10", "UserName",
		"ada")
}

// TestMembership: who joins a group has its policies at the next request, and who leaves it has
// them no more (threat 208).
func TestMembership(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada")
	key := s.must("CreateAccessKey", "UserName", "ada")
	s.must("CreateGroup", "GroupName", "fleet")
	s.must("PutGroupPolicy", "GroupName", "fleet", "PolicyName", "All", "PolicyDocument", everything)
	for range 3 {
		if got := s.with(key, "ListUsers"); got.status != 403 || got.code != "AccessDenied" {
			t.Fatalf("outside of the group: %d %s", got.status, got.code)
		}
		s.must("AddUserToGroup", "GroupName", "fleet", "UserName", "ada")
		if got := s.with(key, "ListUsers"); got.status != 200 {
			t.Fatalf("in the group: %d %s", got.status, got.code)
		}
		s.must("RemoveUserFromGroup", "GroupName", "fleet", "UserName", "ada")
	}
	s.must("AddUserToGroup", "GroupName", "fleet", "UserName", "ada")
	s.must("DeleteGroupPolicy", "GroupName", "fleet", "PolicyName", "All")
	if got := s.with(key, "ListUsers"); got.status != 403 {
		t.Errorf("without the group's policy: %d", got.status)
	}
}

// TestMembersAtOnce: of many who add a user to groups, and are all admitted before any of them
// does, as many succeed as a user may have groups, and the user is in these.
func TestMembersAtOnce(t *testing.T) {
	t.Parallel()
	const many = 15
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada")
	for i := range many {
		s.must("CreateGroup", "GroupName", fmt.Sprint("group", i))
	}
	at := s.gated(many)
	var answers [many]answer
	var writers sync.WaitGroup
	for i := range many {
		writers.Go(func() {
			answers[i] = at.admin("AddUserToGroup", "GroupName", fmt.Sprint("group", i), "UserName", "ada")
		})
	}
	writers.Wait()
	groups, n := s.must("ListGroupsForUser", "UserName", "ada"), 0
	for i, got := range answers {
		name := fmt.Sprint("group", i)
		if in := strings.Contains(groups.body, "<GroupName>"+name+"</GroupName>"); in != (got.status == 200) {
			t.Errorf("%s has the user: %t; the answer was %d %s", name, in, got.status, got.code)
		}
		if members := s.must("GetGroup", "GroupName", name); (members.get("Users/member.1/UserName") == "ada") != (got.status == 200) {
			t.Errorf("GetGroup: %s; the answer was %d %s", members.body, got.status, got.code)
		}
		if got.status == 200 {
			n++
		} else if got.code != "LimitExceeded" {
			t.Errorf("%s: %d %s: %s", name, got.status, got.code, got.message)
		}
	}
	if n != 10 {
		t.Errorf("%d succeeded", n)
	}
}
