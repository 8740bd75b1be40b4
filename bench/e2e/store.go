package e2e

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/wildgate/wildgate/ridesvc"
)

// maxRides bounds the store: the oldest makes room for the newest, so that a process that has
// served more does not become slower.
const maxRides = 10_000

// A memoryStore keeps rides in memory.
type memoryStore struct {
	mu    sync.Mutex
	rides map[string]ridesvc.Ride
	order []string // by arrival, as a ring once it is full
	next  int
}

func newMemoryStore() *memoryStore { return &memoryStore{rides: map[string]ridesvc.Ride{}} }

// Create implements [ridesvc.Store].
func (m *memoryStore) Create(ctx context.Context, ride ridesvc.Ride) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, ok := m.rides[ride.RideID]; ok {
		return ridesvc.ErrExists
	}
	if len(m.order) < maxRides {
		m.order = append(m.order, ride.RideID)
	} else {
		delete(m.rides, m.order[m.next])
		m.order[m.next] = ride.RideID
		m.next = (m.next + 1) % maxRides
	}
	ride.RequestTime = ride.RequestTime.UTC()
	m.rides[ride.RideID] = ride
	return nil
}

// Ride implements [ridesvc.Store].
func (m *memoryStore) Ride(ctx context.Context, rider, rideID string) (ridesvc.Ride, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return ridesvc.Ride{}, err
	}
	ride, ok := m.rides[rideID]
	if !ok || ride.Rider != rider {
		return ridesvc.Ride{}, ridesvc.ErrNotFound
	}
	return ride, nil
}

// Rides implements [ridesvc.Store].
func (m *memoryStore) Rides(ctx context.Context, after ridesvc.Cursor, limit int) ([]ridesvc.Ride, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	newestFirst := func(a, b ridesvc.Ride) int {
		return cmp.Or(b.RequestTime.Compare(a.RequestTime), cmp.Compare(b.RideID, a.RideID))
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

// Cancel implements [ridesvc.Store].
func (m *memoryStore) Cancel(ctx context.Context, rider, rideID string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
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
