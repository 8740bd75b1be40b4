package keyring_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// TestSealed: what is sealed opens to what it was, is longer by the Overhead, and is never sealed
// the same twice.
func TestSealed(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	k := keyring.New(start)
	box, other := hold(t, k, c).For("test 1"), hold(t, k, c).For("test 1")
	for _, text := range []string{"", "x", "a longer text, of several blocks of the cipher"} {
		seen := map[string]bool{}
		for range 3 {
			sealed, err := box.Seal([]byte("before"), []byte(text), []byte("additional"))
			if err != nil {
				t.Fatal(err)
			}
			body, _ := bytes.CutPrefix(sealed, []byte("before"))
			if len(body) != len(text)+keyring.Overhead || seen[string(body)] {
				t.Errorf("%d bytes are sealed to %d, seen before: %t", len(text), len(body), seen[string(body)])
			}
			seen[string(body)] = true
			opened, err := other.Open([]byte("after"), body, []byte("additional"))
			if err != nil || string(opened) != "after"+text {
				t.Errorf("%q is opened as %q, %v", text, opened, err)
			}
		}
	}
}

// TestAltered: with any byte changed to any other value that one bit makes, cut, extended, under
// another ring, another purpose or another additional data nothing opens, and no text comes back.
// Purposes keep tokens apart from what else the ring seals (threat 103).
func TestAltered(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	ring := hold(t, keyring.New(start), c)
	box := ring.For("test 1")
	additional := []byte("ASIAEXAMPLE")
	sealed, err := box.Seal(nil, []byte("a text"), additional)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, b *keyring.Box, sealed, additional []byte, want error) {
		t.Helper()
		opened, err := b.Open([]byte("before"), sealed, additional)
		if err == nil || opened != nil {
			t.Errorf("%s opens", what)
		}
		if want != nil && err != want {
			t.Errorf("%s: %v; want %v", what, err.(keyring.OpenError).Reason(), want.(keyring.OpenError).Reason())
		}
	}
	for i := range sealed {
		want := keyring.ErrAltered
		switch {
		case i == 0:
			want = keyring.ErrMalformed
		case i < 5:
			want = keyring.ErrUnknownKey
		}
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			refused("a changed byte", box, changed, additional, want)
		}
		refused("a beginning", box, sealed[:i], additional, nil)
		refused("an end", box, sealed[i+1:], additional, nil)
	}
	refused("more", box, append(bytes.Clone(sealed), 0), additional, keyring.ErrAltered)
	refused("nothing", box, nil, additional, keyring.ErrMalformed)
	refused("another ring's", hold(t, keyring.New(start), c).For("test 1"), sealed, additional, keyring.ErrUnknownKey)
	for _, purpose := range []string{"", "test", "test 2", "test 1 ", "Test 1"} {
		refused("another purpose's", ring.For(purpose), sealed, additional, keyring.ErrAltered)
	}
	for _, other := range []string{"", "ASIAEXAMPL", "ASIAEXAMPLE0", "ASIAEXAMPLF"} {
		refused("another additional data's", box, sealed, []byte(other), keyring.ErrAltered)
	}
}

// TestReasons: an owner tells the reasons apart, and whoever is shown the error does not.
func TestReasons(t *testing.T) {
	t.Parallel()
	all := []keyring.OpenError{keyring.ErrMalformed, keyring.ErrUnknownKey, keyring.ErrKeyEnded, keyring.ErrAltered}
	reasons := map[string]bool{}
	for _, a := range all {
		for _, b := range all {
			if errors.Is(a, b) != (a == b) {
				t.Errorf("%s and %s are not told apart", a.Reason(), b.Reason())
			}
		}
		text, _ := a.MarshalText()
		if a.Error() != all[0].Error() || a.String() != a.Error() || string(text) != a.Error() {
			t.Errorf("%s reads %q", a.Reason(), a.Error())
		}
		reasons[a.Reason()] = true
	}
	if len(reasons) != len(all) {
		t.Errorf("the reasons are %v", reasons)
	}
}

// FuzzOpen: nothing opens but what was sealed, and nothing panics.
func FuzzOpen(f *testing.F) {
	c := &clock{start}
	box := hold(f, keyring.New(start), c).For("fuzz 1")
	sealed, err := box.Seal(nil, []byte("a text"), []byte("additional"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, []byte("additional"))
	f.Add(sealed[:len(sealed)-1], []byte(""))
	f.Add([]byte{1}, []byte("x"))
	f.Fuzz(func(t *testing.T, changed, additional []byte) {
		opened, err := box.Open(nil, changed, additional)
		if whole := bytes.Equal(changed, sealed) && string(additional) == "additional"; whole != (err == nil) {
			t.Errorf("%x with %q: %v", changed, additional, err)
		}
		if err != nil && opened != nil {
			t.Error("a text beside an error")
		}
	})
}
