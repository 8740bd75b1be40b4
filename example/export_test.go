package main

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
)

// Run is run, for the tests, which are of another package.
var Run = run

// RiderOf is riderOf, and RiderName riderName.
var (
	RiderOf   = riderOf
	RiderName = riderName
)

// ErrNotInPlace is errNotInPlace.
var ErrNotInPlace = errNotInPlace

// ChangeRides runs change as a change of a database at path, which exists.
func ChangeRides(path string, change func() error) error {
	s := newRideStore(slog.New(slog.DiscardHandler))
	if err := s.files.hold(path, os.O_RDWR, databasePart); err != nil {
		return err
	}
	defer func() { _ = s.files.close() }()
	return s.changing(context.Background(), change)
}

// OpenRides opens the database of a data folder.
func OpenRides(ctx context.Context, dir string) (db *sql.DB, closeIt func() error, err error) {
	s, err := openRides(ctx, dir, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	return s.db, s.close, nil
}
