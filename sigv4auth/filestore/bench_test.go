package filestore_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// large makes a folder at the documented maxima: users with a key each, of which some have their secret in a
// file, and policies, of which each user attaches one.
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
		fmt.Fprintf(&b, `{"Arn": "arn:aws:iam::111122223333:user/user%d", "UserId": "AIDA%d", "Tags": {"team": "ops"}, "AttachedPolicies": ["P%d"],
 "AccessKeys": [{"AccessKeyId": "AKIA%d", %s, "Status": "Active"}]}`, i, i, i%policies, i, source)
	}
	b.WriteString(`], "Roles": [{"Arn": "arn:aws:iam::111122223333:role/app/Rider", "RoleId": "AROARIDER", "AttachedPolicies": ["Read"]}]}`)
	f.replace("principals.json", b.String())
	return f
}

// BenchmarkLook measures what a look at a folder costs in which nothing changes. Divided by Config.PollInterval it
// is the share of a core that an idle Store takes.
func BenchmarkLook(b *testing.B) {
	for _, size := range []struct{ users, policies, secrets int }{{10, 10, 0}, {1000, 1000, 0}, {10_000, 10_000, 0}, {10_000, 10_000, 10_000}} {
		b.Run(fmt.Sprintf("users=%d/policies=%d/secrets=%d", size.users, size.policies, size.secrets), func(b *testing.B) {
			s := large(b, size.users, size.policies, size.secrets).openByHand()
			for end := time.Now().Add(2600 * time.Millisecond); time.Now().Before(end); { // until the files have settled
				s.LookForTest()
			}
			b.ReportAllocs()
			for b.Loop() {
				s.LookForTest()
			}
		})
	}
}

// BenchmarkRevocation measures how long an edit of principals.json takes to be in force, at the default
// interval: a key that is made inactive.
func BenchmarkRevocation(b *testing.B) {
	for _, size := range []struct{ users, policies, secrets int }{{10, 10, 0}, {10_000, 10_000, 0}, {10_000, 10_000, 10_000}} {
		b.Run(fmt.Sprintf("users=%d/policies=%d/secrets=%d", size.users, size.policies, size.secrets), func(b *testing.B) {
			f := large(b, size.users, size.policies, size.secrets)
			s := f.openWith(filestore.Config{Dir: f.dir})
			time.Sleep(3 * time.Second)
			before := f.read("principals.json")
			states := [2]string{before, strings.Replace(before, "number-7\", \"Status\": \"Active\"", "number-7\", \"Status\": \"Inactive\"", 1)}
			states[1] = strings.Replace(states[1], "secrets/7\", \"Status\": \"Active\"", "secrets/7\", \"Status\": \"Inactive\"", 1)
			active := true
			for b.Loop() {
				active = !active
				f.replace("principals.json", states[map[bool]int{true: 0, false: 1}[active]])
				for {
					if _, err := s.Credential(b.Context(), "AKIA7", ""); (err == nil) == active {
						break
					}
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
}

func (f folder) openByHand() *filestore.Store { return f.openWith(byHand(f)) }
