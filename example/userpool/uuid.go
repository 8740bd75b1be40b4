package userpool

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

const uuidSize = 16

// newUUID returns a UUID of version 4.
func newUUID() string {
	var b [uuidSize]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return formatUUID(b[:])
}

func formatUUID(b []byte) string {
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// uuidBytes returns the bytes of a UUID that newUUID has made.
func uuidBytes(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil {
		panic("userpool: a UUID that is none") // unreachable
	}
	return b
}
