package dbtest_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite"
)

var errFault = errors.New("the disk is on fire")

// faults makes a database fail: the n-th step from now, and all that come after it.
type faults struct {
	left      atomic.Int64 // steps that go well; negative => all do
	committed atomic.Bool  // a commit that fails has taken effect
	failed    atomic.Bool  // whether a step has failed
}

// step returns an error if this step is to fail.
func (f *faults) step() error {
	for {
		left := f.left.Load()
		switch {
		case left < 0:
			return nil
		case left == 0:
			f.failed.Store(true)
			return errFault
		case f.left.CompareAndSwap(left, left-1):
			return nil
		}
	}
}

// openFaulty opens a file of SQLite as openSQLite does, with faults.
func openFaulty(t testing.TB, path string, f *faults) *sql.DB {
	t.Helper()
	f.left.Store(-1)
	db := sql.OpenDB(&faultyConnector{
		f,
		"file:" + path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)",
	})
	t.Cleanup(func() { _ = db.Close() })
	return db
}

type faultyConnector struct {
	*faults
	name string
}

func (c *faultyConnector) Driver() driver.Driver { return &sqlite.Driver{} }

func (c *faultyConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.name)
	if err != nil {
		return nil, err
	}
	return &faultyConn{conn, c.faults}, nil
}

// faultyConn is a connection whose statements and transactions fail.
type faultyConn struct {
	driver.Conn
	*faults
}

func (c *faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &faultyTx{tx, c.faults}, nil
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

type faultyTx struct {
	driver.Tx
	*faults
}

func (t *faultyTx) Commit() error {
	if err := t.step(); err != nil {
		if t.committed.Load() {
			_ = t.Tx.Commit()
			return err
		}
		return errors.Join(err, t.Tx.Rollback())
	}
	return t.Tx.Commit()
}
