package e2e_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wildgate/wildgate/bench/e2e"
	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/ridesvc/ridetest"
)

func TestMemoryStore(t *testing.T) {
	ridetest.TestStore(t, func(*testing.T) ridesvc.Store { return e2e.NewMemoryStoreForTest() })
}

func TestMemoryStoreIsBounded(t *testing.T) {
	store := e2e.NewMemoryStoreForTest()
	for i := range e2e.MaxRides + 5 {
		if err := store.Create(t.Context(),
			ridesvc.Ride{RideID: fmt.Sprintf("%022d", i), Rider: "a", RequestTime: time.UnixMilli(int64(i)).UTC()}); err != nil {
			t.Fatal(err)
		}
	}
	rides, err := store.Rides(t.Context(), ridesvc.Cursor{}, 2*e2e.MaxRides)
	if err != nil || len(rides) != e2e.MaxRides {
		t.Errorf("%d rides, %v; want the newest %d", len(rides), err, e2e.MaxRides)
	}
	if _, err := store.Ride(t.Context(), "a", fmt.Sprintf("%022d", 4)); !errors.Is(err, ridesvc.ErrNotFound) {
		t.Errorf("the oldest are kept: %v", err)
	}
}
