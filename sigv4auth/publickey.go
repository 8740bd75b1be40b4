package sigv4auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

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

// Equal reports whether k and other are the same key. No key equals no key.
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
