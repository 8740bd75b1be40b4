package sigv4auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
)

// Secret is a secret access key or a session token. It reads REDACTED under every verb of package fmt, in
// JSON and in slog, also as a field of other values. Its zero value is the empty secret,
// which signs nothing: a credential with an empty secret is treated as unknown.
//
// A Secret is immutable and safe for concurrent use.
type Secret struct {
	// A function, because package fmt does not call methods on unexported fields of a struct that it prints: it would walk into
	// a string and, for a verb that does not fit, into what a pointer points to. Of a function it prints the address. It also
	// makes == on secrets, which would not take constant time, a compile-time error. nil => the empty secret.
	open func() *secretBox
}

type secretBox struct {
	value  string
	digest [sha256.Size]byte // tells one secret from another in the key cache without holding either there
}

const redacted = "REDACTED"

// NewSecret returns the Secret that holds s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	box := &secretBox{value: s, digest: sha256.Sum256([]byte(s))}
	return Secret{func() *secretBox { return box }}
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.open == nil }

// Reveal returns the secret itself. It is for stores that have to write what they were given.
func (s Secret) Reveal() string {
	if s.open == nil {
		return ""
	}
	return s.open().value
}

// Equal reports whether the secret is v, in time that depends on nothing but the lengths.
func (s Secret) Equal(v string) bool {
	return sameText(s.Reveal(), v)
}

// sameText reports whether a and b are equal, in time that depends on nothing but the lengths. Session tokens are long, and are compared for every
// request: subtle.ConstantTimeCompare takes one byte at a time, this takes eight. Nothing is decided before all have been looked at.
func sameText(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	var differs uint64
	x, y := []byte(a), []byte(b)
	for len(x) >= 32 && len(y) >= 32 {
		v, w := (*[32]byte)(x), (*[32]byte)(y)
		differs |= (binary.LittleEndian.Uint64(v[:]) ^ binary.LittleEndian.Uint64(w[:])) |
			(binary.LittleEndian.Uint64(v[8:]) ^ binary.LittleEndian.Uint64(w[8:])) |
			(binary.LittleEndian.Uint64(v[16:]) ^ binary.LittleEndian.Uint64(w[16:])) |
			(binary.LittleEndian.Uint64(v[24:]) ^ binary.LittleEndian.Uint64(w[24:]))
		x, y = x[32:], y[32:]
	}
	for ; len(x) >= 8 && len(y) >= 8; x, y = x[8:], y[8:] {
		differs |= binary.LittleEndian.Uint64(x) ^ binary.LittleEndian.Uint64(y)
	}
	for i := range x {
		differs |= uint64(x[i] ^ y[i])
	}
	return subtle.ConstantTimeEq(int32(differs>>32), 0)&subtle.ConstantTimeEq(int32(uint32(differs)), 0) == 1
}

// String returns REDACTED.
func (s Secret) String() string { return redacted }

// Format writes REDACTED, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns REDACTED.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
