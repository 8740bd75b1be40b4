// Package ridetest checks implementations of ridesvc.Store against its contract.
//
// A store's own test calls [TestStore] and nothing else:
//
//	func TestMyStore(t *testing.T) {
//		ridetest.TestStore(t, func(t *testing.T) ridesvc.Store { return newMyStore(t) })
//	}
package ridetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wildgate/wildgate/ridesvc"
)

// TestStore runs every test of the contract, each as a subtest of t on a store of its own. The
// function empty returns a store without rides, ready for concurrent use, and registers with t what
// has to be cleaned up.
func TestStore(t *testing.T, empty func(t *testing.T) ridesvc.Store) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(t *testing.T, store ridesvc.Store)
	}{
		{"a ride comes back as it was created", testKept},
		{"numbers come back to the bit", testNumbers},
		{"instants come back to the millisecond, in UTC", testInstants},
		{"strings are data, compared byte by byte", testStrings},
		{"create never overwrites", testExists},
		{"a ride of another rider is as unknown as none", testOwnership},
		{"cancel keeps the first time", testCancel},
		{"cancel touches one ride only", testCancelOne},
		{"an empty store lists nothing", testListEmpty},
		{"the newest ride is listed first", testListOrder},
		{"pages meet each ride once", testListPages},
		{"a walk through pages survives new rides", testListMeanwhile},
		{"a cursor needs no ride that exists", testListCursor},
		{"an ended context is an error of its own", testContext},
		{"of concurrent creates of one ride one succeeds", testConcurrentCreate},
		{"concurrent use loses nothing", testConcurrentUse},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, empty(t)) })
	}
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

// sample returns the n-th of a series of rides that differ in everything; a second lies between
// each two.
func sample(n int) ridesvc.Ride {
	return ridesvc.Ride{
		RideID:         fmt.Sprintf("%022d", n),
		Rider:          fmt.Sprintf("rider|%d|example|com", n),
		RiderName:      fmt.Sprint("rider ", n),
		Unicorn:        ridesvc.Unicorn{Name: fmt.Sprint("name ", n), Color: fmt.Sprint("color ", n), Gender: fmt.Sprint("gender ", n)},
		PickupLocation: ridesvc.Location{Latitude: 47.6 + float64(n)/1000, Longitude: -122.3 - float64(n)/1000},
		RequestTime:    epoch.Add(time.Duration(n) * time.Second),
	}
}

func create(t *testing.T, store ridesvc.Store, rides ...ridesvc.Ride) {
	t.Helper()
	for _, ride := range rides {
		if err := store.Create(t.Context(), ride); err != nil {
			t.Fatalf("Create(%+v): %v", ride, err)
		}
	}
}

// holds fails the test unless the store answers with this ride to its rider.
func holds(t *testing.T, store ridesvc.Store, want ridesvc.Ride) {
	t.Helper()
	got, err := store.Ride(t.Context(), want.Rider, want.RideID)
	if err != nil {
		t.Fatalf("Ride(%q, %q): %v", want.Rider, want.RideID, err)
	}
	// Struct equality, so that a time in another zone differs, as it does for a caller who prints
	// it.
	if got != want {
		t.Errorf("Ride(%q, %q):\n got %+v\nwant %+v", want.Rider, want.RideID, got, want)
	}
}

func wantError(t *testing.T, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want one that wraps %v", call, err, want)
	}
}

func testKept(t *testing.T, store ridesvc.Store) {
	cancelled := sample(2)
	cancelled.CancelTime = epoch.Add(time.Hour)
	create(t, store, sample(1), cancelled)
	holds(t, store, sample(1))
	holds(t, store, cancelled)
	again, err := store.Rides(t.Context(), ridesvc.Cursor{}, 10)
	if err != nil || len(again) != 2 || again[0] != cancelled || again[1] != sample(1) {
		t.Errorf("Rides: %+v, %v; want the two as created", again, err)
	}
}

func testNumbers(t *testing.T, store ridesvc.Store) {
	for n, location := range []ridesvc.Location{
		{Latitude: 0, Longitude: 0},
		{Latitude: 90, Longitude: 180},
		{Latitude: -90, Longitude: -180},
		{Latitude: 0.1, Longitude: 0.1 + 0.2},
		{Latitude: 47.60999999999999, Longitude: -122.30000000000001},
		{Latitude: 5e-324, Longitude: -5e-324},
		{Latitude: 1.0 / 3, Longitude: 179.99999999999997},
	} {
		ride := sample(n)
		ride.PickupLocation = location
		create(t, store, ride)
		holds(t, store, ride)
	}
}

func testInstants(t *testing.T, store ridesvc.Store) {
	for n, at := range []time.Time{
		time.UnixMilli(0).UTC(),
		time.UnixMilli(-1).UTC(),
		time.Date(1969, 7, 20, 20, 17, 40, 1e6, time.UTC),
		time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
	} {
		ride := sample(n)
		ride.RequestTime, ride.CancelTime = at, at.Add(time.Millisecond)
		create(t, store, ride)
		holds(t, store, ride)
	}

	elsewhere := sample(100)
	elsewhere.RequestTime = epoch.In(time.FixedZone("UTC+2", 2*60*60))
	create(t, store, elsewhere)
	elsewhere.RequestTime = epoch
	holds(t, store, elsewhere)
}

func testStrings(t *testing.T, store ridesvc.Store) {
	riders := []string{
		"alice", "Alice", "alice ", " alice", "al_ce", "al%", "*", "alice|example|com", "us-east-1:5f4c8d1e-0000-4000-8000-000000000001",
		"', ''); DROP TABLE rides; --", `"`, `\`, `\'`, "$1", "?", "NULL", "0", "1e3", "é", "e\u0301", "🦄", "ß", "SS", "i", "İ",
	}
	for n, rider := range riders {
		ride := sample(n)
		ride.Rider, ride.Unicorn = rider, ridesvc.Unicorn{Name: rider, Color: rider, Gender: rider}
		create(t, store, ride)
	}
	for n, owner := range riders {
		for _, rider := range riders {
			_, err := store.Ride(t.Context(), rider, sample(n).RideID)
			if got, want := err == nil, rider == owner; got != want {
				t.Errorf("the ride of %q: found by %q: %v, want %v (error %v)", owner, rider, got, want, err)
			}
		}
	}

	// RideIDs differ in case alone.
	lower, upper := sample(1000), sample(1001)
	lower.RideID, upper.RideID = "aaaaaaaaaaaaaaaaaaaaaa", "AAAAAAAAAAAAAAAAAAAAAA"
	create(t, store, lower, upper)
	holds(t, store, lower)
	holds(t, store, upper)
}

func testExists(t *testing.T, store ridesvc.Store) {
	create(t, store, sample(1))
	wantError(t, "Create, the same again", store.Create(t.Context(), sample(1)), ridesvc.ErrExists)
	other := sample(2)
	other.RideID = sample(1).RideID
	wantError(t, "Create, another's with that RideID", store.Create(t.Context(), other), ridesvc.ErrExists)
	holds(t, store, sample(1))
	if _, err := store.Ride(t.Context(), other.Rider, other.RideID); !errors.Is(err, ridesvc.ErrNotFound) {
		t.Errorf("the refused ride: error %v, want ErrNotFound", err)
	}
}

func testOwnership(t *testing.T, store ridesvc.Store) {
	ride, stranger := sample(1), sample(2).Rider
	create(t, store, ride, sample(2))
	for _, test := range []struct{ name, rider, rideID string }{
		{"another rider", stranger, ride.RideID},
		{"no rider", "", ride.RideID},
		{"no such ride", ride.Rider, sample(3).RideID},
		{"no RideID", ride.Rider, ""},
		{"rider and RideID swapped", ride.RideID, ride.Rider},
	} {
		got, err := store.Ride(t.Context(), test.rider, test.rideID)
		wantError(t, "Ride, "+test.name, err, ridesvc.ErrNotFound)
		if got != (ridesvc.Ride{}) {
			t.Errorf("Ride, %s: it hands out %+v beside its error", test.name, got)
		}
		wantError(t, "Cancel, "+test.name, store.Cancel(t.Context(), test.rider, test.rideID, epoch), ridesvc.ErrNotFound)
	}
	holds(t, store, ride)
}

func testCancel(t *testing.T, store ridesvc.Store) {
	ride := sample(1)
	create(t, store, ride)
	ride.CancelTime = epoch.Add(time.Minute)
	for n, at := range []time.Time{ride.CancelTime, ride.CancelTime.Add(time.Hour), ride.CancelTime.Add(-time.Hour)} {
		if err := store.Cancel(t.Context(), ride.Rider, ride.RideID, at); err != nil {
			t.Fatalf("Cancel, time %d: %v", n+1, err)
		}
		holds(t, store, ride)
	}
	listed, err := store.Rides(t.Context(), ridesvc.Cursor{}, 1)
	if err != nil || len(listed) != 1 || listed[0] != ride {
		t.Errorf("Rides: %+v, %v; want the cancelled ride", listed, err)
	}
}

func testCancelOne(t *testing.T, store ridesvc.Store) {
	mine, alsoMine, other := sample(1), sample(2), sample(3)
	alsoMine.Rider = mine.Rider
	create(t, store, mine, alsoMine, other)
	if err := store.Cancel(t.Context(), mine.Rider, mine.RideID, epoch); err != nil {
		t.Fatal(err)
	}
	holds(t, store, alsoMine)
	holds(t, store, other)
}

func testContext(t *testing.T, store ridesvc.Store) {
	create(t, store, sample(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := store.Ride(ctx, sample(1).Rider, sample(1).RideID)
	wantError(t, "Ride", err, context.Canceled)
	_, err = store.Ride(ctx, sample(2).Rider, sample(2).RideID)
	wantError(t, "Ride, unknown", err, context.Canceled)
	_, err = store.Rides(ctx, ridesvc.Cursor{}, 1)
	wantError(t, "Rides", err, context.Canceled)
	wantError(t, "Create", store.Create(ctx, sample(2)), context.Canceled)
	wantError(t, "Cancel", store.Cancel(ctx, sample(1).Rider, sample(1).RideID, epoch), context.Canceled)

	holds(t, store, sample(1))
	_, err = store.Ride(t.Context(), sample(2).Rider, sample(2).RideID)
	wantError(t, "the ride whose creation was cancelled", err, ridesvc.ErrNotFound)
}
