package iamid_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// TestNames: what is a name, at its bounds and with each kind of character.
func TestNames(t *testing.T) {
	t.Parallel()
	type rule struct {
		name  string
		valid func(string) bool
	}
	var (
		policy    = rule{"a policy's name", iamid.ValidPolicyName}
		name      = rule{"a name", iamid.ValidName}
		session   = rule{"a session's name", iamid.ValidSessionName}
		federated = rule{"a federated user's name", iamid.ValidFederatedName}
		key       = rule{"an access key ID", iamid.ValidAccessKeyID}
		unique    = rule{"a unique ID", iamid.ValidUniqueID}
		text      = rule{"a text", iamid.ValidText}
		partition = rule{"a partition", iamid.ValidPartition}
		account   = rule{"an account", iamid.ValidAccount}
		path      = rule{"a path", iamid.ValidPath}
		secret    = rule{"a secret", iamid.ValidSecret}
	)
	for _, c := range []struct {
		rule
		text string
		want bool
	}{
		{policy, "Rides-2.json", true},
		{policy, ".hidden", false},
		{policy, "a/b", false},
		{policy, "..", false},
		{policy, "", false},
		{policy, strings.Repeat("a", 128), true},
		{policy, strings.Repeat("a", 129), false},
		{name, "ada_L+=,.@-9", true},
		{name, "a", true},
		{name, "", false},
		{name, "a:b", false},
		{name, "ä", false},
		{name, "a b", false},
		{name, strings.Repeat("a", 64), true},
		{name, strings.Repeat("a", 65), false},
		{session, "ab", true},
		{session, "a", false},
		{session, "a*", false},
		{session, strings.Repeat("a", 64), true},
		{session, strings.Repeat("a", 65), false},
		{federated, "ab", true},
		{federated, "a", false},
		{federated, strings.Repeat("a", 32), true},
		{federated, strings.Repeat("a", 33), false},
		{key, "AKIAEXAMPLE-1_x", true},
		{key, "", false},
		{key, "AKIA.", false},
		{key, strings.Repeat("A", 128), true},
		{key, strings.Repeat("A", 129), false},
		{unique, "AROAEXAMPLE1", true},
		{unique, "", false},
		{unique, "AROA_1", false},
		{unique, "AROA-1", false},
		{unique, "AROA:1", false},
		{unique, strings.Repeat("A", 128), true},
		{unique, strings.Repeat("A", 129), false},
		{text, "https://accounts.example.com/ä", true},
		{text, "", false},
		{text, "a\nb", false},
		{text, "a\x7f", false},
		{text, strings.Repeat("a", 2048), true},
		{text, strings.Repeat("a", 2049), false},
		{partition, "aws", true},
		{partition, "aws-us-gov", true},
		{partition, "", false},
		{partition, "azure", false},
		{partition, "aws-*", false},
		{account, "111122223333", true},
		{account, "11112222333", false},
		{account, "1111222233334", false},
		{account, "11112222333a", false},
		{path, "", true},
		{path, "a/b/", true},
		{path, "/a/", false},
		{path, "a//b/", false},
		{path, "a*/", false},
		{path, "a?/", false},
		{path, "$a/", false},
		{path, "a b/", false},
		{path, strings.Repeat("a", 513), false},
		{secret, strings.Repeat("a", 15), false},
		{secret, strings.Repeat("a", 16), true},
		{secret, strings.Repeat("a", 256), true},
		{secret, strings.Repeat("a", 257), false},
		{secret, "with a space in it!!", false},
		{secret, "sixteen-and-\u00e4\u00e4\u00e4", false},
		{secret, "sixteen-and-more\x7f", false},
	} {
		if got := c.valid(c.text); got != c.want {
			t.Errorf("%q is %s: %t; want %t", c.text, c.name, got, c.want)
		}
	}
}

// TestARNs: the ARNs of users, roles and root users, and no others.
func TestARNs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ arn, kind, name string }{
		{"arn:aws:iam::111122223333:role/Rider", "role", "Rider"},
		{"arn:aws:iam::111122223333:role/service/x/Rider", "role", "Rider"},
		{"arn:aws-cn:iam::111122223333:user/ops/ada", "user", "ada"},
		{"arn:aws:iam::111122223333:user/ada", "role", ""},
		{"arn:aws:iam::111122223333:role/", "role", ""},
		{"arn:aws:iam::111122223333:role//Rider", "role", ""},
		{"arn:aws:iam::111122223333:role/a*/Rider", "role", ""},
		{"arn:aws:iam::111122223333:role/Ri der", "role", ""},
		{"arn:aws:iam::11112222333:role/Rider", "role", ""},
		{"arn:aws:iam:us-east-1:111122223333:role/Rider", "role", ""},
		{"arn:aws:sts::111122223333:role/Rider", "role", ""},
		{"arn:gcp:iam::111122223333:role/Rider", "role", ""},
		{"arn:aws:iam::111122223333", "role", ""},
		{"", "role", ""},
	} {
		a, ok := iamid.ParseARN(c.arn, c.kind)
		if ok != (c.name != "") || ok && (a.Name != c.name || a.Account != "111122223333") {
			t.Errorf("ParseARN(%q, %q) = %+v, %t", c.arn, c.kind, a, ok)
		}
	}
	for arn, want := range map[string]bool{
		"arn:aws:iam::111122223333:root": true, "arn:aws:iam::111122223333:root/x": false, "arn:aws:iam::1:root": false,
		"arn:aws:iam::111122223333:user/root": false, "root": false,
	} {
		if _, ok := iamid.ParseRootARN(arn); ok != want {
			t.Errorf("ParseRootARN(%q): %t", arn, ok)
		}
	}
	role, _ := iamid.ParseARN("arn:aws-cn:iam::111122223333:role/service/Rider", "role")
	if got := role.SessionARN("alice"); got != "arn:aws-cn:sts::111122223333:assumed-role/Rider/alice" {
		t.Errorf("the session's ARN is %q", got)
	}
	if got := role.FederatedUserARN("bob"); got != "arn:aws-cn:sts::111122223333:federated-user/bob" {
		t.Errorf("the federated user's ARN is %q", got)
	}
}

// TestTags: the bounds of tags, and no two that differ by case alone.
func TestTags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key, value, problem string
	}{
		{"team", "ops", ""},
		{"team", "", ""},
		{"", "x", "the key"},
		{"TEAM", "x", ""},
		{"a\n", "x", "the key"},
		{"a", "x\x00", "the value"},
		{strings.Repeat("k", 128), strings.Repeat("v", 256), ""},
		{strings.Repeat("é", 128), strings.Repeat("界", 256), ""}, // as AWS counts: characters
		{strings.Repeat("k", 129), "", "the key"},
		{strings.Repeat("é", 129), "", "the key"},
		{"k", strings.Repeat("界", 257), "the value"},
		{"k", strings.Repeat("v", 257), "the value"},
	} {
		tags := map[string]string{}
		problem := iamid.AddTag(tags, c.key, c.value)
		if (problem == "") != (c.problem == "") || !strings.HasPrefix(problem, c.problem) || (len(tags) == 1) != (problem == "") {
			t.Errorf("%q=%q: %q", c.key, c.value, problem)
		}
	}
	tags := map[string]string{"team": "ops"}
	if problem := iamid.AddTag(tags, "TEAM", "x"); problem == "" || len(tags) != 1 {
		t.Error("two tags that differ by case alone")
	}
}

// TestNewKeys: the form of IDs and secrets that are made, and that no two are the same.
func TestNewKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		id, secret := iamid.NewAccessKeyID(iamid.TemporaryPrefix), iamid.NewSecret()
		if len(id) != 20 || !strings.HasPrefix(id, "ASIA") || !iamid.ValidAccessKeyID(id) || seen[id] {
			t.Errorf("the access key ID %q", id)
		}
		if len(secret) != 40 || !iamid.ValidSecret(secret) || seen[secret] {
			t.Error("a secret is malformed, or was made twice")
		}
		seen[id], seen[secret] = true, true
	}
}
