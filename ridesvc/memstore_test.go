package ridesvc_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/ridesvc/ridetest"
)

// A memStore keeps rides in memory. Its err, where set, is what every method answers.
type memStore struct {
	mu    sync.Mutex
	rides map[string]ridesvc.Ride
	err   error
	calls int
}

func newMemStore() *memStore { return &memStore{rides: map[string]ridesvc.Ride{}} }

func (m *memStore) enter(ctx context.Context) error {
	m.calls++
	return cmp.Or(m.err, ctx.Err())
}

func (m *memStore) Create(ctx context.Context, ride ridesvc.Ride) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter(ctx); err != nil {
		return err
	}
	if _, ok := m.rides[ride.RideID]; ok {
		return ridesvc.ErrExists
	}
	ride.RequestTime = ride.RequestTime.UTC()
	m.rides[ride.RideID] = ride
	return nil
}

func (m *memStore) Ride(ctx context.Context, rider, rideID string) (ridesvc.Ride, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter(ctx); err != nil {
		return ridesvc.Ride{}, err
	}
	ride, ok := m.rides[rideID]
	if !ok || ride.Rider != rider {
		return ridesvc.Ride{}, ridesvc.ErrNotFound
	}
	return ride, nil
}

func (m *memStore) Rides(ctx context.Context, after ridesvc.Cursor, limit int) ([]ridesvc.Ride, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	newestFirst := func(a, b ridesvc.Ride) int {
		return -cmp.Or(a.RequestTime.Compare(b.RequestTime), cmp.Compare(a.RideID, b.RideID))
	}
	place := ridesvc.Ride{RequestTime: after.RequestTime, RideID: after.RideID}
	var rides []ridesvc.Ride
	for _, ride := range m.rides {
		if after == (ridesvc.Cursor{}) || newestFirst(ride, place) > 0 {
			rides = append(rides, ride)
		}
	}
	slices.SortFunc(rides, newestFirst)
	return rides[:min(limit, len(rides))], nil
}

func (m *memStore) Cancel(ctx context.Context, rider, rideID string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter(ctx); err != nil {
		return err
	}
	ride, ok := m.rides[rideID]
	if !ok || ride.Rider != rider {
		return ridesvc.ErrNotFound
	}
	if ride.CancelTime.IsZero() {
		ride.CancelTime = at
		m.rides[rideID] = ride
	}
	return nil
}

func TestMemStore(t *testing.T) {
	ridetest.TestStore(t, func(*testing.T) ridesvc.Store { return newMemStore() })
}
