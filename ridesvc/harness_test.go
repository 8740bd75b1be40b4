package ridesvc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/ridesvc"
)

// The instant at which every test takes place; the service keeps its milliseconds.
var instant = time.Date(2026, 1, 2, 3, 4, 5, 678_999_999, time.FixedZone("UTC+1", 60*60))

// A site is a service with all that it stands on. The rider is who the header X-Rider says, which
// only a test may do.
type site struct {
	*ridesvc.Service
	store  *memStore
	failed []error
}

func newSite(t testing.TB, change ...func(*ridesvc.Config)) *site {
	t.Helper()
	s := &site{store: newMemStore()}
	cfg := ridesvc.Config{
		Store:  s.store,
		Rider:  func(r *http.Request) (string, error) { return r.Header.Get("X-Rider"), nil },
		Failed: func(_ *http.Request, err error) { s.failed = append(s.failed, err) },
		Now:    func() time.Time { return instant },
	}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if s.Service, err = ridesvc.New(cfg); err != nil {
		t.Fatal(err)
	}
	return s
}

// do sends a request as rider; a body is JSON.
func (s *site) do(rider, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("X-Rider", rider)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return s.send(r)
}

func (s *site) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

const seattle = `{"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}`

// order requests a ride and returns its RideId.
func (s *site) order(t testing.TB, rider string) string {
	t.Helper()
	w := s.do(rider, "POST", "/ride", seattle)
	var answer struct{ RideID string }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusCreated {
		t.Fatalf("POST /ride: %d %s (%v)", w.Code, w.Body, err)
	}
	return answer.RideID
}

// isError fails the test unless the answer is an error of this status and message, in full.
func isError(t *testing.T, w *httptest.ResponseRecorder, status int, message string) {
	t.Helper()
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Errorf("%d %q: the body is not JSON: %v", w.Code, w.Body, err)
		return
	}
	if w.Code != status || answer["message"] != message || len(answer) != 1 {
		t.Errorf("answered\n     %d %s\nwant %d %q", w.Code, strings.TrimSpace(w.Body.String()), status, message)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
}

// jsonRequest is alice's request for a ride with this body.
func jsonRequest(body string) *http.Request {
	r := httptest.NewRequest("POST", "/ride", strings.NewReader(body))
	r.Header.Set("X-Rider", "alice")
	r.Header.Set("Content-Type", "application/json")
	return r
}
