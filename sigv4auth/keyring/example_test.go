package keyring_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// A ring from its first key to the retirement of that key.
func Example() {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	folder, err := os.MkdirTemp("", "keyring")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "ring")

	// Once, by the operator.
	if err := keyring.Create(path, keyring.New(now)); err != nil {
		log.Fatal(err)
	}

	// In each process.
	ring, err := keyring.Open(keyring.Config{File: path, Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	box := ring.For("example.com/notes 1")
	sealed, err := box.Seal(nil, []byte("a note"), []byte("note 17"))
	if err != nil {
		log.Fatal(err)
	}
	opened, err := box.Open(nil, sealed, []byte("note 17"))
	fmt.Printf("%s, %v\n", opened, err)
	_, err = box.Open(nil, sealed, []byte("note 18"))
	fmt.Println(err)

	// Every month: the new key seals in a minute, and what the old one sealed opens for a week.
	first := ring.List()[0].ID
	err = keyring.Update(path, func(keys keyring.Keys) (keyring.Keys, error) {
		return keys.Rotate(now, keyring.Rotation{Grace: 7 * 24 * time.Hour})
	})
	if err != nil {
		log.Fatal(err)
	}
	now = now.Add(2 * time.Minute)
	opened, err = box.Open(nil, sealed, []byte("note 17"))
	fmt.Printf("%s, %v, of %d keys\n", opened, err, len(ring.List()))

	// When somebody else may have seen the first key.
	err = keyring.Update(path, func(keys keyring.Keys) (keyring.Keys, error) { return keys.Retire(first) })
	if err != nil {
		log.Fatal(err)
	}
	now = now.Add(time.Second)
	_, err = box.Open(nil, sealed, []byte("note 17"))
	fmt.Println(errors.Is(err, keyring.ErrUnknownKey))

	// Output:
	// a note, <nil>
	// keyring: the sealed bytes do not open
	// a note, <nil>, of 2 keys
	// true
}
