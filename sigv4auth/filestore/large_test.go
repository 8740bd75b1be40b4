package filestore_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// large makes a folder at the documented maxima: users with a key each, of which some have their
// secret in a file, and policies, of which each user attaches one.
func large(t testing.TB, users, policies, secrets int) folder {
	t.Helper()
	f := newFolder(t)
	for i := range policies {
		f.overwrite(fmt.Sprintf("policies/P%d.json", i), strings.Replace(allowRead, "ride:Read", fmt.Sprintf("ride:Read%d", i), 1))
	}
	if err := os.Mkdir(f.path("secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`{"Users": [`)
	for i := range users {
		if i > 0 {
			b.WriteString(",\n")
		}
		source := fmt.Sprintf(`"SecretAccessKey": "secret-of-user-number-%d"`, i)
		if i < secrets {
			f.overwrite(fmt.Sprintf("secrets/%d", i), fmt.Sprintf("secret-of-user-number-%d\n", i))
			source = fmt.Sprintf(`"SecretAccessKeyFile": "secrets/%d"`, i)
		}
		fmt.Fprintf(&b, `{"Arn": "arn:aws:iam::111122223333:user/user%d", "UserId": "AIDA%d", "Tags": {"team": "ops"},
 "AttachedPolicies": ["P%d"], "AccessKeys": [{"AccessKeyId": "AKIA%d", %s, "Status": "Active"}]}`, i, i, i%policies, i, source)
	}
	b.WriteString(`], "Roles": [{"Arn": "arn:aws:iam::111122223333:role/app/Rider", "RoleId": "AROARIDER", "AttachedPolicies": ["Read"]}]}`)
	f.replace("principals.json", b.String())
	return f
}

// openLarge opens a large folder, at which it looks only when it is told to.
func openLarge(t testing.TB, users, policies, secrets int) *filestore.Store {
	t.Helper()
	f := large(t, users, policies, secrets)
	return f.openWith(byHand(f))
}
