package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wildgate/wildgate/ridesvc"
)

const (
	ridesFile = "rides.db"
	// Of SQLite's writers one writes at a time: more connections would only wait, and hold memory.
	maxDatabaseConnections = 8
	// maxDirectoryConnections are for users, keys and policies, which are served from memory.
	maxDirectoryConnections = 2
	// maxAccountConnections are beside those: who signs in waits for others who do, and takes no
	// ride's connection.
	maxAccountConnections = 4
	// changesOfLog is after how many changes the log is moved into the database's file: it has some
	// megabytes then.
	changesOfLog = 200
)

// rideStore is the store of the rides on the database of the data folder. It succeeds in nothing
// while the files of the database are not in their places.
type rideStore struct {
	*ridesvc.SQLStore
	db    *sql.DB
	files *rideFiles
	// accounts is the same database, for the user pool and the identity pool.
	accounts *sql.DB
	// directory is the same database, for users, keys and policies.
	directory *sql.DB
	// pin is a connection that only checkpoint uses, so that one is always open: SQLite removes its
	// log with the last one.
	pin *sql.Conn

	readOnly bool // the folder could not be written when it was opened

	// turn holds a value while a change is made: of SQLite's writers one writes at a time anyway.
	turn    chan struct{}
	changes int // guarded by turn: how many there were since the last checkpoint
}

var _ ridesvc.Store = (*rideStore)(nil)

// Create implements ridesvc.Store. It looks once more after the ride is kept: the file may have
// gone between.
func (s *rideStore) Create(ctx context.Context, ride ridesvc.Ride) error {
	return s.changing(ctx, func(ctx context.Context) error { return s.SQLStore.Create(ctx, ride) })
}

// Cancel implements ridesvc.Store.
func (s *rideStore) Cancel(ctx context.Context, rider, rideID string, at time.Time) error {
	return s.changing(ctx, func(ctx context.Context) error { return s.SQLStore.Cancel(ctx, rider, rideID, at) })
}

// Rename is SQLStore.Rename, as a change like the others.
func (s *rideStore) Rename(ctx context.Context, rider, key string) error {
	return s.changing(ctx, func(ctx context.Context) error { return s.SQLStore.Rename(ctx, rider, key) })
}

// changing makes a change, as soon as no other one is made. It waits without a connection, which
// somebody can read on meanwhile.
func (s *rideStore) changing(ctx context.Context, change func(context.Context) error) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	return end(change(withTurn(ctx)))
}

// begin begins a change, as soon as no other one is made. end ends it with its error, and returns
// what it comes to.
func (s *rideStore) begin(ctx context.Context) (end func(error) error, err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.changes >= changesOfLog {
		// Before the change, so that one that finds the file overwritten is not answered with 201.
		s.checkpoint(context.WithoutCancel(ctx))
	}
	s.changes++
	written, err := s.files.begin(logPart)
	if err != nil {
		<-s.turn
		return nil, err
	}
	return func(err error) error {
		defer func() { <-s.turn }()
		return written(err)
	}, nil
}

// Ride implements ridesvc.Store.
func (s *rideStore) Ride(ctx context.Context, rider, rideID string) (ridesvc.Ride, error) {
	if err := s.files.check(); err != nil {
		return ridesvc.Ride{}, err
	}
	return s.SQLStore.Ride(ctx, rider, rideID)
}

// Rides implements ridesvc.Store.
func (s *rideStore) Rides(ctx context.Context, after ridesvc.Cursor, limit int) ([]ridesvc.Ride, error) {
	if err := s.files.check(); err != nil {
		return nil, err
	}
	return s.SQLStore.Rides(ctx, after, limit)
}

// healthy returns an error unless the rides can be read, from the file that is in its place.
func (s *rideStore) healthy(ctx context.Context) error {
	if err := s.files.check(); err != nil {
		return err
	}
	var rides bool
	return s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM rides)`).Scan(&rides)
}

// close closes the database, and then its files.
func (s *rideStore) close() (err error) {
	_ = s.files.check() // which tells
	if s.files.isOverwritten() {
		// The last connection that is closed would write the log into the file, and remove it.
		return s.files.close()
	}
	if s.pin != nil {
		err = s.pin.Close()
	}
	for _, db := range []*sql.DB{s.accounts, s.directory} {
		if db != nil && db != s.db {
			err = errors.Join(err, db.Close())
		}
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	return errors.Join(err, s.files.close())
}

func newRideStore(log *slog.Logger) *rideStore {
	return &rideStore{files: &rideFiles{log: log}, turn: make(chan struct{}, 1)}
}

// openRides opens the database of the rides, as the comment on ridesvc.SQLStore advises. It never
// makes one: that is bootstrap's, at the first start. Where the folder cannot be written
// (writeError is why) it opens what can be read without it.
func openRides(ctx context.Context, dir string, writeError error, log *slog.Logger) (_ *rideStore, err error) {
	path := filepath.Join(dir, ridesFile)
	s := newRideStore(log)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	flag := os.O_RDWR
	if readOnly(writeError) {
		flag = os.O_RDONLY
	}
	switch err := s.files.hold(path, flag, databasePart); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, missingRides(dir)
	case err != nil:
		return nil, err
	}
	if err := refuseOverwritten(path); err != nil {
		return nil, err
	}
	if n := logSize(path); n > 0 {
		log.Info("the program did not end by itself the last time: what it wrote last is taken from the log of the database", "log",
			path+"-wal", "bytes", n)
	}
	connections := maxDatabaseConnections + 1 // and the pin
	if writeError != nil {
		connections = 1 // which may have the file to itself
	}
	if s.db, err = s.openDatabase(path, writeError, connections); err != nil {
		return nil, err
	}
	s.accounts, s.directory = s.db, s.db
	if writeError == nil {
		if s.accounts, err = s.openDatabase(path, nil, maxAccountConnections); err != nil {
			return nil, err
		}
		if s.directory, err = s.openDatabase(path, nil, maxDirectoryConnections); err != nil {
			return nil, err
		}
	}
	if s.SQLStore, err = ridesvc.NewSQLStore(ctx, s.db); err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w", ridesFile, err)
	}
	if writeError == nil {
		if s.pin, err = s.db.Conn(ctx); err != nil {
			return nil, err
		}
	}
	// The log and its index are there once the database was read.
	if err := s.healthy(ctx); err != nil {
		return nil, err
	}
	for _, beside := range []struct {
		suffix string
		part   part
	}{{"-wal", logPart}, {"-shm", otherPart}} {
		if err := s.files.hold(path+beside.suffix, os.O_RDONLY, beside.part); err != nil &&
			(writeError == nil || !errors.Is(err, fs.ErrNotExist)) {
			return nil, err
		}
	}
	s.readOnly = writeError != nil
	return s, nil
}

// missingRides says what can be done about a database that was lost.
func missingRides(dir string) error {
	inDatabase, err := hasRevision(dir)
	missing := ridesFile + " is missing: restore it from a backup, with no " + ridesFile + "-wal and no " + ridesFile + "-shm beside it"
	if inDatabase || err != nil {
		return errors.New(missing)
	}
	return errors.New(missing + ", or begin without rides by making an empty file: install -m 600 /dev/null " +
		shellQuote(filepath.Join(dir, ridesFile)))
}

// watch begins to watch the files, once what a start makes is made: from then on nothing else
// writes to them.
func (s *rideStore) watch(ctx context.Context) error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if !s.readOnly {
		if err := s.emptyLog(ctx); err != nil {
			return fmt.Errorf("%s cannot be written: %w", ridesFile, err)
		}
	}
	return s.files.record()
}

// dataSource names the database to the driver.
func dataSource(path string, writeError error) string {
	query := url.Values{
		"mode":    {"rw"}, // without a c: a file that is missing is not made
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(0)"},
		"_txlock": {"immediate"},
	}
	switch {
	case readOnly(writeError):
		query = url.Values{"mode": {"ro"}}
		// Without a log there is nothing that SQLite would have to write first.
		if logSize(path) == 0 {
			query.Set("immutable", "1")
		}
	case writeError != nil:
		// With the file to itself, SQLite keeps the index of the log in memory, where otherwise it
		// needs a file (www.sqlite.org/wal.html, "Use of WAL Without Shared-Memory"). As soon as
		// there is space again it can write.
		query["_pragma"] = []string{"busy_timeout(5000)", "locking_mode(EXCLUSIVE)", "wal_autocheckpoint(0)"}
		// The driver sets these after the pragmas, which it sorts: the mode of the locks must come
		// before the log is read.
		query.Set("_journal_mode", "WAL")
		query.Set("_synchronous", "FULL")
	}
	// On Windows the path begins with a drive, which is no authority.
	dsn := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/"), RawQuery: query.Encode()}
	return dsn.String()
}
