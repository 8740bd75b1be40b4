package ridesvc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A call is a request that was routed, and whose rider is named.
type call struct {
	r         *http.Request
	rider     string // owns rides
	riderName string // for people
	rideID    string // as the path has it; "" where the route has none
}

type operation func(*Service, call) (reply, error)

// The routes, each with its operations by method.
var (
	rideRoute = map[string]operation{http.MethodPost: (*Service).request}
	oneRoute  = map[string]operation{
		http.MethodGet: (*Service).show, http.MethodHead: (*Service).show, http.MethodDelete: (*Service).cancel,
	}
	allRoute = map[string]operation{http.MethodGet: (*Service).list, http.MethodHead: (*Service).list}
)

// The answer for a ride of someone else's, for one that never was, and for a RideId that cannot be.
var errNoSuchRide = refuse(http.StatusNotFound, "Ride not found")

// route finds the operation for a request. It compares the path as it was sent: every character of
// every route is unreserved, so an escape in it (RFC 3986, 2.3), a dot segment or a doubled slash
// is another path, never cleaned and never redirected (threats 135 to 138).
func (s *Service) route(r *http.Request) (_ operation, rideID string, _ error) {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), s.prefix)
	var methods map[string]operation
	switch {
	case !below:
	case path == "/ride":
		methods = rideRoute
	case path == "/rides":
		methods = allRoute
	case strings.HasPrefix(path, "/ride/"):
		id := path[len("/ride/"):]
		if id != "" && !strings.Contains(id, "/") {
			methods, rideID = oneRoute, id
		}
	}
	if methods == nil {
		return nil, "", refuse(http.StatusNotFound, "Not found")
	}
	operation, ok := methods[r.Method]
	if !ok {
		refused := refuse(http.StatusMethodNotAllowed, "Method not allowed")
		refused.header = map[string]string{"Allow": strings.Join(slices.Sorted(maps.Keys(methods)), ", ")}
		return nil, "", refused
	}
	return operation, rideID, nil
}

// request is POST /ride: the rider asks for a ride.
func (s *Service) request(c call) (reply, error) {
	body, err := readBody(c.r)
	if err != nil {
		return reply{}, err
	}
	pickup, err := parsePickup(body)
	if err != nil {
		return reply{}, err
	}
	rideID, unicorn, err := dispatch(s.rand)
	if err != nil {
		return reply{}, err
	}
	ride := Ride{RideID: rideID, Rider: c.rider, RiderName: c.riderName, Unicorn: unicorn, PickupLocation: pickup, RequestTime: s.instant()}
	// ErrExists is a failure as well: 128 random bits that repeat are a broken source.
	err = s.inStore(c.r.Context(), func(ctx context.Context) error { return s.store.Create(ctx, ride) })
	if err != nil {
		return reply{}, err
	}
	answer, err := document(http.StatusCreated,
		orderDocument{RideID: rideID, Unicorn: unicorn, UnicornName: unicorn.Name, Eta: eta, Rider: c.riderName})
	// Relative to the request's own path, hence right behind a proxy that strips a prefix, too.
	answer.header = map[string]string{"Location": "ride/" + rideID}
	return answer, err
}

// eta is the arrival time that the workshop's service promises, whatever the distance.
const eta = "30 seconds"

// show is GET /ride/{RideId}: the rider's own ride.
func (s *Service) show(c call) (reply, error) {
	if !isRideID(c.rideID) {
		return reply{}, errNoSuchRide
	}
	var ride Ride
	err := s.inStore(c.r.Context(), func(ctx context.Context) (err error) {
		ride, err = s.store.Ride(ctx, c.rider, c.rideID)
		if err == nil && (ride.RideID != c.rideID || ride.Rider != c.rider) {
			err = fmt.Errorf("asked for a ride of %q's, it answered with one of %q's", c.rider, ride.Rider)
		}
		return err
	})
	if err != nil {
		return reply{}, orNoSuchRide(err)
	}
	return document(http.StatusOK, describe(ride))
}

// cancel is DELETE /ride/{RideId}: the rider's own ride will not take place.
func (s *Service) cancel(c call) (reply, error) {
	if !isRideID(c.rideID) {
		return reply{}, errNoSuchRide
	}
	err := s.inStore(c.r.Context(), func(ctx context.Context) error { return s.store.Cancel(ctx, c.rider, c.rideID, s.instant()) })
	if err != nil {
		return reply{}, orNoSuchRide(err)
	}
	return reply{status: http.StatusNoContent}, nil
}

func orNoSuchRide(err error) error {
	if errors.Is(err, ErrNotFound) {
		return errNoSuchRide
	}
	return err
}

// list is GET /rides: everybody's rides, page by page.
func (s *Service) list(c call) (reply, error) {
	after, limit, err := parsePage(c.r.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	var rides []Ride
	// One more than the page holds tells whether another follows.
	err = s.inStore(c.r.Context(), func(ctx context.Context) (err error) {
		rides, err = s.store.Rides(ctx, after, limit+1)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	page := listDocument{Rides: make([]rideDocument, 0, min(len(rides), limit))}
	for _, ride := range rides[:min(len(rides), limit)] {
		page.Rides = append(page.Rides, describe(ride))
	}
	if len(rides) > limit {
		next, ok := formatNext(rides[limit-1])
		if !ok {
			return reply{}, &storeError{
				fmt.Errorf("it answered with a ride that this service did not make: RideId %q", rides[limit-1].RideID),
			}
		}
		page.Next = next
	}
	return document(http.StatusOK, page)
}

// instant is the present as a Store keeps it.
func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Millisecond) }
