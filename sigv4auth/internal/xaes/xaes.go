// Package xaes is XAES-256-GCM, an AEAD with nonces of 192 bits, as C2SP publishes it
// (c2sp.org/XAES-256-GCM). Each message has a key of its own: the first half of the nonce derives
// it (NIST SP 800-108 in counter mode, with CMAC), the second half is the nonce of AES-256-GCM.
// Random nonces can then be drawn for more messages than anyone seals, where those of AES-GCM
// alone, of 96 bits, are good for some billions under one key.
package xaes

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
)

// The sizes of what goes in, and of what is added to a message, in bytes.
const (
	KeySize   = 32
	NonceSize = 24
	Overhead  = 16
)

// Key is a key that is ready to use. It is not changed once made, and safe for concurrent use.
type Key struct {
	block cipher.Block
	k1    [aes.BlockSize]byte // CMAC's subkey for a whole block
}

// New returns the Key of 32 secret bytes.
func New(secret *[KeySize]byte) *Key {
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		panic("xaes: " + err.Error()) // unreachable: 32 bytes are a key of AES-256
	}
	k := &Key{block: block}
	block.Encrypt(k.k1[:], k.k1[:])
	// Doubling in GF(2^128): NIST SP 800-38B, 6.1.
	var carry byte
	for i := aes.BlockSize - 1; i >= 0; i-- {
		carry, k.k1[i] = k.k1[i]>>7, k.k1[i]<<1|carry
	}
	k.k1[aes.BlockSize-1] ^= carry * 0x87
	return k
}

// message returns the AEAD of the messages whose nonces begin with prefix.
func (k *Key) message(prefix []byte) cipher.AEAD {
	var derived [KeySize]byte
	for i := range 2 {
		half := derived[i*aes.BlockSize:][:aes.BlockSize]
		half[1], half[2] = byte(i+1), 'X'
		copy(half[4:], prefix)
		for j := range half {
			half[j] ^= k.k1[j]
		}
		k.block.Encrypt(half, half)
	}
	block, err := aes.NewCipher(derived[:])
	if err != nil {
		panic("xaes: " + err.Error()) // unreachable, as above
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("xaes: " + err.Error()) // unreachable: the block has 128 bits
	}
	return aead
}

// Seal appends the sealed plaintext to dst. The nonce MUST NOT be used twice; plaintext and dst
// overlap as cipher.AEAD allows it.
func (k *Key) Seal(dst []byte, nonce *[NonceSize]byte, plaintext, additional []byte) []byte {
	return k.message(nonce[:12]).Seal(dst, nonce[12:], plaintext, additional)
}

// ErrAltered means that nothing was sealed to what Open was given.
var ErrAltered = errors.New("xaes: the message was altered")

// Open appends the plaintext of a sealed message to dst. It fails with ErrAltered if the message,
// the nonce or the additional data is not what Seal had or made.
func (k *Key) Open(dst []byte, nonce *[NonceSize]byte, sealed, additional []byte) ([]byte, error) {
	plaintext, err := k.message(nonce[:12]).Open(dst, nonce[12:], sealed, additional)
	if err != nil {
		return nil, ErrAltered
	}
	return plaintext, nil
}
