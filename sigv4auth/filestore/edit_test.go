package filestore_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

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
	f.edit("principals.json", `"bob-secret-bob-secret-bob-secret", "Status": "Active"`, `"bob-secret-bob-secret-bob-secret", "Status": "Inactive"`)
	within("a key is disabled (threat 101)", unknown(t, s, "AKIABOB"))
	f.remove("policies/Read.json")
	within("a policy is removed", not(allowed(t, s, bobARN, "ride:Write")))
	f.edit("principals.json", `"SecretAccessKey": "bob-secret-bob-secret-bob-secret", "Status": "Inactive"`, `"SecretAccessKeyFile": "bob", "Status": "Active"`)
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
			f.edit("principals.json", `{"AccessKeyId": "AKIABOB", "SecretAccessKey": "bob-secret-bob-secret-bob-secret", "Status": "Active"}`, ``)
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

// Once a file has settled it is only looked at. A look tells it from another one of the same size and time.
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

// Volumes of Kubernetes: the files are symbolic links into a folder that is itself one, which is swapped.
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
			t.Skip(err)
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

func TestABrokenEditKeepsTheLastGoodVersion(t *testing.T) {
	tests := []struct {
		name, file string
		text       string
		want       string // in the problem
	}{
		{"principals.json cut off (threat 115)", "principals.json", start[:len(start)/2], "the document ends early"},
		{"principals.json empty (threat 115)", "principals.json", "", "principals.json:1:1: the document ends early"},
		{"principals.json with an unknown element (threat 151)", "principals.json", strings.Replace(start, `"Tags"`, `"Tag"`, 1), `principals.json:3:76: Users[0]: unknown element; did you mean "Tags"?`},
		{"principals.json too large (threat 157)", "principals.json", start + strings.Repeat(" ", 17<<20), "larger than 16777216 bytes"},
		{"a policy cut off (threat 115)", "policies/All.json", allowAll[:40], "policies/All.json:1:41: "},
		{"a policy empty (threat 115)", "policies/All.json", "", "policies/All.json:1:1: "},
		{"a policy with a duplicate key (threat 149)", "policies/All.json", "{\"Version\":\"2012-10-17\",\n\"Statement\":[],\"Version\":\"2012-10-17\"}", "policies/All.json:2:16: Version: duplicate key"},
		{"a policy with an unknown operator (threat 160)", "policies/All.json", strings.Replace(allowAll, `"Effect"`, `"Condition":{"StringIs":{"a":"b"}},"Effect"`, 1), "policies/All.json:1:52: "},
		{"a policy with trailing data (threat 156)", "policies/All.json", allowAll + "}", "policies/All.json:1:"},
		{"a policy that is a trust policy", "policies/All.json", strings.Replace(allowAll, `"Effect"`, `"Principal":"*","Effect"`, 1), "policies/All.json:1:"},
		{"a policy too large (threat 157)", "policies/All.json", allowAll + strings.Repeat(" ", 1<<20), "policies/All.json: larger than 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			var told reports
			cfg := f.config()
			cfg.Report = told.add
			s := f.openWith(cfg)
			good := f.read(tt.file)
			before := revision(t, s)
			inForce := func() bool {
				return known(t, s, "AKIAADA", adaSecret)() && known(t, s, "AKIABOB", bobSecret)() &&
					allowed(t, s, adaARN, "ride:Delete")() && !allowed(t, s, bobARN, "ride:Read")() && revision(t, s) == before
			}
			f.replace(tt.file, tt.text)
			eventually(t, "the broken edit is reported", problem(s, tt.want))
			stays(t, "what was in force before (threat 113)", inForce)
			eventually(t, "Report is called", func() bool { n, _ := told.count(tt.want); return n == 1 })
			for _, p := range s.Problems() {
				if !p.LastGood || p.Resolved || strings.Contains(p.Error(), adaSecret) {
					t.Errorf("problem %+v", p)
				}
			}

			// An edit of another document takes effect meanwhile.
			f.replace("policies/Other.json", allowRead)
			if tt.file != "principals.json" {
				f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["Other"],`)
				eventually(t, "another document's edit takes effect", allowed(t, s, bobARN, "ride:Read"))
				f.edit("principals.json", `"AttachedPolicies": ["Other"],`, `"AttachedPolicies": [],`)
				eventually(t, "and back", not(allowed(t, s, bobARN, "ride:Read")))
			}

			f.replace(tt.file, good)
			eventually(t, "the mended document is taken", healthy(s))
			eventually(t, "the recovery is reported", func() bool { _, n := told.count(tt.want); return n == 1 })
			if n, _ := told.count(tt.want); n != 1 {
				t.Errorf("the problem was reported %d times", n)
			}
		})
	}
}

func TestAPolicyThatWasNeverGoodDeniesThoseWhoAttachIt(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(f folder)
		want    string
	}{
		{"broken (threat 160)", func(f folder) { f.replace("policies/Deny.json", denyDelete+"x") }, "policies/Deny.json:1:"},
		{"missing", func(folder) {}, `principals.json:4:34: Users[0].AttachedPolicies[1]: there is no file policies/Deny.json`},
		{"a folder", func(f folder) { _ = os.Mkdir(f.path("policies/Deny.json"), 0o700) }, "policies/Deny.json: not a regular file"},
	} {
		for _, attached := range []string{"as a policy", "as a boundary"} {
			t.Run(tt.name+" "+attached, func(t *testing.T) {
				f := newFolder(t)
				tt.prepare(f)
				want := tt.want
				if attached == "as a policy" {
					f.edit("principals.json", `["All"]`, `["All", "Deny"]`)
				} else {
					f.edit("principals.json", `["All"]`, `["All"], "PermissionsBoundary": "Deny"`)
					want = strings.Replace(want, "4:34: Users[0].AttachedPolicies[1]", "4:58: Users[0].PermissionsBoundary", 1)
				}
				var told reports
				cfg := f.config()
				cfg.Report = told.add
				s := f.openWith(cfg)
				if n, _ := told.count(want); n != 1 {
					t.Errorf("not reported by Open: %v", s.Problems())
				}
				if allowed(t, s, adaARN, "ride:Read")() {
					t.Error("a policy that cannot be read is skipped (threat 162)")
				}
				if !allowed(t, s, riderARN, "ride:Read")() || !known(t, s, "AKIAADA", adaSecret)() {
					t.Error("others are denied, too")
				}
				_ = os.Remove(f.path("policies/Deny.json"))
				if attached == "as a policy" {
					f.replace("policies/Deny.json", denyDelete)
				} else {
					f.replace("policies/Deny.json", allowRead)
				}
				eventually(t, "the mended policy is in force", allowed(t, s, adaARN, "ride:Read"))
				if allowed(t, s, adaARN, "ride:Delete")() {
					t.Error("the mended policy does not deny")
				}
				eventually(t, "the recovery is reported", func() bool { _, n := told.count(want); return n == 1 })
			})
		}
	}
}

func TestAHalfWrittenFileIsNeverTaken(t *testing.T) {
	t.Run("written in pieces", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		before := revision(t, s)
		next := strings.Replace(start, `"AttachedPolicies": [],`, `"AttachedPolicies": ["All"],`, 1)
		file, err := os.Create(f.path("principals.json"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(next) {
			if _, err := file.WriteString(next[i : i+1]); err != nil {
				t.Fatal(err)
			}
			if i%10 == 0 {
				time.Sleep(time.Millisecond)
			}
			if i < len(strings.TrimSpace(next))-1 && (revision(t, s) != before || !known(t, s, "AKIAADA", adaSecret)()) {
				t.Fatalf("after %d of %d bytes something has changed", i+1, len(next))
			}
		}
		_ = file.Close()
		eventually(t, "the whole file is taken", allowed(t, s, bobARN, "ride:Read"))
		eventually(t, "nothing is left to report", healthy(s))
	})
	t.Run("overwritten from the front", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		// The beginning is a whole document, and the old one's tail is still there.
		file, err := os.OpenFile(f.path("policies/All.json"), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(`{"Version":"2012-10-17","Statement":[]}`); err != nil {
			t.Fatal(err)
		}
		_ = file.Close()
		eventually(t, "it is reported", problem(s, "policies/All.json:1:40"))
		stays(t, "the old document", allowed(t, s, adaARN, "ride:Read"))
	})
	// A secret has no grammar by which its beginning could be told from the whole. While the file grows, no two looks in a row see the same.
	t.Run("a secret written in pieces", func(t *testing.T) {
		const interval, pieces = 100 * time.Millisecond, 200
		for {
			f := newFolder(t)
			f.withSource("SecretAccessKeyFile", "bob")
			f.replace("bob", bobSecret)
			cfg := f.config()
			cfg.PollInterval = interval
			s := f.openWith(cfg)
			file, err := os.Create(f.path("bob"))
			if err != nil {
				t.Fatal(err)
			}
			slowest, last, taken := time.Duration(0), time.Now(), ""
			for range pieces {
				if _, err := file.WriteString("x"); err != nil {
					t.Fatal(err)
				}
				slowest, last = max(slowest, time.Since(last)), time.Now()
				time.Sleep(2 * time.Millisecond)
				if c, _ := s.Credential(t.Context(), "AKIABOB", ""); !c.Secret.Equal(bobSecret) {
					taken = c.Secret.Reveal()
				}
			}
			_ = file.Close()
			if slowest > interval/2 {
				_ = s.Close()
				continue // on a machine that busy the writer paused for so long that the file seemed whole
			}
			if taken != "" {
				t.Fatalf("a beginning of %d bytes was taken", len(taken))
			}
			eventually(t, "the whole secret is taken", known(t, s, "AKIABOB", strings.Repeat("x", pieces)))
			return
		}
	})
	t.Run("removed and written anew, as some editors do", func(t *testing.T) {
		const interval = 100 * time.Millisecond
		f := newFolder(t)
		var told reports
		cfg := f.config()
		cfg.PollInterval = interval
		cfg.Report = told.add
		s := f.openWith(cfg)
		for range 4 {
			began := time.Now()
			f.remove("policies/All.json")
			f.remove("principals.json")
			time.Sleep(interval / 4) // long enough that a look or two in the test will fall into it
			f.overwrite("policies/All.json", allowAll)
			f.overwrite("principals.json", start)
			if time.Since(began) > interval*3/4 {
				t.Skip("the machine is too busy to keep the gap shorter than two looks")
			}
			for end := time.Now().Add(interval * 9 / 4); time.Now().Before(end); time.Sleep(time.Millisecond) {
				if !allowed(t, s, adaARN, "ride:Read")() || !known(t, s, "AKIAADA", adaSecret)() {
					t.Fatal("the gap of a moment denies")
				}
			}
		}
		if n, _ := told.count(""); n != 0 {
			t.Errorf("reported: %+v", told.all)
		}
	})
}

func TestAnUnchangedFileIsANoOp(t *testing.T) {
	f := newFolder(t)
	var told reports
	cfg := f.config()
	cfg.Report = told.add
	s := f.openWith(cfg)
	before := revision(t, s)
	c, _ := s.Credential(t.Context(), "AKIAADA", "")
	for range 5 {
		f.replace("principals.json", start)
		f.replace("policies/All.json", allowAll)
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(f.path("policies/Read.json"), later, later); err != nil {
			t.Fatal(err)
		}
		stays(t, "the revision", func() bool { return revision(t, s) == before })
	}
	// The very same tags, not ones decoded anew.
	if again, _ := s.Credential(t.Context(), "AKIAADA", ""); reflect.ValueOf(again.Principal.Tags).Pointer() != reflect.ValueOf(c.Principal.Tags).Pointer() {
		t.Error("the credentials were made anew")
	}
	if n, _ := told.count(""); n != 0 {
		t.Errorf("reported: %+v", told.all)
	}
}

func TestRevision(t *testing.T) {
	f := newFolder(t)
	s := f.open()
	first := revision(t, s)
	if !strings.HasPrefix(first, "1-") || len(first) != len("1-0123456789ab") {
		t.Errorf("revision %q", first)
	}
	number := func(r string) string { n, _, _ := strings.Cut(r, "-"); return n }
	digest := func(r string) string { _, d, _ := strings.Cut(r, "-"); return d }

	// It says what policies are decided by, so that keys have no part in it.
	f.edit("principals.json", bobSecret, "a-new-secret-of-bob")
	eventually(t, "the secret changes", known(t, s, "AKIABOB", "a-new-secret-of-bob"))
	if r := revision(t, s); r != first {
		t.Errorf("a secret changes the revision from %q to %q", first, r)
	}
	f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["Read"],`)
	eventually(t, "the revision changes", func() bool { return number(revision(t, s)) == "2" })
	second := revision(t, s)
	if digest(second) == digest(first) {
		t.Error("another attachment has the same digest")
	}
	other := f.open()
	if digest(revision(t, other)) != digest(second) || number(revision(t, other)) != "1" {
		t.Error("the digest is not that of the content")
	}
	f.edit("principals.json", `"AttachedPolicies": ["Read"],`, `"AttachedPolicies": [],`)
	eventually(t, "the revision counts on", func() bool { return revision(t, s) == "3-"+digest(first) })
	f.edit("principals.json", `"team": "ops"`, `"team": "dev"`)
	eventually(t, "a tag is part of the revision", func() bool { return number(revision(t, s)) == "4" && digest(revision(t, s)) != digest(first) })
	f.edit("principals.json", `"team": "dev"`, `"team": "ops"`)
	eventually(t, "the revision counts on", func() bool { return revision(t, s) == "5-"+digest(first) })
	// A policy that is attached and missing is not the same as none.
	f.edit("principals.json", `"AttachedPolicies": [],`, `"AttachedPolicies": ["Missing"],`)
	eventually(t, "the revision counts on", func() bool { return number(revision(t, s)) == "6" && digest(revision(t, s)) != digest(first) })
}

func TestRemovals(t *testing.T) {
	t.Run("a policy that is attached denies", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.remove("policies/All.json")
		eventually(t, "the removal takes effect", not(allowed(t, s, adaARN, "ride:Read")))
		if !problem(s, "principals.json:4:27: Users[0].AttachedPolicies[0]: there is no file policies/All.json")() {
			t.Error(s.Problems())
		}
		f.replace("policies/All.json", allowAll)
		eventually(t, "the policy is back", allowed(t, s, adaARN, "ride:Read"))
		eventually(t, "no problem is left", healthy(s))
	})
	t.Run("a broken policy that is removed has no last good version any more", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.replace("policies/All.json", "x")
		eventually(t, "it is reported", problem(s, "policies/All.json:1:1"))
		f.remove("policies/All.json")
		eventually(t, "the removal takes effect", not(allowed(t, s, adaARN, "ride:Read")))
		f.replace("policies/All.json", "x")
		eventually(t, "it is reported", problem(s, "policies/All.json:1:1"))
		stays(t, "the denial", not(allowed(t, s, adaARN, "ride:Read")))
	})
	t.Run("a policy that nobody attaches is forgotten", func(t *testing.T) {
		f := newFolder(t)
		f.replace("policies/Spare.json", "x")
		s := f.open()
		if !problem(s, "policies/Spare.json:1:1")() {
			t.Fatal("not reported")
		}
		f.remove("policies/Spare.json")
		eventually(t, "no problem is left", healthy(s))
	})
	t.Run("principals.json keeps its last good version", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.remove("principals.json")
		eventually(t, "it is reported", problem(s, "principals.json: the file does not exist (the last good version stays in force)"))
		stays(t, "everything", func() bool {
			return known(t, s, "AKIAADA", adaSecret)() && allowed(t, s, adaARN, "ride:Read")()
		})
		f.replace("principals.json", start)
		eventually(t, "no problem is left", healthy(s))
	})
	t.Run("the folder policies keeps its last good versions", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.remove("policies")
		eventually(t, "it is reported", problem(s, "filestore: policies: open: "))
		stays(t, "everything", allowed(t, s, adaARN, "ride:Read"))
	})
	t.Run("the whole folder keeps its last good versions", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		f.remove(".")
		eventually(t, "it is reported", problem(s, "principals.json: the file does not exist"))
		stays(t, "everything", func() bool {
			return known(t, s, "AKIAADA", adaSecret)() && allowed(t, s, adaARN, "ride:Read")()
		})
	})
}

func TestFilesBesideThePolicies(t *testing.T) {
	f := newFolder(t)
	for _, name := range []string{".Hidden.json", "All.json~", "All.json.swp", "#All.json#", "README", "..json"} {
		f.replace("policies/"+name, "x")
	}
	s := f.open()
	if !healthy(s)() {
		t.Errorf("what editors leave is reported: %v", s.Problems())
	}
	f.replace("policies/has space.json", allowAll)
	eventually(t, "a name that no policy can have is reported", problem(s, "filestore: policies/has space.json: the file's name is no name of a policy"))
	f.remove("policies/has space.json")
	eventually(t, "no problem is left", healthy(s))
}
