package directory_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// putObject is written as Python's json.dumps does it, which is how AWS was asked for the answer
// that TestSimulate expects.
const putObject = `{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}`

const result = "EvaluationResults/member."

// TestSimulate: a user, a group and a role are answered for as AWS does it, with the place of the
// statement that decided.
func TestSimulate(t *testing.T) {
	t.Parallel()
	held := directory.Holder{Attached: []string{rootOfARN + "policy/Put"}}
	s := newIAM(t, directory.Contents{
		Policies: []directory.NewPolicy{{ARN: rootOfARN + "policy/Put", Document: putObject}},
		Groups:   []directory.NewGroup{{ARN: rootOfARN + "group/writers", Holder: held}},
		Users:    []directory.NewUser{{ARN: rootOfARN + "user/writer", Holder: held}},
		Roles:    []directory.NewRole{{ARN: rootOfARN + "role/ops/writer", Holder: held, Trust: trustsAccount}},
	})
	for _, source := range []string{"user/writer", "group/writers", "role/ops/writer"} {
		got := s.must("SimulatePrincipalPolicy", "PolicySourceArn", rootOfARN+source, "ActionNames.member.1", "s3:PutObject",
			"ActionNames.member.2", "s3:GetObjectVersion", "ResourceArns.member.1", "arn:aws:s3:::bucket")
		for _, in := range []string{result + "1/", result + "1/ResourceSpecificResults/member.1/"} {
			at := in + "MatchedStatements/member.1/"
			got.has(t, at+"StartPosition/Line", "1", at+"StartPosition/Column", "41", at+"EndPosition/Line", "1", at+"EndPosition/Column",
				"113",
				at+"SourcePolicyId", "Put", at+"SourcePolicyType", "IAM Policy", in+"EvalResourceName", "arn:aws:s3:::bucket")
		}
		got.has(t, result+"1/EvalActionName", "s3:PutObject", result+"1/EvalDecision", "allowed",
			result+"1/ResourceSpecificResults/member.1/EvalResourceDecision", "allowed",
			result+"2/EvalActionName", "s3:GetObjectVersion", result+"2/EvalDecision", "implicitDeny",
			result+"2/MatchedStatements/member.1/SourcePolicyId", "", result+"3/EvalActionName", "", "IsTruncated", "false")
		for _, part := range []string{"<EvalDecisionDetails></EvalDecisionDetails>", "<MissingContextValues></MissingContextValues>"} {
			if !strings.Contains(got.body, part) {
				t.Errorf("%s: no %s in %s", source, part, got.body)
			}
		}
		if strings.Contains(got.body, "OrganizationsDecisionDetail") || strings.Contains(got.body, "PermissionsBoundaryDecisionDetail") {
			t.Errorf("%s: %s", source, got.body)
		}
	}
}

// TestSimulateDetails: each kind of policy is told for what it decided, and no more.
func TestSimulateDetails(t *testing.T) {
	t.Parallel()
	const (
		resource = "arn:aws:s3:::bucket/a"
		scp      = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},` +
			`{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"}]}`
		boundary = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n" +
			"      \"Effect\": \"Allow\", \"Action\": \"s3:*Object\",\n" +
			"      \"Resource\": \"*\"\n    }\n  ]\n}"
		own = "{\"Version\":\"2012-10-17\",\n \"Statement\":[\n  {\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},\n" +
			"  {\"Effect\":\"Deny\",\n   \"Action\":\"s3:PutObject\",\n   \"Resource\":\"*\"}]}"
	)
	s := newIAMIn(t, directory.Config{SCPs: map[string][][]*iampolicy.Policy{accountID: {{parsed(t, scp, iampolicy.SCP)}}}},
		directory.Contents{
			Policies: []directory.NewPolicy{{ARN: rootOfARN + "policy/Bound", Document: boundary}},
			Groups:   []directory.NewGroup{{ARN: rootOfARN + "group/g", Holder: directory.Holder{Inline: map[string]string{"P": own}}}},
			Users: []directory.NewUser{{
				ARN: rootOfARN + "user/u", Boundary: rootOfARN + "policy/Bound",
				Groups: []string{rootOfARN + "group/g"},
			}},
		})
	ask := func(action string, more ...string) answer {
		return s.must("SimulatePrincipalPolicy", append([]string{
			"PolicySourceArn", rootOfARN + "user/u",
			"ActionNames.member.1", action, "ResourceArns.member.1", resource,
		}, more...)...)
	}
	const (
		statement    = result + "1/MatchedStatements/member."
		organization = result + "1/OrganizationsDecisionDetail/AllowedByOrganizations"
		bounded      = result + "1/PermissionsBoundaryDecisionDetail/AllowedByPermissionsBoundary"
		details      = result + "1/EvalDecisionDetails/entry."
	)
	ask("s3:GetObject").has(t, result+"1/EvalDecision", "allowed", organization, "true", bounded, "true",
		statement+"1/SourcePolicyId", "group_g_P", statement+"1/StartPosition/Line", "3", statement+"1/StartPosition/Column", "4",
		statement+"2/SourcePolicyId", "Bound", statement+"2/SourcePolicyType", "IAM Permissions Boundary Policy",
		statement+"2/StartPosition/Line", "4", statement+"2/StartPosition/Column", "6",
		statement+"2/EndPosition/Line", "7", statement+"2/EndPosition/Column", "6", statement+"3/SourcePolicyId", "")
	ask("s3:PutObject").has(t, result+"1/EvalDecision", "explicitDeny", organization, "true", bounded, "true",
		statement+"1/SourcePolicyId", "group_g_P", statement+"1/StartPosition/Line", "4", statement+"1/EndPosition/Line", "6",
		statement+"1/EndPosition/Column", "19", statement+"2/SourcePolicyId", "")
	ask("s3:DeleteObject").has(t, result+"1/EvalDecision", "explicitDeny", organization, "false", bounded, "true",
		statement+"1/SourcePolicyId", "")
	ask("s3:ListBucket").has(t, result+"1/EvalDecision", "implicitDeny", organization, "true", bounded, "false",
		statement+"1/SourcePolicyId", "")
	ask("s3:ListBucket", "PermissionsBoundaryPolicyInputList.member.1", everything).has(t, result+"1/EvalDecision", "allowed", bounded,
		"true",
		statement+"2/SourcePolicyId", "PermissionsBoundaryPolicyInputList.1")

	// Another account's resource needs that account's word too.
	const theirs = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + rootOfARN +
		`user/u"},"Action":"*","Resource":"*"}}`
	ask("s3:GetObject", "ResourceOwner", "444455556666").has(t, result+"1/EvalDecision", "implicitDeny",
		details+"1/key", "IAM Permissions Boundary Policy", details+"1/value", "allowed",
		details+"2/key", "IAM Policy", details+"2/value", "allowed", details+"3/key", "Resource Policy", details+"3/value", "implicitDeny")
	ask("s3:GetObject", "ResourceOwner", "arn:aws:iam::444455556666:root", "ResourcePolicy", theirs).has(t, result+"1/EvalDecision",
		"allowed",
		details+"3/value", "allowed", statement+"3/SourcePolicyId", "ResourcePolicy", statement+"3/SourcePolicyType", "Resource Policy")
	ask("s3:DeleteObject", "ResourceOwner", "444455556666").has(t, result+"1/EvalDecision", "explicitDeny", details+"1/key", "")
}

// TestSimulateMissing: condition keys that the statements for what is asked look at are told if
// they are not given, and those of who calls are filled.
func TestSimulateMissing(t *testing.T) {
	t.Parallel()
	const doc = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::home/${aws:username}/${aws:PrincipalTag/dir}/*",
		 "Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"StringEqualsIfExists":{"s3:prefix":"a"},
		  "DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}}},
		{"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},
		{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"AWS:TAGKEYS":"x","aws:TagKeys":"y"}}}]}`
	s := newIAM(t, directory.Contents{
		Users: []directory.NewUser{
			{ARN: rootOfARN + "user/u", Holder: directory.Holder{Inline: map[string]string{"P": strings.Replace(doc, `"AWS:TAGKEYS":"x",`, "", 1)}}},
			{ARN: rootOfARN + "user/tagged", Tags: []directory.Tag{{Key: "dir", Value: "d"}}},
		},
		Roles: []directory.NewRole{{ARN: rootOfARN + "role/r", Trust: trustsAccount}},
	})
	keys := func(a answer, at string) string {
		var all []string
		for i := 1; a.get(at+"/member."+itoa(i)) != ""; i++ {
			all = append(all, a.get(at+"/member."+itoa(i)))
		}
		return strings.Join(all, " ")
	}
	const inResource, inResult = result + "1/ResourceSpecificResults/member.1/MissingContextValues", result + "1/MissingContextValues"
	get := []string{
		"PolicySourceArn", rootOfARN + "user/u", "ActionNames.member.1", "s3:GetObject", "ResourceArns.member.1",
		"arn:aws:s3:::home/u/d/x",
	}
	got := s.must("SimulatePrincipalPolicy", get...)
	if all := keys(got, inResource); all != "aws:PrincipalTag/dir aws:SourceIp aws:TagKeys s3:prefix" || keys(got, inResult) != "" {
		t.Errorf("with a resource: %q: %s", all, got.body)
	}
	given := append(get, "ContextEntries.member.1.ContextKeyName", "AWS:sourceip", "ContextEntries.member.1.ContextKeyType", "ip",
		"ContextEntries.member.1.ContextKeyValues.member.1", "192.0.2.7",
		"ContextEntries.member.2.ContextKeyName", "aws:PrincipalTag/dir", "ContextEntries.member.2.ContextKeyValues.member.1", "d")
	got = s.must("SimulatePrincipalPolicy", given...)
	if got.has(t, result+"1/EvalDecision", "allowed"); keys(got, inResource) != "aws:TagKeys s3:prefix" {
		t.Errorf("with entries: %s", got.body)
	}
	got = s.must("SimulatePrincipalPolicy", append(given, "ContextEntries.member.3.ContextKeyName", "aws:TagKeys",
		"ContextEntries.member.3.ContextKeyType", "stringList", "ContextEntries.member.3.ContextKeyValues.member.1", "y")...)
	got.has(t, result+"1/EvalDecision", "explicitDeny")
	got = s.must("SimulatePrincipalPolicy", "PolicySourceArn", rootOfARN+"user/u", "ActionNames.member.1", "s3:PutObject")
	if all := keys(got, inResult); all != "aws:SecureTransport aws:TagKeys" || strings.Contains(got.body, "ResourceSpecificResults") {
		t.Errorf("without a resource: %q: %s", all, got.body)
	}

	// Whose tags they are, only a simulation of that user shows.
	const dir = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",` +
		`"Condition":{"StringEquals":{"aws:PrincipalTag/dir":"d"}}}}`
	of := func(more ...string) answer {
		return s.must("SimulatePrincipalPolicy", append(more, "PolicyInputList.member.1", dir, "ActionNames.member.1", "s3:PutObject")...)
	}
	of("PolicySourceArn", rootOfARN+"user/tagged").has(t, result+"1/EvalDecision", "allowed",
		result+"1/MatchedStatements/member.1/SourcePolicyId", "PolicyInputList.1")
	as := of("PolicySourceArn", rootOfARN+"role/r", "CallerArn", rootOfARN+"user/tagged")
	if as.has(t, result+"1/EvalDecision", "implicitDeny"); keys(as, inResult) != "aws:PrincipalTag/dir" {
		t.Errorf("as somebody else: %s", as.body)
	}

	want := "aws:CurrentTime aws:PrincipalTag/dir aws:SourceIp aws:TagKeys aws:username s3:prefix"
	got = s.must("GetContextKeysForPrincipalPolicy", "PolicySourceArn", rootOfARN+"user/u")
	if all := keys(got, "ContextKeyNames"); all != strings.Replace(want, "aws:SourceIp", "aws:SecureTransport aws:SourceIp", 1) {
		t.Errorf("GetContextKeysForPrincipalPolicy: %q", all)
	}
	got = s.must("GetContextKeysForCustomPolicy", "PolicyInputList.member.1", dir)
	if all := keys(got, "ContextKeyNames"); all != "aws:PrincipalTag/dir" {
		t.Errorf("GetContextKeysForCustomPolicy: %q", all)
	}
}

// TestSimulateAgrees: a simulation decides as an evaluation of the policies that are in force, and
// as a signed request is decided.
func TestSimulateAgrees(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(15, 15))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	document := func() string {
		var statements []string
		for range 1 + random.IntN(3) {
			statements = append(statements, fmt.Sprintf(`{"Effect":%q,"Action":%q,"Resource":%q}`, pick("Allow", "Allow", "Deny"),
				pick("*", "iam:*", "iam:Get*", "iam:GetUser", "iam:ListUsers"), pick("*", rootOfARN+"user/*",
					rootOfARN+"user/${aws:username}")))
		}
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	allowed := 0
	const cases = 300
	for range cases {
		holder := func() directory.Holder { return directory.Holder{Inline: map[string]string{"P": document()}} }
		u := directory.NewUser{
			ARN: rootOfARN + "user/u", Holder: holder(), Groups: []string{rootOfARN + "group/g"},
			Keys: []directory.NewKey{{ID: "AKIAUSERUSERUSERUSE1", Secret: secretOf("AKIAUSERUSERUSERUSE1")}},
		}
		u.Attached = []string{rootOfARN + "policy/a"}
		u.Boundary = pick("", rootOfARN+"policy/b")
		cfg := directory.Config{}
		if random.IntN(2) == 0 {
			level := []*iampolicy.Policy{parsed(t, pick(everything, strings.Replace(everything, `"*"`, `["iam:Get*","iam:Simulate*"]`,
				1)), iampolicy.SCP)}
			cfg.SCPs = map[string][][]*iampolicy.Policy{accountID: {level}}
		}
		s := newIAMIn(t, cfg, directory.Contents{
			Policies: []directory.NewPolicy{{ARN: rootOfARN + "policy/a", Document: document()}, {
				ARN:      rootOfARN + "policy/b",
				Document: document(),
			}},
			Groups: []directory.NewGroup{{ARN: rootOfARN + "group/g", Holder: holder()}},
			Users:  []directory.NewUser{u},
			Roles:  []directory.NewRole{{ARN: rootOfARN + "role/r", Holder: holder(), Boundary: u.Boundary, Trust: trustsAccount}},
		})
		action, resource := pick("iam:GetUser", "iam:ListUsers"), rootOfARN+"user/"+pick("u", "admin", "")
		for _, principal := range []iampolicy.Principal{
			{ARN: u.ARN, Type: iampolicy.User},
			{ARN: "arn:aws:sts::" + accountID + ":assumed-role/r/s", RoleARN: rootOfARN + "role/r", Type: iampolicy.AssumedRole},
		} {
			source := principal.PrincipalARN()
			set, _, err := s.dir.Policies(t.Context(), sigv4auth.Identity{Principal: principal})
			if err != nil {
				t.Fatal(err)
			}
			req := iampolicy.Request{Principal: principal, Action: action, Resource: resource, ResourceAccount: accountID}
			if name := principal.UserName(); name != "" {
				req.Context.Set("aws:username", name)
			}
			want := iampolicy.Evaluate(&set, &req)
			got := s.simulated(source, action, resource)
			if got != want.Outcome.String() {
				t.Fatalf("%s, %s, %s: simulated %s, decided %v", source, action, resource, got, want)
			}
		}
		one, of := "GetUser", "UserName"
		resource = rootOfARN + "user/" + pick("u", "admin")
		call := s.call("AKIAUSERUSERUSERUSE1", one, of, resource[strings.LastIndexByte(resource, '/')+1:])
		if got := s.simulated(u.ARN, "iam:GetUser", resource); (got == "allowed") != (call.status == 200) {
			t.Fatalf("%s: simulated %s, answered %d", resource, got, call.status)
		} else if got == "allowed" {
			allowed++
		}
	}
	if allowed < cases/20 || allowed > cases*19/20 {
		t.Errorf("%d of %d were allowed: the cases show little", allowed, cases)
	}
}
