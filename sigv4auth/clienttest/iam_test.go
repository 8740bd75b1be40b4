package clienttest_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

//go:embed testdata/iam_boto3.py
var iamBoto3 string

const (
	iamKey    = "AKIAIOSFODNN7EXAMPLE"
	iamSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// iamSteps is what becomes of the steps that every client goes: an operator's day.
var iamSteps = []string{
	"user arn:aws:iam::111122223333:user/ops/ada",
	"again EntityAlreadyExists",
	"keys 2 LimitExceeded",
	"before AccessDenied InvalidClientTokenId",
	"group ['ada']",
	"role arn:aws:iam::111122223333:role/Rider sts:AssumeRole",
	"policy v1 v2",
	"document ['iam:ListUsers']",
	"malformed MalformedPolicyDocument",
	"attached ['ada'] ['Rider']",
	"after ['ada', 'operator']",
	"simulated ['allowed', 'implicitDeny']",
	"pages [4, 2]",
	"tags True",
	"conflict DeleteConflict DeleteConflict",
	"detached AccessDenied",
	"gone NoSuchEntity NoSuchEntity InvalidClientTokenId",
}

// newIAM serves an account whose operator has the key above, and returns the endpoint's URL.
func newIAM(t *testing.T) string {
	t.Helper()
	dir, err := directory.Open(t.Context(), directory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	const allowed = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}`
	if err := dir.Fill(t.Context(), directory.Contents{Accounts: []string{"111122223333"}, Users: []directory.NewUser{{
		ARN: "arn:aws:iam::111122223333:user/operator", Holder: directory.Holder{Inline: map[string]string{"IAM": allowed}},
		Keys: []directory.NewKey{{ID: iamKey, Secret: sigv4auth.NewSecret(iamSecret)}},
	}}}); err != nil {
		t.Fatal(err)
	}
	endpoint, err := directory.NewEndpoint(directory.EndpointConfig{
		Directory: dir, Auth: sigv4auth.Config{Region: "us-east-1"},
		Failed: func(_ context.Context, err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(endpoint)
	t.Cleanup(server.Close)
	return server.URL
}

// iamEnvironment is that of a client of IAM.
func iamEnvironment(endpoint string) []string {
	return append(withoutAWS(os.Environ()),
		"AWS_ENDPOINT_URL="+endpoint, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_ACCESS_KEY_ID="+iamKey,
		"AWS_SECRET_ACCESS_KEY="+iamSecret, "AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent", "AWS_PAGER=",
		"AWS_EC2_METADATA_DISABLED=true")
}

// withoutAWS leaves out what would configure a client.
func withoutAWS(environment []string) []string {
	return slices.DeleteFunc(environment, func(kv string) bool {
		return strings.HasPrefix(kv, "AWS_") || strings.Contains(strings.ToLower(kv), "_proxy=")
	})
}

// steps compares what a client printed with what ought to become of the steps.
func steps(t *testing.T, printed string) {
	t.Helper()
	got := strings.Split(strings.TrimSpace(strings.ReplaceAll(printed, "\r", "")), "\n")
	for i, want := range iamSteps {
		if i >= len(got) || got[i] != want {
			t.Fatalf("step %d is not %q:\n%s", i+1, want, printed)
		}
	}
	if len(got) > len(iamSteps) {
		t.Errorf("more than the steps:\n%s", printed)
	}
}

// TestIAMBoto3: boto3 goes the steps.
func TestIAMBoto3(t *testing.T) {
	t.Parallel()
	python := testneed.Program(t, "python3")
	if exec.Command(python, "-c", "import boto3").Run() != nil {
		testneed.MissingProgram(t, "boto3 for python3")
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", iamBoto3)
	cmd.Env, cmd.Stderr = iamEnvironment(newIAM(t)), t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	steps(t, string(out))
}

// TestIAMJavaScript: the SDK for JavaScript, version 3, goes the steps.
func TestIAMJavaScript(t *testing.T) {
	t.Parallel()
	node := testneed.Program(t, "node")
	dir := filepath.Join("testdata", "node")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
		testneed.MissingProgram(t, "npm ci in sigv4auth/clienttest/testdata/node")
	}
	cmd := exec.CommandContext(t.Context(), node, filepath.Join(dir, "iam.mjs"))
	cmd.Env, cmd.Stderr = iamEnvironment(newIAM(t)), t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	steps(t, string(out))
}

// TestIAMCLI: the AWS CLI goes the steps.
func TestIAMCLI(t *testing.T) {
	t.Parallel()
	program := testneed.Program(t, "aws")
	cliVersion(t, program)
	environment := iamEnvironment(newIAM(t))
	// run returns what the CLI prints, or the code of the error.
	run := func(key map[string]string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append([]string{"iam"}, args...)...)
		cmd.Env = environment
		if key != nil {
			cmd.Env = append(slices.Clone(environment), "AWS_ACCESS_KEY_ID="+key["AccessKeyId"],
				"AWS_SECRET_ACCESS_KEY="+key["SecretAccessKey"])
		}
		out, err := cmd.CombinedOutput()
		text := strings.TrimSpace(string(out))
		if err != nil {
			_, text, _ = strings.Cut(text, "An error occurred (")
			text, _, _ = strings.Cut(text, ")")
			if text == "" {
				t.Fatalf("aws iam %q: %s", args, out)
			}
		}
		return text
	}
	text := func(query string, args ...string) string {
		t.Helper()
		return strings.Join(strings.Fields(run(nil, append(args, "--query", query, "--output", "text")...)), " ")
	}
	list := func(texts string) string { return "['" + strings.Join(strings.Fields(texts), "', '") + "']" }
	must := func(args ...string) {
		t.Helper()
		if out := run(nil, append(args, "--output", "json")...); out != "" && out[0] != '{' {
			t.Fatalf("aws iam %q: %s", args, out)
		}
	}
	key := func() (key map[string]string) {
		t.Helper()
		var out struct{ AccessKey map[string]string }
		if err := json.Unmarshal([]byte(run(nil, "create-access-key", "--user-name", "ada", "--output", "json")), &out); err != nil {
			t.Fatal(err)
		}
		return out.AccessKey
	}
	document := func(actions string) string {
		return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [` + actions + `], "Resource": "*"}]}`
	}
	const trust = `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}]}`
	var out strings.Builder
	say := func(words ...string) { fmt.Fprintln(&out, strings.Join(words, " ")) }

	say("user", text("User.Arn", "create-user", "--user-name", "ada", "--path", "/ops/", "--tags", "Key=team,Value=a b+c"))
	say("again", run(nil, "create-user", "--user-name", "ADA"))
	first, second := key(), key()
	say("keys", text("length(AccessKeyMetadata)", "list-access-keys", "--user-name", "ada"), run(nil, "create-access-key", "--user-name",
		"ada"))
	must("update-access-key", "--user-name", "ada", "--access-key-id", second["AccessKeyId"], "--status", "Inactive")
	say("before", run(first, "list-users"), run(second, "list-users"))
	must("create-group", "--group-name", "fleet")
	must("add-user-to-group", "--group-name", "fleet", "--user-name", "ada")
	say("group", list(text("Users[].UserName", "get-group", "--group-name", "fleet")))
	say("role", text("Role.Arn", "create-role", "--role-name", "Rider", "--assume-role-policy-document", trust, "--max-session-duration",
		"7200"),
		text("Role.AssumeRolePolicyDocument.Statement[0].Action", "get-role", "--role-name", "Rider"))
	arn := "arn:aws:iam::111122223333:policy/Users"
	say("policy", text("Policy.DefaultVersionId", "create-policy", "--policy-name", "Users", "--policy-document",
		document(`"iam:GetUser"`)),
		text("PolicyVersion.VersionId", "create-policy-version", "--policy-arn", arn, "--policy-document", document(`"iam:ListUsers"`),
			"--set-as-default"))
	say("document", list(text("PolicyVersion.Document.Statement[0].Action", "get-policy-version", "--policy-arn", arn, "--version-id",
		"v2")))
	say("malformed", run(nil, "create-policy", "--policy-name", "Bad", "--policy-document", `{"Version": "2012-10-17", "Statement": [{}]}`))
	must("attach-user-policy", "--user-name", "ada", "--policy-arn", arn)
	must("attach-role-policy", "--role-name", "Rider", "--policy-arn", arn)
	say("attached", list(text("PolicyUsers[].UserName", "list-entities-for-policy", "--policy-arn", arn)),
		list(text("PolicyRoles[].RoleName", "list-entities-for-policy", "--policy-arn", arn)))
	say("after", list(run(first, "list-users", "--query", "sort(Users[].UserName)", "--output", "text")))
	say("simulated", list(text("EvaluationResults[].EvalDecision", "simulate-principal-policy", "--policy-source-arn",
		"arn:aws:iam::111122223333:user/ops/ada", "--action-names", "iam:ListUsers", "iam:GetUser")))
	for i := range 6 {
		must("create-user", "--user-name", fmt.Sprint("crew", i), "--path", "/crew/")
	}
	// As JSON: as text, the CLI looks at each page of the service's alone.
	page := func(more ...string) (p struct {
		Users     []any
		NextToken string
	},
	) {
		t.Helper()
		args := append([]string{"list-users", "--path-prefix", "/crew/", "--page-size", "3", "--output", "json"}, more...)
		if err := json.Unmarshal([]byte(run(nil, args...)), &p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	some := page("--max-items", "4")
	say("pages", fmt.Sprintf("[%d, %d]", len(some.Users), len(page("--starting-token", some.NextToken).Users)))
	must("tag-user", "--user-name", "ada", "--tags", "Key=site,Value=home")
	must("untag-user", "--user-name", "ada", "--tag-keys", "team")
	say("tags", map[bool]string{true: "True", false: "False"}[text("Tags[].[Key,Value]", "list-user-tags", "--user-name",
		"ada") == "site home"])
	say("conflict", run(nil, "delete-user", "--user-name", "ada"), run(nil, "delete-policy", "--policy-arn", arn))
	must("detach-user-policy", "--user-name", "ada", "--policy-arn", arn)
	must("detach-role-policy", "--role-name", "Rider", "--policy-arn", arn)
	say("detached", run(first, "list-users"))
	for _, k := range []map[string]string{first, second} {
		must("delete-access-key", "--user-name", "ada", "--access-key-id", k["AccessKeyId"])
	}
	must("remove-user-from-group", "--group-name", "fleet", "--user-name", "ada")
	must("delete-user", "--user-name", "ada")
	must("delete-group", "--group-name", "fleet")
	must("delete-role", "--role-name", "Rider")
	must("delete-policy-version", "--policy-arn", arn, "--version-id", "v1")
	must("delete-policy", "--policy-arn", arn)
	say("gone", run(nil, "get-user", "--user-name", "ada"), run(nil, "get-policy", "--policy-arn", arn), run(first, "list-users"))
	steps(t, out.String())
}

// TestIAMGo: aws-sdk-go-v2 goes the steps.
func TestIAMGo(t *testing.T) {
	t.Parallel()
	ctx, endpoint := t.Context(), newIAM(t)
	as := func(accessKeyID, secret string) *iam.Client {
		return iam.New(iam.Options{
			Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider(accessKeyID, secret, ""),
		})
	}
	c := as(iamKey, iamSecret)
	var out strings.Builder
	say := func(words ...any) { fmt.Fprintln(&out, words...) }
	list := func(texts []string) string { return "['" + strings.Join(texts, "', '") + "']" }
	document := func(action string) *string {
		return aws.String(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["` + action + `"], "Resource": "*"}]}`)
	}
	ada, rider, fleet := aws.String("ada"), aws.String("Rider"), aws.String("fleet")

	user := must(c.CreateUser(ctx, &iam.CreateUserInput{
		UserName: ada, Path: aws.String("/ops/"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a b+c")}},
	})).User
	say("user", *user.Arn)
	say("again", codeOf(c.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("ADA")})))
	first := must(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: ada})).AccessKey
	second := must(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: ada})).AccessKey
	keys := must(c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: ada})).AccessKeyMetadata
	say("keys", len(keys), codeOf(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: ada})))
	must(c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
		UserName: ada, AccessKeyId: second.AccessKeyId,
		Status: types.StatusTypeInactive,
	}))
	asAda, idle := as(*first.AccessKeyId, *first.SecretAccessKey), as(*second.AccessKeyId, *second.SecretAccessKey)
	say("before", codeOf(asAda.ListUsers(ctx, nil)), codeOf(idle.ListUsers(ctx, nil)))
	must(c.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: fleet}))
	must(c.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: fleet, UserName: ada}))
	names := func(users []types.User) (names []string) {
		for _, u := range users {
			names = append(names, *u.UserName)
		}
		slices.Sort(names)
		return names
	}
	say("group", list(names(must(c.GetGroup(ctx, &iam.GetGroupInput{GroupName: fleet})).Users)))
	role := must(c.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: rider, MaxSessionDuration: aws.Int32(7200),
		AssumeRolePolicyDocument: aws.String(
			`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
		"Action": "sts:AssumeRole"}]}`),
	})).Role
	trust, err := url.QueryUnescape(*must(c.GetRole(ctx, &iam.GetRoleInput{RoleName: rider})).Role.AssumeRolePolicyDocument)
	if err != nil || !strings.Contains(trust, `"sts:AssumeRole"`) {
		t.Errorf("%v: %s", err, trust)
	}
	say("role", *role.Arn, "sts:AssumeRole")
	made := must(c.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName:     aws.String("Users"),
		PolicyDocument: document("iam:GetUser"),
	})).Policy
	version := must(c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
		PolicyArn: made.Arn, PolicyDocument: document("iam:ListUsers"), SetAsDefault: true,
	})).PolicyVersion
	say("policy", *made.DefaultVersionId, *version.VersionId)
	v2 := must(c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: made.Arn, VersionId: aws.String("v2")})).PolicyVersion
	if text, err := url.QueryUnescape(*v2.Document); err != nil || text != *document("iam:ListUsers") {
		t.Errorf("%v: %s", err, text)
	}
	say("document", "['iam:ListUsers']")
	say("malformed", codeOf(c.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: aws.String("Bad"), PolicyDocument: aws.String(`{"Version": "2012-10-17", "Statement": [{}]}`),
	})))
	must(c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: ada, PolicyArn: made.Arn}))
	must(c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: rider, PolicyArn: made.Arn}))
	entities := must(c.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: made.Arn}))
	say("attached", list([]string{*entities.PolicyUsers[0].UserName}), list([]string{*entities.PolicyRoles[0].RoleName}))
	say("after", list(names(must(asAda.ListUsers(ctx, nil)).Users)))
	simulated := must(c.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: user.Arn, ActionNames: []string{"iam:ListUsers", "iam:GetUser"},
	})).EvaluationResults
	say("simulated", list([]string{string(simulated[0].EvalDecision), string(simulated[1].EvalDecision)}))
	for i := range 6 {
		must(c.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(fmt.Sprint("crew", i)), Path: aws.String("/crew/")}))
	}
	var pages []string
	pager := iam.NewListUsersPaginator(c, &iam.ListUsersInput{PathPrefix: aws.String("/crew/"), MaxItems: aws.Int32(4)})
	for pager.HasMorePages() {
		pages = append(pages, fmt.Sprint(len(must(pager.NextPage(ctx)).Users)))
	}
	say("pages", "["+strings.Join(pages, ", ")+"]")
	must(c.TagUser(ctx, &iam.TagUserInput{UserName: ada, Tags: []types.Tag{{Key: aws.String("site"), Value: aws.String("home")}}}))
	must(c.UntagUser(ctx, &iam.UntagUserInput{UserName: ada, TagKeys: []string{"team"}}))
	tags := must(c.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: ada})).Tags
	if len(tags) != 1 || *tags[0].Key != "site" || *tags[0].Value != "home" {
		t.Errorf("the tags are %v", tags)
	}
	say("tags", "True")
	say("conflict", codeOf(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: ada})),
		codeOf(c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: made.Arn})))
	must(c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: ada, PolicyArn: made.Arn}))
	must(c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: rider, PolicyArn: made.Arn}))
	say("detached", codeOf(asAda.ListUsers(ctx, nil)))
	for _, k := range []*types.AccessKey{first, second} {
		must(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: ada, AccessKeyId: k.AccessKeyId}))
	}
	must(c.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: fleet, UserName: ada}))
	must(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: ada}))
	must(c.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: fleet}))
	must(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: rider}))
	must(c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: made.Arn, VersionId: aws.String("v1")}))
	must(c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: made.Arn}))
	say("gone", codeOf(c.GetUser(ctx, &iam.GetUserInput{UserName: ada})), codeOf(c.GetPolicy(ctx,
		&iam.GetPolicyInput{PolicyArn: made.Arn})),
		codeOf(asAda.ListUsers(ctx, nil)))
	steps(t, out.String())
}

// must returns what a call returned; an error ends the test.
func must[T any](got T, err error) T {
	if err != nil {
		panic(err)
	}
	return got
}

// codeOf returns the code of a call's error.
func codeOf[T any](_ T, err error) string {
	if err == nil {
		return "success"
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err.Error()
	}
	return strings.TrimSuffix(api.ErrorCode(), "Exception")
}
