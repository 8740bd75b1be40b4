package sigv4auth

import (
	"crypto/sha256"
	"fmt"
	"io"
	"sync"

	"github.com/wildgate/wildgate/sigv4auth/internal/redact"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// Secret is a secret access key or a session token. It reads REDACTED under every verb of package
// fmt, in JSON and in slog, also as a field of other values. Its zero value is the empty secret,
// which signs nothing: a credential with an empty secret is treated as unknown.
//
// A Secret is immutable and safe for concurrent use.
type Secret struct {
	// A function, because package fmt does not call methods on unexported fields of a struct that
	// it prints: it would walk into a string and, for a verb that does not fit, into what a pointer
	// points to. Of a function it prints the address. It also makes == on secrets, which would not
	// take constant time, a compile-time error. nil => the empty secret.
	open func() *secretBox
}

type secretBox struct {
	value string
	once  sync.Once
	sum   [sha256.Size]byte // once
}

// digest tells one secret from another in the key cache, without holding either there. It is
// computed when it is first asked for: of session tokens, which are long, nobody does.
func (b *secretBox) digest() *[sha256.Size]byte {
	b.once.Do(b.hash)
	return &b.sum
}

func (b *secretBox) hash() { b.sum = sha256.Sum256([]byte(b.value)) }

// NewSecret returns the Secret that holds s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	box := &secretBox{value: s}
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
	return v4.SameText(s.Reveal(), v)
}

// String returns REDACTED.
func (s Secret) String() string { return redact.Redacted }

// Format writes REDACTED, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redact.Redacted) } // guard 116a

// MarshalText returns REDACTED.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redact.Redacted), nil } // guard 116b
