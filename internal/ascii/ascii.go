// Package ascii compares texts without regard to the case of ASCII letters. Unicode's folding would
// make the Kelvin sign a k and the long s an s, and a name that looks like another would be the
// other (threat 178).
package ascii

// Lower returns b, if it is an upper-case ASCII letter in lower case.
func Lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + ('a' - 'A')
	}
	return b
}

// EqualFold reports whether a and b differ at most in the case of ASCII letters.
func EqualFold(a, b string) bool {
	return len(a) == len(b) && (a == b || foldsTo(a, b))
}

// foldsTo is for texts of one length. It compares eight bytes at a time, the last eight also where
// some of them have been compared.
func foldsTo(a, b string) bool {
	if len(a) < 8 {
		for i := range len(a) {
			if Lower(a[i]) != Lower(b[i]) {
				return false
			}
		}
		return true
	}
	for i := 0; i < len(a)-8; i += 8 {
		if !eightFold(eightBytes(a[i:]), eightBytes(b[i:])) {
			return false
		}
	}
	return eightFold(eightBytes(a[len(a)-8:]), eightBytes(b[len(b)-8:]))
}

// eightFold reports whether each byte of x is that of y, or the same letter.
func eightFold(x, y uint64) bool {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
		lower = 0x20 * ones
	)
	differ := x ^ y
	if differ&^lower != 0 {
		return false
	}
	// The high bit of a byte of the sums is set from 'a' on, and from what is behind 'z' on. No
	// byte carries into the next: their own high bits are left out.
	folded := (x | lower) &^ highs
	letters := (folded + (0x80-'a')*ones) &^ (folded + (0x80-'z'-1)*ones) &^ x
	return differ<<2&^letters&highs == 0
}

// HashFold returns a hash of s: texts which fold to the same have the same. It
// reads eight bytes at a time, and folds by setting the bit that tells the cases
// apart, in other characters too. It only saves comparisons: who finds texts of
// equal hash gains nothing but those.
func HashFold(s string) uint32 {
	const (
		odd   = 0x9e3779b97f4a7c15
		lower = 0x2020202020202020
	)
	h := uint64(len(s))
	if len(s) < 8 {
		for i := range len(s) {
			h = h<<8 | uint64(s[i]|0x20)
		}
		return uint32(h * odd >> 32)
	}
	for i := 0; i+8 < len(s); i += 8 {
		h = (h ^ (eightBytes(s[i:]) | lower)) * odd
		h ^= h >> 32
	}
	h = (h ^ (eightBytes(s[len(s)-8:]) | lower)) * odd
	return uint32(h >> 32)
}

// eightBytes returns the first eight bytes of s, in one load.
func eightBytes(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// HasPrefixFold reports whether s begins with prefix, in any case.
func HasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && EqualFold(s[:len(prefix)], prefix)
}

// HasSuffixFold reports whether s ends in suffix, in any case.
func HasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && EqualFold(s[len(s)-len(suffix):], suffix)
}

// ToLower returns s with its ASCII letters in lower case.
func ToLower(s string) string {
	for i := range len(s) {
		if Lower(s[i]) != s[i] {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = Lower(b[j])
			}
			return string(b)
		}
	}
	return s
}

// Only reports whether each byte of s is a character of ASCII.
func Only(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if eightBytes(s[i:])&0x8080808080808080 != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
