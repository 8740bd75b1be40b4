package directory_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// randomCall returns an operation that changes something, on names of which there are few.
func randomCall(random *rand.Rand) (action string, params []string) {
	actions := []string{
		"CreateUser", "DeleteUser", "UpdateUser", "CreateGroup", "DeleteGroup", "UpdateGroup", "AddUserToGroup", "AddUserToGroup",
		"RemoveUserFromGroup", "CreateRole", "DeleteRole", "CreatePolicy", "DeletePolicy", "AttachUserPolicy", "AttachGroupPolicy",
		"AttachRolePolicy", "DetachUserPolicy", "DetachGroupPolicy", "DetachRolePolicy", "PutUserPolicy", "DeleteUserPolicy", "PutRolePolicy",
		"DeleteRolePolicy", "PutGroupPolicy", "DeleteGroupPolicy", "PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary",
		"PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "CreateAccessKey", "TagUser", "UntagUser", "CreatePolicyVersion",
		"SetDefaultPolicyVersion", "DeletePolicyVersion",
	}
	name := func() string { return fmt.Sprintf("%c%d", "nN"[random.IntN(2)], random.IntN(4)) }
	policy := fmt.Sprint(rootOfARN, "policy/p", random.IntN(3))
	return actions[random.IntN(len(actions))], []string{
		"UserName", name(), "NewUserName", name(), "GroupName", name(), "NewGroupName", name(), "RoleName", name(),
		"NewPath", []string{"/", "/a/", "/b/"}[random.IntN(3)], "PolicyName", fmt.Sprint("p", random.IntN(3)), "PolicyArn", policy,
		"PermissionsBoundary", policy, "PolicyDocument", everything, "AssumeRolePolicyDocument", forEC2, "Tags.member.1.Key", name(),
		"Tags.member.1.Value", name(), "TagKeys.member.1", name(), "VersionId", fmt.Sprint("v", 1+random.IntN(4)),
	}
}

// TestIndexes: after any changes, what finds entities, counts them and lists who uses what is what
// the entities say.
func TestIndexes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := newIAM(t)
		done := map[string]int{}
		for i := range 1500 {
			action, params := randomCall(random)
			// Keys go with their users.
			if action == "DeleteUser" {
				for {
					id := s.admin("ListAccessKeys", params[:2]...).get("AccessKeyMetadata/member.1/AccessKeyId")
					if id == "" {
						break
					}
					s.must("DeleteAccessKey", params[0], params[1], "AccessKeyId", id)
				}
			}
			if s.admin(action, params...).status == http.StatusOK {
				done[action]++
			}
			if wrong := directory.Inconsistent(s.dir); wrong != "" {
				t.Fatalf("seed %d, after %d changes, the last %s %q:\n%s", seed, i, action, params, wrong)
			}
		}
		if len(done) < 30 {
			t.Errorf("of the operations, only %d changed something: %v", len(done), done)
		}
	}
}
