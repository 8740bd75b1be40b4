package directory_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// owners are those who have policies: how they are made, and named.
var owners = []struct{ word, parameter string }{{"User", "UserName"}, {"Group", "GroupName"}, {"Role", "RoleName"}}

// TestAttachments: managed policies are attached to users, groups and roles, told and detached, in
// AWS's words.
func TestAttachments(t *testing.T) {
	t.Parallel()
	for _, owner := range owners {
		s := newIAM(t)
		s.must("Create"+owner.word, owner.parameter, "x", "AssumeRolePolicyDocument", forEC2)
		arn := s.must("CreatePolicy", "PolicyName", "Rides", "Path", "/p/", "PolicyDocument", everything).get("Policy/Arn")
		attach := func(arn string) []string { return []string{owner.parameter, "x", "PolicyArn", arn} }
		attachIt, list := "Attach"+owner.word+"Policy", "ListAttached"+owner.word+"Policies"
		s.refused(400, "ValidationError", "Invalid ARN:  Could not be parsed!", attachIt, attach("longpolicynamebutnoarn")...)
		s.refused(404, "NoSuchEntity", "Policy "+arn+"123 does not exist or is not attachable.", attachIt, attach(arn+"123")...)
		s.refused(404, "NoSuchEntity", "", attachIt, owner.parameter, "y", "PolicyArn", arn)
		s.must(attachIt, attach(arn)...)
		revision := s.dir.Revision()
		s.must(attachIt, attach(arn)...)
		if got := s.must(list, owner.parameter, "x"); got.get("AttachedPolicies/member.1/PolicyArn") != arn ||
			got.get("AttachedPolicies/member.1/PolicyName") != "Rides" || got.get("AttachedPolicies/member.2/PolicyArn") != "" {
			t.Errorf("%s: %s", list, got.body)
		}
		if got := s.must(list, owner.parameter, "x", "PathPrefix", "/q/"); got.get("AttachedPolicies/member.1/PolicyArn") != "" {
			t.Errorf("%s of another path: %s", list, got.body)
		}
		if got := s.must("GetPolicy", "PolicyArn", arn); got.get("Policy/AttachmentCount") != "1" {
			t.Errorf("GetPolicy: %s", got.body)
		}
		if got := s.must("ListEntitiesForPolicy", "PolicyArn", arn); got.get("Policy"+owner.word+"s/member.1/"+owner.parameter) != "x" {
			t.Errorf("ListEntitiesForPolicy: %s", got.body)
		}
		s.refused(409, "DeleteConflict", "Cannot delete a policy attached to entities.", "DeletePolicy", "PolicyArn", arn)
		s.refused(409, "DeleteConflict", "Cannot delete entity, must detach all policies first.", "Delete"+owner.word, owner.parameter, "x")
		s.must("Detach"+owner.word+"Policy", attach(arn)...)
		s.refused(404, "NoSuchEntity", "Policy "+arn+" was not found.", "Detach"+owner.word+"Policy", attach(arn)...)
		if got := s.must("GetPolicy", "PolicyArn", arn); got.get("Policy/AttachmentCount") != "0" || s.dir.Revision() != revision+1 {
			t.Errorf("GetPolicy: %s", got.body)
		}
		for i := range 10 {
			s.must(attachIt, attach(s.must("CreatePolicy", "PolicyName", fmt.Sprint("p", i), "PolicyDocument",
				everything).get("Policy/Arn"))...)
		}
		s.refused(409, "LimitExceeded", "Cannot exceed quota for PoliciesPer"+owner.word+": 10", attachIt, attach(arn)...)
	}
}

// TestInlinePolicies: inline policies are put, told to the byte, and deleted, within AWS's quotas.
func TestInlinePolicies(t *testing.T) {
	t.Parallel()
	// Escapes within a document stay as they are.
	const document = `{ "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["apigatway:PUT"],
	"Resource": ["arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fa+b"]}]}`
	for _, owner := range owners {
		s := newIAM(t)
		s.must("Create"+owner.word, owner.parameter, "x", "AssumeRolePolicyDocument", forEC2)
		named := func(name string, more ...string) []string {
			return append([]string{owner.parameter, "x", "PolicyName", name}, more...)
		}
		put, get := "Put"+owner.word+"Policy", "Get"+owner.word+"Policy"
		s.must(put, named("Tags", "PolicyDocument", document)...)
		got := s.must(get, named("Tags")...)
		if text, err := url.PathUnescape(got.get("PolicyDocument")); err != nil || text != document || got.get(owner.parameter) != "x" ||
			got.get("PolicyName") != "Tags" || strings.ContainsAny(got.get("PolicyDocument"), "+ :") {
			t.Errorf("%s: %v: %s", get, err, got.body)
		}
		message := fmt.Sprintf("The %s policy with name None cannot be found.", strings.ToLower(owner.word))
		s.refused(404, "NoSuchEntity", message, get, named("None")...)
		s.refused(404, "NoSuchEntity", message, "Delete"+owner.word+"Policy", named("None")...)
		s.refused(400, "MalformedPolicyDocument", "This policy contains invalid Json", put, named("Bad", "PolicyDocument", "{")...)
		s.refused(400, "MalformedPolicyDocument", "", put, named("Bad", "PolicyDocument", forEC2)...)
		s.must(put, named("All", "PolicyDocument", everything)...)
		if list := s.must("List"+owner.word+"Policies", owner.parameter, "x"); list.get("PolicyNames/member.1") != "All" ||
			list.get("PolicyNames/member.2") != "Tags" || list.get("PolicyNames/member.3") != "" {
			t.Errorf("List%sPolicies: %s", owner.word, list.body)
		}
		quota := map[string]int{"User": 2048, "Group": 5120, "Role": 10240}[owner.word]
		// What is there already takes some hundred characters.
		long := func(characters int) string {
			const one = `"iam:ListUsers",`
			actions := strings.Repeat(one, (characters-len(everything))/len(one))
			return strings.Replace(everything, `"Action":"*"`, `"Action":[`+strings.TrimSuffix(actions, ",")+`]`, 1)
		}
		a := s.admin(put, named("Long", "PolicyDocument", long(quota))...)
		if want := fmt.Sprintf("Maximum policy size of %d bytes exceeded for %s x", quota, strings.ToLower(owner.word)); a.status != 409 ||
			a.code != "LimitExceeded" || a.message != want {
			t.Errorf("a policy that is too long: %d %s %s", a.status, a.code, a.message)
		}
		s.must(put, named("Long", "PolicyDocument", strings.ReplaceAll(long(quota-400), ",", ",   \n\t"))...) // white space does not count
		for _, name := range []string{"Long", "All", "Tags"} {
			s.must("Delete"+owner.word+"Policy", named(name)...)
		}
		s.must("Delete"+owner.word, owner.parameter, "x")
	}
}

// TestAttachedAtOnce: what is attached counts at the next request, and what is detached no more.
func TestAttachedAtOnce(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada")
	key := s.must("CreateAccessKey", "UserName", "ada")
	allow := func(action string) string {
		return strings.Replace(everything, `"Action":"*"`, `"Action":"`+action+`"`, 1)
	}
	arn := s.must("CreatePolicy", "PolicyName", "List", "PolicyDocument", allow("iam:ListUsers")).get("Policy/Arn")
	may := func(want bool) {
		t.Helper()
		if got := s.with(key, "ListUsers"); (got.status == 200) != want {
			t.Errorf("%d %s; want %t", got.status, got.code, want)
		}
	}
	for range 20 {
		may(false)
		s.must("AttachUserPolicy", "UserName", "ada", "PolicyArn", arn)
		may(true)
		s.must("CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", allow("iam:ListRoles"), "SetAsDefault", "true")
		may(false)
		s.must("SetDefaultPolicyVersion", "PolicyArn", arn, "VersionId", "v1")
		may(true)
		version := s.must("ListPolicyVersions", "PolicyArn", arn).get("Versions/member.1/VersionId")
		s.must("DeletePolicyVersion", "PolicyArn", arn, "VersionId", version)
		s.must("DetachUserPolicy", "UserName", "ada", "PolicyArn", arn)
	}
	may(false)
}
