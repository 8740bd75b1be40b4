package filestore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const (
	denyAll   = `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`
	denyTrust = `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Principal": "*"}}`
)

// readable is a folder with something of everything.
func readable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("FILESTORE_READ_SECRET", "a-secret-of-the-environment")
	for name, text := range map[string]string{
		"principals.json": `{
			"Users": [{
				"Arn": "arn:aws:iam::111122223333:user/ops/ada", "UserId": "AIDAADA", "Tags": {"team": "fleet"},
				"AttachedPolicies": ["Dispatch"], "PermissionsBoundary": "Everyone",
				"AccessKeys": [
					{"AccessKeyId": "AKIAINLINE", "SecretAccessKey": "a-secret-in-the-document", "Status": "Active"},
					{"AccessKeyId": "AKIAFILE", "SecretAccessKeyFile": "ada.secret", "Status": "Inactive"},
					{"AccessKeyId": "AKIAENV", "SecretAccessKeyEnv": "FILESTORE_READ_SECRET", "Status": "Active",
						"Expires": "2999-01-31T00:00:00Z"}
				]
			}],
			"Roles": [
				{"Arn": "arn:aws:iam::111122223333:role/Rider", "RoleId": "AROARIDER", "MaxSessionDuration": 7200,
					"AssumeRolePolicyDocument": ` + denyTrust + `},
				{"Arn": "arn:aws:iam::111122223333:role/Nobody", "RoleId": "AROANOBODY"}
			]}`,
		"ada.secret":             "a-secret-of-a-file-of-ada\n",
		"policies/Dispatch.json": denyAll + " ",
		"policies/Everyone.json": denyAll,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadReturnsWhatTheFolderSays(t *testing.T) {
	got, err := filestore.Read(filestore.Config{Dir: readable(t)})
	if err != nil {
		t.Fatal(err)
	}
	want := filestore.Contents{
		Users: []filestore.User{{
			Principal: filestore.Principal{
				ARN: "arn:aws:iam::111122223333:user/ops/ada", ID: "AIDAADA", Tags: map[string]string{"team": "fleet"},
				Attached: []string{"Dispatch"}, Boundary: "Everyone",
			},
			Keys: []filestore.AccessKey{
				{ID: "AKIAINLINE", Secret: sigv4auth.NewSecret("a-secret-in-the-document"), Inline: true},
				{ID: "AKIAFILE", Secret: sigv4auth.NewSecret("a-secret-of-a-file-of-ada"), Inactive: true},
				{
					ID: "AKIAENV", Secret: sigv4auth.NewSecret("a-secret-of-the-environment"),
					Expires: time.Date(2999, time.January, 31, 0, 0, 0, 0, time.UTC),
				},
			},
		}},
		Roles: []filestore.Role{
			{
				Principal: filestore.Principal{ARN: "arn:aws:iam::111122223333:role/Rider", ID: "AROARIDER"},
				Trust:     denyTrust, MaxSession: 2 * time.Hour,
			},
			{Principal: filestore.Principal{ARN: "arn:aws:iam::111122223333:role/Nobody", ID: "AROANOBODY"}},
		},
		Policies: map[string]string{
			"Dispatch": denyAll + " ", "Everyone": denyAll,
		},
	}
	same := cmp.Comparer(func(a, b sigv4auth.Secret) bool { return a.Reveal() == b.Reveal() })
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Error(diff)
	}
	if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, "secret") {
		t.Errorf("it is written as %s", text)
	}
}

// What a Store only reports, and denies, is an error: whoever takes the folder over would not deny
// it.
func TestReadRefusesWhatAStoreReports(t *testing.T) {
	for name, tt := range map[string]struct{ file, old, replacement, want string }{
		"no principals":                {"principals.json", "", "", "principals.json: the file does not exist"},
		"principals that are none":     {"principals.json", `"Users"`, `"Usres"`, `unknown element "Usres"`},
		"a policy that is not there":   {"principals.json", `["Dispatch"]`, `["Despatch"]`, "there is no file policies/Despatch.json"},
		"a boundary that is not there": {"principals.json", `"Everyone"`, `"Nobody"`, "there is no file policies/Nobody.json"},
		"a policy that is broken":      {"policies/Dispatch.json", `"Statement"`, `"Statment"`, "policies/Dispatch.json:1:"},
		"a trust policy that is broken": {
			"principals.json", `"Statement"`, `"Statment"`, "Roles[0].AssumeRolePolicyDocument",
		},
		"a secret that is in no variable": {"principals.json", "FILESTORE_READ_SECRET", "FILESTORE_NO_SECRET", "the environment variable is not set"},
		"a secret that is in no file":     {"ada.secret", "", "", "the file does not exist"},
		"a secret that is none":           {"ada.secret", "a-secret-of-a-file-of-ada", "short", "the file holds no secret"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := readable(t)
			path := filepath.Join(dir, filepath.FromSlash(tt.file))
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if tt.old == "" {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, []byte(strings.Replace(string(text), tt.old, tt.replacement, 1)), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := filestore.Read(filestore.Config{Dir: dir})
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(got.Users) > 0 {
				t.Errorf("%v, %v; want %q", got, err, tt.want)
			}
		})
	}
	if _, err := filestore.Read(filestore.Config{}); err == nil {
		t.Error("a folder is not needed")
	}
}
