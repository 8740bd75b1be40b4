package userpool_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
)

// TestManySourcesKeepNobodyOut: who has as many networks of IPv6 as it likes uses up the count of
// few others.
func TestManySourcesKeepNobodyOut(t *testing.T) {
	t.Parallel()
	var client netip.Addr
	s := start(t, func(cfg *userpool.Config) {
		cfg.Limits = userpool.Limits{PerMinute: 2, Failures: 2}
		cfg.ClientIP = func(*http.Request) (netip.Addr, bool) { return client, true }
	})
	handler := s.handler()
	get := func(i int) int {
		client = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(i >> 16), byte(i >> 8), byte(i)})
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{}`))
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.GetUser")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "TooManyRequests") {
			return 1
		}
		return 0
	}
	for i := range 10_100 {
		get(i)
	}
	refused := 0
	for i := range 100 {
		refused += get(20_000 + i)
	}
	if refused > 50 {
		t.Errorf("%d of 100 others were refused", refused)
	}
}

// TestClockGoesBackwards: a clock that was wrong for a while keeps nobody out until it is that late
// again, whether it is the process's that counts requests, or another's that counted a failure.
func TestClockGoesBackwards(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *userpool.Config) { cfg.Limits = userpool.Limits{PerMinute: 100, Failures: 50} })
	s.signUp("alice", password)
	s.pass(1000 * time.Hour)
	for range 7 {
		s.withPassword("alice", password2)
	}
	for range 100 {
		s.call("GetUser", input{"AccessToken": "x"})
	}
	s.call("GetUser", input{"AccessToken": "x"}).says("TooManyRequestsException", "")
	s.pass(-1000 * time.Hour)
	s.withPassword("alice", password2).says("NotAuthorizedException", incorrect)
	// What failed is not forgotten by that.
	s.withPassword("alice", password).says("NotAuthorizedException", "Password attempts exceeded")
	s.pass(time.Minute)
	s.withPassword("alice", password).tokens()
}

// TestPatienceOfAClientWithAWrongClock: as TestClockGoesBackwards, of a client's failures.
func TestPatienceOfAClientWithAWrongClock(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *userpool.Config) { cfg.Limits.Failures = 2 })
	s.signUp("alice", password)
	s.pass(1000 * time.Hour)
	for i := range 3 {
		s.withPassword(fmt.Sprint("user", i), password2)
	}
	s.withPassword("alice", password).says("NotAuthorizedException", "Password attempts exceeded")
	s.pass(-1000 * time.Hour)
	s.withPassword("alice", password).tokens()
}
