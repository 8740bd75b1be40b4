package directory_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestManagedPolicies: managed policies and their versions, told in AWS's words.
func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	made := s.must("CreatePolicy", "PolicyName", "Rides", "Path", "/p/", "PolicyDocument", everything, "Description", "all",
		"Tags.member.1.Key", "team", "Tags.member.1.Value", "blue")
	arn := made.get("Policy/Arn")
	for path, want := range map[string]string{
		"Arn": rootOfARN + "policy/p/Rides", "AttachmentCount": "0", "DefaultVersionId": "v1", "IsAttachable": "true", "Path": "/p/",
		"PermissionsBoundaryUsageCount": "0", "PolicyName": "Rides", "CreateDate": "2026-12-01T12:00:00Z", "UpdateDate": "2026-12-01T12:00:00Z",
	} {
		if got := made.get("Policy/" + path); got != want {
			t.Errorf("%s is %q; want %q", path, got, want)
		}
	}
	s.refused(409, "EntityAlreadyExists", "A policy called rides already exists. Duplicate names are not allowed.",
		"CreatePolicy", "PolicyName", "rides", "PolicyDocument", everything)
	none := rootOfARN + "policy/non-existent-policy"
	for _, action := range []string{"DeletePolicy", "GetPolicy", "ListPolicyVersions", "ListPolicyTags", "ListEntitiesForPolicy"} {
		s.refused(404, "NoSuchEntity", "Policy "+none+" was not found.", action, "PolicyArn", none)
		s.refused(400, "ValidationError", "Invalid ARN:  Could not be parsed!", action, "PolicyArn", "longpolicynamebutnoarn")
	}
	s.refused(409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144", "CreatePolicy", "PolicyName", "Long", "PolicyDocument",
		strings.Replace(everything, `"Action":"*"`, `"Action":[`+strings.Repeat(`"iam:ListUsers",`, 400)+`"iam:ListUsers"]`, 1))

	for i := 2; i <= 5; i++ {
		v := s.must("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", everything)
		if v.get("PolicyVersion/VersionId") != fmt.Sprint("v", i) || v.get("PolicyVersion/IsDefaultVersion") != "false" {
			t.Errorf("CreatePolicyVersion: %s", v.body)
		}
	}
	s.refused(409, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an "+
		"existing version.", "CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", everything)
	s.refused(409, "DeleteConflict", "", "DeletePolicy", "PolicyArn", arn)
	s.refused(409, "DeleteConflict", "Cannot delete the default version of a policy.", "DeletePolicyVersion", "PolicyArn", arn,
		"VersionId", "v1")
	s.must("DeletePolicyVersion", "PolicyArn", arn, "VersionId", "v5")
	if v := s.must("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", everything, "SetAsDefault",
		"true"); v.get("PolicyVersion/VersionId") != "v6" {
		t.Errorf("a version's ID is given again: %s", v.body)
	}
	first := s.must("ListPolicyVersions", "PolicyArn", arn, "MaxItems", "2")
	rest := s.must("ListPolicyVersions", "PolicyArn", arn, "Marker", first.get("Marker"))
	if first.get("Versions/member.1/VersionId") != "v6" || first.get("Versions/member.1/IsDefaultVersion") != "true" ||
		rest.get("Versions/member.1/VersionId") != "v3" || rest.get("Versions/member.3/VersionId") != "v1" ||
		rest.get("IsTruncated") != "false" {
		t.Errorf("ListPolicyVersions: %s%s", first.body, rest.body)
	}
	v := s.must("GetPolicyVersion", "PolicyArn", arn, "VersionId", "v6")
	if text, err := url.PathUnescape(v.get("PolicyVersion/Document")); err != nil || text != everything {
		t.Errorf("GetPolicyVersion: %v: %s", err, v.body)
	}
	s.refused(404, "NoSuchEntity", "Policy "+arn+" version v5 does not exist or is not attachable.", "GetPolicyVersion", "PolicyArn", arn,
		"VersionId", "v5")
	s.refused(404, "NoSuchEntity", "", "SetDefaultPolicyVersion", "PolicyArn", arn, "VersionId", "v5")
	s.refused(400, "ValidationError", "", "SetDefaultPolicyVersion", "PolicyArn", arn, "VersionId", "5")
	// UpdateDate is when the newest version was made: API Reference, Policy.
	s.clock.Advance(time.Hour)
	s.must("SetDefaultPolicyVersion", "PolicyArn", arn, "VersionId", "v2")
	s.must("DeletePolicyVersion", "PolicyArn", arn, "VersionId", "v3")
	if got := s.must("GetPolicy", "PolicyArn", arn); got.get("Policy/UpdateDate") != "2026-12-01T12:00:00Z" {
		t.Errorf("GetPolicy: %s", got.body)
	}
	s.must("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", everything)
	if got := s.must("GetPolicy", "PolicyArn", arn); got.get("Policy/UpdateDate") != "2026-12-01T13:00:00Z" {
		t.Errorf("GetPolicy: %s", got.body)
	}
	s.must("TagPolicy", "PolicyArn", arn, "Tags.member.1.Key", "site", "Tags.member.1.Value", "home")
	s.must("UntagPolicy", "PolicyArn", arn, "TagKeys.member.1", "team")
	if tags := s.must("ListPolicyTags", "PolicyArn", arn); tags.get("Tags/member.1/Key") != "site" || tags.get("Tags/member.2/Key") != "" {
		t.Errorf("ListPolicyTags: %s", tags.body)
	}
}

// TestListPolicies: which managed policies are listed, and who has one.
func TestListPolicies(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	create := func(name, path string) string {
		t.Helper()
		return s.must("CreatePolicy", "PolicyName", name, "Path", path, "PolicyDocument", everything).get("Policy/Arn")
	}
	attached, boundary := create("Attached", "/a/"), create("Boundary", "/b/")
	create("Neither", "/a/")
	s.must("CreateUser", "UserName", "ada", "Path", "/ops/", "PermissionsBoundary", boundary)
	s.must("AttachUserPolicy", "UserName", "ada", "PolicyArn", attached)
	s.must("CreateGroup", "GroupName", "fleet")
	s.must("AttachGroupPolicy", "GroupName", "fleet", "PolicyArn", attached)
	s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", forEC2, "PermissionsBoundary", attached)
	list := func(params ...string) (names []string) {
		t.Helper()
		a := s.must("ListPolicies", params...)
		for i := 1; a.get(fmt.Sprintf("Policies/member.%d/PolicyName", i)) != ""; i++ {
			names = append(names, a.get(fmt.Sprintf("Policies/member.%d/PolicyName", i)))
		}
		return names
	}
	for _, c := range []struct {
		want   string
		params []string
	}{
		{"[Attached Boundary Neither]", nil},
		{"[Attached Boundary Neither]", []string{"Scope", "Local"}},
		{"[Attached Boundary Neither]", []string{"Scope", "All"}},
		{"[]", []string{"Scope", "AWS"}},
		{"[Attached]", []string{"OnlyAttached", "true"}},
		{"[Attached]", []string{"PolicyUsageFilter", "PermissionsPolicy"}},
		{"[Attached Boundary]", []string{"PolicyUsageFilter", "PermissionsBoundary"}},
		{"[Attached Neither]", []string{"PathPrefix", "/a/"}},
	} {
		if got := fmt.Sprint(list(c.params...)); got != c.want {
			t.Errorf("ListPolicies %q: %s; want %s", c.params, got, c.want)
		}
	}
	entities := func(params ...string) string {
		t.Helper()
		a := s.must("ListEntitiesForPolicy", append([]string{"PolicyArn", attached}, params...)...)
		return a.get("PolicyGroups/member.1/GroupName") + " " + a.get("PolicyUsers/member.1/UserName") + " " +
			a.get("PolicyRoles/member.1/RoleName")
	}
	for _, c := range []struct {
		want   string
		params []string
	}{
		{"fleet ada Rider", nil},
		{" ada ", []string{"EntityFilter", "User"}},
		{"fleet  ", []string{"EntityFilter", "Group"}},
		{"  Rider", []string{"EntityFilter", "Role"}},
		{"  ", []string{"EntityFilter", "AWSManagedPolicy"}},
		{" ada ", []string{"PathPrefix", "/ops/"}},
		{"fleet ada ", []string{"PolicyUsageFilter", "PermissionsPolicy"}},
		{"  Rider", []string{"PolicyUsageFilter", "PermissionsBoundary"}},
	} {
		if got := entities(c.params...); got != c.want {
			t.Errorf("ListEntitiesForPolicy %q: %q; want %q", c.params, got, c.want)
		}
	}
	var seen strings.Builder
	for marker, pages := "", 0; pages < 5; pages++ {
		params := []string{"PolicyArn", attached, "MaxItems", "1"}
		if marker != "" {
			params = append(params, "Marker", marker)
		}
		a := s.must("ListEntitiesForPolicy", params...)
		seen.WriteString(a.get("PolicyGroups/member.1/GroupName") + a.get("PolicyUsers/member.1/UserName") +
			a.get("PolicyRoles/member.1/RoleName") + " ")
		if marker = a.get("Marker"); marker == "" {
			break
		}
	}
	if seen.String() != "fleet ada Rider " {
		t.Errorf("one by one: %q", seen.String())
	}
}
