package directory_test

import "testing"

// TestUsers: users are created, told and listed.
func TestUsers(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	got := s.must("CreateUser", "UserName", "Alice", "Path", "/ops/", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue")
	if arn := got.get("User/Arn"); arn != rootOfARN+"user/ops/Alice" || got.get("User/Tags/member.1/Value") != "blue" {
		t.Errorf("CreateUser: %s", got.body)
	}
	s.refused(409, "EntityAlreadyExists", "User with name alice already exists.", "CreateUser", "UserName", "alice")
	s.refused(404, "NoSuchEntity", "The user with name bob cannot be found.", "GetUser", "UserName", "bob")
	if got := s.must("GetUser", "UserName", "ALICE"); got.get("User/UserName") != "Alice" ||
		got.get("User/CreateDate") != "2026-12-01T12:00:00Z" {
		t.Errorf("GetUser: %s", got.body)
	}
	if got := s.must("GetUser"); got.get("User/Arn") != adminARN {
		t.Errorf("GetUser of oneself: %s", got.body)
	}
	first := s.must("ListUsers", "MaxItems", "1")
	if first.get("Users/member.1/UserName") != "admin" || first.get("IsTruncated") != "true" {
		t.Errorf("ListUsers: %s", first.body)
	}
	rest := s.must("ListUsers", "Marker", first.get("Marker"))
	if rest.get("Users/member.1/UserName") != "Alice" || rest.get("IsTruncated") != "false" {
		t.Errorf("ListUsers, second part: %s", rest.body)
	}
}
