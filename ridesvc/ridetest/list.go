package ridetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/ridesvc"
)

func list(t *testing.T, store ridesvc.Store, after ridesvc.Cursor, limit int) []ridesvc.Ride {
	t.Helper()
	rides, err := store.Rides(t.Context(), after, limit)
	if err != nil {
		t.Fatalf("Rides(%+v, %d): %v", after, limit, err)
	}
	if len(rides) > limit {
		t.Fatalf("Rides(%+v, %d) returned %d rides", after, limit, len(rides))
	}
	return rides
}

func behind(ride ridesvc.Ride) ridesvc.Cursor {
	return ridesvc.Cursor{RequestTime: ride.RequestTime, RideID: ride.RideID}
}

// walk lists the rides that follow after, page by page.
func walk(t *testing.T, store ridesvc.Store, after ridesvc.Cursor, limit int) []ridesvc.Ride {
	t.Helper()
	var all []ridesvc.Ride
	for {
		page := list(t, store, after, limit)
		all = append(all, page...)
		if len(page) < limit {
			return all
		}
		if len(all) > 10_000 {
			t.Fatal("the walk does not end")
		}
		after = behind(page[len(page)-1])
	}
}

func testListEmpty(t *testing.T, store ridesvc.Store) {
	if rides := list(t, store, ridesvc.Cursor{}, 10); len(rides) != 0 {
		t.Errorf("Rides: %+v", rides)
	}
	if rides := list(t, store, behind(sample(1)), 10); len(rides) != 0 {
		t.Errorf("Rides behind a cursor: %+v", rides)
	}
}

func testListOrder(t *testing.T, store ridesvc.Store) {
	for _, n := range []int{3, 1, 4, 5, 2} {
		ride := sample(n)
		ride.RideID = sample(9 - n).RideID // so that neither the RideID nor the order of creation leads
		create(t, store, ride)
	}
	var names []string
	for _, ride := range list(t, store, ridesvc.Cursor{}, 10) {
		names = append(names, ride.Unicorn.Name)
	}
	if want := []string{"name 5", "name 4", "name 3", "name 2", "name 1"}; !slices.Equal(names, want) {
		t.Errorf("Rides: %q, want %q", names, want)
	}
}

func testListPages(t *testing.T, store ridesvc.Store) {
	const total = 24
	want := map[ridesvc.Ride]bool{}
	for n := range total {
		ride := sample(n)
		// Eight rides to the millisecond, with letters of both cases, digits, '-' and '_', which
		// databases sort differently.
		ride.RequestTime = epoch.Add(time.Duration(n/8) * time.Millisecond)
		ride.RideID = string("aB0-_Zz9"[n%8]) + ride.RideID[1:]
		create(t, store, ride)
		want[ride] = true
	}
	whole := list(t, store, ridesvc.Cursor{}, total+1)
	for _, limit := range []int{1, 2, 5, 8, total - 1, total, total + 1} {
		got := walk(t, store, ridesvc.Cursor{}, limit)
		if len(got) != total || !slices.Equal(got, whole) {
			t.Errorf("pages of %d: %d rides, in another order or number than in one page", limit, len(got))
		}
		met := map[ridesvc.Ride]bool{}
		for i, ride := range got {
			if !want[ride] || met[ride] {
				t.Errorf("pages of %d: ride %d, %+v, is met twice or was never created", limit, i, ride)
			}
			met[ride] = true
			if i > 0 && ride.RequestTime.After(got[i-1].RequestTime) {
				t.Errorf("pages of %d: ride %d is newer than the one before", limit, i)
			}
		}
	}
}

func testListMeanwhile(t *testing.T, store ridesvc.Store) {
	create(t, store, sample(1), sample(2), sample(3), sample(4))
	first := list(t, store, ridesvc.Cursor{}, 2)
	create(t, store, sample(5), sample(6))
	if err := store.Cancel(t.Context(), sample(2).Rider, sample(2).RideID, epoch); err != nil {
		t.Fatal(err)
	}
	cancelled := sample(2)
	cancelled.CancelTime = epoch
	rest := walk(t, store, behind(first[len(first)-1]), 1)
	if got, want := slices.Concat(first, rest), []ridesvc.Ride{sample(4), sample(3), cancelled, sample(1)}; !slices.Equal(got, want) {
		t.Errorf("a walk with rides added meanwhile:\n got %+v\nwant %+v", got, want)
	}
}

func testListCursor(t *testing.T, store ridesvc.Store) {
	create(t, store, sample(1), sample(3))
	if got, want := walk(t, store, behind(sample(2)), 10), []ridesvc.Ride{sample(1)}; !slices.Equal(got, want) {
		t.Errorf("behind a ride that is not there: %+v, want %+v", got, want)
	}
	if got := walk(t, store, behind(sample(0)), 10); len(got) != 0 {
		t.Errorf("behind the oldest: %+v", got)
	}
	if got, want := walk(t, store, behind(sample(9)), 10), []ridesvc.Ride{sample(3), sample(1)}; !slices.Equal(got, want) {
		t.Errorf("before the newest: %+v, want %+v", got, want)
	}
}

func testConcurrentCreate(t *testing.T, store ridesvc.Store) {
	const callers = 8
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			ride := sample(n)
			ride.RideID = sample(0).RideID
			errs[n] = store.Create(t.Context(), ride)
		})
	}
	wg.Wait()
	created := 0
	for n, err := range errs {
		switch {
		case err == nil:
			created++
			winner := sample(n)
			winner.RideID = sample(0).RideID
			holds(t, store, winner)
		case !errors.Is(err, ridesvc.ErrExists):
			t.Errorf("Create: %v, want nil or ErrExists", err)
		}
	}
	if created != 1 {
		t.Errorf("%d of %d creates of one RideID succeeded", created, callers)
	}
}

func testConcurrentUse(t *testing.T, store ridesvc.Store) {
	const callers, each = 8, 10
	errs := make(chan error, callers)
	for caller := range callers {
		go func() {
			errs <- func() error {
				for n := range each {
					ride := sample(caller*each + n)
					if err := store.Create(t.Context(), ride); err != nil {
						return fmt.Errorf("create: %w", err)
					}
					if got, err := store.Ride(t.Context(), ride.Rider, ride.RideID); err != nil || got != ride {
						return fmt.Errorf("read back: %+v, %w", got, err)
					}
					if _, err := store.Rides(t.Context(), ridesvc.Cursor{}, each); err != nil {
						return fmt.Errorf("list: %w", err)
					}
					if err := store.Cancel(t.Context(), ride.Rider, ride.RideID, epoch); err != nil {
						return fmt.Errorf("cancel: %w", err)
					}
				}
				return nil
			}()
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	rides := walk(t, store, ridesvc.Cursor{}, 7)
	if len(rides) != callers*each {
		t.Errorf("%d rides are there, %d were created", len(rides), callers*each)
	}
	for _, ride := range rides {
		if !ride.CancelTime.Equal(epoch) {
			t.Errorf("ride %s: its cancellation is lost", ride.RideID)
		}
	}
}
