package filestore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// restlessLooks is more looks than a file may put an edit off for, by changing at each.
const restlessLooks = 8

const late = "changes all the time"

// inactive is start with Bob's key switched off.
var inactive = strings.Replace(start, bobSecret+`", "Status": "Active"`, bobSecret+`", "Status": "Inactive"`, 1)

// TestARestlessFileIsRead: threat 250. A file that is found in another state at every look is read
// after a bounded number of them, however it changes, and it is told that it is late, until it is
// not.
func TestARestlessFileIsRead(t *testing.T) {
	touched := 0
	touch := func(f folder, name string) {
		touched++
		at := time.Now().Add(time.Duration(touched) * time.Second)
		if err := os.Chtimes(f.path(name), at, at); err != nil {
			f.t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		file string
		edit func(f folder)        // the edit that has to come through
		stir func(f folder, n int) // what keeps the file from settling
		done func(s *filestore.Store) func() bool
	}{
		{"touched", "principals.json", func(f folder) { f.replace("principals.json", inactive) }, func(f folder, _ int) {
			touch(f, "principals.json")
		}, nil},
		{"replaced by the same", "principals.json", nil, func(f folder, _ int) {
			f.replace("principals.json", inactive)
			touch(f, "principals.json")
		}, nil},
		{"replaced by another each time", "principals.json", nil, func(f folder, n int) {
			f.replace("principals.json", inactive+strings.Repeat("\n", n+1))
		}, nil},
		{"written in place each time", "principals.json", nil, func(f folder, n int) {
			f.overwrite("principals.json", inactive+strings.Repeat("\n", n+1))
		}, nil},
		{"growing, and whole", "principals.json", nil, func(f folder, n int) {
			f.overwrite("principals.json", inactive+strings.Repeat(" ", 100*n))
		}, nil},
		{"removed and made again", "principals.json", nil, func(f folder, n int) {
			if n%2 == 0 {
				f.remove("principals.json")
				return
			}
			f.overwrite("principals.json", inactive+strings.Repeat("\n", n))
		}, nil},
		{"a policy", "policies/All.json", nil, func(f folder, n int) {
			f.replace("policies/All.json", allowRead+strings.Repeat(" ", n))
		}, func(s *filestore.Store) func() bool { return not(allowed(t, s, adaARN, "ride:Delete")) }},
		{"a secret, a line", "bob", nil, func(f folder, n int) {
			f.replace("bob", fmt.Sprintf("another-secret-of-bob-%03d\n", n))
		}, func(s *filestore.Store) func() bool { return not(known(t, s, "AKIABOB", bobSecret)) }},
		{"a secret without an end of line, touched", "bob", func(f folder) { f.replace("bob", "another-secret-of-bob") }, func(f folder, _ int) {
			touch(f, "bob")
		}, func(s *filestore.Store) func() bool { return known(t, s, "AKIABOB", "another-secret-of-bob") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			if tt.file == "bob" {
				f.withSource("SecretAccessKeyFile", "bob")
				f.replace("bob", bobSecret)
			}
			var told reports
			cfg := byHand(f)
			cfg.Report = told.add
			s := f.openWith(cfg)
			done := unknown(t, s, "AKIABOB")
			if tt.done != nil {
				done = tt.done(s)
			}
			if tt.edit != nil {
				tt.edit(f)
			}
			n := 0
			for ; n < restlessLooks && !done(); n++ {
				tt.stir(f, n)
				s.LookForTest()
			}
			if !done() {
				t.Fatalf("not in force after %d looks", n)
			}
			if !problem(s, late)() {
				t.Errorf("nobody is told: %v", s.Problems())
			}
			for i := range 5 { // and goes on
				tt.stir(f, n+i)
				s.LookForTest()
			}
			if !problem(s, late)() || !done() {
				t.Errorf("after more of it: %v", s.Problems())
			}
			f.overwrite(tt.file, f.readOr(tt.file, inactive))
			for range 3 {
				s.LookForTest()
			}
			if !healthy(s)() || !done() {
				t.Errorf("once it rests: %v", s.Problems())
			}
		})
	}
}

// readOr is read, or what is to be there where there is none.
func (f folder) readOr(name, text string) string {
	f.t.Helper()
	data, err := os.ReadFile(f.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return text
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return string(data)
}

// TestARestlessFileIsNeverTakenInHalf: threat 250. What is read without waiting is taken only if it
// shows that it is whole; the last good version stays in force, and it is told.
func TestARestlessFileIsNeverTakenInHalf(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		state      func(n int) string // what a look finds
		want       string
	}{
		{"principals.json that grows", "principals.json", func(n int) string { return inactive[:len(inactive)/2+n] }, late},
		{"a policy that grows", "policies/All.json", func(n int) string { return denyDelete[:20+n] }, late},
		{"a policy with what is left of another behind it", "policies/All.json", func(n int) string {
			return denyDelete + strings.Repeat("}", n+1)
		}, late},
		{"a secret that grows", "bob", func(n int) string { return strings.Repeat("x", 16+n) }, late},
		{"a broken file that is touched", "principals.json", func(int) string { return "{" }, "the document ends early"},
		{"a secret that others can read", "bob", nil, "mode 0644"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			f.withSource("SecretAccessKeyFile", "bob")
			f.replace("bob", bobSecret)
			s := f.openWith(byHand(f))
			for n := range 40 {
				if tt.state == nil {
					f.overwrite("bob", "another-secret-of-bob\n")
					f.chmod("bob", 0o644)
				} else {
					f.overwrite(tt.file, tt.state(n))
				}
				at := time.Now().Add(time.Duration(n) * time.Second)
				if err := os.Chtimes(f.path(tt.file), at, at); err != nil {
					t.Fatal(err)
				}
				s.LookForTest()
				if !known(t, s, "AKIABOB", bobSecret)() || !allowed(t, s, adaARN, "ride:Delete")() {
					t.Fatalf("after %d looks, half of it is in force", n+1)
				}
			}
			if !problem(s, tt.want)() || !problem(s, late)() {
				t.Errorf("nobody is told: %v", s.Problems())
			}
			for _, p := range s.Problems() {
				if !p.LastGood {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

// TestReportOfARestlessFile: that a file is late is reported once, and once that it is not.
func TestReportOfARestlessFile(t *testing.T) {
	f := newFolder(t)
	var told reports
	cfg := f.config()
	cfg.PollInterval, cfg.Report = 5*time.Millisecond, told.add
	s := f.openWith(cfg)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			at := time.Now().Add(time.Duration(n) * time.Second)
			_ = os.Chtimes(f.path("principals.json"), at, at)
			time.Sleep(100 * time.Microsecond)
		}
	})
	eventually(t, "it is reported", func() bool { n, _ := told.count(late); return n > 0 })
	if !known(t, s, "AKIABOB", bobSecret)() {
		t.Error("the file is not in force any more")
	}
	close(stop)
	wg.Wait()
	eventually(t, "the recovery is reported", func() bool { n, m := told.count(late); return n == m && n > 0 })
	eventually(t, "no problem is left", healthy(s))
}

// TestTouchingDoesNotStarveARevocation: threat 250, at the default interval and in real time.
func TestTouchingDoesNotStarveARevocation(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	s := f.openWith(filestore.Config{Dir: f.dir})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(stop)
	wg.Go(func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case now := <-ticker.C:
				_ = os.Chtimes(f.path("principals.json"), now, now)
			}
		}
	})
	time.Sleep(300 * time.Millisecond)
	f.overwrite("principals.json", inactive)
	eventually(t, "the key is inactive", unknown(t, s, "AKIABOB"))
}

// TestEditsWhileTheFolderCannotBeListed: threat 250. A listing that fails is told, takes nothing
// away, and does not keep an edit from being followed.
func TestEditsWhileTheFolderCannotBeListed(t *testing.T) {
	f := newFolder(t)
	s := f.openWith(byHand(f))
	s.ListingForTest(func(string) ([]os.DirEntry, error) { return nil, errors.New("input/output error") })
	look := func() {
		for range 3 {
			s.LookForTest()
		}
	}
	f.replace("policies/All.json", allowRead)
	f.remove("policies/Read.json")
	look()
	if !problem(s, "policies: input/output error (the last good version stays in force)")() {
		t.Errorf("nobody is told: %v", s.Problems())
	}
	if allowed(t, s, adaARN, "ride:Delete")() || !allowed(t, s, adaARN, "ride:Read")() {
		t.Error("an edit is not followed")
	}
	if !allowed(t, s, riderARN, "ride:Read")() {
		t.Error("a policy counts as removed, though nobody knows")
	}
	f.replace("principals.json", inactive)
	look()
	if !unknown(t, s, "AKIABOB")() {
		t.Error("a revocation is not followed")
	}
	s.ListingForTest(os.ReadDir)
	look()
	if allowed(t, s, riderARN, "ride:Read")() || problem(s, "input/output error")() {
		t.Errorf("once it can be listed: %v", s.Problems())
	}
}

// TestALargeFolder: in a folder of many files, of which a look is at a part, an edit, a new file
// and a removal are still seen within few looks, wherever they are, and what changes together is
// taken together.
func TestALargeFolder(t *testing.T) {
	const files = 600
	f := large(t, files, files, files/2)
	old := time.Now().Add(-48 * time.Hour)
	err := filepath.WalkDir(f.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
	s := f.openWith(byHand(f))
	user := func(n int) string { return fmt.Sprintf("arn:aws:iam::111122223333:user/user%d", n) }
	within := func(what string, holds func() bool) {
		t.Helper()
		for n := 0; !holds(); n++ {
			if n == 5 {
				t.Fatalf("not within %d looks: %s", n, what)
			}
			s.LookForTest()
		}
		for range 3 {
			s.LookForTest() // until nothing is waited for
		}
	}
	for n := range 7 {
		f.overwrite(fmt.Sprintf("policies/P%d.json", n), allowAll)
		within("a policy is edited in place", allowed(t, s, user(n), "ride:Delete"))
		f.overwrite(fmt.Sprintf("secrets/%d", n), "another-secret-of-this-user\n")
		within("a secret is edited in place", known(t, s, fmt.Sprintf("AKIA%d", n), "another-secret-of-this-user"))
		f.remove(fmt.Sprintf("policies/P%d.json", n))
		within("a policy is removed", not(allowed(t, s, user(n), "ride:Delete")))
		f.overwrite(fmt.Sprintf("policies/P%d.json", n), allowAll)
		within("a policy is new", allowed(t, s, user(n), "ride:Delete"))
	}
	// All at once, as a volume is swapped.
	for n := range 30 {
		f.replace(fmt.Sprintf("policies/P%d.json", n), denyDelete)
	}
	denied := func() (n int) {
		for i := range 30 {
			if !allowed(t, s, user(i), fmt.Sprintf("ride:Read%d", i))() {
				n++
			}
		}
		return n
	}
	before := denied()
	for range 5 {
		s.LookForTest()
		if n := denied(); n != before && n != 30 {
			t.Fatalf("%d of 30 edits are in force", n)
		}
	}
	if denied() != 30 {
		t.Error("the edits are not in force")
	}
	if !healthy(s)() {
		t.Error(s.Problems())
	}
}
