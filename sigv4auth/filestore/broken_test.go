package filestore_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// TestABrokenEditKeepsTheLastGoodVersion: threat 246. What cannot be read changes nothing, and
// never widens what anybody may do.
func TestABrokenEditKeepsTheLastGoodVersion(t *testing.T) {
	tests := []struct {
		name, file string
		text       string
		want       string // in the problem
	}{
		{"principals.json cut off (threat 115)", "principals.json", start[:len(start)/2], "the document ends early"},
		{"principals.json empty (threat 115)", "principals.json", "", "principals.json:1:1: the document ends early"},
		{
			"principals.json with an unknown element (threat 151)", "principals.json", strings.Replace(start, `"Tags"`, `"Tag"`, 1),
			`principals.json:3:76: Users[0]: unknown element "Tag"; did you mean "Tags"?`,
		},
		{"principals.json too large (threat 157)", "principals.json", start + strings.Repeat(" ", 17<<20), "larger than 16777216 bytes"},
		{"a policy cut off (threat 115)", "policies/All.json", allowAll[:40], "policies/All.json:1:41: "},
		{"a policy empty (threat 115)", "policies/All.json", "", "policies/All.json:1:1: "},
		{
			"a policy with a duplicate key (threat 149)", "policies/All.json",
			"{\"Version\":\"2012-10-17\",\n\"Statement\":[],\"Version\":\"2012-10-17\"}", "policies/All.json:2:16: Version: duplicate key",
		},
		{
			"a policy with an unknown operator (threat 160)", "policies/All.json",
			strings.Replace(allowAll, `"Effect"`, `"Condition":{"StringIs":{"a":"b"}},"Effect"`, 1), "policies/All.json:1:52: ",
		},
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

// TestAPolicyThatWasNeverGoodDeniesThoseWhoAttachIt: threat 246. Without a last good version, it
// denies.
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
	// A secret has no grammar by which its beginning could be told from the whole. While the file
	// grows, no two looks in a row see the same.
	t.Run("a secret written in pieces", func(t *testing.T) {
		const pieces = 200
		f := newFolder(t)
		f.withSource("SecretAccessKeyFile", "bob")
		f.replace("bob", bobSecret)
		s := f.openWith(byHand(f))
		file, err := os.Create(f.path("bob"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range pieces {
			if _, err := file.WriteString("x"); err != nil {
				t.Fatal(err)
			}
			s.LookForTest()
			if c, _ := s.Credential(t.Context(), "AKIABOB", ""); !c.Secret.Equal(bobSecret) {
				t.Fatalf("a beginning of %d bytes was taken after %d", len(c.Secret.Reveal()), i+1)
			}
		}
		_ = file.Close()
		s.LookForTest()
		if !known(t, s, "AKIABOB", strings.Repeat("x", pieces))() {
			t.Fatal("the whole secret, seen twice, is not taken")
		}
	})
	t.Run("removed and written anew, as some editors do", func(t *testing.T) {
		f := newFolder(t)
		var told reports
		cfg := byHand(f)
		cfg.Report = told.add
		s := f.openWith(cfg)
		inForce := func(when string) {
			t.Helper()
			if !allowed(t, s, adaARN, "ride:Read")() || !known(t, s, "AKIAADA", adaSecret)() {
				t.Fatalf("the gap of a moment denies, %s", when)
			}
		}
		for range 4 {
			f.remove("policies/All.json")
			f.remove("principals.json")
			s.LookForTest() // one look falls into the gap
			inForce("while it lasts")
			f.overwrite("policies/All.json", allowAll)
			f.overwrite("principals.json", start)
			for range 3 {
				s.LookForTest()
				inForce("after it")
			}
		}
		if n, _ := told.count(""); n != 0 || len(s.Problems()) != 0 {
			t.Errorf("reported: %+v; %+v", told.all, s.Problems())
		}
		// And what is gone for two looks is gone.
		f.remove("policies/All.json")
		s.LookForTest()
		s.LookForTest()
		if allowed(t, s, adaARN, "ride:Read")() {
			t.Error("a policy that was removed goes on allowing")
		}
	})
}

// byHand is a configuration of a Store that looks at the folder only when LookForTest is called.
func byHand(f folder) filestore.Config {
	cfg := f.config()
	cfg.PollInterval = time.Minute
	return cfg
}
