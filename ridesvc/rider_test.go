package ridesvc_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/ridesvc"
)

// Threat 241: two riders of one name are two, and answers show the name and never the key.
func TestANameIsShownAndOwnsNothing(t *testing.T) {
	s := newSite(t, func(cfg *ridesvc.Config) {
		cfg.RiderName = func(*http.Request) (string, error) { return "alice", nil }
	})
	id := s.order(t, "user:AIDAONE")
	for _, tt := range []struct {
		rider, method, path string
		status              int
	}{
		{"role:AROATWO:alice", "GET", "/ride/" + id, 404},
		{"role:AROATWO:alice", "DELETE", "/ride/" + id, 404},
		{"alice", "GET", "/ride/" + id, 404},
		{"user:AIDAONE", "GET", "/ride/" + id, 200},
		{"role:AROATWO:alice", "GET", "/rides", 200},
		{"user:AIDAONE", "POST", "/ride", 201},
		{"user:AIDAONE", "DELETE", "/ride/" + id, 204},
	} {
		body := ""
		if tt.method == "POST" {
			body = seattle
		}
		w := s.do(tt.rider, tt.method, tt.path, body)
		if w.Code != tt.status {
			t.Errorf("%s: %s %s: %d, want %d", tt.rider, tt.method, tt.path, w.Code, tt.status)
		}
		if strings.Contains(w.Body.String(), "AIDA") || w.Code < 203 && !strings.Contains(w.Body.String(), `"Rider":"alice"`) {
			t.Errorf("%s %s shows %s", tt.method, tt.path, w.Body)
		}
	}
}

// Threat 241: who can own nothing is refused, and shares no rides with others who cannot.
func TestWhoCanOwnNothingIsForbidden(t *testing.T) {
	for name, change := range map[string]func(*ridesvc.Config){
		"no key": func(cfg *ridesvc.Config) {
			cfg.Rider = func(*http.Request) (string, error) { return "", fmt.Errorf("%w: no unique ID", ridesvc.ErrNoRider) }
		},
		"no name": func(cfg *ridesvc.Config) {
			cfg.RiderName = func(*http.Request) (string, error) { return "", ridesvc.ErrNoRider }
		},
	} {
		s := newSite(t, change)
		for _, path := range []string{"/ride", "/rides", "/ride/AAAAAAAAAAAAAAAAAAAAAA"} {
			method, body := "GET", ""
			if path == "/ride" {
				method, body = "POST", seattle
			}
			isError(t, s.do("alice", method, path, body), http.StatusForbidden, "Forbidden")
		}
		if s.store.calls != 0 {
			t.Errorf("%s: the store was asked", name)
		}
		if len(s.failed) != 3 || !errors.Is(s.failed[0], ridesvc.ErrNoRider) {
			t.Errorf("%s: Failed was told %v", name, s.failed)
		}
	}
}

// A name that is no name is a mistake of the service's, as a key is.
func TestANameThatIsNoNameIsAFailure(t *testing.T) {
	for _, name := range []string{"", "a\nb", "\xff", strings.Repeat("a", 2049)} {
		s := newSite(t, func(cfg *ridesvc.Config) {
			cfg.RiderName = func(*http.Request) (string, error) { return name, nil }
		})
		isError(t, s.do("alice", "POST", "/ride", seattle), http.StatusInternalServerError, "Internal server error")
	}
}
