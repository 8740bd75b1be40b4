package v4

import (
	"crypto/sha256"
	"encoding/binary"
)

// DigestLen is the length of a SHA-256, or of an HMAC-SHA256, in hexadecimal.
const DigestLen = 2 * sha256.Size

// Every request has two digests, one of which is the signature. They are never decoded: what is expected is encoded and
// compared with what was sent, so that a digest has one spelling. All of it works on eight digits at a time.
const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
)

// IsDigest reports whether s is exactly [DigestLen] lower-case hexadecimal digits.
func IsDigest(s string) bool {
	if len(s) != DigestLen {
		return false
	}
	digits := uint64(highBits)
	for i := 0; i < DigestLen; i += 16 {
		part := s[i : i+16]
		digits &= hexDigits(word(part)) & hexDigits(word(part[8:]))
	}
	return digits == highBits
}

// hexDigits returns the high bit of each byte of x that is a lower-case hexadecimal digit.
func hexDigits(x uint64) uint64 {
	// The high bit of a byte of ascii+(0x80-c)*everyByte is set if the byte is c or more. The high bits of x itself, which would carry into the
	// next byte, are left out of the sums and count at the end.
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

// SameDigest reports whether text is sum in lower-case hexadecimal, in time that depends on nothing but the length of text.
func SameDigest[T string | []byte](sum *[sha256.Size]byte, text T) bool {
	if len(text) != DigestLen {
		return false
	}
	var differs uint64
	for i := 0; i < sha256.Size; i += 8 {
		sent := text[2*i : 2*i+16]
		differs |= word(sent) ^ encodeDigits(binary.LittleEndian.Uint32(sum[i:]))
		differs |= word(sent[8:]) ^ encodeDigits(binary.LittleEndian.Uint32(sum[i+4:]))
	}
	return isZero(differs)
}

// encodeDigits returns the eight lower-case hexadecimal digits of four bytes. Of both, the first is in the lowest byte.
func encodeDigits(four uint32) uint64 {
	x := uint64(four)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	n := x>>4&0x000f000f000f000f | x&0x000f000f000f000f<<8
	letter := (n + 6*everyByte) >> 4 & everyByte // 1 for each of a to f
	return n + '0'*everyByte + letter*('a'-'9'-1)
}
