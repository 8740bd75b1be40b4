package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// A folder with files is taken over once, by the first start without -store files: who had a key, a
// role or a policy has it, rides keep their owners, and the files count no more.
func TestAFolderWithFilesIsTakenOver(t *testing.T) {
	data := t.TempDir()
	first := startFiles(t, data)
	ride := "/prod/ride/" + first.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	dispatcher, rider := first.credentials("dispatcher"), first.credentials("rider")
	first.stop()
	keys := addUsers(t, data, "carol", "444455556666:dave", "erin", "frank")
	text := first.read("principals.json")
	// Secrets in other places, keys that are not good, tags, a boundary, and a policy that denies.
	t.Setenv("EXAMPLE_ERINS_SECRET", keys["erin"].SecretAccessKey)
	write(t, data, "carol.secret", keys["carol"].SecretAccessKey+"\n")
	write(t, filepath.Join(data, "policies"), "Closed.json", `{"Version": "2012-10-17", "Statement": {
		"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": "*",
		"Condition": {"StringEquals": {"aws:PrincipalTag/team": "closed"}}}}`)
	id, secret := filestore.NewAccessKey()
	frank := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret.Reveal()}
	for _, edit := range [][2]string{
		{`"SecretAccessKey": "` + keys["carol"].SecretAccessKey + `"`, `"SecretAccessKeyFile": "carol.secret"`},
		{`"SecretAccessKey": "` + keys["erin"].SecretAccessKey + `"`, `"SecretAccessKeyEnv": "EXAMPLE_ERINS_SECRET"`},
		{
			`"SecretAccessKeyFile": "carol.secret", "Status": "Active"`,
			`"SecretAccessKeyFile": "carol.secret", "Status": "Active", "Expires": "2999-01-01T00:00:00Z"`,
		},
		{`user/erin", `, `user/erin", "PermissionsBoundary": "WildRydesAPI-DispatcherPolicy", `},
		{`user/frank", `, `user/frank", "Tags": {"team": "closed"}, `},
		{
			`"SecretAccessKey": "` + keys["frank"].SecretAccessKey + `", "Status": "Active"}`,
			`"SecretAccessKey": "` + keys["frank"].SecretAccessKey + `", "Status": "Active", "Expires": "2020-01-01T00:00:00Z"},
			{"AccessKeyId": "` + frank.AccessKeyID + `", "SecretAccessKey": "` + frank.SecretAccessKey + `", "Status": "Active"}`,
		},
	} {
		if strings.Count(text, edit[0]) != 1 {
			t.Fatalf("%q is there %d times", edit[0], strings.Count(text, edit[0]))
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	at := strings.Index(text, `user/frank"`)
	text = text[:at] + strings.Replace(text[at:], `"AttachedPolicies": [`, `"AttachedPolicies": ["Closed", `, 1)
	write(t, data, "principals.json", text)
	files := contents(t, data)

	s := start(t, data)
	for name, want := range map[string]string{"principals.json": text, "policies/Closed.json": files["policies/Closed.json"]} {
		if diff := cmp.Diff(want, s.read(name)); diff != "" {
			t.Errorf("%s was changed: %s", name, diff)
		}
	}
	for who, want := range map[string]int{"carol": 201, "erin": 403, "frank": 403} {
		if got := s.asks(keys[who]); got != want {
			t.Errorf("%s: %d, want %d", who, got, want)
		}
	}
	if got := s.asks(frank); got != 403 {
		t.Errorf("whom a policy closes out by a tag: %d", got)
	}
	s.iam("UntagUser", "UserName", "frank", "TagKeys.member.1", "team").wants(t, 200)
	if got := s.asks(frank); got != 201 {
		t.Errorf("without the tag: %d", got)
	}
	if got := s.asks(keys["frank"]); got != 403 {
		t.Errorf("a key that has expired: %d", got)
	}
	if s.credentials("dispatcher") != dispatcher {
		t.Error("the dispatcher has another key")
	}
	s.call("dispatcher", "GET", ride, "").wants(t, 200)
	s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
	s.call("newcomer", "POST", "/prod/ride", seattle).wants(t, 403)
	if got := s.asks(rider); got != 201 { // of a role with the same unique ID
		t.Errorf("a session that there was: %d", got)
	}
	s.iamAs(s.credentials("operator"), "GetPolicy", "PolicyArn", s.policyARN("Closed")).wants(t, 200)
	s.iamAs(s.credentials("operator"), "GetPolicy", "PolicyArn", "arn:aws:iam::444455556666:policy/"+standard)
	took := s.logged(`"users, roles, keys and policies were taken over`)
	if len(took) != 1 || !strings.Contains(took[0], " users=8 roles=3 policies=4 ") {
		t.Errorf("logged %q", took)
	}
	lines := s.logged(`"taken over otherwise than the files say"`)
	for _, say := range []string{"has expired: here it is inactive", "expires on 2999-01-01T00:00:00Z"} {
		if len(lines) != 2 || !strings.Contains(strings.Join(lines, "\n"), say) {
			t.Errorf("logged %q, without %q", lines, say)
		}
	}
	s.iam("DeleteAccessKey", "UserName", "carol", "AccessKeyId", keys["carol"].AccessKeyID).wants(t, 200)
	s.stop()

	// From then on the files are nothing.
	write(t, data, "principals.json", "{")
	again := start(t, data)
	if got := again.asks(keys["carol"]); got != 403 {
		t.Errorf("a key that was deleted: %d", got)
	}
	again.call("dispatcher", "GET", ride, "").wants(t, 200)
	if lines := again.logged(`"users, roles, keys`); len(lines) > 0 {
		t.Errorf("a second start says %q", lines)
	}
	again.stop()
	_, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", data, "-store", "files")
	if !strings.Contains(stderr, "leave -store files out") {
		t.Errorf("with -store files: %s", stderr)
	}
}

// What cannot be taken over stops the start, which says what and changes nothing; with -store files
// the folder is served as it was.
func TestWhatCannotBeTakenOverStopsTheStart(t *testing.T) {
	for name, tt := range map[string]struct{ file, old, replacement, want string }{
		"a policy with a mistake":       {"policies/" + standard + ".json", `"Effect": "Allow"`, `"Effect": "Alow"`, "policies/" + standard + ".json:6:"},
		"a policy that is not there":    {"principals.json", `, "WildRydesAPI-DispatcherPolicy"`, `, "Dispatch"`, "there is no file policies/Dispatch.json"},
		"a trust policy with a mistake": {"principals.json", `"sts:AssumeRole"`, `"sts AssumeRole"`, "AssumeRolePolicyDocument"},
		"a user called operator":        {"principals.json", `user/wildrydes/newcomer"`, `user/Operator"`, "there is a user arn:aws:iam::"},
		"principals that are none":      {"principals.json", `"Users"`, `"Usres"`, `unknown element "Usres"`},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			first := startFiles(t, data)
			first.stop()
			path := filepath.Join(data, filepath.FromSlash(tt.file))
			text := readFile(t, path)
			if !strings.Contains(text, tt.old) {
				t.Fatalf("no %s in\n%s", tt.old, text)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(text, tt.old, tt.replacement, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			before := contents(t, data)
			_, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", data)
			if !strings.Contains(stderr, "cannot be taken over") || !strings.Contains(stderr, tt.want) ||
				!strings.Contains(stderr, "-store files") {
				t.Errorf("stderr %q", stderr)
			}
			if diff := cmp.Diff(before, contents(t, data)); diff != "" {
				t.Errorf("something was changed: %s", diff)
			}
			// Mended, it is taken over.
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			start(t, data).call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
		})
	}
}

// A role that had no trust policy can be assumed by nobody, as before.
func TestARoleWithoutATrustPolicyIsTakenOver(t *testing.T) {
	data := t.TempDir()
	first := startFiles(t, data)
	first.stop()
	text := first.read("principals.json")
	from := strings.Index(text, `      "MaxSessionDuration": 43200`)
	to := from + strings.Index(text[from:], "    },\n")
	write(t, data, "principals.json", strings.TrimSuffix(text[:from], ",\n")+"\n"+text[to:])
	s := start(t, data)
	if lines := s.logged(`"taken over otherwise`); len(lines) != 1 || !strings.Contains(lines[0], "has no trust policy") {
		t.Errorf("logged %q", lines)
	}
	if !strings.Contains(s.stdout.String(), "no env file: AssumeRole was refused: AccessDenied: ") {
		t.Errorf("the rider has credentials:\n%s", s.stdout)
	}
}
