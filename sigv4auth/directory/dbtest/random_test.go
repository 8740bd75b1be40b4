package dbtest_test

import (
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// boss is an administrator.
func boss() directory.Contents {
	return directory.Contents{Accounts: []string{account}, Users: []directory.NewUser{{
		ARN: iamARN + "user/boss", Holder: directory.Holder{Inline: map[string]string{"All": allow("iam:*")}},
		Keys: []directory.NewKey{{ID: bossKey, Secret: secretOf(bossKey)}},
	}}}
}

// endpointOf returns the IAM API of a process.
func endpointOf(t *testing.T, p *process) http.Handler {
	t.Helper()
	endpoint, err := directory.NewEndpoint(directory.EndpointConfig{Directory: p.Directory, Auth: sigv4auth.Config{Region: "us-east-1"}})
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

// ask signs a request with a key and sends it. params are names and values in turn.
func ask(t *testing.T, to http.Handler, accessKeyID, action string, params ...string) (status int, body string) {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://iam.amazonaws.com/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	signer := sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: accessKeyID, Secret: secretOf(accessKeyID)}, Region: "us-east-1", Service: "iam",
	}
	w := httptest.NewRecorder()
	to.ServeHTTP(w, signer.Sign(r))
	answer, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(answer)
}

// must is ask where success is expected.
func must(t *testing.T, to http.Handler, accessKeyID, action string, params ...string) string {
	t.Helper()
	status, body := ask(t, to, accessKeyID, action, params...)
	if status != http.StatusOK {
		t.Fatalf("%s %q: %d %s", action, params, status, body)
	}
	return body
}

var requestID = regexp.MustCompile(`<RequestId>[^<]*</RequestId>`)

// names are few, so that what is named after them meets.
var names = []string{"a", "B", "c", "d"}

// whole returns all that an endpoint tells.
func whole(t *testing.T, to http.Handler) (all []string) {
	t.Helper()
	tell := func(action string, params ...string) {
		_, body := ask(t, to, bossKey, action, params...)
		all = append(all, fmt.Sprint(action, params), strings.ReplaceAll(requestID.ReplaceAllString(body, ""), "><", ">\n<"))
	}
	tell("GetAccountAuthorizationDetails", "MaxItems", "1000")
	tell("GetAccountSummary")
	for _, name := range names {
		tell("GetUser", "UserName", name)
		tell("ListGroupsForUser", "UserName", name)
		tell("ListAccessKeys", "UserName", name)
		tell("GetGroup", "GroupName", name)
		tell("GetRole", "RoleName", name)
		for _, path := range []string{"/", "/x/"} {
			arn := iamARN + "policy" + path + name
			tell("GetPolicy", "PolicyArn", arn)
			tell("ListEntitiesForPolicy", "PolicyArn", arn)
			tell("SimulatePrincipalPolicy", "PolicySourceArn", iamARN+"user"+path+name, "ActionNames.member.1", "s3:Get")
			tell("SimulatePrincipalPolicy", "PolicySourceArn", iamARN+"role"+path+name, "ActionNames.member.1", "s3:Get")
		}
	}
	return all
}

// change makes a change at random; most fail.
func change(t *testing.T, r *rand.Rand, to http.Handler) {
	t.Helper()
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	name, other, path := one(names...), one(names...), one("/", "/x/")
	policy := iamARN + "policy" + one("/", "/x/") + one(names...)
	document := one(allow("s3:*"), allow("ec2:*"))
	held := one("User", "Group", "Role")
	boundary := []string{}
	if r.IntN(3) == 0 {
		boundary = []string{"PermissionsBoundary", policy}
	}
	calls := [][]string{
		append([]string{"CreateUser", "UserName", name, "Path", path}, boundary...),
		append([]string{"CreateRole", "RoleName", name, "Path", path, "AssumeRolePolicyDocument", trust}, boundary...),
		{"CreateGroup", "GroupName", name, "Path", path},
		{"CreatePolicy", "PolicyName", name, "Path", path, "PolicyDocument", document},
		{"UpdateUser", "UserName", name, "NewUserName", other, "NewPath", path},
		{"UpdateUser", "UserName", name, "NewUserName", one("e", other)},
		{"UpdateGroup", "GroupName", name, "NewGroupName", one("e", other), "NewPath", path},
		{"UpdateUser", "UserName", "e", "NewUserName", name},
		{"UpdateGroup", "GroupName", "e", "NewGroupName", name},
		{"AddUserToGroup", "UserName", name, "GroupName", other},
		{"AddUserToGroup", "UserName", name, "GroupName", other},
		{"RemoveUserFromGroup", "UserName", name, "GroupName", other},
		{"Attach" + held + "Policy", held + "Name", name, "PolicyArn", policy},
		{"Attach" + held + "Policy", held + "Name", other, "PolicyArn", policy},
		{"Detach" + held + "Policy", held + "Name", name, "PolicyArn", policy},
		{"Put" + held + "Policy", held + "Name", name, "PolicyName", other, "PolicyDocument", document},
		{"Delete" + held + "Policy", held + "Name", name, "PolicyName", other},
		{"Delete" + held, held + "Name", name},
		{"DeletePolicy", "PolicyArn", policy},
		{"DeletePolicy", "PolicyArn", policy},
		{"CreatePolicyVersion", "PolicyArn", policy, "PolicyDocument", document, "SetAsDefault", one("true", "false")},
		{"SetDefaultPolicyVersion", "PolicyArn", policy, "VersionId", one("v1", "v2", "v3")},
		{"DeletePolicyVersion", "PolicyArn", policy, "VersionId", one("v1", "v2", "v3")},
		{"PutUserPermissionsBoundary", "UserName", name, "PermissionsBoundary", policy},
		{"DeleteUserPermissionsBoundary", "UserName", name},
		{"DeleteRolePermissionsBoundary", "RoleName", name},
		{"TagUser", "UserName", name, "Tags.member.1.Key", other, "Tags.member.1.Value", path},
		{"UntagUser", "UserName", name, "TagKeys.member.1", other},
		{"CreateAccessKey", "UserName", name},
	}
	made := calls[r.IntN(len(calls))]
	if status, body := ask(t, to, bossKey, made[0], made[1:]...); status >= http.StatusInternalServerError {
		t.Fatalf("%q: %d %s", made, status, body)
	}
}

// TestFollowsAll: after changes at random in two processes, of which one sees several at once, both
// tell what a process that has just been started tells.
func TestFollowsAll(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		two := []*process{start(t, open(), ring), start(t, open(), ring)}
		two[0].fill(boss())
		two[1].refresh()
		endpoints := []http.Handler{endpointOf(t, two[0]), endpointOf(t, two[1])}
		const rounds, changes = 12, 40
		for round := range rounds {
			seed := uint64(round)
			r := rand.New(rand.NewPCG(seed, seed))
			for range changes {
				change(t, r, endpoints[round%2])
			}
			third := start(t, open(), ring)
			want := whole(t, endpointOf(t, third))
			for i, p := range two {
				p.refresh()
				if diff := cmp.Diff(want, whole(t, endpoints[i])); diff != "" {
					t.Fatalf("round %d: process %d (-just started +it):\n%s", round, i, diff)
				}
			}
			if err := third.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestSwappedNames: a process that sees several revisions at once finds everybody by the names that
// they have in the end, though in between these were others'.
func TestSwappedNames(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		writer, reader := start(t, open(), ring), start(t, open(), ring)
		writer.fill(boss())
		here, there := endpointOf(t, writer), endpointOf(t, reader)
		do := func(action string, params ...string) { t.Helper(); must(t, here, bossKey, action, params...) }
		do("CreatePolicy", "PolicyName", "c", "PolicyDocument", allow("s3:*"))
		for _, kind := range []string{"Group", "User"} {
			for _, name := range []string{"a", "B"} {
				do("Create"+kind, kind+"Name", name)
				do("Attach"+kind+"Policy", kind+"Name", name, "PolicyArn", iamARN+"policy/c")
			}
		}
		do("AddUserToGroup", "UserName", "a", "GroupName", "a")
		do("AddUserToGroup", "UserName", "B", "GroupName", "a")
		for range 2 { // whichever of the two is read first
			reader.refresh()
			for _, kind := range []string{"Group", "User"} {
				do("Update"+kind, kind+"Name", "a", "New"+kind+"Name", "z")
				do("Update"+kind, kind+"Name", "B", "New"+kind+"Name", "a")
				do("Update"+kind, kind+"Name", "z", "New"+kind+"Name", "B")
			}
			reader.refresh()
			if diff := cmp.Diff(whole(t, here), whole(t, there)); diff != "" {
				t.Errorf("(-writer +reader):\n%s", diff)
			}
		}
	})
}

// TestTakenRights: who may no longer by what another process has changed changes nothing, though
// this process has not asked for the change yet.
func TestTakenRights(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		one, other := start(t, open(), ring), start(t, open(), ring)
		one.fill(boss())
		const maidKey = "AKIAMAIDMAIDMAIDMAI1"
		one.fill(directory.Contents{Users: []directory.NewUser{{
			ARN: iamARN + "user/maid", Holder: directory.Holder{Inline: map[string]string{"All": allow("iam:*")}},
			Keys: []directory.NewKey{{ID: maidKey, Secret: secretOf(maidKey)}},
		}}})
		other.refresh()
		must(t, endpointOf(t, one), bossKey, "DeleteUserPolicy", "UserName", "maid", "PolicyName", "All")
		if status, body := ask(t, endpointOf(t, other), maidKey, "CreateUser", "UserName", "a"); status == http.StatusOK {
			t.Errorf("the user whose rights had been taken made another: %s", body)
		}
		if status, _ := ask(t, endpointOf(t, one), bossKey, "GetUser", "UserName", "a"); status != http.StatusNotFound {
			t.Error("there is the user who should not have been made")
		}
	})
}
