package sts

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
