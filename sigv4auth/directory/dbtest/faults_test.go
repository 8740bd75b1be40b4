package dbtest_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// faults is a driver that fails at one of its calls.
type faults struct {
	driver.Connector

	mu    sync.Mutex
	left  int  // calls before the one that fails; < 0: none does
	after bool // the call takes effect all the same
	hit   bool
}

var errFault = errors.New("the disk is on fire")

// set makes the call fail that comes after so many others.
func (f *faults) set(left int, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.after, f.hit = left, after, false
}

// off makes no call fail, and reports whether one did.
func (f *faults) off() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = -1
	return f.hit
}

// at makes a call, or fails in its place or behind it.
func (f *faults) at(call func() error) error {
	f.mu.Lock()
	fails := f.left == 0
	f.left = max(f.left-1, -1)
	f.hit = f.hit || fails
	after := f.after
	f.mu.Unlock()
	if !fails {
		return call()
	}
	if after {
		return errors.Join(call(), errFault)
	}
	return errFault
}

func (f *faults) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := f.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultyConn{c, f}, nil
}

type faultyConn struct {
	driver.Conn
	f *faults
}

func (c *faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (tx driver.Tx, err error) {
	err = c.f.at(func() (err error) {
		tx, err = c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
		return err
	})
	if err != nil {
		if tx != nil {
			err = errors.Join(err, tx.Rollback())
		}
		return nil, err
	}
	return &faultyTx{tx, c.f}, nil
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	err = c.f.at(func() (err error) {
		result, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = c.f.at(func() (err error) {
		rows, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
		return err
	})
	if err != nil && rows != nil {
		err = errors.Join(err, rows.Close())
	}
	return rows, err
}

type faultyTx struct {
	driver.Tx
	f *faults
}

// Commit fails before or behind the commit. A transaction whose commit fails before it is gone.
func (t *faultyTx) Commit() error {
	done := false
	err := t.f.at(func() error {
		done = true
		return t.Tx.Commit()
	})
	if err != nil && !done {
		err = errors.Join(err, t.Tx.Rollback())
	}
	return err
}

// fileOf opens connections of a file.
type fileOf struct {
	driver driver.Driver
	name   string
}

func (c fileOf) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.name) }
func (c fileOf) Driver() driver.Driver                        { return c.driver }

// openFaulty opens a file with a driver that can be made to fail.
func openFaulty(t *testing.T, path string) (*sql.DB, *faults) {
	t.Helper()
	name := "file:" + path + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)"
	f := &faults{Connector: fileOf{openSQLite(t, path).Driver(), name}, left: -1}
	db := sql.OpenDB(f)
	t.Cleanup(func() { _ = db.Close() })
	return db, f
}

// TestEachCallFails: whichever call of the database fails, with or without effect, a change is made
// as a whole or not at all, what was answered is there, nothing else is in force, and the next
// change is made.
func TestEachCallFails(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%t", after), func(t *testing.T) {
			t.Parallel()
			ring, _ := newRing(t)
			path := filepath.Join(t.TempDir(), "db")
			db, f := openFaulty(t, path)
			p, other := start(t, db, ring), start(t, openSQLite(t, path), ring)
			p.fill(boss())
			p.fill(first())
			here, there := endpointOf(t, p), endpointOf(t, other)
			name := 0
			for n := 0; ; n++ {
				// Every other time there are changes of another process to take over first.
				other.refresh()
				if n%2 == 1 {
					must(t, there, bossKey, "TagUser", "UserName", "ada", "Tags.member.1.Key", "n", "Tags.member.1.Value", fmt.Sprint(n))
				}
				before := p.Revision()
				f.set(n/2, after)
				name++
				made := user(fmt.Sprintf("USER%012d", name))
				made.Users[0].Groups, made.Users[0].Attached = []string{iamARN + "group/fleet"}, []string{ridesARN}
				made.Users[0].Tags = []directory.Tag{{Key: "a", Value: "b"}}
				err := p.Fill(t.Context(), made)
				hit := f.off()
				switch known := p.has(made.Users[0].Keys[0].ID); {
				case err != nil && known && !strings.Contains(err.Error(), "not known"):
					t.Errorf("call %d: it failed, and was made: %v", n, err)
				case err == nil && !known:
					t.Errorf("call %d: it was made, and is not there", n)
				case err == nil && p.Revision() == before:
					t.Errorf("call %d: the revision is what it was", n)
				}
				must(t, here, bossKey, "TagUser", "UserName", "boss", "Tags.member.1.Key", "n", "Tags.member.1.Value", fmt.Sprint(n))
				fresh := start(t, openSQLite(t, path), ring)
				if diff := cmp.Diff(whole(t, endpointOf(t, fresh)), whole(t, here)); diff != "" {
					t.Fatalf("call %d, %v (-just started +it):\n%s", n, err, diff)
				}
				if err := fresh.Close(); err != nil {
					t.Fatal(err)
				}
				if !hit && n%2 == 1 {
					break
				}
			}
			if name < 40 {
				t.Errorf("only %d calls failed", name)
			}
		})
	}
}

// TestEachCallOfAFollowerFails: whichever call fails while changes of others are taken over, all of
// them are in force or none, and they are after the next question.
func TestEachCallOfAFollowerFails(t *testing.T) {
	t.Parallel()
	ring, _ := newRing(t)
	path := filepath.Join(t.TempDir(), "db")
	db, f := openFaulty(t, path)
	writer, p := start(t, openSQLite(t, path), ring), start(t, db, ring)
	writer.fill(boss())
	writer.fill(first())
	p.refresh()
	there, here := endpointOf(t, writer), endpointOf(t, p)
	for n := 0; ; n++ {
		before := whole(t, here)
		for _, name := range []string{"a", "z"} { // the user called a goes, and another comes
			must(t, there, bossKey, "CreateUser", "UserName", name, "Tags.member.1.Key", "n", "Tags.member.1.Value", fmt.Sprint(n))
			must(t, there, bossKey, "AddUserToGroup", "UserName", name, "GroupName", "fleet")
		}
		must(t, there, bossKey, "RemoveUserFromGroup", "UserName", "a", "GroupName", "fleet")
		must(t, there, bossKey, "DeleteUser", "UserName", "a")
		must(t, there, bossKey, "UpdateUser", "UserName", "z", "NewUserName", "a", "NewPath", "/x/")
		after := whole(t, there)
		f.set(n, false)
		err := p.Refresh(t.Context())
		hit := f.off()
		want := after
		if err != nil {
			want = before
		}
		if diff := cmp.Diff(want, whole(t, here)); diff != "" {
			t.Fatalf("call %d, %v:\n%s", n, err, diff)
		}
		p.refresh()
		if diff := cmp.Diff(after, whole(t, here)); diff != "" {
			t.Fatalf("after call %d:\n%s", n, diff)
		}
		must(t, there, bossKey, "RemoveUserFromGroup", "UserName", "a", "GroupName", "fleet")
		must(t, there, bossKey, "DeleteUser", "UserName", "a")
		p.refresh()
		if !hit {
			break
		}
	}
}
