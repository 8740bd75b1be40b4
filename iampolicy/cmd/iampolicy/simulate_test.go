package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestContextFlag: what -context makes of its value, as the report shows it.
func TestContextFlag(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, flag string
		want       any
	}{
		{"a value", "k=v", "v"},
		{"an empty value is a value", "k=", ""},
		{"a value may hold an equals sign", "k=a=b", "a=b"},
		{"a list", "k=[a,b]", []any{"a", "b"}},
		{"blanks around the elements do not count", "k=[a, b ]", []any{"a", "b"}},
		{"a list of one is a list", "k=[a]", []any{"a"}},
		{"an empty list", "k=[]", []any{}},
		{"JSON for a comma and for blanks", `k=["a, b"," c"]`, []any{"a, b", " c"}},
		{"a bracket that nothing closes is a value", "k=[a", "[a"},
		{"an IPv6 address is a value", "k=2001:db8::1", "2001:db8::1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, o := simulateJSON(t, allowAll, append([]string{"-identity", "-", "-context", tt.flag}, strings.Fields(alice)...)...)
			if diff := cmp.Diff(tt.want, o.Request.Context["k"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestConditionKeysOfThePrincipal: the keys that the caller's ARN tells are there,
// and what is given by hand replaces them.
func TestConditionKeysOfThePrincipal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, args string
		want       map[string]any
	}{
		{
			"a user", "-principal arn:aws:iam::111122223333:user/riders/alice",
			map[string]any{
				"aws:PrincipalArn": "arn:aws:iam::111122223333:user/riders/alice", "aws:PrincipalAccount": "111122223333",
				"aws:PrincipalType": "User", "aws:username": "alice",
			},
		},
		{
			"a session has its role's ARN and no user name", "-principal arn:aws:sts::111122223333:assumed-role/Rider/alice",
			map[string]any{
				"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Rider", "aws:PrincipalAccount": "111122223333",
				"aws:PrincipalType": "AssumedRole",
			},
		},
		{"an anonymous caller has a type only", "-principal anonymous", map[string]any{"aws:PrincipalType": "Anonymous"}},
		{
			"what is given replaces it, in any case", "-principal anonymous -context AWS:principaltype=[x]",
			map[string]any{"aws:PrincipalType": []any{"x"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, o := simulateJSON(t, allowAll, append(strings.Fields(tt.args), "-identity", "-", "-action", "a:b", "-resource", "x")...)
			if diff := cmp.Diff(tt.want, o.Request.Context); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResourceAccount(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, resource, flag, want string }{
		{"the account in the ARN", "arn:aws:sqs:us-east-1:444455556666:q", "", "444455556666"},
		{"without one there, nobody's", "arn:aws:s3:::rides", "", ""},
		{"what is given stands", "arn:aws:s3:::rides", "444455556666", "444455556666"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := []string{
				"-identity", "-", "-principal", "arn:aws:iam::111122223333:user/alice", "-action", "a:b",
				"-resource", tt.resource,
			}
			if tt.flag != "" {
				args = append(args, "-resource-account", tt.flag)
			}
			_, o := simulateJSON(t, allowAll, args...)
			if o.Request.ResourceAccount != tt.want {
				t.Errorf("%q, want %q", o.Request.ResourceAccount, tt.want)
			}
		})
	}
}

// TestResourceAccountAgainstTheARN: a server takes the account in the ARN, so that another one is a
// mistake.
func TestResourceAccountAgainstTheARN(t *testing.T) {
	t.Parallel()
	args := []string{
		"simulate", "-identity", "-", "-principal", "arn:aws:iam::111122223333:user/alice", "-action", "a:b",
		"-resource", "arn:aws:sqs:us-east-1:444455556666:q", "-resource-account",
	}
	status, _, stderr := callArgs(allowAll, append(args, "111122223333")...)
	if status != 2 || !strings.Contains(stderr, "is of account 444455556666") {
		t.Errorf("%d %s", status, stderr)
	}
	if status, _, stderr := callArgs(allowAll, append(args, "444455556666")...); status == 2 {
		t.Error(stderr)
	}
}

const (
	inlineAllow = `{"Version":"2012-10-17","Statement":{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}}`
	inlineDeny  = `{"Version":"2012-10-17","Statement":{"Sid":"D","Effect":"Deny","Action":"*","Resource":"*"}}`
	inlineOther = `{"Version":"2012-10-17","Statement":{"Sid":"O","Effect":"Allow","Action":"x:y","Resource":"*"}}`
	inlineTrust = `{"Version":"2012-10-17","Statement":{"Sid":"T","Effect":"Allow",` +
		`"Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"sts:AssumeRole"}}`

	assumeRole = `"principal":"arn:aws:iam::111122223333:user/alice","action":"sts:AssumeRole",` +
		`"resource":"arn:aws:iam::111122223333:role/R"`
)

// TestPolicyPlaces: each type of policy gets to its place of the Set.
func TestPolicyPlaces(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, policies   string
		decision, reason string // the Sid that decided, or the type that blocked
	}{
		{"identity", `"identity": ` + inlineAllow, "allowed", "A"},
		{"one of two identity policies", `"identity": [` + inlineOther + `,` + inlineAllow + `]`, "allowed", "A"},
		{"no identity policy", `"identity": []`, "implicitDeny", "identity"},
		{"boundary", `"identity": ` + inlineAllow + `, "boundary": ` + inlineOther, "implicitDeny", "boundary"},
		{"session", `"identity": ` + inlineAllow + `, "session": [` + inlineOther + `]`, "implicitDeny", "session"},
		{"trust", `"trust": ` + inlineTrust, "allowed", "T"},
		{
			"one level of SCPs, whose policies are alternatives",
			`"identity": ` + inlineAllow + `, "scp": [[` + inlineOther + `,` + inlineAllow + `]]`, "allowed", "A",
		},
		{
			"two levels of SCPs, which must both allow",
			`"identity": ` + inlineAllow + `, "scp": [` + inlineAllow + `,[` + inlineOther + `]]`, "implicitDeny", "scp",
		},
		{"a level without SCPs denies", `"identity": ` + inlineAllow + `, "scp": [[]]`, "implicitDeny", "scp"},
		{"no levels of SCPs are no organization", `"identity": ` + inlineAllow + `, "scp": []`, "allowed", "A"},
		{
			"rcp",
			`"identity": ` + inlineAllow + `, "rcp": [` +
				strings.Replace(strings.Replace(inlineDeny, `"Action":"*"`, `"Action":"sts:*"`, 1), `"Deny"`, `"Deny","Principal":"*"`, 1) +
				`]`,
			"explicitDeny", "D",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, o := simulateJSON(t, `{`+assumeRole+`,"policies":{`+tt.policies+`}}`, "-request", "-")
			reason := o.BlockedBy
			if o.DecidedBy != nil {
				reason = o.DecidedBy.Sid
			}
			if o.Decision != tt.decision || reason != tt.reason {
				t.Errorf("%s by %s, want %s by %s\n%s", o.Decision, reason, tt.decision, tt.reason, o.Explanation)
			}
		})
	}
}

// TestPolicyFlags: the flags lead to the same places.
func TestPolicyFlags(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, doc := range map[string]string{
		"allow": inlineAllow, "other": inlineOther, "trust": inlineTrust, "deny": inlineDeny,
		"rcp":      `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:*","Resource":"*"}}`,
		"shut":     `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}`,
		"resource": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`,
		"case":     `{` + assumeRole + `,"policies":{"identity":"deny","trust":"trust","boundary":"deny"}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const request = " -principal arn:aws:iam::111122223333:user/alice -action sts:AssumeRole -resource arn:aws:iam::111122223333:role/R"
	tests := []struct{ name, line, decision string }{
		{"identity", "-identity DIR/other -identity DIR/allow" + request, "allowed"},
		{"boundary", "-identity DIR/allow -boundary DIR/other" + request, "implicitDeny"},
		{"session", "-identity DIR/allow -session DIR/other" + request, "implicitDeny"},
		{"resource policy", "-resource-policy DIR/resource" + request, "allowed"},
		{"trust policy", "-trust-policy DIR/trust" + request, "allowed"},
		{"an SCP level of two", "-identity DIR/allow -scp DIR/other,DIR/allow" + request, "allowed"},
		{"two SCP levels", "-identity DIR/allow -scp DIR/other -scp DIR/allow" + request, "implicitDeny"},
		{"rcp", "-identity DIR/allow -rcp DIR/rcp" + request, "explicitDeny"},
		{"names in a request file begin at its folder", "-request DIR/case", "explicitDeny"},
		{"flags replace the file's policies of their type only", "-request DIR/case -identity DIR/allow", "explicitDeny"},
		{"flags replace all of the file's", "-request DIR/case -identity DIR/allow -boundary DIR/allow", "allowed"},
		{"a resource policy replaces a trust policy", "-request DIR/case -identity DIR/other -boundary DIR/other -resource-policy DIR/shut", "explicitDeny"},
		{"flags replace the file's request", "-request DIR/case -identity DIR/other -boundary DIR/allow -action x:y", "implicitDeny"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, o := simulateJSON(t, "", strings.Fields(strings.ReplaceAll(tt.line, "DIR", dir))...)
			if o.Decision != tt.decision {
				t.Errorf("%s, want %s\n%s", o.Decision, tt.decision, o.Explanation)
			}
		})
	}
}
