package ridesvc_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/ridesvc"
)

// decode reads a JSON answer into plain values, so that names are compared exactly.
func decode(t *testing.T, w *httptest.ResponseRecorder) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
	return v
}

type object = map[string]any

func TestRequestRide(t *testing.T) {
	random := append(bytes.Repeat([]byte{0xfb}, 16), 0, 0, 0, 0, 0, 0, 0, 1)
	s := newSite(t, func(cfg *ridesvc.Config) { cfg.Rand = bytes.NewReader(random) })
	w := s.do("alice|example|com", "POST", "/ride", seattle)
	const rideID = "-_v7-_v7-_v7-_v7-_v7-w"
	want := object{
		"RideId":      rideID,
		"Unicorn":     object{"Name": "Shadowfax", "Color": "White", "Gender": "Male"},
		"UnicornName": "Shadowfax",
		"Eta":         "30 seconds",
		"Rider":       "alice|example|com",
	}
	if w.Code != http.StatusCreated {
		t.Errorf("status %d", w.Code)
	}
	if diff := cmp.Diff(want, decode(t, w)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	header := http.Header{
		"Content-Type":           {"application/json"},
		"Content-Length":         {w.Header().Get("Content-Length")},
		"Cache-Control":          {"no-store"},
		"X-Content-Type-Options": {"nosniff"},
		"Location":               {"ride/" + rideID},
	}
	if diff := cmp.Diff(header, w.Header()); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	kept := ridesvc.Ride{
		RideID: rideID, Rider: "alice|example|com", RiderName: "alice|example|com",
		Unicorn:        ridesvc.Unicorn{Name: "Shadowfax", Color: "White", Gender: "Male"},
		PickupLocation: ridesvc.Location{Latitude: 47.6, Longitude: -122.3}, RequestTime: time.Date(2026, 1, 2, 2, 4, 5, 678e6, time.UTC),
	}
	if got := s.store.rides[rideID]; got != kept {
		t.Errorf("kept\n     %+v\nwant %+v", got, kept)
	}
}

func TestRideIDsAndTheFleet(t *testing.T) {
	s := newSite(t)
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)
	names, ids := map[string]int{}, map[string]bool{}
	const rides = 300
	for range rides {
		id := s.order(t, "alice")
		if !form.MatchString(id) || ids[id] {
			t.Fatalf("RideId %q is malformed or repeats", id)
		}
		ids[id] = true
		unicorn := s.store.rides[id].Unicorn
		names[unicorn.Name+" "+unicorn.Color+" "+unicorn.Gender]++
	}
	// A third each is 100; 50 lies six standard deviations below.
	for _, name := range []string{"Bucephalus Golden Male", "Shadowfax White Male", "Rocinante Yellow Female"} {
		if names[name] < 50 {
			t.Errorf("%s came %d times in %d", name, names[name], rides)
		}
		delete(names, name)
	}
	if len(names) != 0 {
		t.Errorf("not of the fleet: %v", names)
	}
}

func TestShowRide(t *testing.T) {
	s := newSite(t)
	rideID := s.order(t, "alice")
	unicorn := s.store.rides[rideID].Unicorn
	want := object{
		"RideId":         rideID,
		"Rider":          "alice",
		"Unicorn":        object{"Name": unicorn.Name, "Color": unicorn.Color, "Gender": unicorn.Gender},
		"UnicornName":    unicorn.Name,
		"PickupLocation": object{"Latitude": 47.6, "Longitude": -122.3},
		"RequestTime":    "2026-01-02T02:04:05.678Z",
	}
	w := s.do("alice", "GET", "/ride/"+rideID, "")
	if diff := cmp.Diff(want, decode(t, w)); diff != "" || w.Code != http.StatusOK {
		t.Errorf("status %d (-want +got):\n%s", w.Code, diff)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
}

func TestCancelRide(t *testing.T) {
	now := instant
	s := newSite(t, func(cfg *ridesvc.Config) { cfg.Now = func() time.Time { return now } })
	rideID := s.order(t, "alice")
	for _, later := range []time.Duration{time.Minute, time.Hour} { // the second is a retry
		now = instant.Add(later)
		w := s.do("alice", "DELETE", "/ride/"+rideID, "")
		if w.Code != http.StatusNoContent || w.Body.Len() != 0 || w.Header().Get("Content-Type") != "" {
			t.Errorf("DELETE: %d %q %v", w.Code, w.Body, w.Header())
		}
		shown := decode(t, s.do("alice", "GET", "/ride/"+rideID, "")).(object)
		if shown["CancelTime"] != "2026-01-02T02:05:05.678Z" || shown["RideId"] != rideID {
			t.Errorf("GET afterwards: %v", shown)
		}
	}
	if _, ok := decode(t, s.do("carol", "GET", "/rides", "")).(object)["Rides"].([]any)[0].(object)["CancelTime"]; !ok {
		t.Error("the list does not tell that the ride is cancelled")
	}
}

// A ride of someone else's, one that never was and one that cannot be are one answer.
func TestNobodyLearnsWhoseRidesExist(t *testing.T) {
	s := newSite(t)
	rideID := s.order(t, "alice")
	before := s.store.rides[rideID]
	for _, method := range []string{"GET", "HEAD", "DELETE"} {
		answers := map[string][]string{}
		for name, request := range map[string]struct {
			rider, rideID string
			lookups       int // what cannot be a RideId never reaches the store
		}{
			"someone else's":          {"bob", rideID, 1},
			"a rider of another case": {"Alice", rideID, 1},
			"unknown":                 {"alice", "AAAAAAAAAAAAAAAAAAAAAA", 1},
			"too short":               {"alice", rideID[:21], 0},
			"too long":                {"alice", rideID + "A", 0},
			"bits beyond 16 bytes":    {"alice", "AAAAAAAAAAAAAAAAAAAAAB", 0},
			"not base64url":           {"alice", "AAAAAAAAAA.AAAAAAAAAAA", 0},
			"a line break":            {"alice", "AAAAAAAAAA%0AAAAAAAAAAAA", 0},
			"dots":                    {"alice", "..", 0},
			"escaped, and right":      {"alice", fmt.Sprintf("%%%02X", rideID[0]) + rideID[1:], 0},
		} {
			before := s.store.calls
			w := s.do(request.rider, method, "/ride/"+request.rideID, "")
			if got := s.store.calls - before; got != request.lookups {
				t.Errorf("%s, %s: the store was called %d times, want %d", method, name, got, request.lookups)
			}
			var header strings.Builder
			if err := w.Header().Write(&header); err != nil {
				t.Fatal(err)
			}
			answer := http.StatusText(w.Code) + "\n" + header.String() + w.Body.String()
			answers[answer] = append(answers[answer], name)
			if method != "HEAD" {
				isError(t, w, 404, "Ride not found")
			}
		}
		if len(answers) != 1 {
			t.Errorf("%s: the answers differ: %q", method, answers)
		}
	}
	if s.store.rides[rideID] != before {
		t.Errorf("the ride changed: %+v", s.store.rides[rideID])
	}
}

// Threats 135 to 138 and 240: what is served is exactly what was authorised; nothing is cleaned,
// redirected or matched in another case.
func TestRoutes(t *testing.T) {
	for _, test := range []struct {
		method, target string
		status         int
		allow          string
	}{
		{"POST", "/prod/ride", 201, ""},
		{"GET", "/prod/rides", 200, ""},
		{"HEAD", "/prod/rides", 200, ""},
		{"POST", "/prod/ride?any=thing&%zz", 201, ""},

		{"GET", "/prod/ride", 405, "POST"},
		{"HEAD", "/prod/ride", 405, "POST"},
		{"DELETE", "/prod/ride", 405, "POST"},
		{"OPTIONS", "/prod/ride", 405, "POST"},
		{"post", "/prod/ride", 405, "POST"},
		{"POST", "/prod/rides", 405, "GET, HEAD"},
		{"DELETE", "/prod/rides", 405, "GET, HEAD"},
		{"POST", "/prod/ride/AAAAAAAAAAAAAAAAAAAAAA", 405, "DELETE, GET, HEAD"},
		{"PUT", "/prod/ride/x", 405, "DELETE, GET, HEAD"},

		{"POST", "/ride", 404, ""},
		{"POST", "/prod", 404, ""},
		{"POST", "/prod/", 404, ""},
		{"POST", "/production/ride", 404, ""},
		{"POST", "/prodride", 404, ""},
		{"POST", "/PROD/ride", 404, ""},
		{"POST", "/prod/Ride", 404, ""},
		{"POST", "/prod/ride/", 404, ""},
		{"GET", "/prod/ride/", 404, ""},
		{"GET", "/prod/rides/", 404, ""},
		{"GET", "/prod/ride/AAAAAAAAAAAAAAAAAAAAAA/", 404, ""},
		{"GET", "/prod/ride/AAAAAAAAAAAAAAAAAAAAAA/x", 404, ""},
		{"POST", "//prod/ride", 404, ""},
		{"POST", "/prod//ride", 404, ""},
		{"POST", "/prod/./ride", 404, ""},
		{"POST", "/prod/x/../ride", 404, ""},
		{"POST", "/prod/%72ide", 404, ""},
		{"POST", "/%70rod/ride", 404, ""},
		{"POST", "/prod%2fride", 404, ""},
		{"GET", "/prod/rides%2f", 404, ""},
		{"GET", "/prod/rides/%2e%2e/ride", 404, ""},
		{"POST", "/prod/ride;x=1", 404, ""},
		{"POST", "/prod/ride%3Fx=1", 404, ""},
		{"GET", "/prod/healthz", 404, ""},
	} {
		t.Run(test.method+" "+test.target, func(t *testing.T) {
			s := newSite(t, func(cfg *ridesvc.Config) { cfg.Prefix = "/prod" })
			w := s.do("alice", test.method, test.target, seattle)
			if w.Code != test.status || w.Header().Get("Allow") != test.allow {
				t.Errorf("status %d, Allow %q; want %d, %q", w.Code, w.Header().Get("Allow"), test.status, test.allow)
			}
			if test.method == "HEAD" {
				return
			}
			switch test.status {
			case 404:
				isError(t, w, 404, "Not found")
			case 405:
				isError(t, w, 405, "Method not allowed")
			}
		})
	}
}

func TestStripPrefixWorksAsWell(t *testing.T) {
	s := newSite(t)
	r := httptest.NewRequest("POST", "/prod/ride", strings.NewReader(seattle))
	r.Header.Set("X-Rider", "alice")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	http.StripPrefix("/prod", s).ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if location, err := r.URL.Parse(w.Header().Get("Location")); err != nil || !strings.HasPrefix(location.Path, "/prod/ride/") {
		t.Errorf("Location leads to %v (%v)", location, err)
	}
}

// HEAD answers as GET does, over a real connection: the same status and header, and no body.
func TestHead(t *testing.T) {
	s := newSite(t)
	rideID := s.order(t, "alice")
	server := httptest.NewServer(s)
	defer server.Close()
	for _, target := range []string{"/ride/" + rideID, "/ride/unknown", "/rides", "/rides?limit=x", "/nothing"} {
		var headers []http.Header
		var statuses []int
		for _, method := range []string{"GET", "HEAD"} {
			r, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Rider", "alice")
			answer, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := answer.Body.Close(); err != nil {
				t.Error(err)
			}
			answer.Header.Del("Date")
			headers, statuses = append(headers, answer.Header), append(statuses, answer.StatusCode)
		}
		if diff := cmp.Diff(headers[0], headers[1]); diff != "" || statuses[0] != statuses[1] {
			t.Errorf("%s: status %d and %d, header (-GET +HEAD):\n%s", target, statuses[0], statuses[1], diff)
		}
		w := s.do("alice", "HEAD", target, "")
		if w.Body.Len() != 0 {
			t.Errorf("%s: HEAD writes a body: %q", target, w.Body)
		}
	}
}
