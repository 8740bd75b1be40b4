package filestore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// Threats 112 and 114: a change that nobody tells the store of takes effect within a second, in
// each process that reads the folder.
func TestAChangeTakesEffectWithinASecond(t *testing.T) {
	f := newFolder(t)
	cfg := f.config()
	cfg.PollInterval = 0 // the default
	s := f.openWith(cfg)
	if allowed(t, s, bobARN, "ride:Read")() {
		t.Fatal("Bob may read before a policy is attached")
	}
	within := func(what string, holds func() bool) {
		t.Helper()
		for began := time.Now(); !holds(); time.Sleep(time.Millisecond) {
			if time.Since(began) > time.Second {
				t.Fatalf("not within 1 s: %s", what)
			}
		}
	}
	f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["Read"],`)
	within("one line attaches a policy", allowed(t, s, bobARN, "ride:Read"))
	f.overwrite("policies/Read.json", strings.Replace(allowRead, "ride:Read", "ride:Write", 1))
	within("a document is edited in place", not(allowed(t, s, bobARN, "ride:Read")))
	f.edit("principals.json", `"bob-secret-bob-secret-bob-secret", "Status": "Active"`,
		`"bob-secret-bob-secret-bob-secret", "Status": "Inactive"`)
	within("a key is disabled (threat 101)", unknown(t, s, "AKIABOB"))
	f.remove("policies/Read.json")
	within("a policy is removed", not(allowed(t, s, bobARN, "ride:Write")))
	f.edit("principals.json", `"SecretAccessKey": "bob-secret-bob-secret-bob-secret", "Status": "Inactive"`,
		`"SecretAccessKeyFile": "bob", "Status": "Active"`)
	f.replace("bob", "another-secret-of-bob")
	within("a key is rotated to a file that is new, too", known(t, s, "AKIABOB", "another-secret-of-bob"))
}

func TestLiveEdits(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(f folder)
		effect func(s *filestore.Store) func() bool
	}{
		{"a policy is attached", func(f folder) {
			f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["Read"],`)
		}, func(s *filestore.Store) func() bool { return allowed(t, s, bobARN, "ride:Read") }},
		{"a policy is detached", func(f folder) {
			f.edit("principals.json", `"AttachedPolicies": ["All"],`, ``)
		}, func(s *filestore.Store) func() bool { return not(allowed(t, s, adaARN, "ride:Read")) }},
		{"a new policy is written and attached", func(f folder) {
			f.replace("policies/New.json", allowAll)
			f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["New"],`)
		}, func(s *filestore.Store) func() bool { return allowed(t, s, bobARN, "ride:Delete") }},
		{"a new policy is attached and then written", func(f folder) {
			f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["New"],`)
			time.Sleep(20 * time.Millisecond)
			f.replace("policies/New.json", allowAll)
		}, func(s *filestore.Store) func() bool { return allowed(t, s, bobARN, "ride:Delete") }},
		{"a Deny is added to a document", func(f folder) {
			f.replace("policies/All.json", strings.Replace(allowAll, `[{`, `[{"Effect":"Deny","Action":"ride:Delete","Resource":"*"},{`, 1))
		}, func(s *filestore.Store) func() bool {
			return func() bool { return decide(t, s, adaARN, "ride:Delete") == iampolicy.ExplicitDeny }
		}},
		{"a boundary is set", func(f folder) {
			f.edit("principals.json", `"AttachedPolicies": ["All"],`, `"AttachedPolicies": ["All"], "PermissionsBoundary": "Read",`)
		}, func(s *filestore.Store) func() bool { return not(allowed(t, s, adaARN, "ride:Delete")) }},
		{"a secret is rotated (threat 104)", func(f folder) {
			f.edit("principals.json", bobSecret, "a-new-secret-of-bob")
		}, func(s *filestore.Store) func() bool { return known(t, s, "AKIABOB", "a-new-secret-of-bob") }},
		{"a key is removed (threat 101)", func(f folder) {
			f.edit("principals.json",
				`{"AccessKeyId": "AKIABOB", "SecretAccessKey": "bob-secret-bob-secret-bob-secret", "Status": "Active"}`, ``)
		}, func(s *filestore.Store) func() bool { return unknown(t, s, "AKIABOB") }},
		{"everybody is removed", func(f folder) {
			f.replace("principals.json", `{}`)
		}, func(s *filestore.Store) func() bool { return unknown(t, s, "AKIAADA") }},
		{"a role's policy is exchanged", func(f folder) {
			f.edit("principals.json", `"AttachedPolicies": ["Read"]`, `"AttachedPolicies": ["All"]`)
		}, func(s *filestore.Store) func() bool { return allowed(t, s, riderARN, "ride:Delete") }},
		{"a document of the same size and time is renamed over another", func(f folder) {
			info, err := os.Stat(f.path("policies/Read.json"))
			if err != nil {
				f.t.Fatal(err)
			}
			f.overwrite("next", strings.Replace(allowRead, "ride:Read", "ride:Rate", 1))
			if err := os.Chtimes(f.path("next"), info.ModTime(), info.ModTime()); err != nil {
				f.t.Fatal(err)
			}
			if err := os.Rename(f.path("next"), f.path("policies/Read.json")); err != nil {
				f.t.Fatal(err)
			}
		}, func(s *filestore.Store) func() bool { return allowed(t, s, riderARN, "ride:Rate") }},
		{"a document of the same size is written in place, within the resolution of the file system's clock", func(f folder) {
			info, err := os.Stat(f.path("policies/Read.json"))
			if err != nil {
				f.t.Fatal(err)
			}
			f.overwrite("policies/Read.json", strings.Replace(allowRead, "ride:Read", "ride:Rate", 1))
			if err := os.Chtimes(f.path("policies/Read.json"), info.ModTime(), info.ModTime()); err != nil {
				f.t.Fatal(err)
			}
		}, func(s *filestore.Store) func() bool { return allowed(t, s, riderARN, "ride:Rate") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			s := f.open()
			holds := tt.effect(s)
			if holds() {
				t.Fatal("the edit would change nothing")
			}
			tt.edit(f)
			eventually(t, tt.name, holds)
			eventually(t, "no problem is left", healthy(s))
		})
	}
}

// Once a file has settled it is only looked at. A look tells it from another one of the same size
// and time.
func TestAFileThatReplacesASettledOne(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	s := f.open()
	info, err := os.Stat(f.path("policies/Read.json"))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	f.overwrite("next", strings.Replace(allowRead, "ride:Read", "ride:Rate", 1))
	if err := os.Chtimes(f.path("next"), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.path("next"), f.path("policies/Read.json")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other file is in force", allowed(t, s, riderARN, "ride:Rate"))
}

// Volumes of Kubernetes: the files are symbolic links into a folder that is itself one, which is
// swapped.
func TestSwappedSymbolicLinks(t *testing.T) {
	f := newFolder(t)
	old := folder{t, filepath.Join(f.dir, "..2026_01")}
	next := folder{t, filepath.Join(f.dir, "..2026_02")}
	for _, v := range []folder{old, next} {
		if err := os.Mkdir(v.dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, f.path("tmp")); err != nil {
			testneed.Missing(t, "symbolic links")
		}
		if err := os.Rename(f.path("tmp"), f.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	old.replace("principals.json", start)
	next.replace("principals.json", strings.Replace(start, `"AttachedPolicies": [],`, `"AttachedPolicies": ["All"],`, 1))
	link("..2026_01", "..data")
	link("..data/principals.json", "principals.json")
	s := f.open()
	if allowed(t, s, bobARN, "ride:Read")() {
		t.Fatal("Bob may read already")
	}
	link("..2026_02", "..data")
	eventually(t, "the other folder is in force", allowed(t, s, bobARN, "ride:Read"))
	// The mode of the file counts, not that of the link.
	next.chmod("principals.json", 0o644)
	eventually(t, "the mode is seen", problem(s, "mode 0644"))
}
