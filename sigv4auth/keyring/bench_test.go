package keyring_test

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// BenchmarkOpen measures a Box, with the clock and the check that it makes, beside AES-256-GCM
// alone on the same bytes: with a key that was set up for each message, as sealed ones have it, and
// with one that is set up once.
func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{64, 400, 3000} {
		plaintext, additional := make([]byte, size), []byte("ASIAEXAMPLEEXAMPLE22")
		r, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keyring.New(time.Now()), nil }})
		if err != nil {
			b.Fatal(err)
		}
		box := r.For("bench 1")
		sealed, err := box.Seal(nil, plaintext, additional)
		if err != nil {
			b.Fatal(err)
		}
		dst := make([]byte, 0, size)
		b.Run(fmt.Sprintf("what=box/size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := box.Open(dst, sealed, additional); err != nil {
					b.Fatal(err)
				}
			}
		})
		key, nonce := make([]byte, 32), make([]byte, 12)
		once := gcm(b, key)
		body := once.Seal(nil, nonce, plaintext, additional)
		b.Run(fmt.Sprintf("what=gcm-key-each/size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := gcm(b, key).Open(dst, nonce, body, additional); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("what=gcm-key-once/size=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := once.Open(dst, nonce, body, additional); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func gcm(b *testing.B, key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	return aead
}

// BenchmarkSeal measures sealing.
func BenchmarkSeal(b *testing.B) {
	r, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keyring.New(time.Now()), nil }})
	if err != nil {
		b.Fatal(err)
	}
	box, plaintext, dst := r.For("bench 1"), make([]byte, 400), make([]byte, 0, 500)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := box.Seal(dst, plaintext, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpens measures what whoever keeps something opened asks each time.
func BenchmarkOpens(b *testing.B) {
	path, k := create(b)
	r, err := keyring.Open(keyring.Config{File: path})
	if err != nil {
		b.Fatal(err)
	}
	id := k.List()[0].ID
	b.ReportAllocs()
	for b.Loop() {
		if !r.Opens(id) {
			b.Fatal("the key has ended")
		}
	}
}
