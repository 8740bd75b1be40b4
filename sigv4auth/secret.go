package sigv4auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
)

// Secret is a secret access key or a session token. It reads REDACTED under every verb of package fmt, in
// JSON and in slog, also as a field of other values. Its zero value is the empty secret,
// which signs nothing: a credential with an empty secret is treated as unknown.
//
// A Secret is immutable and safe for concurrent use.
type Secret struct {
	// A pointer, because package fmt does not call methods on unexported fields of a struct that it
	// prints: it would walk into a string, but prints a nested pointer as an address.
	box *secretBox
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
	return Secret{&secretBox{value: s, digest: sha256.Sum256([]byte(s))}}
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.box == nil }

// Reveal returns the secret itself. It is for stores that have to write what they were given.
func (s Secret) Reveal() string {
	if s.box == nil {
		return ""
	}
	return s.box.value
}

// Equal reports whether the secret is v, in time that depends on nothing but the lengths.
func (s Secret) Equal(v string) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(v)) == 1
}

// String returns REDACTED.
func (s Secret) String() string { return redacted }

// Format writes REDACTED, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns REDACTED.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
