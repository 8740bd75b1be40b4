package sigv4auth

import (
	"crypto/sha256"
	"encoding/binary"
)

// hexDigestLen is the length of a SHA-256 in hexadecimal.
const hexDigestLen = 2 * sha256.Size

// decodeDigest decodes exactly 64 lower-case hexadecimal digits. Eight digits are looked at together: every request has two digests, one of which is
// the signature.
func decodeDigest(dst *[sha256.Size]byte, s string) bool {
	if len(s) != hexDigestLen {
		return false
	}
	good := true
	for i := 0; i < hexDigestLen; i += 8 {
		word := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		four, ok := decodeWord(word)
		binary.LittleEndian.PutUint32(dst[i/2:], four)
		good = good && ok
	}
	return good
}

// decodeWord decodes eight lower-case hexadecimal digits, the first in the lowest byte.
func decodeWord(x uint64) (four uint32, ok bool) {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	// The high bit of a byte of x+(0x80-c)*ones is set if the byte is c or more. The high bits of x itself, which would carry into the next byte,
	// are left out of the sums and count at the end.
	ascii := x &^ highs
	digit := (ascii + (0x80-'0')*ones) &^ (ascii + (0x80-'9'-1)*ones)
	letter := (ascii + (0x80-'a')*ones) &^ (ascii + (0x80-'f'-1)*ones)
	ok = (digit|letter)&^x&highs == highs
	n := x&(0x0f*ones) + 9*(letter&highs>>7)
	n = (n<<4 | n>>8) & 0x00ff00ff00ff00ff
	n = (n | n>>8) & 0x0000ffff0000ffff
	return uint32(n | n>>16), ok
}
