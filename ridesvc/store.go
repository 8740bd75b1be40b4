package ridesvc

import (
	"context"
	"errors"
	"time"
)

// ErrNotFound is what a [Store] answers, wrapped or bare, for a ride that it does not hold or that
// belongs to another rider: the two are one answer, so that nobody learns whose rides exist.
var ErrNotFound = errors.New("ridesvc: ride not found")

// ErrExists is what a [Store] answers, wrapped or bare, to Create for a RideID that it already
// holds.
var ErrExists = errors.New("ridesvc: ride exists")

// A Ride is one requested ride. It is a plain value and holds no pointers.
type Ride struct {
	RideID         string // 16 random bytes, base64url without padding: 22 characters
	Rider          string // who asked for it and owns it: the key that Config.Rider returned
	RiderName      string // what answers call the rider; "": as Rider
	Unicorn        Unicorn
	PickupLocation Location
	RequestTime    time.Time // UTC, whole milliseconds
	CancelTime     time.Time // UTC, whole milliseconds; the zero Time: not cancelled
}

// A Location is a point on the earth in decimal degrees: Latitude from -90 to 90, Longitude from
// -180 to 180.
type Location struct {
	Latitude, Longitude float64
}

// A Cursor is a place in the list of all rides, which runs from the newest to the oldest: that of
// the ride with this RequestTime and RideID. The zero Cursor is the place before the newest. The
// ride itself need not exist (any more).
type Cursor struct {
	RequestTime time.Time
	RideID      string
}

// A Store keeps rides. [SQLStore] is the one that this package brings; package ridetest checks any
// other against this contract.
//
// All methods are safe for concurrent use and honour ctx: where it ends first, they return an error
// that wraps ctx.Err(). An error that wraps neither [ErrNotFound] nor [ErrExists] means that the
// store failed, and that nothing is known of what it holds; the service answers it with 503. A
// Store keeps instants to the millisecond, numbers and strings exactly (RideID and Rider compare
// byte by byte), and returns what it was given.
type Store interface {
	// Create keeps a new ride. It never overwrites: it returns ErrExists where ride.RideID is
	// taken, whoever holds it. Of several concurrent calls with one RideID exactly one succeeds.
	Create(ctx context.Context, ride Ride) error

	// Ride returns the ride with this rideID that rider asked for, cancelled or not.
	// It returns ErrNotFound where there is none, or where it is another rider's.
	Ride(ctx context.Context, rider, rideID string) (Ride, error)

	// Rides returns the rides of all riders that follow the place after, cancelled ones too, at
	// most limit of them (limit is positive), by falling RequestTime. Rides of the same millisecond
	// stand in an order that the store chooses by RideID and never changes, so that a walk from
	// page to page meets each ride that existed when it began exactly once.
	Rides(ctx context.Context, after Cursor, limit int) ([]Ride, error)

	// Cancel sets the CancelTime of a ride of rider's. A ride that is cancelled already keeps its
	// first CancelTime, and that is no error. It returns ErrNotFound as Ride does.
	Cancel(ctx context.Context, rider, rideID string, at time.Time) error
}
