package dbtest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// TestFailingDatabase: a database that fails at any step of a change leaves all of it or nothing,
// in the database and in the process, whether its commit took effect before it failed or not; what
// was not written is not answered; and the directory goes on afterwards.
func TestFailingDatabase(t *testing.T) {
	t.Parallel()
	for _, committed := range []bool{false, true} {
		ring, _ := newRing(t)
		path := filepath.Join(t.TempDir(), "db")
		var f faults
		f.committed.Store(committed)
		p := start(t, openFaulty(t, path, &f), ring)
		p.fill(directory.Contents{Accounts: []string{account}, Users: []directory.NewUser{boss()}})
		c := newCaller(t, p)
		c.call("CreatePolicy", "PolicyName", "p0", "PolicyDocument", allow("ride:*"))
		steps := int64(0)
		for ; ; steps++ {
			name := fmt.Sprint("user", steps)
			before := p.Revision()
			f.failed.Store(false)
			f.left.Store(steps)
			code := c.call("CreateUser", "UserName", name, "PermissionsBoundary", iamARN+"policy/p0", "Tags.member.1.Key", "k",
				"Tags.member.1.Value", "v")
			inForce := p.Revision()
			failed := f.failed.Load()
			f.left.Store(-1)
			switch {
			case code == "" && failed || code != "" && !failed:
				t.Fatalf("step %d: answered %q, and failed %t", steps, code, failed)
			case failed && (code != "ServiceUnavailable" || inForce != before):
				t.Fatalf("step %d: %s, at revision %d after %d", steps, code, inForce, before)
			}
			p.refresh()
			if diff := cmp.Diff(everythingOf(t, start(t, openSQLite(t, path), ring)), everythingOf(t, p)); diff != "" {
				t.Fatalf("step %d (-opened again +process):\n%s", steps, diff)
			}
			_, body := c.send("GetUser", "UserName", name)
			if there := strings.Contains(body, "<Arn>"); code == "" && !there || there && !strings.Contains(body, "<Key>k</Key>") {
				t.Fatalf("step %d: the user is %s", steps, body)
			}
			if code := c.call("CreateGroup", "GroupName", name); code != "" {
				t.Fatalf("step %d: the next change: %s", steps, code)
			}
			if !failed {
				break
			}
		}
		if steps < 6 {
			t.Errorf("there were %d steps", steps)
		}
		if told := p.told(); len(told)%2 != 0 {
			t.Errorf("told was %v", told)
		}
	}
}
