package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRequestFileMistakes: a request file that is not understood whole is not
// simulated, and the place is told as an editor wants it.
func TestRequestFileMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"an unknown key", "{\n  \"acton\": \"a:b\"}", `<stdin>:2:12: error: unknown key "acton"`},
		{"another case is another key", `{"Action": "a:b"}`, `<stdin>:1:12: error: unknown key "Action"`},
		{"an unknown key of the principal", `{"principal": {"ARN": "x"}}`, `<stdin>:1:23: error: unknown key "ARN"`},
		{"an unknown type of policy", `{"policies": {"identities": []}}`, `<stdin>:1:29: error: unknown key "identities"`},
		{"a duplicate key", `{"action": "a:b", "action": "c:d"}`, `<stdin>:1:19: error: duplicate key "action"`},
		{"a duplicate key inside", "{\"context\":\n{\"k\": 1, \"k\": 2}}", `<stdin>:2:10: error: duplicate key "k"`},
		{"a condition key in two cases", `{"context": {"k": 1, "K": 2}}`, `<stdin>:1:27: error: the condition key "K" is empty, or there in another case`},
		{"an empty condition key", `{"context": {"": 1}}`, `the condition key "" is empty`},
		{"a condition key that is null, and is there in another case", `{"context": {"k": null, "K": 1}}`, `<stdin>:1:30: error: the condition key "K"`},
		{"a null in a list", `{"context": {"k": ["a", null]}}`, `<stdin>:1:25: error: the value of a condition key is`},
		{"an object in the context", `{"context": {"k": {}}}`, `<stdin>:1:19: error: the value of a condition key is`},
		{"a list in a list", `{"context": {"k": [["a"]]}}`, `<stdin>:1:20: error: the value of a condition key is`},
		{"an unknown key with a value", `{"unknown": {"k": 1}}`, `<stdin>:1:13: error: a list is expected`},
		{"an unknown key that is a number", `{"unknown": [1]}`, `<stdin>:1:14: error: a condition key is expected`},
		{"an unknown key that has a value", `{"context": {"k": 1}, "unknown": ["K"]}`, `<stdin>:1:35: error: the condition key "K" is empty, or there twice`},
		{"a value for an unknown key", `{"unknown": ["K"], "context": {"k": 1}}`, `<stdin>:1:37: error: the condition key "k" is empty, or there`},
		{"a context that is a list", `{"context": []}`, `<stdin>:1:13: error: an object is expected`},
		{"an action that is a number", `{"action": 7}`, `<stdin>:1:12: error: a string is expected for "action"`},
		{"a principal that is null", `{"principal": null}`, `a string is expected for "principal"`},
		{"tags that are no texts", `{"principal": {"tags": {"team": 1}}}`, `a string is expected for "team"`},
		{"tags that are a list", `{"principal": {"tags": []}}`, `an object is expected`},
		{"an unknown type of principal", `{"principal": {"type": "user"}}`, `<stdin>:1:24: error: the types of principals are`},
		{"no object at all", `[]`, `<stdin>:1:1: error: an object is expected`},
		{"no JSON", "{\n  \"action\" \"a:b\"}", `<stdin>:2:12: error: invalid character '"' after object key`},
		{"no comma", `{"context": {"k": [1 2]}}`, `<stdin>:1:22: error: invalid character '2' after array element`},
		{"no comma between members", `{"action": "a:b" "resource": "x"}`, `<stdin>:1:18: error: invalid character '"' after object key:value pair`},
		{"a comma at the end", `{"action": "a:b",}`, `<stdin>:1:18: error: invalid character '}' looking for beginning of object key string`},
		{"a comma at the end of a list", `{"context": {"k": [1,]}}`, `<stdin>:1:22: error: invalid character ']' looking for beginning of value`},
		{"a number that is not JSON's", `{"context": {"k": 01}}`, `<stdin>:1:19: error: a number that is not JSON's`},
		{"cut off", `{"action": "a:`, `<stdin>:1:15: error: unexpected end of JSON input`},
		{"a byte order mark", "\ufeff{}", `<stdin>:1:1: error: the document begins with a byte order mark`},
		{"half of a character", `{"action": "a:\ud83d"}`, `<stdin>:1:15: error: a lone surrogate`},
		{"a lost character", "{\"action\": \"a:\ufffd\"}", `<stdin>:1:15: error: U+FFFD, which stands for a character that was lost`},
		{"a duplicate key, escaped", `{"action": "a:b", "\u0061ction": "c:d"}`, `<stdin>:1:19: error: duplicate key "action"`},
		{"text behind it", "{}\n{}", `<stdin>:2:1: error: invalid character '{' after top-level value`},
		{"nothing", "", `<stdin>:1:1: error: unexpected end of JSON input`},
		{"no UTF-8", "{\"action\": \"a:\xff\"}", `<stdin>:1:15: error: the text is not UTF-8`},
		{"too deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), `<stdin>:1:25: error: nested deeper than 24 levels`},
		{"too large", `{"action": "` + strings.Repeat("x", 1<<20) + `"}`, `<stdin>:1:1: error: the file is larger than 1 MiB`},
		{"levels that are no list", `{"policies": {"scp": "x.json"}}`, `<stdin>:1:22: error: a list of levels is expected`},
		{"two policies of a resource", `{"policies": {"resource": ["a", "b"]}}`, `<stdin>:1:27: error: a resource has one policy`},
		{"a resource policy and a trust policy", `{"policies": {"resource": "a", "trust": "b"}}`, `<stdin>:1:14: error: a resource has one policy`},
		{"a policy that is a number", `{"policies": {"identity": [7]}}`, `<stdin>:1:28: error: a policy is expected`},
		{"a policy without a name", `{"policies": {"identity": ""}}`, `<stdin>:1:27: error: a policy is expected`},
		{
			"a mistake within an inline policy", `{"principal": "anonymous", "action": "a:b", "resource": "x",
 "policies": {"identity": [{"Version": "2012",
  "Statement": {"Effect": "Allow", "Action": "x", "Resource": "*"}}]}}`,
			`<stdin>:2:40: error: Version: "2012" is no version: "2012-10-17" or "2008-10-17" [INVALID_VERSION]
<stdin>:3:46: error: Statement.Action: `,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := call(tt.file, "simulate -request -")
			if status != 2 || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("status %d, want 2 and %q\n%s%s", status, tt.want, stdout, stderr)
			}
		})
	}
}

func TestRequestFile(t *testing.T) {
	t.Parallel()
	const file = `{
		"principal": {"arn": "arn:aws:sts::111122223333:assumed-role/Rider/alice", "accountId": "111122223333", "userId": "AROAX:alice",
			"roleArn": "arn:aws:iam::111122223333:role/riders/Rider", "type": "AssumedRole", "tags": {"team": "fleet"}},
		"action": "a:b", "resource": "arn:aws:s3:::x", "resourceAccount": "444455556666",
		"context": {"aws:principaltype": null, "never:there": null, "s": "text", "n": 1.50, "b": true, "l": ["a", 2, false], "e": []},
		"policies": {"identity": []}
	}`
	status, o := simulateJSON(t, file, "-request", "-")
	if status != 1 || o.Request.ResourceAccount != "444455556666" || o.Request.Action != "a:b" {
		t.Errorf("status %d, %+v", status, o)
	}
	want := map[string]any{
		"aws:PrincipalArn": "arn:aws:iam::111122223333:role/riders/Rider", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": nil,
		"aws:userid": "AROAX:alice", "aws:PrincipalTag/team": "fleet",
		"s": "text", "n": "1.50", "b": "true", "l": []any{"a", "2", "false"}, "e": []any{},
	}
	if diff := cmp.Diff(want, o.Request.Context); diff != "" {
		t.Error(diff)
	}
}

// TestReportIsRequestFile: the request that -json prints can be tried again, and
// is then the same.
func TestReportIsRequestFile(t *testing.T) {
	t.Parallel()
	const policies = `"policies": {"identity": {"Version":"2012-10-17","Statement":{` +
		`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"Null":{"aws:PrincipalType":"true"}}}}}`
	tests := []struct{ name, file string }{
		{
			"a session with all there is",
			`{"principal": {"arn": "arn:aws:sts::111122223333:assumed-role/Rider/alice", "userId": "AROAX:alice",
				"roleArn": "arn:aws:iam::111122223333:role/riders/Rider", "tags": {"team": "fleet"}},
			"action": "a:b", "resource": "arn:aws:s3:::x", "context": {"aws:PrincipalType": null, "k": ["a"], "e": [], "s": ""},
			"unknown": ["u", "aws:userid"], ` + policies + `}`,
		},
		{
			"a federated user",
			`{"principal": {"arn": "arn:aws:sts::111122223333:federated-user/bob", "userArn": "arn:aws:iam::111122223333:user/alice",
				"baseUserId": "AIDAALICE", "accountId": "111122223333"}, "action": "a:b", "resource": "x", ` + policies + `}`,
		},
		{
			"an identity provider",
			`{"principal": {"arn": "cognito-identity.amazonaws.com", "type": "IdentityProvider"},
				"action": "a:b", "resource": "x", ` + policies + `}`,
		},
		{
			"a resource of no account",
			`{"principal": "arn:aws:iam::111122223333:user/alice", "action": "a:b", "resource": "arn:aws:s3:::x",
				"resourceAccount": "", ` + policies + `}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, want := simulateJSON(t, tt.file, "-request", "-")
			file, err := json.Marshal(map[string]any{
				"principal": want.Request.Principal, "action": want.Request.Action, "resource": want.Request.Resource,
				"resourceAccount": want.Request.ResourceAccount, "context": want.Request.Context,
				"unknown": append([]string{}, want.Request.Unknown...),
				"policies": map[string]any{
					"identity": json.RawMessage(policies[len(`"policies": {"identity": `) : len(policies)-1]),
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(tt.file, "unknown") != (len(want.Request.Unknown) == 2) {
				t.Errorf("unknown: %q", want.Request.Unknown)
			}
			_, got := simulateJSON(t, string(file), "-request", "-")
			if diff := cmp.Diff(want.Request, got.Request); diff != "" || got.Decision != want.Decision {
				t.Errorf("%s, want %s\n%s", got.Decision, want.Decision, diff)
			}
		})
	}
}

// FuzzRequestFile: whatever a request file holds, the command either answers with
// a report or says what is wrong, and never both.
func FuzzRequestFile(f *testing.F) {
	f.Add(`{"principal":"anonymous","action":"a:b","resource":"x","context":{"k":["a"]},
		"policies":{"identity":[{"Version":"2012-10-17","Statement":[]}]}}`)
	f.Add(`{"principal":{"arn":"x","tags":{"a":"b"}},"policies":{"scp":[[],[{}]]}}`)
	// The flags replace every policy, so that no file of a chosen name is read.
	args := strings.Fields("simulate -json -request - -identity P -boundary P -session P -scp P -rcp testdata/rcp.json " +
		"-resource-policy testdata/open-api.json")
	for i := range args {
		args[i] = strings.Replace(args[i], "P", "testdata/wild-rydes.json", 1)
	}
	f.Fuzz(func(t *testing.T, file string) {
		status, stdout, stderr := callArgs(file, args...)
		if stderr != "" {
			if status != 2 || stdout != "" {
				t.Errorf("status %d\n%s%s", status, stdout, stderr)
			}
			return
		}
		var o outcome
		decode(t, stdout, &o)
		if status != map[bool]int{true: 0, false: 1}[o.Allowed] && (status != 2 || o.Fault == "") {
			t.Errorf("status %d\n%s", status, stdout)
		}
	})
}
