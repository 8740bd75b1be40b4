package v4

import "crypto/subtle"

// SameText reports whether a and b are equal, in time that depends on nothing but the lengths.
// Session tokens are long, and are compared for every request: subtle.ConstantTimeCompare takes one
// byte at a time, this takes eight. Nothing is decided before all have been looked at.
func SameText(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	var differs uint64
	i := 0
	for ; i <= len(a)-32; i += 32 {
		v, w := a[i:i+32], b[i:i+32]
		differs |= ((word(v) ^ word(w)) | (word(v[8:]) ^ word(w[8:]))) | ((word(v[16:]) ^ word(w[16:])) | (word(v[24:]) ^ word(w[24:])))
	}
	for ; i < len(a); i++ {
		differs |= uint64(a[i] ^ b[i])
	}
	return isZero(differs)
}

// isZero reports whether x is 0, in constant time.
func isZero(x uint64) bool {
	return subtle.ConstantTimeEq(int32(x>>32), 0)&subtle.ConstantTimeEq(int32(uint32(x)), 0) == 1
}
