package sigv4auth_test

import (
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestHosts: those that are listed, without regard to case, and with their port.
func TestHosts(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Hosts = []string{"api.example.com", "LOCALHOST:8080"} })
	for host, want := range map[string]bool{
		"api.example.com": true, "API.example.com": true, "localhost:8080": true, "localhost": false, "api.example.com:80": false,
		"example.com": false,
	} {
		r := request("GET", "/prod/rides", "")
		r.Host = host
		if _, err := a.Verify(sign(t, r, signing{})); (err == nil) != want {
			t.Errorf("%s: %v", host, err)
		}
	}
}
