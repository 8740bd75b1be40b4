package filestore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

func userDocument(user string) string { return `{"Users":[` + user + `]}` }

func keyDocument(key string) string {
	return userDocument(`{"Arn":"arn:aws:iam::111122223333:user/a","UserId":"A","AccessKeys":[` + key + `]}`)
}

// place takes the mark out of a text, and returns line and column of where it was.
func place(t *testing.T, marked string) (text string, line, column int) {
	t.Helper()
	before, after, ok := strings.Cut(marked, "☞")
	if !ok || strings.Contains(after, "☞") {
		t.Fatal("not one mark")
	}
	lines := strings.Split(before, "\n")
	return before + after, len(lines), len([]rune(lines[len(lines)-1])) + 1
}

func manyTags(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"b%d":""`, i)
	}
	return b.String()
}

func TestMistakesInPrincipals(t *testing.T) {
	const (
		id     = `"UserId":"A"`
		arn    = `"Arn":"arn:aws:iam::111122223333:user/a",` + id
		role   = `"Arn":"arn:aws:iam::111122223333:role/a","RoleId":"A"`
		key    = `"AccessKeyId":"AK","Status":"Active"`
		secret = `"SecretAccessKey":"0123456789abcdef"`
	)
	tests := []struct {
		name, text string // ☞ marks the place that is to be reported
		want       string // how the message begins
	}{
		{"empty file", `☞`, `the document ends early`},
		{"only white space", " \n\n☞", `the document ends early`},
		{"cut off in a string (threat 115)", "{\n  \"Users☞", `the document ends early`},
		{"cut off between members (threat 115)", `{"Users":[],☞`, `the document ends early`},
		{"no object", `☞[]`, `the document is an object, not a list`},
		{"null", `☞null`, `the document is an object, not null`},
		{"trailing data (threat 156)", "{}\n☞{}", `not JSON: unexpected character after top-level value`},
		{"trailing comma", "{\n\"Users\":[],☞}", `not JSON: unexpected character looking for beginning of object key string`},
		{"missing comma", "{\n \"Users\": []\n ☞\"Roles\": []}", `not JSON: unexpected character after object key:value pair`},
		{"a comment", "{} ☞// x", `not JSON: unexpected character after top-level value`},
		{"single quotes", "{☞'Users': []}", `not JSON: unexpected character looking for beginning of object key string`},
		{
			"secret without quotes", keyDocument(`{` + key + `,"SecretAccessKey":☞swordfish-swordfish}`),
			`not JSON: unexpected character looking for beginning of value`,
		},
		{"byte order mark (threat 156)", "☞\ufeff{}", `the document begins with a byte order mark`},
		{"invalid UTF-8 (threat 156)", "{\"Users\":[\n{\"Arn\":\"☞\xff\"}]}", `invalid UTF-8, or U+FFFD`},
		{"lone surrogate (threat 156)", `{"Users":[{"Arn":"☞\ud800"}]}`, `a lone surrogate`},
		{"lone surrogate in a key (threat 156)", `{"Users":[{"☞\udc00":1}]}`, `a lone surrogate`},
		{"lost character (threat 156)", `{"Users":[{"Arn":"x☞` + "\ufffd" + `"}]}`, `invalid UTF-8, or U+FFFD`},
		{"lost character by an escape (threat 156)", `{"Users":[{"Arn":"x☞\ufffd"}]}`, `invalid UTF-8, or U+FFFD`},
		{"missing colon", `{"Users"☞[]}`, `not JSON: unexpected character after object key`},
		{"missing comma in a list", `{"Users":[{}☞{}]}`, `not JSON: unexpected character after array element`},
		{"secret after a word (threat 116)", `{"Users":[true☞swordfish-swordfish]}`, `not JSON: unexpected character after array element`},
		{"secret behind a backslash (threat 116)", `{"Users":["☞\swordfish"]}`, `not JSON: an unknown escape`},
		{"nested too deeply (threat 157)", strings.Repeat(`[`, 12) + `☞[]` + strings.Repeat(`]`, 12), `nested deeper than 12 levels`},
		{"nested beyond reason (threat 157)", strings.Repeat(`[`, 12) + "☞" + strings.Repeat(`[`, 20_000), `nested deeper than 12 levels`},
		{"a scalar nested too deeply (threat 157)", strings.Repeat(`[`, 12) + `☞1` + strings.Repeat(`]`, 12), `nested deeper than 12 levels`},
		{"too many members (threat 157)", userDocument(`{"a0":""` + manyTags(999) + `,☞"a1":""}`), `an object of more than 1,000 members`},
		{"duplicate key (threat 149)", "{\"Users\":[],\n☞\"Users\":[]}", `duplicate key`},
		{"duplicate key, one escaped (threat 149)", `{"Users":[],☞"\u0055sers":[]}`, `duplicate key`},
		{"duplicate key in a user (threat 149)", userDocument(`{` + arn + `,☞"UserId":"B"}`), `duplicate key`},
		{"duplicate key among tags (threat 149)", userDocument(`{` + arn + `,"Tags":{"a":"1",☞"a":"1"}}`), `duplicate key`},
		{"another case (threat 150)", `{☞"users":[]}`, `unknown element "users"; did you mean "Users"?`},
		{"singular (threat 151)", `{☞"User":[]}`, `unknown element "User"; did you mean "Users"?`},
		{"unknown element (threat 151)", `{☞"Groups":[]}`, `unknown element "Groups"; the document has Users, Roles`},
		{
			"unknown element of a user (threat 151)", userDocument(`{` + arn + `,☞"Boundary":"B"}`),
			`Users[0]: unknown element "Boundary"; a user has Arn, UserId, `,
		},
		{"null where a list is expected (threat 155)", `{"Users":☞null}`, `Users: a list is expected, not null`},
		{"users as an object (threat 155)", `{"Users":☞{}}`, `Users: a list is expected, not an object`},
		{"user as a string (threat 155)", `{"Users":[☞"a"]}`, `Users[0]: a user is an object, not a string`},
		{"no Arn", userDocument(`☞{` + id + `}`), `Users[0]: a user needs Arn`},
		{"no UserId", userDocument(`☞{"Arn":"arn:aws:iam::111122223333:user/a"}`), `Users[0]: a user needs UserId`},
		{"no RoleId", `{"Roles":[☞{"Arn":"arn:aws:iam::111122223333:role/a"}]}`, `Roles[0]: a role needs RoleId`},
		{"UserId of a role", `{"Roles":[{` + role + `,☞"UserId":"A"}]}`, `Roles[0]: unknown element`},
		{"access keys of a role", `{"Roles":[{` + role + `,☞"AccessKeys":[]}]}`, `Roles[0]: unknown element`},
		{"user among the roles", `{"Roles":[{"Arn":☞"arn:aws:iam::111122223333:user/a","RoleId":"A"}]}`, `Roles[0].Arn: is no ARN of a role`},
		{
			"number as UserId (threat 159)", userDocument(`{"Arn":"arn:aws:iam::111122223333:user/a","UserId":☞1e400}`),
			`Users[0].UserId: a string is expected, not a number`,
		},
		{"UserId with a colon", userDocument(`{"Arn":"arn:aws:iam::111122223333:user/a","UserId":☞"a:b"}`), `Users[0].UserId: is 1 to 128 letters and digits`},
		{"empty UserId", userDocument(`{"Arn":"arn:aws:iam::111122223333:user/a","UserId":☞""}`), `Users[0].UserId: is 1 to 128 letters and digits`},
		{
			"same user twice", userDocument("{" + arn + "},\n{\"Arn\":☞\"arn:aws:iam::111122223333:user/a\",\"UserId\":\"B\"}"),
			`Users[1].Arn: the name of a user in this account is already that of Users[0].Arn`,
		},
		{
			"same user in another case and path",
			userDocument("{" + arn + "},\n{\"Arn\":☞\"arn:aws:iam::111122223333:user/x/A\",\"UserId\":\"B\"}"),
			`Users[1].Arn: the name of a user in this account is already that of`,
		},
		{
			"same ID twice (threat 207)", userDocument("{" + arn + "},\n{\"Arn\":\"arn:aws:iam::111122223333:user/b\",\"UserId\":☞\"A\"}"),
			`Users[1].UserId: the unique ID is already that of Users[0].UserId`,
		},
		{
			"same ID of a user and a role (threat 207)",
			`{"Users":[{` + arn + `}],"Roles":[{"Arn":"arn:aws:iam::111122223333:role/b","RoleId":☞"A"}]}`,
			`Roles[0].RoleId: the unique ID is already that of Users[0].UserId`,
		},
		{"policy attached twice", userDocument(`{` + arn + `,"AttachedPolicies":["P",☞"P"]}`), `Users[0].AttachedPolicies[1]: the policy is attached twice`},
		{"policy as a path", userDocument(`{` + arn + `,"AttachedPolicies":[☞"../P"]}`), `Users[0].AttachedPolicies[0]: is no name of a policy`},
		{"policy with a backslash", userDocument(`{` + arn + `,"AttachedPolicies":[☞"..\\P"]}`), `Users[0].AttachedPolicies[0]: is no name of a policy`},
		{"policy as a hidden file", userDocument(`{` + arn + `,"AttachedPolicies":[☞".P"]}`), `Users[0].AttachedPolicies[0]: is no name of a policy`},
		{"policy with an empty name", userDocument(`{` + arn + `,"AttachedPolicies":[☞""]}`), `Users[0].AttachedPolicies[0]: is no name of a policy`},
		{"policies as a string", userDocument(`{` + arn + `,"AttachedPolicies":☞"P"}`), `Users[0].AttachedPolicies: a list is expected, not a string`},
		{
			"too many policies", userDocument(`{` + arn + `,"AttachedPolicies":☞["P"` + strings.Repeat(`,"P"`, 20) + `]}`),
			`Users[0].AttachedPolicies: the list has 21 elements; at most 20`,
		},
		{"empty boundary", userDocument(`{` + arn + `,"PermissionsBoundary":☞""}`), `Users[0].PermissionsBoundary: is no name of a policy`},
		{"boundary null", userDocument(`{` + arn + `,"PermissionsBoundary":☞null}`), `Users[0].PermissionsBoundary: a string is expected, not null`},
		{
			"misspelt boundary", userDocument(`{` + arn + `,☞"PermissionBoundary":"P"}`),
			`Users[0]: unknown element "PermissionBoundary"; did you mean "PermissionsBoundary"?`,
		},
		{"tags as a list", userDocument(`{` + arn + `,"Tags":☞[]}`), `Users[0].Tags: tags are an object, not a list`},
		{"tag as a number", userDocument(`{` + arn + `,"Tags":{"a":☞1}}`), `Users[0].Tags: the value of a tag is a string, not a number`},
		{"tag twice in two cases", userDocument(`{` + arn + `,"Tags":{"a":"1",☞"A":"2"}}`), `Users[0].Tags: the tag is given twice`},
		{"too many tags", userDocument(`{` + arn + `,"Tags":☞{"a0":""` + manyTags(50) + `}}`), `Users[0].Tags: 51 tags; at most 50`},
		{"long tag", userDocument(`{` + arn + `,"Tags":{☞"a":"` + strings.Repeat("x", 257) + `"}}`), `Users[0].Tags: the value of a tag is at most 256`},
		{"tag without a key", userDocument(`{` + arn + `,"Tags":{☞"":"1"}}`), `Users[0].Tags: the key of a tag is 1 to 128`},
		{"key without a status", keyDocument(`☞{"AccessKeyId":"AK",` + secret + `}`), `Users[0].AccessKeys[0]: an access key needs Status`},
		{"unknown status", keyDocument(`{"AccessKeyId":"AK",` + secret + `,"Status":☞"active"}`), `Users[0].AccessKeys[0].Status: is "Active" or "Inactive"`},
		{"key without an ID", keyDocument(`☞{` + secret + `,"Status":"Active"}`), `Users[0].AccessKeys[0]: an access key needs AccessKeyId`},
		{
			"key ID with a slash (threat 13)", keyDocument(`{"AccessKeyId":☞"A/K",` + secret + `,"Status":"Active"}`),
			`Users[0].AccessKeys[0].AccessKeyId: is 1 to 128 characters of [A-Za-z0-9_-]`,
		},
		{
			"empty key ID (threat 15)", keyDocument(`{"AccessKeyId":☞"",` + secret + `,"Status":"Active"}`),
			`Users[0].AccessKeys[0].AccessKeyId: is 1 to 128 characters of [A-Za-z0-9_-]`,
		},
		{
			"ID and secret have changed places (threat 116)",
			keyDocument(`{"AccessKeyId":☞"0123456789abcdef/","SecretAccessKey":"AKIA","Status":"Active"}`),
			`Users[0].AccessKeys[0].AccessKeyId: is 1 to 128`,
		},
		{
			"secret as the name of an element (threat 116)", keyDocument(`{` + key + `,` + secret + `,☞"0123456789abcdef":""}`),
			`Users[0].AccessKeys[0]: unknown element of 16 characters; an access key has AccessKeyId, `,
		},
		{
			"secret as the status (threat 116)", keyDocument(`{"AccessKeyId":"AK",` + secret + `,"Status":☞"0123456789abcdef"}`),
			`Users[0].AccessKeys[0].Status: is "Active" or "Inactive"`,
		},
		{
			"no secret (threat 15)", keyDocument(`☞{` + key + `}`),
			`Users[0].AccessKeys[0]: an access key needs exactly one of SecretAccessKey, SecretAccessKeyEnv and SecretAccessKeyFile`,
		},
		{"two secrets", keyDocument(`☞{` + key + `,` + secret + `,"SecretAccessKeyEnv":"E"}`), `Users[0].AccessKeys[0]: an access key needs exactly one of`},
		{"empty secret (threat 15)", keyDocument(`{` + key + `,"SecretAccessKey":☞""}`), `Users[0].AccessKeys[0].SecretAccessKey: a secret is 16 to 256`},
		{"short secret", keyDocument(`{` + key + `,"SecretAccessKey":☞"0123456789abcde"}`), `Users[0].AccessKeys[0].SecretAccessKey: a secret is 16 to 256`},
		{
			"secret with a space", keyDocument(`{` + key + `,"SecretAccessKey":☞"0123456789abcdef "}`),
			`Users[0].AccessKeys[0].SecretAccessKey: a secret is 16 to 256`,
		},
		{"secret null", keyDocument(`{` + key + `,"SecretAccessKey":☞null}`), `Users[0].AccessKeys[0].SecretAccessKey: a string is expected, not null`},
		{
			"environment variable with a sign", keyDocument(`{` + key + `,"SecretAccessKeyEnv":☞"$E"}`),
			`Users[0].AccessKeys[0].SecretAccessKeyEnv: is no name of an environment variable`,
		},
		{"empty file name", keyDocument(`{` + key + `,"SecretAccessKeyFile":☞""}`), `Users[0].AccessKeys[0].SecretAccessKeyFile: is no name of a file`},
		{
			"expiry without a zone (threat 161)", keyDocument(`{` + key + `,` + secret + `,"Expires":☞"2027-01-31T00:00:00"}`),
			`Users[0].AccessKeys[0].Expires: is no instant`,
		},
		{
			"expiry that would mean never", keyDocument(`{` + key + `,` + secret + `,"Expires":☞"0001-01-01T00:00:00Z"}`),
			`Users[0].AccessKeys[0].Expires: is no instant`,
		},
		{"empty expiry", keyDocument(`{` + key + `,` + secret + `,"Expires":☞""}`), `Users[0].AccessKeys[0].Expires: is no instant`},
		{
			"expiry as a number (threat 159)", keyDocument(`{` + key + `,` + secret + `,"Expires":☞0}`),
			`Users[0].AccessKeys[0].Expires: a string is expected, not a number`,
		},
		{
			"misspelt expiry", keyDocument(`{` + key + `,` + secret + `,☞"Expire":""}`),
			`Users[0].AccessKeys[0]: unknown element "Expire"; did you mean "Expires"?`,
		},
		{
			"same key ID twice", keyDocument(`{` + key + `,` + secret + `},{"AccessKeyId":☞"AK",` + secret + `,"Status":"Active"}`),
			`Users[0].AccessKeys[1].AccessKeyId: the access key ID is already that of Users[0].AccessKeys[0].AccessKeyId`,
		},
		{
			"a secret in the place of a name (threat 116)", userDocument(`{` + arn + `,☞"` + strings.Repeat("x", 25) + `0123456789abcde":0}`),
			"Users[0]: unknown element of 40 characters; a user has Arn",
		},
		{"columns count characters", userDocument(`{` + arn + `,"Tags":{"é":"ü"},☞"X":0}`), `Users[0]: unknown element`},
	}
	for _, bad := range []string{
		"", "a", "arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:root",
		"arn:aws:iam::111122223333:user/", "arn:aws:iam::111122223333:user",
		"arn:aws:iam::11112222333:user/a", "arn:aws:iam::11112222333x:user/a",
		"arn:aws:iam::*:user/a", "arn:aws:iam:us-east-1:111122223333:user/a",
		"arn:aws:sts::111122223333:assumed-role/a/b", "arn:*:iam::111122223333:user/a", "arn:aws:iam::111122223333:user/a*",
		"arn:aws:iam::111122223333:user/*/a",
		"arn:aws:iam::111122223333:user//a", "arn:aws:iam::111122223333:user/a b", "arn:aws:iam::111122223333:user/" +
			strings.Repeat("a", 65), "ARN:aws:iam::111122223333:user/a",
	} {
		tests = append(tests, struct{ name, text, want string }{
			fmt.Sprintf("ARN %q", bad), userDocument(fmt.Sprintf(`{"Arn":☞%q,"UserId":"A"}`, bad)), `Users[0].Arn: is no ARN of a user`,
		})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			text, line, column := place(t, tt.text)
			f.replace("principals.json", text)
			s, err := filestore.Open(f.config())
			if err == nil {
				_ = s.Close()
				t.Fatal("Open took it")
			}
			if want := fmt.Sprintf("filestore: principals.json:%d:%d: %s", line, column, tt.want); !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error\n%v\nwant\n%s", err, want)
			}
			if strings.Contains(err.Error(), "0123456789abcde") || strings.Contains(err.Error(), "wordfish") {
				t.Errorf("the error tells a secret: %v (threat 116)", err)
			}
		})
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	f := newFolder(t)
	f.replace("principals.json", "{\"Users\": [\n{\"Arn\": 1},\n{\"Arn\": \"x\", \"UserId\": \"\"}]}")
	_, err := filestore.Open(f.config())
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("error\n%v\nwant four lines", err)
	}
	// A document cannot make the report as large as it likes.
	f.replace("principals.json", `{"Users": [1`+strings.Repeat(",1", 5000)+`]}`)
	_, err = filestore.Open(f.config())
	if err == nil || strings.Count(err.Error(), "\n") != 99 {
		t.Error("want 100 lines")
	}
}
