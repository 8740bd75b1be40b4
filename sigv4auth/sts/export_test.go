package sts

import (
	"net/netip"
	"time"
)

// EncodeForTest returns what is sealed of a session.
func EncodeForTest(s *Session, secret string) []byte {
	plain, _ := encode(s, secret, proof{1, 2, 3})
	return plain
}

// DecodeForTest returns what was encoded.
func DecodeForTest(plain string) (s Session, secret string, ok bool) {
	c, ok := decode(&s, plain)
	return s, c.secret, ok
}

// CachedForTest returns how many tokens a Store keeps.
func (s *Store) CachedForTest() int { return s.cache.len() }

// Limiter is a limiter of so many requests a minute.
type Limiter struct{ l *limiter }

// NewLimiterForTest returns a limiter.
func NewLimiterForTest(perMinute int) Limiter { return Limiter{newLimiter(perMinute, 1)} }

// Ask reports whether a client may be served.
func (l Limiter) Ask(client netip.Addr, now time.Time) bool {
	leave, ok := l.l.enter(client, now)
	if ok {
		leave()
	}
	return ok
}

// Sources returns how many clients are counted by themselves.
func (l Limiter) Sources() int { return len(l.l.counts) }

// RolesForTest returns what a mapping makes of a token whose claims all have the same values.
func RolesForTest(m *RoleMapping, values []string) (role string, all []string) {
	return m.roles(&WebIdentity{Claim: func(string) ([]string, bool) { return values, values != nil }})
}
