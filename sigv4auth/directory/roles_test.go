package directory_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

const forEC2 = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, ` +
	`"Action": "sts:AssumeRole"}]}`

// TestRoles: roles are told as AWS tells them.
func TestRoles(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	made := s.must("CreateRole", "RoleName", "Rider", "Path", "/svc/", "AssumeRolePolicyDocument", forEC2,
		"Tags.member.1.Key", "test", "Tags.member.1.Value", "value")
	if made.get("Role/Arn") != rootOfARN+"role/svc/Rider" || made.get("Role/MaxSessionDuration") != "" ||
		!strings.HasPrefix(made.get("Role/RoleId"), "AROA") || made.get("Role/Tags/member.1/Value") != "value" {
		t.Errorf("CreateRole: %s", made.body)
	}
	s.refused(409, "EntityAlreadyExists", "Role with name RIDER already exists.", "CreateRole", "RoleName", "RIDER",
		"AssumeRolePolicyDocument", forEC2)
	got := s.must("GetRole", "RoleName", "rider")
	document, err := url.PathUnescape(got.get("Role/AssumeRolePolicyDocument"))
	if err != nil || document != forEC2 || got.get("Role/MaxSessionDuration") != "3600" ||
		!strings.Contains(got.body, "<RoleLastUsed></RoleLastUsed>") {
		t.Errorf("GetRole: %v: %s", err, got.body)
	}
	list := s.must("ListRoles", "PathPrefix", "/svc/")
	if list.get("Roles/member.1/MaxSessionDuration") != "3600" || list.get("Roles/member.1/Tags/member.1/Key") != "" ||
		list.get("IsTruncated") != "false" {
		t.Errorf("ListRoles: %s", list.body)
	}
	if none := s.must("ListRoles", "PathPrefix", "/other/"); none.get("Roles/member.1/Arn") != "" {
		t.Errorf("ListRoles of another path: %s", none.body)
	}

	s.must("UpdateRole", "RoleName", "Rider", "Description", "rides", "MaxSessionDuration", "7200")
	s.refused(400, "ValidationError", "", "UpdateRole", "RoleName", "Rider", "MaxSessionDuration", "43201")
	if got := s.must("UpdateRoleDescription", "RoleName", "Rider", "Description",
		"rides, and no more"); got.get("Role/Description") != "rides, and no more" ||
		got.get("Role/MaxSessionDuration") != "7200" {
		t.Errorf("UpdateRoleDescription: %s", got.body)
	}
	role, err := s.dir.Role(t.Context(), rootOfARN+"role/svc/Rider")
	if err != nil || role.MaxSession.Hours() != 2 || role.Tags["test"] != "value" || role.TrustPolicy == nil {
		t.Errorf("the role is %+v: %v", role, err)
	}
	s.must("TagRole", "RoleName", "Rider", "Tags.member.1.Key", "TEST", "Tags.member.1.Value", "new")
	if tags := s.must("ListRoleTags", "RoleName", "Rider"); tags.get("Tags/member.1/Key") != "TEST" || tags.get("Tags/member.2/Key") != "" {
		t.Errorf("ListRoleTags: %s", tags.body)
	}
	s.must("UntagRole", "RoleName", "Rider", "TagKeys.member.1", "test")
	if tags := s.must("ListRoleTags", "RoleName", "Rider"); tags.get("Tags/member.1/Key") != "" {
		t.Errorf("ListRoleTags without tags: %s", tags.body)
	}
	s.refused(400, "InvalidInput", "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles",
		"CreateRole", "RoleName", "x", "Path", "/aws-service-role/x/", "AssumeRolePolicyDocument", forEC2)
	s.must("PutRolePolicy", "RoleName", "Rider", "PolicyName", "All", "PolicyDocument", everything)
	s.refused(409, "DeleteConflict", "Cannot delete entity, must delete policies first.", "DeleteRole", "RoleName", "Rider")
	s.must("DeleteRolePolicy", "RoleName", "Rider", "PolicyName", "All")
	// As Terraform asks before it deletes a role.
	if got := s.must("ListInstanceProfilesForRole", "RoleName", "Rider"); got.get("IsTruncated") != "false" {
		t.Errorf("ListInstanceProfilesForRole: %s", got.body)
	}
	s.must("DeleteRole", "RoleName", "Rider")
	s.refused(404, "NoSuchEntity", "The role with name Rider cannot be found.", "ListInstanceProfilesForRole", "RoleName", "Rider")
	s.refused(404, "NoSuchEntity", "The role with name Rider cannot be found.", "GetRole", "RoleName", "Rider")
	if _, err := s.dir.Role(t.Context(), rootOfARN+"role/svc/Rider"); !errors.Is(err, sigv4auth.ErrNoSuchRole) {
		t.Errorf("a deleted role: %v", err)
	}
}

// TestTrustPolicies: a trust policy has to be one, of those who exist.
func TestTrustPolicies(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	trusts := func(principal string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":` + principal + `},"Action":"sts:AssumeRole"}}`
	}
	for _, c := range []struct{ document, code, message string }{
		{`{"Version":`, "MalformedPolicyDocument", "This policy contains invalid Json"},
		{everything, "MalformedPolicyDocument", ""},
		{trusts(`"` + rootOfARN + `user/eve"`), "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"` + rootOfARN + `user/eve"`},
		{
			trusts(`["` + adminARN + `", "` + rootOfARN + `role/None"]`), "MalformedPolicyDocument",
			`Invalid principal in policy: "AWS":"` + rootOfARN + `role/None"`,
		},
		{trusts(`"` + strings.Repeat(" ", 9000) + `"`), "MalformedPolicyDocument", ""},
		{
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":["` + strings.Repeat(`sts:AssumeRole","`,
				150) + `sts:AssumeRole"]}}`,
			"LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048",
		},
	} {
		revision := s.dir.Revision()
		s.refused(map[string]int{"LimitExceeded": 409}[c.code]+map[bool]int{true: 400}[c.code != "LimitExceeded"], c.code, c.message,
			"CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", c.document)
		if s.dir.Revision() != revision {
			t.Error("something changed")
		}
	}
	// Others' accounts are not known.
	s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", trusts(`["`+adminARN+`", "arn:aws:iam::444455556666:user/x"]`))
	bad := s.admin("UpdateAssumeRolePolicy", "RoleName", "Rider", "PolicyDocument",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}`)
	if bad.code != "MalformedPolicyDocument" || !strings.Contains(bad.message, "position (1,") {
		t.Errorf("a mistake is told as %s: %s", bad.code, bad.message)
	}
}

// TestTrustIsOfOne: a trust policy trusts the one user whom it named, and no later one of the name
// (threat 207).
func TestTrustIsOfOne(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	id := s.must("CreateUser", "UserName", "ada").get("User/UserId")
	ada := rootOfARN + "user/ada"
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + ada + `"},"Action":"sts:AssumeRole",` +
		`"Condition":{"ArnNotEquals":{"aws:PrincipalArn":"` + ada + `x"}}}]}`
	s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", document)
	told := func() string {
		t.Helper()
		text, err := url.PathUnescape(s.must("GetRole", "RoleName", "Rider").get("Role/AssumeRolePolicyDocument"))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	trusted := func(arn, id string) bool {
		t.Helper()
		role, err := s.dir.Role(t.Context(), rootOfARN+"role/Rider")
		if err != nil {
			t.Fatal(err)
		}
		allowed, err := iampolicy.Parse([]byte(everything), iampolicy.IdentityPolicy)
		if err != nil {
			t.Fatal(err)
		}
		request := iampolicy.Request{
			Principal: iampolicy.Principal{ARN: arn, UserID: id}, Action: "sts:AssumeRole", Resource: role.ARN, ResourceAccount: accountID,
		}
		request.Context.Set("aws:PrincipalArn", arn)
		d := iampolicy.Evaluate(&iampolicy.Set{Identity: []*iampolicy.Policy{allowed}, Resource: role.TrustPolicy}, &request)
		return d.Allowed()
	}
	if told() != document || !trusted(ada, id) || trusted(rootOfARN+"user/bob", "AIDAOTHER") {
		t.Errorf("the trust policy is %s", told())
	}
	s.must("UpdateUser", "UserName", "ada", "NewUserName", "ada2")
	if want := strings.Replace(document, ada+`"}`, ada+`2"}`, 1); told() != want || !trusted(ada+"2", id) {
		t.Errorf("of who was renamed, it is %s", told())
	}
	s.must("DeleteUser", "UserName", "ada2")
	again := s.must("CreateUser", "UserName", "ada").get("User/UserId")
	if want := strings.Replace(document, ada+`"}`, id+`"}`, 1); told() != want || trusted(ada, again) {
		t.Errorf("of who was deleted, it is %s", told())
	}
}

// TestRecreatedRole: the sessions of a deleted role are none of the next one's (threat 207).
func TestRecreatedRole(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	arn := rootOfARN + "role/Rider"
	s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", forEC2)
	before, err := s.dir.Role(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	session := sigv4auth.Identity{Revision: before.Revision, Principal: iampolicy.Principal{
		ARN: "arn:aws:sts::" + accountID + ":assumed-role/Rider/x", RoleARN: arn, UserID: before.ID + ":x",
	}}
	if _, _, err := s.dir.Policies(t.Context(), session); err != nil {
		t.Error(err)
	}
	s.must("DeleteRole", "RoleName", "Rider")
	s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", forEC2)
	after, err := s.dir.Role(t.Context(), arn)
	if err != nil || after.ID == before.ID {
		t.Errorf("the new role has the ID %s: %v", after.ID, err)
	}
	for _, revision := range []string{before.Revision, after.Revision} {
		session.Revision = revision
		if _, _, err := s.dir.Policies(t.Context(), session); !errors.Is(err, sigv4auth.ErrRevisionGone) {
			t.Errorf("policies for a session of the old role: %v", err)
		}
	}
}

// TestBoundaries: a permissions boundary limits at the next request what policies allow, and is a
// condition of who may change them.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	document := func(action string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
	}
	boundary := s.must("CreatePolicy", "PolicyName", "Limit", "PolicyDocument", document("iam:ListUsers")).get("Policy/Arn")
	s.refused(404, "NoSuchEntity", "Scope ARN: "+boundary+"x does not exist or is not attachable.",
		"CreateUser", "UserName", "ada", "PermissionsBoundary", boundary+"x")
	s.must("CreateUser", "UserName", "ada", "PermissionsBoundary", boundary)
	s.must("PutUserPolicy", "UserName", "ada", "PolicyName", "All", "PolicyDocument", everything)
	key := s.must("CreateAccessKey", "UserName", "ada")
	may := func(action string, want bool) {
		t.Helper()
		if got := s.with(key, action); (got.status == 200) != want {
			t.Errorf("%s: %d %s", action, got.status, got.code)
		}
	}
	may("ListUsers", true)
	may("ListRoles", false)
	if got := s.must("GetPolicy", "PolicyArn", boundary); got.get("Policy/PermissionsBoundaryUsageCount") != "1" ||
		got.get("Policy/AttachmentCount") != "0" {
		t.Errorf("GetPolicy: %s", got.body)
	}
	s.refused(409, "DeleteConflict", "", "DeletePolicy", "PolicyArn", boundary)
	s.must("CreatePolicyVersion", "PolicyArn", boundary, "PolicyDocument", document("iam:ListRoles"), "SetAsDefault", "true")
	may("ListUsers", false)
	may("ListRoles", true)
	s.must("DeleteUserPermissionsBoundary", "UserName", "ada")
	may("ListUsers", true)
	s.refused(404, "NoSuchEntity", "The user with name ada does not have a permissions boundary.", "DeleteUserPermissionsBoundary",
		"UserName", "ada")

	// Who may create users within the boundary alone.
	s.must("CreateUser", "UserName", "boss")
	s.must("PutUserPolicy", "UserName", "boss", "PolicyName", "Delegate", "PolicyDocument", fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{
		"Effect":"Allow","Action":["iam:CreateUser","iam:PutUserPolicy","iam:AttachUserPolicy","iam:PutUserPermissionsBoundary",
		"iam:DetachUserPolicy","iam:DeleteUserPolicy","iam:GetUserPolicy","iam:ListUserPolicies","iam:ListAttachedUserPolicies"],"Resource":"*",
		"Condition":{"StringEquals":{"iam:PermissionsBoundary":%q}}}]}`, boundary))
	boss := s.must("CreateAccessKey", "UserName", "boss")
	for _, c := range []struct {
		want   int
		action string
		params []string
	}{
		{403, "CreateUser", []string{"UserName", "free"}},
		{403, "CreateUser", []string{"UserName", "free", "PermissionsBoundary", boundary + "x"}},
		{200, "CreateUser", []string{"UserName", "bound", "PermissionsBoundary", boundary}},
		{200, "PutUserPolicy", []string{"UserName", "bound", "PolicyName", "All", "PolicyDocument", everything}},
		{403, "PutUserPolicy", []string{"UserName", "ada", "PolicyName", "More", "PolicyDocument", everything}},
		{403, "AttachUserPolicy", []string{"UserName", "ada", "PolicyArn", boundary}},
		{200, "PutUserPermissionsBoundary", []string{"UserName", "ada", "PermissionsBoundary", boundary}},
		{403, "DeleteUserPermissionsBoundary", []string{"UserName", "bound"}},
		{200, "AttachUserPolicy", []string{"UserName", "bound", "PolicyArn", boundary}},
		{200, "DetachUserPolicy", []string{"UserName", "bound", "PolicyArn", boundary}},
		// The boundary is no condition key of what tells policies.
		{403, "GetUserPolicy", []string{"UserName", "bound", "PolicyName", "All"}},
		{403, "ListUserPolicies", []string{"UserName", "bound"}},
		{403, "ListAttachedUserPolicies", []string{"UserName", "bound"}},
		{200, "DeleteUserPolicy", []string{"UserName", "bound", "PolicyName", "All"}},
	} {
		if got := s.with(boss, c.action, c.params...); got.status != c.want {
			t.Errorf("%s %q: %d %s; want %d", c.action, c.params, got.status, got.message, c.want)
		}
	}
	s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", forEC2, "PermissionsBoundary", boundary)
	if got := s.must("GetRole", "RoleName", "Rider"); got.get("Role/PermissionsBoundary/PermissionsBoundaryArn") != boundary {
		t.Errorf("GetRole: %s", got.body)
	}
	s.must("DeleteRolePermissionsBoundary", "RoleName", "Rider")
	s.must("PutRolePermissionsBoundary", "RoleName", "Rider", "PermissionsBoundary", boundary)
	s.refused(400, "ValidationError", "Invalid ARN:  Could not be parsed!", "PutRolePermissionsBoundary", "RoleName", "Rider",
		"PermissionsBoundary", "a-policy-that-is-no-arn")
}
