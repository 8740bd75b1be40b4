package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"modernc.org/sqlite"
)

// guardedConn is a connection to the database of the data folder, for whatever keeps something
// there: each change on it is made in turn with the others, and succeeds in nothing while the files
// of the database are not in their places (threat 249).
type guardedConn struct {
	sqliteConn

	store       *rideStore
	transaction bool // one is under way, which has the turn
}

// sqliteConn is what the driver's connections are.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// inTurn marks the context of what has the turn already.
type inTurn struct{}

func hasTurn(ctx context.Context) bool { return ctx.Value(inTurn{}) != nil }

func withTurn(ctx context.Context) context.Context { return context.WithValue(ctx, inTurn{}, true) }

// errUnguarded is what is never asked for, since its end would not be seen.
var errUnguarded = errors.New("the database is changed by a statement, or by a transaction, and by nothing else")

// guard returns c as a guarded connection.
func (s *rideStore) guard(c driver.Conn) (driver.Conn, error) {
	conn, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver of the database is another one"), c.Close()) // unreachable
	}
	return &guardedConn{sqliteConn: conn, store: s}, nil
}

// BeginTx begins a transaction, once no other change is made, and lets no other one be made until
// it ends.
func (c *guardedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if hasTurn(ctx) || opts.ReadOnly {
		return c.sqliteConn.BeginTx(ctx, opts)
	}
	end, err := c.store.begin(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := c.sqliteConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, end(err)
	}
	c.transaction = true
	return &guardedTx{tx, c, end}, nil
}

type guardedTx struct {
	driver.Tx
	conn *guardedConn
	end  func(error) error
}

// Commit succeeds only if the files are in their places afterwards, too.
func (t *guardedTx) Commit() error {
	t.conn.transaction = false
	return t.end(t.Tx.Commit())
}

// Rollback ends the transaction.
func (t *guardedTx) Rollback() error {
	t.conn.transaction = false
	return t.end(t.Tx.Rollback())
}

// ExecContext makes a change.
func (c *guardedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.transaction || hasTurn(ctx) {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	end, err := c.store.begin(ctx)
	if err != nil {
		return nil, err
	}
	result, err := c.sqliteConn.ExecContext(ctx, query, args)
	if err := end(err); err != nil {
		return nil, err
	}
	return result, nil
}

// QueryContext reads. What changes something and returns rows needs a transaction.
func (c *guardedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !c.transaction && !hasTurn(ctx) {
		if word := strings.Fields(query); len(word) == 0 || !strings.EqualFold(word[0], "SELECT") {
			return nil, errUnguarded
		}
		if err := c.store.files.check(); err != nil {
			return nil, err
		}
	}
	return c.sqliteConn.QueryContext(ctx, query, args)
}

// Prepare implements driver.Conn. A prepared statement would be a way around.
func (c *guardedConn) Prepare(string) (driver.Stmt, error) { return nil, errUnguarded }

// rideConnector opens connections to the file that the others are open to, or none.
type rideConnector struct {
	driver.Connector
	store *rideStore
}

// Connect implements driver.Connector.
func (c *rideConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.store.files.check(); err != nil {
		return nil, err
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.store.files.check(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return c.store.guard(conn)
}

// openDatabase opens the file at path for at most so many connections at once.
func (s *rideStore) openDatabase(path string, writeError error, connections int) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dataSource(path, writeError))
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(&rideConnector{connector, s})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}
