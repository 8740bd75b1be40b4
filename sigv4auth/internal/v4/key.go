package v4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"hash"
)

// SigningKey is a derived signing key, held as the two states that HMAC-SHA256 is in once it has
// read its padded key. A signature then costs no key schedule and allocates nothing.
// It is immutable and safe for concurrent use.
type SigningKey struct {
	inner, outer []byte // marshalled states of SHA-256
}

// DeriveKey is [DeriveRawKey], prepared for use.
func DeriveKey(secret string, s Scope) *SigningKey { return NewSigningKey(DeriveRawKey(secret, s)) }

// DeriveRawKey derives the signing key of a secret access key for a scope: IAM User Guide,
// "Create a signed AWS API request", step 4.
func DeriveRawKey(secret string, s Scope) [sha256.Size]byte {
	sum := func(key []byte, data string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(data))
		return h.Sum(nil)
	}
	k := sum([]byte("AWS4"+secret), s.Date)
	k = sum(k, s.Region)
	k = sum(k, s.Service)
	return [sha256.Size]byte(sum(k, Terminator))
}

// NewSigningKey prepares a derived key for use: RFC 2104, section 4.
func NewSigningKey(key [sha256.Size]byte) *SigningKey {
	state := func(pad byte) []byte {
		var block [sha256.BlockSize]byte
		copy(block[:], key[:])
		for i := range block {
			block[i] ^= pad
		}
		h := sha256.New()
		h.Write(block[:])
		b, err := h.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			panic("v4: SHA-256 does not marshal its state: " + err.Error()) // unreachable: crypto/sha256 documents that it does
		}
		return b
	}
	return &SigningKey{inner: state(0x36), outer: state(0x5c)}
}

// Mac computes signatures. It may be used again, by one goroutine at a time. Make it with [NewMac].
type Mac struct {
	h   hash.Hash
	set encoding.BinaryUnmarshaler // h
	sum [sha256.Size]byte
}

// NewMac returns a Mac.
func NewMac() *Mac {
	h := sha256.New()
	return &Mac{h: h, set: h.(encoding.BinaryUnmarshaler)}
}

// Sign returns the HMAC-SHA256 of data under k. It stands where the next one will.
func (m *Mac) Sign(k *SigningKey, data []byte) *[sha256.Size]byte {
	m.restore(k.inner)
	m.h.Write(data)
	m.h.Sum(m.sum[:0])
	m.restore(k.outer)
	m.h.Write(m.sum[:])
	m.h.Sum(m.sum[:0])
	return &m.sum
}

func (m *Mac) restore(state []byte) {
	if err := m.set.UnmarshalBinary(state); err != nil {
		panic("v4: SHA-256 does not take back its own state: " + err.Error()) // unreachable: the state came from MarshalBinary
	}
}
