package keyring

import (
	"cmp"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/xaes"
)

// maxKeys bounds a ring. Keys whose time has ended leave it at the next rotation.
const maxKeys = 16

// Defaults of [Rotation].
const (
	defaultDelay = time.Minute
	defaultGrace = 48 * time.Hour
)

// KeyID names a key. It is no secret: it stands in what the key has sealed.
type KeyID [4]byte

// String returns the ID as eight hexadecimal digits.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText returns what String does.
func (id KeyID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what String returns.
func (id *KeyID) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(id)) {
		return errors.New("keyring: the ID of a key is eight hexadecimal digits")
	}
	var read KeyID
	if _, err := hex.Decode(read[:], text); err != nil || read.String() != string(text) {
		return errors.New("keyring: the ID of a key is eight hexadecimal digits in lower case")
	}
	*id = read
	return nil
}

// Keys is the content of a ring. It is immutable and safe for concurrent use. It reads REDACTED,
// with the number of its keys, under every verb of package fmt, in JSON and in slog. Its zero value
// has no keys, and no Ring takes it.
type Keys struct {
	// A function, because package fmt walks into unexported fields and does not call their methods,
	// and of a function prints the address. nil => no keys.
	open func() []key
	// revision is larger the later the keys were made or changed. 0: not known.
	revision int64
}

// key is one key of a ring. It is not changed once made.
type key struct {
	id     KeyID
	from   time.Time // seals from then on
	until  time.Time // does not open from then on; zero: until it is replaced
	secret [xaes.KeySize]byte
}

// KeyInfo is what may be known of a key.
type KeyInfo struct {
	ID KeyID
	// SealsFrom is when the key begins to seal. The one that has begun last does.
	SealsFrom time.Time
	// OpensUntil is when what the key has sealed ends. Zero: the key has not been replaced.
	OpensUntil time.Time
}

// Rotation is how [Keys.Rotate] replaces a key.
type Rotation struct {
	_ [0]func()

	// Delay is how long the new key waits until it seals: longer than any process takes to reload,
	// and than clocks differ. Zero: a minute.
	Delay time.Duration
	// Grace is how long the older keys open after that: longer than what they sealed is to live.
	// Zero: 48 hours, which is longer than any session of STS.
	Grace time.Duration
}

// New returns Keys of one new random key, which seals from now on.
func New(now time.Time) Keys { return makeKeys([]key{newKey(now)}, max(now.Unix(), 1)) }

func makeKeys(list []key, revision int64) Keys {
	slices.SortFunc(list, key.compare)
	return Keys{func() []key { return list }, revision}
}

// compare has the key behind others that seals rather than they: of two whose times begin together,
// the one that has not been replaced.
func (k key) compare(other key) int {
	last := func(k key) int {
		if k.until.IsZero() {
			return 1
		}
		return 0
	}
	return cmp.Or(k.from.Compare(other.from), cmp.Compare(last(k), last(other)), slices.Compare(k.id[:], other.id[:]))
}

func newKey(from time.Time) key {
	k := key{from: from.UTC().Truncate(time.Second)}
	_, _ = rand.Read(k.secret[:]) // never fails: crypto/rand
	k.id = k.named()
	return k
}

// named derives the ID from the key.
func (k *key) named() (id KeyID) {
	k.derive(id[:], "wildgate keyring 1 id")
	return id
}

// derive fills to with what HKDF makes of the key for info.
func (k *key) derive(to []byte, info string) {
	derived, err := hkdf.Key(sha256.New, k.secret[:], nil, info, len(to))
	if err != nil {
		panic("keyring: " + err.Error()) // unreachable: 32 bytes are neither too short nor too much
	}
	copy(to, derived)
}

// opens reports whether the key opens at an instant. One that does not seal yet does.
func (k *key) opens(now time.Time) bool { return k.until.IsZero() || now.Before(k.until) }

func (k Keys) list() []key {
	if k.open == nil {
		return nil
	}
	return k.open()
}

// IsZero reports whether there are no keys.
func (k Keys) IsZero() bool { return len(k.list()) == 0 }

// List returns what may be known of the keys, in the order in which they seal.
func (k Keys) List() []KeyInfo {
	var all []KeyInfo
	for _, one := range k.list() {
		all = append(all, KeyInfo{ID: one.id, SealsFrom: one.from, OpensUntil: one.until})
	}
	return all
}

// Rotate returns the keys with a new one, which seals from now and r.Delay on. From then on the one
// that it replaces opens for r.Grace; those that were replaced before keep their time. Keys that no
// longer open at now are left out. It fails if there would be more than 16 keys.
func (k Keys) Rotate(now time.Time, r Rotation) (Keys, error) {
	if r.Delay < 0 || r.Grace < 0 {
		return Keys{}, fmt.Errorf("keyring: a rotation has a delay of %v and a grace period of %v; neither is negative", r.Delay, r.Grace)
	}
	added := newKey(now.Add(cmp.Or(r.Delay, defaultDelay)))
	if added.from.Before(now.Add(r.Delay)) { // the second that was cut off
		added.from = added.from.Add(time.Second)
	}
	ends := added.from.Add(cmp.Or(r.Grace, defaultGrace)).Truncate(time.Second)
	var list []key
	for _, old := range k.list() {
		if !old.opens(now) {
			continue
		}
		if old.until.IsZero() {
			old.until = ends
		}
		if old.from.After(added.from) { // it waits for its turn, which is the new one's now
			old.from = added.from
		}
		if old.id == added.id {
			return Keys{}, errors.New("keyring: the new key has the ID of another; try again")
		}
		list = append(list, old)
	}
	if list = append(list, added); len(list) > maxKeys {
		return Keys{}, fmt.Errorf("keyring: there are %d keys already, none of which has ended", maxKeys)
	}
	return makeKeys(list, max(k.revision+1, now.Unix())), nil
}

// Retire returns the keys without one, which somebody else may have seen: what it has sealed ends.
// If that leaves only keys whose time to seal has not come, the first of them seals at once. The
// last key cannot be retired: rotate first.
func (k Keys) Retire(id KeyID) (Keys, error) {
	list := slices.DeleteFunc(slices.Clone(k.list()), func(one key) bool { return one.id == id })
	switch len(list) {
	case len(k.list()):
		return Keys{}, fmt.Errorf("keyring: there is no key %v", id)
	case 0:
		return Keys{}, fmt.Errorf("keyring: %v is the only key; rotate first", id)
	}
	return makeKeys(list, k.revision+1), nil
}

// describe says what may be said of keys.
func (k Keys) describe() string { return fmt.Sprintf("keyring.Keys(%d, REDACTED)", len(k.list())) }

// String returns how many keys there are.
func (k Keys) String() string { return k.describe() }

// Format writes how many keys there are, whatever the verb.
func (k Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.describe()) }

// MarshalText returns how many keys there are. [Keys.Encode] returns the keys themselves.
func (k Keys) MarshalText() ([]byte, error) { return []byte(k.describe()), nil }

// LogValue returns how many keys there are.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.describe()) }
