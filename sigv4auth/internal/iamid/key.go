package iamid

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"strings"
)

// The bounds of a secret. A shorter one could be found by trying, from one captured signature.
const (
	MinSecret  = 16
	MaxSecret  = 256
	SecretRule = "a secret is 16 to 256 characters of printable ASCII without spaces"
)

// The prefixes of access key IDs: IAM User Guide, "Understanding unique ID prefixes".
const (
	LongTermPrefix  = "AKIA"
	TemporaryPrefix = "ASIA"
)

// ValidSecret reports whether s is a secret access key.
func ValidSecret(s string) bool {
	if len(s) < MinSecret || len(s) > MaxSecret {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) < 0
}

// NewAccessKeyID appends 80 random bits to a prefix.
func NewAccessKeyID(prefix string) string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	return prefix + base32.StdEncoding.EncodeToString(random[:])
}

// NewSecret returns 240 random bits as 40 characters.
func NewSecret() string {
	var random [30]byte
	_, _ = rand.Read(random[:])
	return base64.StdEncoding.EncodeToString(random[:])
}
