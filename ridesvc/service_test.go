package ridesvc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/wildgate/wildgate/ridesvc"
)

func TestNewReportsEveryMistakeAtOnce(t *testing.T) {
	_, err := ridesvc.New(ridesvc.Config{Prefix: "prod", StoreTimeout: -1})
	for _, field := range []string{"Config.Store", "Config.Rider", "Config.Prefix", "Config.StoreTimeout"} {
		if err == nil || !strings.Contains(err.Error(), "ridesvc: "+field+": ") {
			t.Errorf("the error does not name %s: %v", field, err)
		}
	}
	mistake, ok := errors.AsType[*ridesvc.ConfigError](err)
	if !ok || mistake.Field != "Config.Store" || mistake.Problem != "required" {
		t.Errorf("the first mistake: %+v", mistake)
	}
}

func TestPrefix(t *testing.T) {
	for _, test := range []struct {
		prefix string
		ok     bool
	}{
		{"", true},
		{"/prod", true},
		{"/v1/prod-2_x.y~z", true},
		{"/", false},
		{"prod", false},
		{"/prod/", false},
		{"//prod", false},
		{"/./prod", false},
		{"/prod/..", false},
		{"/prod stage", false},
		{"/pr%6fd", false},
		{"/prod?x", false},
		{"/pröd", false},
	} {
		_, err := ridesvc.New(ridesvc.Config{
			Prefix: test.prefix, Store: newMemStore(), Rider: func(*http.Request) (string, error) { return "alice", nil },
		})
		if (err == nil) != test.ok {
			t.Errorf("%q: error %v, want accepted: %v", test.prefix, err, test.ok)
		}
	}
}

// Threat 148: a handler that stands behind no authentication serves nobody, rather than an
// anonymous rider.
func TestARequestWithoutARiderIsNeverServed(t *testing.T) {
	for _, test := range []struct {
		name  string
		rider func(*http.Request) (string, error)
	}{
		{"an error", func(*http.Request) (string, error) { return "", errors.New("no identity") }},
		{"a name beside an error", func(*http.Request) (string, error) { return "alice", errors.New("no identity") }},
		{"an empty name", func(*http.Request) (string, error) { return "", nil }},
		{"a name that is too long", func(*http.Request) (string, error) { return strings.Repeat("a", 2049), nil }},
		{"a name that is not UTF-8", func(*http.Request) (string, error) { return "al\xffce", nil }},
		{"a name with a NUL", func(*http.Request) (string, error) { return "alice\x00", nil }},
		{"a name with a line break", func(*http.Request) (string, error) { return "alice\nbob", nil }},
		{"a panic", func(*http.Request) (string, error) { panic("no identity") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(cfg *ridesvc.Config) { cfg.Rider = test.rider })
			for _, request := range []struct{ method, target, body string }{
				{"POST", "/ride", seattle},
				{"POST", "/ride", "not even JSON"},
				{"GET", "/ride/AAAAAAAAAAAAAAAAAAAAAA", ""},
				{"DELETE", "/ride/AAAAAAAAAAAAAAAAAAAAAA", ""},
				{"GET", "/rides", ""},
			} {
				s.failed = nil
				isError(t, s.do("", request.method, request.target, request.body), 500, "Internal server error")
				if len(s.failed) != 1 {
					t.Errorf("%s %s: Failed was told %q, want one error", request.method, request.target, s.failed)
				}
			}
			if s.store.calls != 0 {
				t.Errorf("the store was called %d times", s.store.calls)
			}
		})
	}
}

func TestTheLongestNameIsServed(t *testing.T) {
	s := newSite(t)
	s.order(t, strings.Repeat("a", 2048))
}

// Threat 227: whatever fails or panics behind the service is an answer like another, and its cause
// stays inside.
func TestFailuresStayInside(t *testing.T) {
	cause := errors.New("dial tcp 10.0.0.7:5432: password of user wildgate")
	for _, test := range []struct {
		name    string
		change  func(*ridesvc.Config)
		status  int
		message string
	}{
		{"the store fails", func(cfg *ridesvc.Config) { cfg.Store = &memStore{err: cause} }, 503, "Service unavailable"},
		{"the store knows no rides at all", func(cfg *ridesvc.Config) { cfg.Store = strangeStore{err: cause} }, 503, "Service unavailable"},
		{"the store panics", func(cfg *ridesvc.Config) { cfg.Store = strangeStore{panics: cause} }, 500, "Internal server error"},
		{"the clock panics", func(cfg *ridesvc.Config) { cfg.Now = func() time.Time { panic(cause) } }, 500, "Internal server error"},
		{"the random source fails", func(cfg *ridesvc.Config) { cfg.Rand = iotest.ErrReader(cause) }, 500, "Internal server error"},
		{"the random source ends early", func(cfg *ridesvc.Config) {
			cfg.Rand = io.MultiReader(strings.NewReader(strings.Repeat("r", 23)), iotest.ErrReader(cause))
		}, 500, "Internal server error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, test.change)
			w := s.do("alice", "POST", "/ride", seattle)
			isError(t, w, test.status, test.message)
			after := w.Header().Get("Retry-After") + " s, " + w.Header().Get("X-Amz-Retry-After") + " ms"
			if (after == "1 s, 1000 ms") != (test.status == 503) || (after == " s,  ms") != (test.status != 503) {
				t.Errorf("to be tried again after %s, with %d", after, test.status)
			}
			if len(s.failed) != 1 || !strings.Contains(s.failed[0].Error(), cause.Error()) {
				t.Errorf("Failed was told %q, want the cause once", s.failed)
			}
		})
	}
}

func TestAStoreFailureIsNeverAnAnswer(t *testing.T) {
	s := newSite(t)
	rideID := s.order(t, "alice")
	s.store.err = errors.New("down")
	for _, request := range []struct{ method, target, body string }{
		{"POST", "/ride", seattle},
		{"GET", "/ride/" + rideID, ""},
		{"DELETE", "/ride/" + rideID, ""},
		{"GET", "/rides", ""},
	} {
		s.failed = nil
		isError(t, s.do("alice", request.method, request.target, request.body), 503, "Service unavailable")
		if len(s.failed) != 1 || !errors.Is(s.failed[0], s.store.err) {
			t.Errorf("%s %s: Failed was told %q", request.method, request.target, s.failed)
		}
	}
}

// A strangeStore breaks the contract of stores.
type strangeStore struct {
	ridesvc.Store
	ride   ridesvc.Ride
	err    error
	panics any
}

func (s strangeStore) Create(context.Context, ridesvc.Ride) error {
	if s.panics != nil {
		panic(s.panics)
	}
	return s.err
}

func (s strangeStore) Ride(context.Context, string, string) (ridesvc.Ride, error) {
	return s.ride, s.err
}

func (s strangeStore) Rides(context.Context, ridesvc.Cursor, int) ([]ridesvc.Ride, error) {
	return []ridesvc.Ride{s.ride, s.ride}, s.err
}

func TestTheStoresAnswerMustMatchTheQuestion(t *testing.T) {
	const rideID = "AAAAAAAAAAAAAAAAAAAAAA"
	nan := 0.0
	nan /= nan
	for _, test := range []struct {
		name   string
		store  strangeStore
		target string
		status int
	}{
		{"the ride asked for", strangeStore{ride: ridesvc.Ride{RideID: rideID, Rider: "alice"}}, "/ride/" + rideID, 200},
		{"the ride of another rider", strangeStore{ride: ridesvc.Ride{RideID: rideID, Rider: "bob"}}, "/ride/" + rideID, 503},
		{"another ride", strangeStore{ride: ridesvc.Ride{RideID: "BAAAAAAAAAAAAAAAAAAAAA", Rider: "alice"}}, "/ride/" + rideID, 503},
		{
			"no number",
			strangeStore{ride: ridesvc.Ride{RideID: rideID, Rider: "alice", PickupLocation: ridesvc.Location{Latitude: nan}}},
			"/ride/" + rideID, 500,
		},
		{"a page that can be continued", strangeStore{ride: ridesvc.Ride{RideID: rideID}}, "/rides?limit=1", 200},
		{"a page that cannot be continued", strangeStore{ride: ridesvc.Ride{RideID: "1"}}, "/rides?limit=1", 503},
		{"a list that knows no rides", strangeStore{err: ridesvc.ErrNotFound}, "/rides", 503},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(cfg *ridesvc.Config) { cfg.Store = test.store })
			w := s.do("alice", "GET", test.target, "")
			if w.Code != test.status || len(s.failed) != map[bool]int{true: 0, false: 1}[test.status == 200] {
				t.Errorf("%d %s, want %d; Failed was told %q", w.Code, w.Body, test.status, s.failed)
			}
			if strings.Contains(w.Body.String(), "bob") {
				t.Errorf("another rider's ride is shown: %s", w.Body)
			}
		})
	}
	created := newSite(t, func(cfg *ridesvc.Config) { cfg.Store = strangeStore{err: ridesvc.ErrNotFound} })
	isError(t, created.do("alice", "POST", "/ride", seattle), 503, "Service unavailable")
}

func TestARepeatedRideIDIsAFailure(t *testing.T) {
	s := newSite(t, func(cfg *ridesvc.Config) { cfg.Rand = bytes.NewReader(make([]byte, 48)) })
	s.order(t, "alice")
	isError(t, s.do("bob", "POST", "/ride", seattle), 503, "Service unavailable")
	if len(s.failed) != 1 || !errors.Is(s.failed[0], ridesvc.ErrExists) {
		t.Errorf("Failed was told %q", s.failed)
	}
}

// A slowStore never answers before its context ends.
type slowStore struct{ ridesvc.Store }

func (slowStore) Rides(ctx context.Context, _ ridesvc.Cursor, _ int) ([]ridesvc.Ride, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAStoreThatHangsIsGivenUp(t *testing.T) {
	s := newSite(t, func(cfg *ridesvc.Config) { cfg.Store, cfg.StoreTimeout = slowStore{}, time.Millisecond })
	isError(t, s.do("alice", "GET", "/rides", ""), 503, "Service unavailable")
	if len(s.failed) != 1 || !errors.Is(s.failed[0], context.DeadlineExceeded) {
		t.Errorf("Failed was told %q", s.failed)
	}

	patient := newSite(t, func(cfg *ridesvc.Config) { cfg.Store = slowStore{} })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest("GET", "/rides", nil).WithContext(ctx)
	r.Header.Set("X-Rider", "alice")
	patient.send(r)
	if len(patient.failed) != 1 || !errors.Is(patient.failed[0], context.Canceled) {
		t.Errorf("a client that left: Failed was told %q", patient.failed)
	}
}

func TestFailuresNeedNobodyWhoListens(t *testing.T) {
	s := newSite(t, func(cfg *ridesvc.Config) { cfg.Failed, cfg.Store = nil, &memStore{err: errors.New("down")} })
	isError(t, s.do("alice", "GET", "/rides", ""), 503, "Service unavailable")
}

func TestAbortHandlerStillAborts(t *testing.T) {
	s := newSite(t, func(cfg *ridesvc.Config) { cfg.Store = strangeStore{panics: http.ErrAbortHandler} })
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
	}()
	s.do("alice", "POST", "/ride", seattle)
	t.Error("the handler returned")
}

func TestServiceIsSafeForConcurrentUse(t *testing.T) {
	s := newSite(t)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			rider := fmt.Sprint("rider", n)
			for range 10 {
				location := s.do(rider, "POST", "/ride", seattle).Header().Get("Location")
				for _, method := range []string{"GET", "DELETE", "GET"} {
					if w := s.do(rider, method, "/"+location, ""); w.Code >= 300 {
						t.Errorf("%s %s: %d %s", method, location, w.Code, w.Body)
					}
				}
				s.do(rider, "GET", "/rides", "")
			}
		})
	}
	wg.Wait()
	if got := len(s.list(t, "?limit=1000").Rides); got != 80 {
		t.Errorf("%d rides, want 80", got)
	}
}
