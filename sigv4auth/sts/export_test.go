package sts

import (
	"net/netip"
	"time"
)

// EncodeForTest returns what is sealed of a session.
func EncodeForTest(s *Session, secret string) []byte {
	plain, _ := encode(s, secret)
	return plain
}

// DecodeForTest returns what was encoded.
func DecodeForTest(plain string) (s Session, secret string, ok bool) {
	c, ok := decode(&s, plain)
	return s, c.secret, ok
}

// CachedForTest returns how many tokens a Store keeps.
func (s *Store) CachedForTest() int { return s.cache.len() }

// LimiterSourcesForTest returns how many clients a limiter keeps after requests of n.
func LimiterSourcesForTest(n int, now time.Time) int {
	l := newLimiter(1, 1)
	for i := range n {
		if leave, ok := l.enter(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now); ok {
			leave()
		}
	}
	return len(l.counts)
}

// RolesForTest returns what a mapping makes of a token whose claims all have the same values.
func RolesForTest(m *RoleMapping, values []string) (role string, all []string) {
	return m.roles(&WebIdentity{Claim: func(string) ([]string, bool) { return values, values != nil }})
}
