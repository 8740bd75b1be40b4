package workload

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// XAESNonceBytes is the length of a nonce of XAES-256-GCM.
const XAESNonceBytes = 24

// OpeningXAES is the floor of a sealed token: the opening of a message of XAES-256-GCM
// (c2sp.org/XAES-256-GCM) by the standard library, and nothing else. As the construction has it,
// the first half of the nonce derives a key that is this message's alone, which has to be set up
// each time, and the second half is the nonce of AES-256-GCM. What depends on the long-lived key
// alone, its cipher and CMAC's subkey, is made once; so is the memory of the plaintext.
func OpeningXAES(secret, nonce, sealed, additional []byte) (func(), error) {
	if len(nonce) != XAESNonceBytes {
		return nil, fmt.Errorf("a nonce of %d bytes", len(nonce))
	}
	long, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	var k1 [aes.BlockSize]byte
	long.Encrypt(k1[:], k1[:])
	double(&k1)
	dst := make([]byte, 0, len(sealed))
	open := func() error {
		key := make([]byte, 0, 2*aes.BlockSize)
		for counter := range byte(2) {
			block := [aes.BlockSize]byte{0, counter + 1, 'X', 0}
			copy(block[4:], nonce[:12])
			for i := range block {
				block[i] ^= k1[i]
			}
			key = append(key, block[:]...)
			half := key[len(key)-aes.BlockSize:]
			long.Encrypt(half, half)
		}
		short, err := aes.NewCipher(key)
		if err != nil {
			return err
		}
		aead, err := cipher.NewGCM(short)
		if err != nil {
			return err
		}
		_, err = aead.Open(dst, nonce[12:], sealed, additional)
		return err
	}
	if err := open(); err != nil {
		return nil, errors.New("the standard library does not open what is taken for XAES-256-GCM")
	}
	return func() {
		if err := open(); err != nil {
			panic("bench: " + err.Error())
		}
	}, nil
}

// double doubles in GF(2^128), as CMAC's subkeys are made: NIST SP 800-38B, 6.1.
func double(b *[aes.BlockSize]byte) {
	var carry byte
	for i := len(b) - 1; i >= 0; i-- {
		carry, b[i] = b[i]>>7, b[i]<<1|carry
	}
	b[len(b)-1] ^= carry * 0x87
}
