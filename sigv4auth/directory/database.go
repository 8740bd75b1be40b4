package directory

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wildgate/wildgate/internal/sqldb"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

const (
	// sealPurpose keeps secrets at rest apart from all else that a ring seals.
	sealPurpose = "wildgate directory access key 1"

	pollTimeout  = 5 * time.Second  // for a question whether there are changes
	loadTimeout  = 10 * time.Minute // for the changes, or everything
	writeTimeout = 20 * time.Second // for a change, and more for each entity of a large one
	// keptChanges is how many revisions a process may be behind, and still take over changes one by
	// one. Who is behind more reads everything.
	keptChanges = 10_000
	// resealInterval is how often it is looked for secrets that an older key of the ring has
	// sealed: often enough for a key that opens for two days after it was replaced.
	resealInterval = time.Hour
	// pruneEvery is after how many revisions older changes are removed.
	pruneEvery = 500
)

// database keeps a directory on database/sql.
type database struct {
	d        *Directory
	sql      *sql.DB
	box      *keyring.Box
	postgres bool // and not SQLite

	token string // of the state in force; guarded by d.writing

	mu       sync.Mutex
	failing  string    // what was last reported; guarded by mu; "" => all is well
	asked    time.Time // when the last question that was answered began; guarded by mu
	question *question // that is being asked; guarded by mu; nil => none
	failed   time.Time // when the last question failed; guarded by mu
	failure  error     // and why; guarded by mu
	bad      map[string]string

	staleAt *time.Timer
	stop    context.CancelFunc
	running sync.WaitGroup
	ctx     context.Context // ends with close
}

// question is asked of the database once for all who wait.
type question struct {
	done chan struct{}
	err  error // once done is closed
}

// openDatabase reads everything.
func openDatabase(ctx context.Context, d *Directory) (*database, error) {
	db := &database{d: d, sql: d.cfg.DB, box: d.cfg.Ring.For(sealPurpose), bad: map[string]string{}}
	if err := db.check(ctx); err != nil {
		return nil, err
	}
	if err := sqldb.Migrate(ctx, db.sql, "directory_schema", migrations[:]); err != nil {
		return nil, err
	}
	var version string
	db.postgres = db.sql.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&version) != nil
	if err := db.reading(ctx, func(q querier) error { return db.reload(ctx, q) }); err != nil {
		return nil, err
	}
	db.ctx, db.stop = context.WithCancel(context.WithoutCancel(ctx))
	db.asked = time.Now()
	db.staleAt = time.AfterFunc(d.cfg.MaxStale, func() { d.stale.Store(true) })
	return db, nil
}

// close stops following, and waits for what is under way.
func (db *database) close() error {
	db.mu.Lock() // nobody begins a question any more
	db.stop()
	db.mu.Unlock()
	db.running.Wait()
	db.staleAt.Stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(db.ctx), pollTimeout)
	defer cancel()
	return db.saveUses(ctx)
}

// check asks the owner whether the database may be used.
func (db *database) check(ctx context.Context) error {
	if db.d.cfg.Check == nil {
		return nil
	}
	return db.d.cfg.Check(ctx)
}

// unavailable is the error of a database that cannot be used now.
func unavailable(what string, err error) error {
	return fmt.Errorf("directory: %s: %w: %w", what, errUnavailable, err)
}

// reading runs what reads in one transaction, so that all of it is of one state.
func (db *database) reading(ctx context.Context, read func(querier) error) error {
	// SQLite takes no lock for it, and a database that cannot be written can be read.
	return sqldb.InTransaction(ctx, db.sql, &sql.TxOptions{ReadOnly: true}, func(tx *sql.Tx) error {
		if db.postgres { // SQLite's transactions are so anyway
			if _, err := tx.ExecContext(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`); err != nil {
				return err
			}
		}
		return read(tx)
	})
}

// follow asks for changes until close.
func (db *database) follow() {
	poll := time.NewTicker(db.d.cfg.PollInterval)
	defer poll.Stop()
	uses := time.NewTicker(useInterval)
	defer uses.Stop()
	reseal := time.NewTicker(resealInterval)
	defer reseal.Stop()
	db.reseal()
	for {
		select {
		case <-db.ctx.Done():
			return
		case <-poll.C:
			_ = db.refresh(db.ctx) // it reports
		case <-uses.C:
			ctx, cancel := context.WithTimeout(db.ctx, writeTimeout)
			db.judge("last uses", "they cannot be kept: ", db.saveUses(ctx))
			cancel()
		case <-reseal.C:
			db.reseal()
		}
	}
}

// refresh takes over what other processes have changed.
func (db *database) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	began := time.Now()
	err := db.check(ctx)
	if err == nil {
		err = db.takeOver(ctx)
	}
	if err != nil {
		err = unavailable("changes cannot be asked for", err)
	}
	db.concluded(began, err)
	return err
}

// concluded remembers how a question that began at an instant was answered.
func (db *database) concluded(began time.Time, err error) {
	if err != nil && db.ctx.Err() != nil {
		return // it was given up
	}
	if err == nil {
		db.d.stale.Store(false)
		db.staleAt.Reset(db.d.cfg.MaxStale)
	}
	db.mu.Lock()
	if err == nil && began.After(db.asked) {
		db.asked = began
	}
	db.mu.Unlock()
	db.tell(err)
}

// tell reports that the database cannot be used, and that it can again, once each.
func (db *database) tell(err error) {
	db.mu.Lock()
	before := db.failing
	now := ""
	if err != nil {
		now = err.Error()
	}
	told := (before == "") != (now == "")
	if told {
		db.failing = now
	}
	db.mu.Unlock()
	switch {
	case told && err != nil:
		db.d.report(Problem{About: "database", Message: now})
	case told:
		db.d.report(Problem{About: "database", Message: before, Mended: true})
	}
}

// errHistory is a database that has not the state that is in force in its past.
var errHistory = errors.New("the database has gone back, or has another history than the state in force: " +
	"it was restored or replaced; look through its keys, and start anew")

// position returns the revision of the database.
func position(ctx context.Context, q querier) (revision int64, token string, err error) {
	err = q.QueryRowContext(ctx, `SELECT revision, token FROM directory_state`).Scan(&revision, &token)
	return revision, token, err
}

// position returns the revision of the database, which answers soon or is none that can be reached.
func (db *database) position(ctx context.Context) (revision int64, token string, err error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	return position(ctx, db.sql)
}

// takeOver puts the newest state in force.
func (db *database) takeOver(ctx context.Context) error {
	db.d.writing.Lock()
	defer db.d.writing.Unlock()
	s := db.d.current.Load()
	if s == nil {
		return errClosed
	}
	revision, token, err := db.position(ctx)
	switch {
	case err != nil:
		return err
	case revision == s.revision && token == db.token:
		return nil
	case revision <= s.revision:
		return errHistory
	}
	var next *state
	err = db.reading(ctx, func(q querier) (err error) {
		next, token, err = db.catchUp(ctx, q, s)
		return err
	})
	if err != nil {
		return err
	}
	db.d.current.Store(next)
	db.token = token
	return nil
}

// catchUp returns the state of the database, which is behind s. q reads one state of it.
func (db *database) catchUp(ctx context.Context, q querier, s *state) (next *state, token string, err error) {
	revision, token, err := position(ctx, q)
	if err != nil {
		return nil, "", err
	}
	return db.catchUpTo(ctx, q, s, revision, token)
}

// catchUpTo is catchUp where it is known which state the database is at.
func (db *database) catchUpTo(ctx context.Context, q querier, s *state, revision int64, token string) (*state, string, error) {
	e := newEdit(s, db.d.cfg.Partition, db.d.cfg.Now())
	e.revision, e.quiet = revision, true
	if s.revision > 0 { // otherwise there was nothing
		var known string
		err := q.QueryRowContext(ctx, `SELECT token FROM directory_changes WHERE revision = $1 LIMIT 1`, s.revision).Scan(&known)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			next, err := db.afterPruning(ctx, q, s, revision)
			return next, token, err
		case err != nil:
			return nil, "", err
		case known != db.token:
			return nil, "", errHistory
		}
	}
	changed, err := changedSince(ctx, q, s.revision)
	if err != nil {
		return nil, "", err
	}
	if err := db.loadSome(ctx, q, e, changed); err != nil {
		return nil, "", err
	}
	return e.done(db.d.process), token, nil
}

// afterPruning reads everything, for a process whose state s is older than the changes that are
// kept. Whether s is in the past of the database can no longer be told by its token: what is left
// is that its changes were pruned at all, and that no key is back that is known to be deleted.
func (db *database) afterPruning(ctx context.Context, q querier, s *state, revision int64) (*state, error) {
	var oldest int64
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MIN(revision), 0) FROM directory_changes`).Scan(&oldest); err != nil {
		return nil, err
	}
	if oldest <= s.revision {
		return nil, errHistory
	}
	next, err := db.loadAll(ctx, q, revision)
	if err != nil {
		return nil, err
	}
	for id := range s.deleted.All() {
		if _, back := next.keys.Get(id); back {
			return nil, errHistory
		}
	}
	return next, nil
}

func changedSince(ctx context.Context, q querier, revision int64) (changed []ref, err error) {
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT kind, id FROM directory_changes WHERE revision > $1`, revision)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r ref
		if err := rows.Scan(&r.kind, &r.id); err != nil {
			return nil, err
		}
		changed = append(changed, r)
	}
	return changed, rows.Err()
}

// reload puts the state that is in the database in force, whatever was before.
func (db *database) reload(ctx context.Context, q querier) error {
	revision, token, err := position(ctx, q)
	if err != nil {
		return err
	}
	s, err := db.loadAll(ctx, q, revision)
	if err != nil {
		return err
	}
	db.d.current.Store(s)
	db.token = token
	return nil
}

// write makes the next state in a transaction. The caller holds d.writing.
func (db *database) write(ctx context.Context, s *state, change func(*edit) error) error {
	// A client that goes away leaves no doubt about what was written.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	tooLate := time.AfterFunc(writeTimeout, cancel)
	defer tooLate.Stop()
	if err := db.check(ctx); err != nil {
		return unavailable("nothing was changed", err)
	}
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return unavailable("nothing was changed", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	token := rand.Text()
	// The first statement takes the lock that writers take turns by.
	var revision int64
	var previous string
	err = tx.QueryRowContext(ctx, `UPDATE directory_state SET revision = revision + 1, previous = token, token = $1
		RETURNING revision, previous`, token).Scan(&revision, &previous)
	if err != nil {
		return unavailable("nothing was changed", err)
	}
	base := s
	switch before := revision - 1; {
	case before == s.revision && previous == db.token:
	case before <= s.revision:
		db.tell(unavailable("nothing was changed", errHistory))
		return unavailable("nothing was changed", errHistory)
	default:
		if base, _, err = db.catchUpTo(ctx, tx, s, before, previous); err != nil {
			return unavailable("nothing was changed", err)
		}
		// It is what others have committed, and who asks now whether the caller still may has to be
		// answered by it.
		db.d.current.Store(base)
		db.token = previous
	}
	tooLate.Stop() // a large draft takes long to make, and no database is waited for meanwhile
	e := newEdit(base, db.d.cfg.Partition, db.d.cfg.Now())
	if err := change(e); err != nil || len(e.changed) == 0 {
		return err
	}
	tooLate.Reset(writeTimeout + time.Duration(len(e.changed))*time.Millisecond)
	if err := save(ctx, tx, e, token); err != nil {
		return unavailable("nothing was changed", err)
	}
	if err := tx.Commit(); err != nil {
		// It may have been written all the same: the next question tells.
		return unavailable("it is not known whether the change was made", err)
	}
	db.token = token
	db.d.publish(e)
	return nil
}

// afterMiss returns the state after a question to the database, for a key that is not in s. Many
// who miss at once wait for one question, and those who come soon after one that was answered do
// not ask again.
func (db *database) afterMiss(ctx context.Context, s *state) (*state, error) {
	db.mu.Lock()
	q := db.question
	switch {
	case q != nil:
	case time.Since(db.failed) < db.d.cfg.MissInterval:
		// Whoever makes keys up does not make a database that is in trouble busier.
		err := db.failure
		db.mu.Unlock()
		return nil, err
	case time.Since(db.asked) < db.d.cfg.MissInterval:
		db.mu.Unlock()
		return s, nil
	case db.ctx.Err() != nil:
		db.mu.Unlock()
		return nil, errClosed
	default:
		q = &question{done: make(chan struct{})}
		db.question = q
		db.running.Go(func() { db.ask(q) })
	}
	db.mu.Unlock()
	select {
	case <-q.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if q.err != nil {
		return nil, q.err
	}
	return db.d.serving()
}

// ask asks a question for all who wait. It ends with the directory, and with nobody's request.
func (db *database) ask(q *question) {
	q.err = db.refresh(db.ctx)
	db.mu.Lock()
	db.question = nil
	if q.err != nil {
		db.failed, db.failure = time.Now(), q.err
	}
	db.mu.Unlock()
	close(q.done)
}
