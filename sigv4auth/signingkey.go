package sigv4auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/redact"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// SigningKey is a signing key for one date, region and service, derived from a secret access key,
// which cannot be found out from it: IAM User Guide, "Create a signed AWS API request", step 4.
// Whoever holds it can sign as the access key, but only within its scope.
//
// A service that verifies with such keys, and with a [PublicKey] for SigV4A, need not hold secret
// access keys. A control plane that holds them derives the keys, and the service's store returns
// them in a [Credential] without Secret. Hand signing keys out a day ahead, and keep yesterday's,
// since clocks differ around midnight; with presigned URLs keep as many days as they live.
//
// It reads REDACTED wherever a [Secret] does. Its zero value is no key and signs nothing. It is
// immutable and safe for concurrent use; make it once and keep it, as that prepares it for
// verification.
type SigningKey struct {
	open func() *signingKeyBox // a function for the reasons that Secret gives; nil => no key
}

type signingKeyBox struct {
	scope v4.Scope
	raw   [sha256.Size]byte
	key   *v4.SigningKey // raw, prepared
}

// DeriveSigningKey derives the signing key of a secret access key for a scope. It is for the
// control plane, which holds the secret and hands derived keys to those that verify:
// [SigningKey.Reveal] there, [NewSigningKey] here.
func DeriveSigningKey(secret Secret, s Scope) (SigningKey, error) {
	if secret.IsZero() {
		return SigningKey{}, errors.New("sigv4auth: a signing key of an empty secret")
	}
	if err := s.check(); err != nil {
		return SigningKey{}, err
	}
	return newSigningKey(s, v4.DeriveRawKey(secret.Reveal(), v4.Scope(s))), nil
}

// NewSigningKey returns the signing key whose 32 bytes are given, as [SigningKey.Reveal] returned
// them. It copies them.
func NewSigningKey(key []byte, s Scope) (SigningKey, error) {
	if len(key) != sha256.Size {
		return SigningKey{}, fmt.Errorf("sigv4auth: a signing key has %d bytes, not %d", sha256.Size, len(key))
	}
	if bytes.Count(key, []byte{0}) == len(key) { // a buffer that nobody filled
		return SigningKey{}, errors.New("sigv4auth: the signing key is all zero")
	}
	if err := s.check(); err != nil {
		return SigningKey{}, err
	}
	return newSigningKey(s, [sha256.Size]byte(key)), nil
}

func newSigningKey(s Scope, raw [sha256.Size]byte) SigningKey {
	box := &signingKeyBox{scope: v4.Scope(s), raw: raw, key: v4.NewSigningKey(raw)}
	return SigningKey{func() *signingKeyBox { return box }}
}

// check refuses a scope that no request could be signed with.
func (s Scope) check() error {
	if _, ok := v4.ParseTime(s.Date + "T000000Z"); !ok {
		return fmt.Errorf("sigv4auth: the date of a scope must be YYYYMMDD, not %q", s.Date)
	}
	if !validScopePart(s.Region) || !validScopePart(s.Service) {
		return fmt.Errorf("sigv4auth: the region and the service of a scope must be letters, digits, '-', '_' and '.', not %q and %q",
			s.Region, s.Service)
	}
	return nil
}

// IsZero reports whether k is no key.
func (k SigningKey) IsZero() bool { return k.open == nil }

// Scope returns what the key signs for.
func (k SigningKey) Scope() Scope {
	if k.open == nil {
		return Scope{}
	}
	return Scope(k.open().scope)
}

// Reveal returns a copy of the key's 32 bytes, nil if k is no key. It is for handing the key on.
func (k SigningKey) Reveal() []byte {
	if k.open == nil {
		return nil
	}
	return bytes.Clone(k.open().raw[:]) // guard 231g
}

// String returns REDACTED.
func (k SigningKey) String() string { return redact.Redacted }

// Format writes REDACTED, whatever the verb.
func (k SigningKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redact.Redacted) } // guard 116c

// MarshalText returns REDACTED.
func (k SigningKey) MarshalText() ([]byte, error) { return []byte(redact.Redacted), nil }

// signingKeyFor returns the first of keys that is for the scope s, nil if none is.
func signingKeyFor(keys []SigningKey, s v4.Scope) *v4.SigningKey {
	for _, k := range keys {
		if k.open == nil {
			continue
		}
		if box := k.open(); box.scope == s {
			return box.key
		}
	}
	return nil
}

// checkSigningKeys refuses keys that nobody could use, or that leave open which one counts.
func checkSigningKeys(keys []SigningKey) error {
	seen := make(map[Scope]bool, len(keys))
	for i, k := range keys {
		if k.IsZero() {
			return fmt.Errorf("SigningKeys[%d] is no key", i)
		}
		s := k.Scope()
		if seen[s] {
			return fmt.Errorf("SigningKeys[%d] is the second one for %s", i, strings.Join([]string{s.Date, s.Region, s.Service}, "/"))
		}
		seen[s] = true
	}
	return nil
}

// PublicKey checks the SigV4A signatures of one access key. It is not secret: who holds it can
// verify, not sign.
//
// Its zero value is no key and verifies nothing. It is immutable and safe for concurrent use.
type PublicKey struct {
	key *ecdsa.PublicKey // on P-256, and never handed out
}

// DerivePublicKey derives the public key of an access key, as clients derive the private one from
// its secret: IAM User Guide, "AWS Signature Version 4 for API requests", on SigV4a. It is for the
// control plane, which holds the secret and hands the public key to those that verify.
func DerivePublicKey(accessKeyID string, secret Secret) (PublicKey, error) {
	if !validAccessKeyID(accessKeyID) {
		return PublicKey{}, fmt.Errorf("sigv4auth: an access key ID must be 1 to %d characters of [A-Za-z0-9_-]", maxAccessKeyID)
	}
	if secret.IsZero() {
		return PublicKey{}, errors.New("sigv4auth: a public key of an empty secret")
	}
	return PublicKey{v4.DerivePublicKey(accessKeyID, secret.Reveal())}, nil
}

// ParsePublicKey returns the public key whose standard form is given: a SubjectPublicKeyInfo (RFC
// 5280, section 4.1) in DER, as [PublicKey.MarshalBinary] and x509.MarshalPKIXPublicKey return it.
// The key must be on the curve P-256.
func ParsePublicKey(der []byte) (PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return PublicKey{}, fmt.Errorf("sigv4auth: the public key is invalid: %w", err)
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return PublicKey{}, errors.New("sigv4auth: a public key must be one of ECDSA on the curve P-256")
	}
	return PublicKey{key}, nil
}

// IsZero reports whether k is no key.
func (k PublicKey) IsZero() bool { return k.key == nil }

// Equal reports whether k and other are the same key. Two zero keys are equal.
func (k PublicKey) Equal(other PublicKey) bool {
	if k.key == nil || other.key == nil {
		return k.key == other.key
	}
	return k.key.Equal(other.key)
}

// MarshalBinary returns the key in its standard form, which [ParsePublicKey] reads. It fails if k
// is no key.
func (k PublicKey) MarshalBinary() ([]byte, error) {
	if k.key == nil {
		return nil, errors.New("sigv4auth: the zero PublicKey is no key")
	}
	return x509.MarshalPKIXPublicKey(k.key)
}
