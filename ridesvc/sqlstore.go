package ridesvc

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wildgate/wildgate/internal/sqldb"
)

// SQLStore is a [Store] on a database/sql database: SQLite (3.24 or later) or PostgreSQL.
//
// It is written in the SQL that the two share, and with $1, $2, … as placeholders, which the
// drivers of both take; so it needs no dialect setting, and this module needs no driver. Each
// method is a single statement, hence atomic without a transaction of its own. Instants are kept as
// whole milliseconds since 1970 UTC, never as text or as a database's time type, which differ in
// zone and precision. It logs nothing, starts no goroutine, and is safe for concurrent use.
//
// A SQLite database that several connections write SHOULD be opened with a busy timeout, since a
// writer waits for the other instead of failing; in WAL mode, where readers and the writer don't
// wait for each other; and with immediate transactions. With modernc.org/sqlite:
//
//	file:rides.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_txlock=immediate
type SQLStore struct {
	db *sql.DB
}

var _ Store = (*SQLStore)(nil)

// NewSQLStore returns a store on db, after it brought the schema there up to date (tables rides and
// rides_schema). Processes that start at the same time on one database may all call it. Where the
// schema is up to date already it only reads, so that a service may run without the right to change
// tables. The schema of a newer program is an error, never touched.
//
// The caller keeps db, configures it for its driver, and closes it once no request is under way.
func NewSQLStore(ctx context.Context, db *sql.DB) (*SQLStore, error) {
	if db == nil {
		return nil, errors.New("ridesvc: NewSQLStore: the database is nil")
	}
	if err := sqldb.Migrate(ctx, db, "rides_schema", migrations[:]); err != nil {
		return nil, fmt.Errorf("ridesvc: SQL store: %w", err)
	}
	return &SQLStore{db: db}, nil
}

// The columns in the order in which scanRide reads them.
const rideColumns = `ride_id, rider, rider_name, unicorn_name, unicorn_color, unicorn_gender,
	latitude, longitude, request_time_ms, cancel_time_ms`

// Create implements [Store].
func (s *SQLStore) Create(ctx context.Context, ride Ride) error {
	cancelled := sql.NullInt64{Int64: ride.CancelTime.UnixMilli(), Valid: !ride.CancelTime.IsZero()}
	// ON CONFLICT tells a taken RideID from every other failure without a look into a driver's own
	// errors.
	result, err := s.db.ExecContext(ctx, `INSERT INTO rides (`+rideColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (ride_id) DO NOTHING`,
		ride.RideID, ride.Rider, ride.RiderName, ride.Unicorn.Name, ride.Unicorn.Color, ride.Unicorn.Gender,
		ride.PickupLocation.Latitude, ride.PickupLocation.Longitude, ride.RequestTime.UnixMilli(), cancelled)
	return changedOne("create", result, err, ErrExists)
}

// Ride implements [Store].
func (s *SQLStore) Ride(ctx context.Context, rider, rideID string) (Ride, error) {
	row := s.db.QueryRowContext(ctx, `SELECT `+rideColumns+` FROM rides WHERE ride_id = $1 AND rider = $2`, rideID, rider)
	ride, err := scanRide(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Ride{}, ErrNotFound
	}
	if err != nil {
		return Ride{}, fmt.Errorf("ridesvc: SQL store: read: %w", err)
	}
	return ride, nil
}

// Rides implements [Store].
func (s *SQLStore) Rides(ctx context.Context, after Cursor, limit int) ([]Ride, error) {
	rides, err := s.page(ctx, after, limit)
	if err != nil {
		return nil, fmt.Errorf("ridesvc: SQL store: list: %w", err)
	}
	return rides, nil
}

func (s *SQLStore) page(ctx context.Context, after Cursor, limit int) (_ []Ride, err error) {
	// The page is sought by its key through the index rides_by_request_time: an OFFSET would read
	// all that it skips, and would repeat or drop rides when others are added meanwhile.
	query, args := `SELECT `+rideColumns+` FROM rides
		ORDER BY request_time_ms DESC, ride_id DESC LIMIT $1`, []any{limit}
	if after != (Cursor{}) {
		query, args = `SELECT `+rideColumns+` FROM rides WHERE (request_time_ms, ride_id) < ($1, $2)
		ORDER BY request_time_ms DESC, ride_id DESC LIMIT $3`, []any{after.RequestTime.UnixMilli(), after.RideID, limit}
	}
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var rides []Ride
	for rows.Next() {
		ride, err := scanRide(rows.Scan)
		if err != nil {
			return nil, err
		}
		rides = append(rides, ride)
	}
	return rides, rows.Err()
}

// Cancel implements [Store].
func (s *SQLStore) Cancel(ctx context.Context, rider, rideID string, at time.Time) error {
	// COALESCE keeps the first CancelTime, and still counts the row as changed: one statement tells
	// "cancelled, now or before" from "no such ride".
	result, err := s.db.ExecContext(ctx, `UPDATE rides SET cancel_time_ms = COALESCE(cancel_time_ms, $1) WHERE ride_id = $2 AND rider = $3`,
		at.UnixMilli(), rideID, rider)
	return changedOne("cancel", result, err, ErrNotFound)
}

// changedOne returns nil where a statement changed one row, and none where it changed no row.
func changedOne(what string, result sql.Result, err, none error) error {
	var n int64
	if err == nil {
		n, err = result.RowsAffected()
	}
	switch {
	case err != nil:
		return fmt.Errorf("ridesvc: SQL store: %s: %w", what, err)
	case n == 0:
		return none
	}
	return nil
}

func scanRide(scan func(dest ...any) error) (Ride, error) {
	var (
		ride      Ride
		name      sql.NullString
		requested int64
		cancelled sql.NullInt64
	)
	err := scan(&ride.RideID, &ride.Rider, &name, &ride.Unicorn.Name, &ride.Unicorn.Color, &ride.Unicorn.Gender,
		&ride.PickupLocation.Latitude, &ride.PickupLocation.Longitude, &requested, &cancelled)
	if err != nil {
		return Ride{}, err
	}
	ride.RiderName = name.String
	ride.RequestTime = time.UnixMilli(requested).UTC()
	if cancelled.Valid {
		ride.CancelTime = time.UnixMilli(cancelled.Int64).UTC()
	}
	return ride, nil
}
