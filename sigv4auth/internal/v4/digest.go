package v4

import (
	"crypto/sha256"
	"encoding/binary"
)

// DigestLen is the length of a SHA-256, or of an HMAC-SHA256, in hexadecimal.
const DigestLen = 2 * sha256.Size

// Every request has two digests, one of which is the signature. They are read and written eight
// digits at a time.
const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
)

// ParseDigest parses exactly [DigestLen] lower-case hexadecimal digits into sum, so that a digest
// has one spelling. It reports whether s is that.
func ParseDigest[T string | []byte](sum *[sha256.Size]byte, s T) bool {
	if len(s) != DigestLen {
		return false
	}
	digits := uint64(highBits)
	for i := 0; i < sha256.Size; i += 8 {
		part := s[2*i : 2*i+16]
		first, second := word(part), word(part[8:])
		digits &= hexDigits(first) & hexDigits(second)
		binary.LittleEndian.PutUint64(sum[i:], uint64(decodeDigits(first))|uint64(decodeDigits(second))<<32)
	}
	return digits == highBits
}

// decodeDigits returns the four bytes of eight lower-case hexadecimal digits. Of both, the first is
// in the lowest byte.
func decodeDigits(x uint64) uint32 {
	x = x&(0x0f*everyByte) + 9*(x>>6&everyByte) // bit 6 tells a to f from 0 to 9
	x = (x<<4 | x>>8) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

// hexDigits returns the high bit of each byte of x that is a lower-case hexadecimal digit.
func hexDigits(x uint64) uint64 {
	// The high bit of a byte of ascii+(0x80-c)*everyByte is set if the byte is c or more. The high
	// bits of x itself, which would carry into the next byte, are left out of the sums and count at
	// the end.
	ascii := x &^ highBits
	digit := (ascii + (0x80-'0')*everyByte) &^ (ascii + (0x80-'9'-1)*everyByte)
	letter := (ascii + (0x80-'a')*everyByte) &^ (ascii + (0x80-'f'-1)*everyByte)
	return (digit | letter) &^ x & highBits
}

// AppendDigest appends sum in lower-case hexadecimal.
func AppendDigest(dst []byte, sum *[sha256.Size]byte) []byte {
	n := len(dst)
	dst = append(dst, EmptyPayload...) // the room
	text := (*[DigestLen]byte)(dst[n:])
	for i := 0; i < sha256.Size; i += 8 {
		binary.LittleEndian.PutUint64(text[2*i:], encodeDigits(binary.LittleEndian.Uint32(sum[i:])))
		binary.LittleEndian.PutUint64(text[2*i+8:], encodeDigits(binary.LittleEndian.Uint32(sum[i+4:])))
	}
	return dst
}

// SameDigest reports whether a and b are equal, in constant time.
func SameDigest(a, b *[sha256.Size]byte) bool {
	var differs uint64
	for i := 0; i < sha256.Size; i += 8 {
		differs |= binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:])
	}
	return isZero(differs)
}

// encodeDigits returns the eight lower-case hexadecimal digits of four bytes. Of both, the first is
// in the lowest byte.
func encodeDigits(four uint32) uint64 {
	x := uint64(four)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	n := x>>4&0x000f000f000f000f | x&0x000f000f000f000f<<8
	letter := (n + 6*everyByte) >> 4 & everyByte // 1 for each of a to f
	return n + '0'*everyByte + letter*('a'-'9'-1)
}
