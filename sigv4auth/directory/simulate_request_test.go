package directory_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

const (
	limitedKey = "AKIALIMITEDLIMITED01"
	strangeKey = "AKIASTRANGESTRANGE01"
	otherARN   = "arn:aws:iam::444455556666:"
)

// TestSimulateCustomPolicy: documents are simulated by themselves, for a caller of any name.
func TestSimulateCustomPolicy(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	const own = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}/*"}}`
	const theirs = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + otherARN +
		`user/bob"},"Action":"s3:*","Resource":"*"}}`
	ask := func(more ...string) answer {
		return s.must("SimulateCustomPolicy", append(more, "PolicyInputList.member.1", own, "ActionNames.member.1", "s3:GetObject",
			"ResourceArns.member.1", "arn:aws:s3:::bob/x")...)
	}
	ask().has(t, result+"1/EvalDecision", "implicitDeny", result+"1/ResourceSpecificResults/member.1/MissingContextValues/member.1",
		"aws:username")
	ask("CallerArn", otherARN+"user/bob").has(t, result+"1/EvalDecision", "allowed",
		result+"1/MatchedStatements/member.1/SourcePolicyId", "PolicyInputList.1",
		result+"1/MatchedStatements/member.1/StartPosition/Column", "38")
	ask("CallerArn", otherARN+"user/bob", "ResourceOwner", accountID).has(t, result+"1/EvalDecision", "implicitDeny")
	ask("CallerArn", otherARN+"user/bob", "ResourceOwner", accountID, "ResourcePolicy", theirs).has(t, result+"1/EvalDecision", "allowed")
	ask("CallerArn", otherARN+"user/bob", "PermissionsBoundaryPolicyInputList.member.1", strings.Replace(own, "s3:*", "s3:Put*", 1)).has(t,
		result+"1/EvalDecision", "implicitDeny", result+"1/PermissionsBoundaryDecisionDetail/AllowedByPermissionsBoundary", "false")
}

// TestSimulatePages: the pages of a simulation hold each action on each resource, once.
func TestSimulatePages(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	params := []string{"PolicyInputList.member.1", everything, "MaxItems", "7"}
	want := 0
	for i := range 5 {
		params = append(params, "ActionNames.member."+itoa(i+1), "s3:Action"+itoa(i))
		params = append(params, "ResourceArns.member."+itoa(i+1), "arn:aws:s3:::bucket"+itoa(i))
		want += 5
	}
	seen := map[string]bool{}
	marker := ""
	for range want {
		ask := params
		if marker != "" {
			ask = append(ask, "Marker", marker)
		}
		got := s.must("SimulateCustomPolicy", ask...)
		n := 0
		for ; got.get(result+itoa(n+1)+"/EvalDecision") == "allowed"; n++ {
			seen[got.get(result+itoa(n+1)+"/EvalActionName")+" "+got.get(result+itoa(n+1)+"/EvalResourceName")] = true
		}
		if marker = got.get("Marker"); marker == "" {
			got.has(t, "IsTruncated", "false")
			break
		}
		if got.has(t, "IsTruncated", "true"); n == 0 || n > 7 {
			t.Fatalf("a page of %d", n)
		}
	}
	if len(seen) != want || marker != "" {
		t.Errorf("%d results, want %d; marker %q", len(seen), want, marker)
	}
	s.refused(400, "ValidationError", "Invalid Marker.", "SimulateCustomPolicy", append(params, "Marker", "eA")...)
}

// TestSimulateRefused: what is wrong with a simulation is said, and nothing is left out silently.
func TestSimulateRefused(t *testing.T) {
	t.Parallel()
	s := newIAM(t, directory.Contents{Roles: []directory.NewRole{{ARN: rootOfARN + "role/r", Trust: trustsAccount}}})
	entry := func(kind string, values ...string) []string {
		all := []string{"ContextEntries.member.1.ContextKeyName", "aws:x-key", "ContextEntries.member.1.ContextKeyType", kind}
		for i, v := range values {
			all = append(all, "ContextEntries.member.1.ContextKeyValues.member."+strconv.Itoa(i+1), v)
		}
		return all
	}
	const resourcePolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}`
	for _, test := range []struct {
		code, message string
		params        []string
	}{
		{
			"InvalidInput", "ResourceHandlingOption is for simulations of Amazon EC2, which are not supported.",
			[]string{"ResourceHandlingOption", "EC2-VPC-EBS"},
		},
		{"InvalidInput", "Invalid action name: s3:*", []string{"ActionNames.member.2", "s3:*"}},
		{"InvalidInput", "Invalid action name: GetObject", []string{"ActionNames.member.2", "GetObject"}},
		{"InvalidInput", "Invalid resource ARN: bucket", []string{"ResourceArns.member.1", "bucket"}},
		{"InvalidInput", "Invalid CallerArn: " + rootOfARN + "role/r is not the ARN of an IAM user.", []string{"CallerArn", rootOfARN + "role/r"}},
		{"InvalidInput", "CallerArn " + otherARN + "user/bob is not of the account of PolicySourceArn.", []string{"CallerArn", otherARN + "user/bob"}},
		{"InvalidInput", "Invalid ResourceOwner: me is not an account.", []string{"ResourceOwner", "me"}},
		{"InvalidInput", "Only one permissions boundary policy can be simulated.", []string{
			"PermissionsBoundaryPolicyInputList.member.1", everything, "PermissionsBoundaryPolicyInputList.member.2", everything,
		}},
		{"InvalidInput", "PolicyInputList.2: Syntax error at position (1,1): Statement is missing", []string{
			"PolicyInputList.member.1", everything, "PolicyInputList.member.2", `{"Version":"2012-10-17"}`,
		}},
		{"InvalidInput", "CallerArn is required with a ResourcePolicy, unless PolicySourceArn is the ARN of an IAM user.", []string{
			"ResourcePolicy", resourcePolicy,
		}},
		{"InvalidInput", "The context key aws:x-key has 2 values. A key with several is of a list type.", entry("string", "a", "b")},
		{"InvalidInput", "The context key aws:x-key has a value that is not of type numeric.", entry("numericList", "1", "x")},
		{"InvalidInput", "The context key aws:x-key has a value that is not of type boolean.", entry("boolean", "yes")},
		{"InvalidInput", "The context key aws:x-key has a value that is not of type ip.", entry("ip", "192.0.2")},
		{"InvalidInput", "The context key aws:x-key has a value that is not of type date.", entry("date", "today")},
		{"InvalidInput", "The context key aws:x-key has a value that is not of type binary.", entry("binary", "*")},
		{"InvalidInput", "The context key AWS:X-KEY is given twice.", append(entry("string", "a"), "ContextEntries.member.2.ContextKeyName", "AWS:X-KEY",
			"ContextEntries.member.2.ContextKeyValues.member.1", "b")},
		{"ValidationError", "", entry("text", "a")},
		{"ValidationError", "", []string{"MaxItems", "0"}},
		{"InvalidInput", "Invalid Entity Arn: arn:aws:iam::111122223333:root does not clearly define entity type and name.", []string{
			"PolicySourceArn", rootOfARN + "root",
		}},
		{"InvalidInput", "", []string{"PolicySourceArn", "arn:aws:sts::" + accountID + ":assumed-role/r/s"}},
	} {
		s.refused(400, test.code, test.message, "SimulatePrincipalPolicy",
			append([]string{"PolicySourceArn", rootOfARN + "role/r", "ActionNames.member.1", "s3:GetObject"}, test.params...)...)
	}
	long := []string{"PolicySourceArn", rootOfARN + "role/r"}
	for i := range 101 {
		long = append(long, "ActionNames.member."+strconv.Itoa(i+1), "s3:GetObject")
	}
	s.refused(400, "ValidationError", "", "SimulatePrincipalPolicy", long...)
	s.refused(400, "ValidationError", "", "SimulatePrincipalPolicy", "PolicySourceArn", rootOfARN+"role/r")
	s.refused(400, "ValidationError", "", "SimulateCustomPolicy", "ActionNames.member.1", "s3:GetObject")
	for _, missing := range [][2]string{
		{"user/none", "The user with name none cannot be found."},
		{"group/none", "The group with name none cannot be found."},
		{"role/path/r", "The role with name r cannot be found."},
	} {
		s.refused(404, "NoSuchEntity", missing[1], "SimulatePrincipalPolicy", "PolicySourceArn", rootOfARN+missing[0],
			"ActionNames.member.1", "s3:GetObject")
		s.refused(404, "NoSuchEntity", missing[1], "GetContextKeysForPrincipalPolicy", "PolicySourceArn", rootOfARN+missing[0])
	}
}

// TestSimulateRights: who may not simulate a principal learns nothing of it, and nobody simulates
// one of another account.
func TestSimulateRights(t *testing.T) {
	t.Parallel()
	const limited = `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` +
		`"Action":["iam:SimulatePrincipalPolicy","iam:GetContextKeysForPrincipalPolicy"],"Resource":"` + rootOfARN + `user/team/*"}}`
	s := newIAM(t, directory.Contents{
		Accounts: []string{"444455556666"},
		Users: []directory.NewUser{
			{
				ARN: rootOfARN + "user/limited", Holder: directory.Holder{Inline: map[string]string{"P": limited}},
				Keys: []directory.NewKey{{ID: limitedKey, Secret: secretOf(limitedKey)}},
			},
			{
				ARN: otherARN + "user/admin", Holder: directory.Holder{Inline: map[string]string{"P": everything}},
				Keys: []directory.NewKey{{ID: strangeKey, Secret: secretOf(strangeKey)}},
			},
			{ARN: rootOfARN + "user/team/ada"},
		},
	})
	for _, test := range []struct {
		key, source string
		status      int
	}{
		{limitedKey, rootOfARN + "user/team/ada", http.StatusOK},
		{limitedKey, rootOfARN + "user/team/none", http.StatusNotFound},
		{limitedKey, rootOfARN + "user/ada", http.StatusForbidden},
		{limitedKey, adminARN, http.StatusForbidden},
		{limitedKey, rootOfARN + "user/none", http.StatusForbidden},
		{strangeKey, otherARN + "user/admin", http.StatusOK},
		{strangeKey, adminARN, http.StatusForbidden},
		{strangeKey, rootOfARN + "group/none", http.StatusForbidden},
		{strangeKey, rootOfARN + "role/none", http.StatusForbidden},
	} {
		got := s.call(test.key, "SimulatePrincipalPolicy", "PolicySourceArn", test.source, "ActionNames.member.1", "s3:GetObject")
		keys := s.call(test.key, "GetContextKeysForPrincipalPolicy", "PolicySourceArn", test.source)
		if got.status != test.status || keys.status != test.status {
			t.Errorf("%s on %s: %d and %d, want %d", test.key, test.source, got.status, keys.status, test.status)
		}
	}
	custom := []string{"PolicyInputList.member.1", everything, "ActionNames.member.1", "s3:GetObject"}
	for action, params := range map[string][]string{"SimulateCustomPolicy": custom, "GetContextKeysForCustomPolicy": custom[:2]} {
		if got := s.call(limitedKey, action, params...); got.code != "AccessDenied" {
			t.Errorf("%s: %d %s", action, got.status, got.code)
		}
		if got := s.call(strangeKey, action, params...); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", action, got.status, got.code)
		}
	}
}
