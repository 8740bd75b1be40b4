package v4

import "math/bits"

// encodedUntil returns the index of the first byte of s at or behind from that is not part of a
// canonical encoding, which is the length of s if all is, and whether there are escapes before it.
// Session tokens are long, and mostly letters and digits: what is left to look at is a byte in ten.
func encodedUntil(s string, from int) (end int, escaped bool) {
	for at := from; at < len(s); at += 32 {
		var found uint32 // which of the next 32 bytes are something else, the first in the lowest bit
		begin := at      // where they begin
		switch {
		case len(s)-at >= 32:
			found = othersIn(s[at:])
		case len(s) >= 32: // with some before them that do not count
			begin = len(s) - 32
			found = othersIn(s[begin:]) &^ (1<<(at-begin) - 1)
		default:
			found = othersOf(s[at:])
		}
		for ; found != 0; found &= found - 1 {
			i := begin + bits.TrailingZeros32(found)
			c := s[i]
			if unreserved[c] {
				continue
			}
			if c != '%' || !canonicalEscape(s[i:]) {
				return i, escaped
			}
			escaped = true
		}
	}
	return len(s), escaped
}

// othersIn returns a bit for each of the first 32 bytes of s that is not an ASCII letter or digit.
// The first byte's is the lowest bit.
func othersIn(s string) uint32 {
	_ = s[31]
	a, b, c, d := others(word(s)), others(word(s[8:])), others(word(s[16:])), others(word(s[24:]))
	if a|b|c|d == 0 {
		return 0
	}
	return together(a) | together(b)<<8 | together(c)<<16 | together(d)<<24
}

// others returns the high bit of each byte of x that is not an ASCII letter or digit.
func others(x uint64) uint64 {
	ascii := x &^ highBits // the high bits of x would carry into the next byte, and count at the end
	folded := ascii | 0x20*everyByte
	// The high bit of a byte is set by what makes it 0x80 or more: all but 0 to 9, which '0' to '9'
	// become; 'a' and what is behind it; what is behind 'z'.
	notDigit := (ascii ^ '0'*everyByte) + (0x80-10)*everyByte
	notLetter := ^(folded + (0x80-'a')*everyByte) | (folded + (0x80-'z'-1)*everyByte)
	return (notDigit&notLetter | x) & highBits
}

// together returns the eight high bits of x's bytes, and no other is set, as a number. The first,
// the lowest byte's, is the lowest bit.
func together(x uint64) uint32 {
	// The product has the bit of byte k, which the shift brings down to the lowest of the byte, in
	// bit 56+k, and nothing else that reaches the top byte.
	return uint32(x >> 7 * 0x0102040810204080 >> 56)
}

// IsAlphanumeric reports whether s is of ASCII letters and digits alone, and of eight at the least.
func IsAlphanumeric(s string) bool {
	if len(s) < 8 {
		return false
	}
	found := others(word(s[len(s)-8:])) // and some that come again
	for ; len(s) > 8; s = s[8:] {
		found |= others(word(s))
	}
	return found == 0
}

// othersOf is othersIn for up to 32 bytes, all of s.
func othersOf(s string) (found uint32) {
	i := 0
	for ; i <= len(s)-8; i += 8 {
		found |= together(others(word(s[i:]))) << i
	}
	for ; i < len(s); i++ {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9') {
			found |= 1 << i
		}
	}
	return found
}

// canonicalEscape reports whether s begins with an escape as UriEncode writes it: upper case, and
// of a byte that has to be escaped.
func canonicalEscape(s string) bool {
	if len(s) < 3 || 'a' <= s[1] && s[1] <= 'f' || 'a' <= s[2] && s[2] <= 'f' {
		return false
	}
	hi, ok1 := unhex(s[1])
	lo, ok2 := unhex(s[2])
	return ok1 && ok2 && !unreserved[hi<<4|lo]
}
