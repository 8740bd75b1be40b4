package main

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// Run is run, for the tests, which are of another package.
var Run = run

// RiderOf is riderOf, and RiderName riderName.
var (
	RiderOf   = riderOf
	RiderName = riderName
)

// OfIdentity is ofIdentity, of an API in a region.
func OfIdentity(region string, next http.Handler) http.Handler {
	return ofIdentity(api{Region: region}, next)
}

// NewIdentities is newIdentities.
func NewIdentities(ctx context.Context, db *sql.DB) (sts.IdentityStore, error) {
	return newIdentities(ctx, db)
}

// Decide is decide, and ErrMeanwhile errMeanwhile.
var (
	Decide       = decide
	ErrMeanwhile = errMeanwhile
)

// NewCourier makes a courier, and returns its deliver and its close.
func NewCourier(program string, out io.Writer, log *slog.Logger) (
	deliver func(context.Context, userpool.Delivery) error, closeIt func(),
) {
	c := newCourier(program, out, log)
	return c.deliver, c.close
}

// ErrNotInPlace is errNotInPlace.
var ErrNotInPlace = errNotInPlace

// ChangeRides runs change as a change of a database at path, which exists as its log does.
func ChangeRides(path string, change func() error) error {
	s := newRideStore(slog.New(slog.DiscardHandler))
	if err := s.files.hold(path, os.O_RDWR, databasePart); err != nil {
		return err
	}
	defer func() { _ = s.files.close() }()
	if err := errors.Join(s.files.hold(path+"-wal", os.O_RDWR, logPart), s.files.record()); err != nil {
		return err
	}
	return s.changing(context.Background(), func(context.Context) error { return change() })
}

// MoveLog moves the log of a data folder into the database, as a checkpoint does, with something
// that happens meanwhile.
func MoveLog(ctx context.Context, dir string, meanwhile func()) error {
	s, err := openRides(ctx, dir, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }()
	if err := s.watch(ctx); err != nil {
		return err
	}
	ctx = withTurn(ctx)
	var stamp uint32
	err = s.files.write(logPart, func() (err error) {
		stamp, err = s.stamp(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return s.files.write(databasePart, func() error {
		if err := s.moveLog(ctx, "PASSIVE", stamp); err != nil {
			return err
		}
		meanwhile()
		return s.moveLog(ctx, "PASSIVE", stamp)
	})
}

// OpenRides opens the database of a data folder, for the rides and for the accounts.
func OpenRides(ctx context.Context, dir string) (rides, accounts *sql.DB, closeIt func() error, err error) {
	s, err := openRides(ctx, dir, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, nil, err
	}
	if err := s.watch(ctx); err != nil {
		return nil, nil, nil, errors.Join(err, s.close())
	}
	return s.db, s.accounts, s.close, nil
}
