package filestore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/storetest"
)

// TestContract: a Store keeps the contracts of both kinds of stores, for users and for sessions,
// with everything that can be done to a folder (threats 233 and 234).
func TestContract(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"a user", "a session"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			storetest.TestStore(t, func(t *testing.T) storetest.Fixture {
				f := newFolder(t)
				s := f.open()
				sealed := sessionsOf(t, s, newRing(t))
				issued := issue(t, sealed, "alice")
				user, err := s.Credential(t.Context(), "AKIABOB", "")
				if err != nil {
					t.Fatal(err)
				}
				ada, err := s.Credential(t.Context(), "AKIAADA", "")
				if err != nil {
					t.Fatal(err)
				}
				made := 0
				// The line of the principal whose credential it is, with which next does something.
				edit := func(c sigv4auth.Credential, next func(line string) string) error {
					lines := strings.Split(f.read("principals.json"), "\n")
					for i, line := range lines {
						if strings.Contains(line, `"`+c.Principal.PrincipalARN()+`"`) {
							lines[i] = next(line)
						}
					}
					f.replace("principals.json", strings.Join(lines, "\n"))
					return nil
				}
				f.edit("principals.json", `  "Roles": [`,
					`  "Roles": [{"Arn": "arn:aws:iam::111122223333:role/Other", "RoleId": "AROAOTHER"},`)
				// Bob's policies stand in the line behind that of his ARN.
				f.edit("principals.json", "\"AIDABOB\",\n     \"AttachedPolicies\": [],", "\"AIDABOB\", \"AttachedPolicies\": [\"Read\"],")
				eventually(t, "Bob may read", allowed(t, s, bobARN, "ride:Read"))
				attach := func(line string) string {
					made++
					name := fmt.Sprintf("Made%d", made)
					f.replace("policies/"+name+".json", strings.Replace(allowRead, "ride:Read", fmt.Sprintf("ride:Read%d", made), 1))
					before, rest, _ := strings.Cut(line, `"AttachedPolicies": ["`)
					_, after, _ := strings.Cut(rest, `"`)
					return before + `"AttachedPolicies": ["` + name + `"` + after
				}
				fixture := storetest.Fixture{
					Credentials: sealed, Policies: sealed, Known: []sigv4auth.Credential{user, ada}, Within: 500 * time.Millisecond,
					Sealed: first == "a session",
					Revoke: func(c sigv4auth.Credential) error {
						if c.AccessKeyID == issued.AccessKeyID {
							f.edit("principals.json", "role/app/Rider", "role/app/Gone")
							return nil
						}
						f.edit("principals.json", bobSecret+`", "Status": "Active"`, bobSecret+`", "Status": "Inactive"`)
						return nil
					},
					ChangePolicies: func(c sigv4auth.Credential) error { return edit(c, attach) },
					Recreate: func(c sigv4auth.Credential) error {
						return edit(c, func(line string) string {
							line = attach(line)
							return strings.NewReplacer("AIDABOB", fmt.Sprintf("AIDABOB%d", made), "AROARIDER",
								fmt.Sprintf("AROARIDER%d", made)).Replace(line)
						})
					},
					ChangeOthers: func() error {
						issue(t, sealed, "eve")
						f.replace("principals.json", strings.Replace(f.read("principals.json"), `"AROAOTHER`, `"AROAOTHER1`, 1))
						return nil
					},
				}
				if first == "a session" {
					fixture.Known = []sigv4auth.Credential{issued, user}
				}
				return fixture
			})
		})
	}
}

// TestRoleContract: a Store keeps the contract of stores of roles.
func TestRoleContract(t *testing.T) {
	t.Parallel()
	storetest.TestStore(t, func(t *testing.T) storetest.Fixture {
		f := newFolder(t)
		f.edit("principals.json", `  "Roles": [`,
			`  "Roles": [{"Arn": "arn:aws:iam::111122223333:role/Other", "RoleId": "AROAOTHER", "Tags": {"team": "ops"}},`)
		s := f.open()
		user, err := s.Credential(t.Context(), "AKIAADA", "")
		if err != nil {
			t.Fatal(err)
		}
		var roles []sigv4auth.Role
		for _, arn := range []string{"arn:aws:iam::111122223333:role/app/Rider", "arn:aws:iam::111122223333:role/Other"} {
			r, err := s.Role(t.Context(), arn)
			if err != nil {
				t.Fatal(err)
			}
			roles = append(roles, r)
		}
		made := 0
		return storetest.Fixture{
			Credentials: s, Policies: s, Roles: s, Known: []sigv4auth.Credential{user}, KnownRoles: roles, Within: time.Second,
			RecreateRole: func(sigv4auth.Role) error {
				made++
				text := f.read("principals.json")
				from := strings.Index(text, `"AROARIDER`)
				end := from + 1 + strings.IndexByte(text[from+1:], '"')
				f.replace("principals.json", text[:from]+fmt.Sprintf(`"AROARIDER%d`, made)+text[end:])
				return nil
			},
			DeleteRole: func(sigv4auth.Role) error {
				f.edit("principals.json", "role/app/Rider", "role/app/Gone")
				return nil
			},
			ChangeTrust: func(sigv4auth.Role) error {
				f.edit("principals.json", `"RoleId": "AROARIDER",`, `"RoleId": "AROARIDER", "AssumeRolePolicyDocument": {
					"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}},`)
				return nil
			},
			Fail: s.Close,
		}
	})
}
