package filestore_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// edits collects what Edited was told.
type edits struct {
	mu  sync.Mutex
	all []filestore.Edit
}

func (e *edits) add(edit filestore.Edit) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, edit)
}

// take returns what was told since it was asked last.
func (e *edits) take() (list []filestore.Edit) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list, e.all = e.all, nil
	return list
}

func (e *edits) any() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.all) > 0
}

// openTold opens a folder whose edits are told.
func openTold(f folder) (*filestore.Store, *edits) {
	told := new(edits)
	cfg := f.config()
	cfg.Edited = told.add
	return f.openWith(cfg), told
}

// one waits for the one edit, and checks it.
func (e *edits) one(t *testing.T, want filestore.Edit) {
	t.Helper()
	eventually(t, "told: "+want.String(), e.any)
	stays(t, "one edit", func() bool { return true })
	if got := e.take(); len(got) != 1 || got[0] != want {
		t.Errorf("told\n%+v; want\n%+v", got, want)
	}
}

// statement is one of a policy.
func statement(sid, action string) string {
	return `{"Sid":"` + sid + `","Effect":"Allow","Action":"` + action + `","Resource":"*"}`
}

func policyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// TestAnEditOfAPolicyIsTold: one line says what has changed.
func TestAnEditOfAPolicyIsTold(t *testing.T) {
	const file = "policies/All.json"
	a, b, c := statement("A", "a:A"), statement("B", "a:B"), statement("C", "a:C")
	unnamed := func(action string) string { return strings.Replace(statement("", action), `"Sid":"",`, "", 1) }
	f := newFolder(t)
	_, told := openTold(f)
	for _, tt := range []struct{ name, text, want string }{
		{"another one", policyOf(a, b), "2 statements added, 1 removed"},
		{"one more", policyOf(a, b, c), "1 statement added"},
		{"one changed, one less", policyOf(a, statement("B", "a:X")), "1 statement changed, 1 removed"},
		{"back", policyOf(a, b), "1 statement changed"},
		{"another order", policyOf(b, a), "statements in another order"},
		{"white space", policyOf(b, a) + "\n\n", "written otherwise, and means the same"},
		{"without names", policyOf(unnamed("a:A"), unnamed("a:B")), "2 statements added, 2 removed"},
		{"one of these changed", policyOf(unnamed("a:A"), unnamed("a:C")), "1 statement changed"},
		{"one twice", policyOf(unnamed("a:A"), unnamed("a:C"), unnamed("a:C")), "1 statement added"},
		{
			"the version", strings.Replace(policyOf(unnamed("a:A"), unnamed("a:C"), unnamed("a:C")), "2012", "2008", 1),
			"Version or Id changed",
		},
	} {
		f.replace(file, tt.text)
		told.one(t, filestore.Edit{File: file, What: "policy All: " + tt.want})
	}
	f.replace("policies/New.json", policyOf(a))
	told.one(t, filestore.Edit{File: "policies/New.json", What: "policy New added with 1 statement"})
}

// TestAnEditOfPrincipalsIsTold: who, and what is different; never a secret (threat 116).
func TestAnEditOfPrincipalsIsTold(t *testing.T) {
	const bobKey = `{"AccessKeyId": "AKIABOB", "SecretAccessKey": "bob-secret-bob-secret-bob-secret", "Status": "Active"}`
	f := newFolder(t)
	_, told := openTold(f)
	for _, tt := range []struct{ name, old, text, want string }{
		{"a policy attached", `"AttachedPolicies": [],`, `"AttachedPolicies": ["Read"],`, "user bob: policy Read attached"},
		{"another instead", `["Read"],`, `["All"],`, "user bob: policy All attached, policy Read detached"},
		{"a boundary", `["Read"]}`, `["Read"], "PermissionsBoundary": "All"}`, "role Rider: permissions boundary All set"},
		{"none", `, "PermissionsBoundary": "All"`, ``, "role Rider: permissions boundary All removed"},
		{"tags", `"team": "ops"`, `"team": "dev"`, "user ada: tags changed"},
		{"another ID", `"AROARIDER"`, `"AROARIDER2"`, "role Rider: another unique ID"},
		{"another secret", bobSecret, "a-new-secret-of-bob", "user bob: key AKIABOB has another secret"},
		{"back", "a-new-secret-of-bob", bobSecret, "user bob: key AKIABOB has another secret"},
		{"a key inactive", bobKey, strings.Replace(bobKey, "Active", "Inactive", 1), "user bob: key AKIABOB inactive"},
		{"active", strings.Replace(bobKey, "Active", "Inactive", 1), bobKey, "user bob: key AKIABOB active"},
		{
			"an expiry", bobKey, strings.Replace(bobKey, "}", `, "Expires": "2099-01-01T00:00:00Z"}`, 1),
			"user bob: key AKIABOB expires at another time",
		},
		{
			"a second key, for the first", strings.Replace(bobKey, "}", `, "Expires": "2099-01-01T00:00:00Z"}`, 1),
			strings.Replace(bobKey, "AKIABOB", "AKIABOB2", 1), "user bob: key AKIABOB2 added, key AKIABOB removed",
		},
		{
			"a secret in place of the ID (threat 97)", "AKIABOB2", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00",
			"user bob: a key whose ID has 40 characters added, key AKIABOB2 removed",
		},
		{"white space", `"Roles": [`, `"Roles":  [`, "nothing that it says has changed"},
		{
			"two principals", `"Roles":  [`, `"Roles": [{"Arn": "arn:aws:iam::111122223333:role/Two", "RoleId": "AROATWO"},`,
			"role Two added",
		},
	} {
		f.edit("principals.json", tt.old, tt.text)
		told.one(t, filestore.Edit{File: "principals.json", What: tt.want})
	}
	f.replace("principals.json", `{"Users": [{"Arn": "arn:aws:iam::444455556666:user/ada", "UserId": "AIDAX", `+
		`"AccessKeys": [`+bobKey+`]}]}`)
	told.one(t, filestore.Edit{
		File: "principals.json",
		What: "user ada of 444455556666 added with 1 key; user bob of 111122223333 removed; user ada of 111122223333 removed; " +
			"role Two of 111122223333 removed; role Rider of 111122223333 removed",
	})
}

// TestAnEditOfManyPrincipalsIsOneShortLine: what is told does not grow with the edit.
func TestAnEditOfManyPrincipalsIsOneShortLine(t *testing.T) {
	f := newFolder(t)
	_, told := openTold(f)
	var users []string
	for i := range 500 {
		users = append(users, fmt.Sprintf(`{"Arn": "arn:aws:iam::111122223333:user/%d", "UserId": "AIDA%d"}`, i, i))
	}
	f.replace("principals.json", `{"Users": [`+strings.Join(users, ",")+`]}`)
	eventually(t, "told", told.any)
	got := told.take()
	if len(got) != 1 || len(got[0].What) > 300 || !strings.HasSuffix(got[0].What, "; and 498 more") {
		t.Errorf("%+v", got)
	}
}

// TestASecretsFileThatChangesIsTold: by the key that it belongs to.
func TestASecretsFileThatChangesIsTold(t *testing.T) {
	f := newFolder(t)
	f.withSource("SecretAccessKeyFile", "bob")
	f.replace("bob", bobSecret)
	_, told := openTold(f)
	f.replace("bob", "another-secret-of-bob")
	told.one(t, filestore.Edit{File: "principals.json", What: "user bob: key AKIABOB has another secret"})
}

// TestWhatIsGoneIsTold: a file that was removed is never passed over, whether anybody depends on it
// or not.
func TestWhatIsGoneIsTold(t *testing.T) {
	t.Run("a policy", func(t *testing.T) {
		f := newFolder(t)
		f.replace("policies/Spare.json", allowRead)
		_, told := openTold(f)
		f.remove("policies/Spare.json")
		told.one(t, filestore.Edit{File: "policies/Spare.json", What: "policy Spare removed", Removed: true})
		f.remove("policies/All.json")
		told.one(t, filestore.Edit{File: "policies/All.json", What: "policy All removed", Removed: true})
	})
	t.Run("a policy that was broken", func(t *testing.T) {
		f := newFolder(t)
		f.replace("policies/Spare.json", "x")
		_, told := openTold(f)
		f.remove("policies/Spare.json")
		told.one(t, filestore.Edit{File: "policies/Spare.json", What: "policy Spare removed", Removed: true})
	})
}

// TestAVolumeThatIsSwappedIsTold: where files are symbolic links, as those of a Kubernetes volume,
// the link that leads elsewhere is an edit of what differs, and of nothing else.
func TestAVolumeThatIsSwappedIsTold(t *testing.T) {
	f := newFolder(t)
	for _, version := range []string{"..1", "..2"} {
		if err := os.Mkdir(f.path(version), 0o700); err != nil {
			t.Fatal(err)
		}
		f.replace(version+"/principals.json", start)
		f.replace(version+"/All.json", allowAll)
	}
	f.replace("..2/principals.json", strings.Replace(start, `"AttachedPolicies": [],`, `"AttachedPolicies": ["All"],`, 1))
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, f.path(name+".next")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(f.path(name+".next"), f.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	link("..1", "..data")
	link("..data/principals.json", "principals.json")
	link("../..data/All.json", "policies/All.json")
	_, told := openTold(f)
	link("..2", "..data")
	told.one(t, filestore.Edit{File: "principals.json", What: "user bob: policy All attached"})
}

// TestWhatIsNoEditIsNotTold: the first look, broken edits, sessions, and times and modes of files.
func TestWhatIsNoEditIsNotTold(t *testing.T) {
	f := newFolder(t)
	s, told := openTold(f)
	issue(t, sessionsOf(t, s, newRing(t)), "alice")
	f.replace("sessions.json", "{}")
	f.replace("policies/All.json", allowAll)
	f.chmod("policies/Read.json", 0o644)
	f.replace("policies/Broken.json", "x")
	eventually(t, "the broken one is reported", problem(s, "policies/Broken.json"))
	f.remove("sessions.json")
	stays(t, "nothing is told", func() bool { return !told.any() })
	f.replace("policies/Broken.json", allowRead)
	told.one(t, filestore.Edit{File: "policies/Broken.json", What: "policy Broken added with 1 statement"})
}

// TestEditedMayPanic: threat 227. The store lives, and what comes after is told.
func TestEditedMayPanic(t *testing.T) {
	f := newFolder(t)
	told := new(edits)
	cfg := f.config()
	cfg.Edited = func(e filestore.Edit) { told.add(e); panic("a callback") }
	f.openWith(cfg)
	f.replace("policies/All.json", allowRead)
	told.one(t, filestore.Edit{File: "policies/All.json", What: "policy All: 1 statement changed"})
	f.replace("policies/All.json", allowAll)
	told.one(t, filestore.Edit{File: "policies/All.json", What: "policy All: 1 statement changed"})
}
