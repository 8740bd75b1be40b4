package ridesvc

import (
	"context"
	"errors"
	"fmt"
)

// An UnnamedRider is a rider of rides that were kept before there was a [Ride.RiderName].
type UnnamedRider struct {
	Rider string
	Rides int // how many such rides are the rider's
}

// Unnamed returns the riders of all rides that were kept before there was a [Ride.RiderName], in
// the order of their bytes. A service that took a name for the owner of a ride, and goes over to
// a key that no two callers share, hands these rides over with
// [SQLStore.Rename], once, before it serves.
func (s *SQLStore) Unnamed(ctx context.Context) (riders []UnnamedRider, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT rider, count(*) FROM rides WHERE rider_name IS NULL GROUP BY rider ORDER BY rider`)
	if err != nil {
		return nil, fmt.Errorf("ridesvc: SQL store: unnamed: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r UnnamedRider
		if err := rows.Scan(&r.Rider, &r.Rides); err != nil {
			return nil, fmt.Errorf("ridesvc: SQL store: unnamed: %w", err)
		}
		riders = append(riders, r)
	}
	return riders, rows.Err()
}

// Rename gives the rides of rider that were kept before there was a [Ride.RiderName] to another
// key, and makes the old key their RiderName. It changes no ride twice: a ride that has a name is
// left as it is.
func (s *SQLStore) Rename(ctx context.Context, rider, key string) error {
	_, err := s.db.ExecContext(ctx, `UPDATE rides SET rider_name = rider, rider = $1 WHERE rider = $2 AND rider_name IS NULL`, key, rider)
	if err != nil {
		return fmt.Errorf("ridesvc: SQL store: rename: %w", err)
	}
	return nil
}
