package keyring

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/wildgate/wildgate/sigv4auth/internal/xaes"
)

// version is the first byte of what is sealed.
const version = 1

// headerSize is that of the version, the key's ID and the nonce.
const headerSize = 1 + len(KeyID{}) + xaes.NonceSize

// Overhead is how many bytes longer what is sealed is than the plaintext.
const Overhead = headerSize + xaes.Overhead

// An OpenError is a reason for which sealed bytes do not open. All read the same, so that a caller
// who is told of one does not learn which; their owner tells them apart by [errors.Is], or by
// Reason.
type OpenError string

// The reasons not to open sealed bytes.
const (
	// ErrMalformed: nothing that Seal returns has this form, or it is of a later version.
	ErrMalformed OpenError = "malformed"
	// ErrUnknownKey: the ring has no key of that ID: it is another ring's, was retired, or has yet
	// to be loaded.
	ErrUnknownKey OpenError = "unknown key"
	// ErrKeyEnded: the key has been replaced, and its grace period has ended.
	ErrKeyEnded OpenError = "key ended"
	// ErrAltered: the key did not seal these bytes for this purpose with this additional data.
	ErrAltered OpenError = "altered"
)

// Error returns the same text for all reasons.
func (OpenError) Error() string { return "keyring: the sealed bytes do not open" }

// String returns what Error does.
func (e OpenError) String() string { return e.Error() }

// MarshalText returns what Error does.
func (e OpenError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Reason returns the reason, for the owner's log.
func (e OpenError) Reason() string { return string(e) }

// errNoKey means that the ring cannot seal.
var errNoKey = errors.New("keyring: the time of every key has ended")

// Box seals and opens for one purpose. It is safe for concurrent use, and follows its Ring. It
// reads as its purpose alone under every verb of package fmt.
type Box struct {
	ring    *Ring
	purpose string
	derived atomic.Pointer[purposeKeys]
}

// purposeKeys are the keys of a state for one purpose, in its order. They are not changed once
// made.
type purposeKeys struct {
	of   *state
	keys []*xaes.Key
}

// For returns the Box of a purpose. A purpose is a constant of the program that names what is
// sealed, whose it is and in which version, as "example.com/session-cookies 1". Two boxes of one
// purpose open each other's, and of two purposes never.
func (r *Ring) For(purpose string) *Box { return &Box{ring: r, purpose: purpose} }

// keysOf returns the keys of a state for b's purpose.
func (b *Box) keysOf(s *state) []*xaes.Key {
	if d := b.derived.Load(); d != nil && d.of == s {
		return d.keys
	}
	d := &purposeKeys{of: s}
	for i := range s.keys {
		var secret [xaes.KeySize]byte
		s.keys[i].derive(secret[:], "wildgate keyring 1 for "+b.purpose)
		d.keys = append(d.keys, xaes.New(&secret))
	}
	b.derived.Store(d)
	return d.keys
}

// Seal appends to dst what opens to plaintext with the same additional data, which is [Overhead]
// bytes longer. dst and plaintext MUST NOT overlap. It fails if the time of every key has ended.
func (b *Box) Seal(dst, plaintext, additional []byte) ([]byte, error) {
	s := b.ring.state()
	i := s.sealing(b.ring.now())
	if i < 0 {
		return nil, errNoKey
	}
	var nonce [xaes.NonceSize]byte
	_, _ = rand.Read(nonce[:]) // never fails: crypto/rand
	dst = append(dst, version)
	dst = append(dst, s.keys[i].id[:]...)
	dst = append(dst, nonce[:]...)
	return b.keysOf(s)[i].Seal(dst, &nonce, plaintext, additional), nil
}

// Open appends to dst the plaintext of what was sealed. Every failure is an [OpenError], and
// returns nothing else. dst and sealed MUST NOT overlap.
func (b *Box) Open(dst, sealed, additional []byte) ([]byte, error) {
	id, ok := KeyOf(sealed)
	if !ok {
		return nil, ErrMalformed
	}
	s := b.ring.state()
	i := s.find(id)
	switch {
	case i < 0:
		return nil, ErrUnknownKey
	case !b.ring.opens(&s.keys[i]):
		return nil, ErrKeyEnded
	}
	nonce := (*[xaes.NonceSize]byte)(sealed[headerSize-xaes.NonceSize : headerSize])
	plaintext, err := b.keysOf(s)[i].Open(dst, nonce, sealed[headerSize:], additional)
	if err != nil {
		return nil, ErrAltered
	}
	return plaintext, nil
}

// KeyOf returns the ID of the key that sealed bytes name. It reports false for what no ring can
// have sealed. Nothing about it is authentic before the bytes have been opened.
func KeyOf(sealed []byte) (id KeyID, ok bool) {
	if len(sealed) < Overhead || sealed[0] != version {
		return KeyID{}, false
	}
	return KeyID(sealed[1:]), true
}

// Ring returns the ring that b seals with.
func (b *Box) Ring() *Ring { return b.ring }

// String returns the purpose.
func (b *Box) String() string { return "keyring.Box(" + b.purpose + ")" }

// Format writes the purpose, whatever the verb.
func (b *Box) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, b.String()) }
