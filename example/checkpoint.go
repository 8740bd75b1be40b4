package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
)

// userVersionOffset is where the header of a database has what PRAGMA user_version sets, in four
// bytes, the first the highest (www.sqlite.org/fileformat.html, "The Database Header").
const userVersionOffset = 60

// checkpoint moves what the log holds into the database's file. SQLite does not by itself, so that
// whatever else writes to the file is noticed. What is not moved is not lost: the next time will.
// It is called in turn with the changes.
func (s *rideStore) checkpoint(ctx context.Context) {
	s.changes = 0
	ctx = withTurn(ctx)
	var stamp uint32
	err := s.files.write(logPart, func() (err error) {
		stamp, err = s.stamp(ctx)
		return err
	})
	if err == nil {
		err = s.files.write(databasePart, func() error { return s.moveLog(ctx, "PASSIVE", stamp) })
	}
	if err != nil && !errors.Is(err, errNotInPlace) {
		s.files.log.Warn("the log of the database cannot be moved into it, and grows", "error", err)
	}
}

// emptyLog moves all of the log, before the files are watched.
func (s *rideStore) emptyLog(ctx context.Context) error {
	ctx = withTurn(ctx)
	stamp, err := s.stamp(ctx)
	if err != nil {
		return err
	}
	return s.moveLog(ctx, "TRUNCATE", stamp)
}

// stamp writes a number into the database, by which the file is told from each of its backups that
// is older: in these it is another one. For nothing else is user_version used.
func (s *rideStore) stamp(ctx context.Context) (uint32, error) {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	stamp := binary.BigEndian.Uint32(random[:]) >> 1
	_, err := s.mover().ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", stamp))
	return stamp, err
}

// moveLog moves what the log holds into the database's file, as far as no reader needs it there.
// If that was all, the file has the stamp now, unless a copy that was made at the same time has put
// another first page over it.
func (s *rideStore) moveLog(ctx context.Context, mode string, stamp uint32) error {
	var busy, pages, moved int
	err := s.mover().QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &moved)
	if err != nil || busy != 0 || pages != moved {
		return err
	}
	database := &s.files.held[0]
	state, err := database.look()
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint32(state.header[userVersionOffset:]) != stamp {
		return database.overwritten()
	}
	return nil
}

// mover returns the connection that moves the log.
func (s *rideStore) mover() interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
} {
	if s.pin != nil {
		return s.pin
	}
	return s.db
}
