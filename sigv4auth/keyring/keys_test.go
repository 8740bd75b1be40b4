package keyring_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

var start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// clock is a clock that a test sets.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

// rotate rotates keys, which must succeed.
func rotate(t testing.TB, k keyring.Keys, now time.Time, r keyring.Rotation) keyring.Keys {
	t.Helper()
	k, err := k.Rotate(now, r)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// hold opens a ring of keys that stay as they are.
func hold(t testing.TB, k keyring.Keys, c *clock) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return k, nil }, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func seal(t testing.TB, r *keyring.Ring, text string) []byte {
	t.Helper()
	sealed, err := r.For("test 1").Seal(nil, []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func opening(r *keyring.Ring, sealed []byte) error {
	_, err := r.For("test 1").Open(nil, sealed, nil)
	return err
}

func keyOf(t testing.TB, sealed []byte) keyring.KeyID {
	t.Helper()
	id, ok := keyring.KeyOf(sealed)
	if !ok {
		t.Fatal("what was sealed names no key")
	}
	return id
}

// TestRotation: a new key opens at once, seals after the delay, and the old one opens until the
// grace period after that has ended.
func TestRotation(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	first := keyring.New(c.now)
	second := rotate(t, first, c.now, keyring.Rotation{Delay: 10 * time.Second, Grace: time.Hour})
	early, late := hold(t, first, c), hold(t, second, c)
	old := seal(t, late, "before")
	if keyOf(t, old) != first.List()[0].ID {
		t.Error("the new key seals before its time")
	}
	if opening(early, old) != nil {
		t.Error("a process that has not reloaded cannot open what one that has sealed")
	}
	c.advance(10 * time.Second)
	sealed := seal(t, late, "after")
	if id := second.List()[1].ID; keyOf(t, sealed) != id || id == first.List()[0].ID {
		t.Error("the new key does not seal when its time has come")
	}
	if opening(early, sealed) != keyring.ErrUnknownKey {
		t.Error("a ring opens by a key that it does not have")
	}
	if opening(late, old) != nil || !late.Opens(keyOf(t, old)) {
		t.Error("the old key does not open in its grace period")
	}
	c.advance(time.Hour - time.Second)
	if opening(late, old) != nil {
		t.Error("the old key does not open to the end of its grace period")
	}
	c.advance(time.Second)
	if opening(late, old) != keyring.ErrKeyEnded || late.Opens(keyOf(t, old)) {
		t.Error("the old key opens when its grace period has ended")
	}
	if opening(late, sealed) != nil {
		t.Error("the new key has ended as well")
	}
	third := rotate(t, second, c.now, keyring.Rotation{})
	if list := third.List(); len(list) != 2 || list[0].ID != second.List()[1].ID ||
		list[1].SealsFrom.Sub(c.now) != time.Minute || list[0].OpensUntil.Sub(list[1].SealsFrom) != 48*time.Hour {
		t.Errorf("after another rotation the ring has %+v", list)
	}
}

// TestRotationsInARow: one rotation upon another takes no time from a key that was promised to it,
// and the newest key seals in the end.
func TestRotationsInARow(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	k := rotate(t, keyring.New(c.now), c.now, keyring.Rotation{Delay: time.Hour, Grace: 5 * time.Hour})
	first := k.List()[0]
	k = rotate(t, k, c.now, keyring.Rotation{Delay: time.Second, Grace: time.Hour})
	list := k.List()
	if list[0] != first {
		t.Errorf("the first key has become %+v, and was %+v", list[0], first)
	}
	newest := list[2]
	if !newest.SealsFrom.Equal(c.now.Add(time.Second)) || !newest.OpensUntil.IsZero() {
		t.Errorf("the newest key is %+v", newest)
	}
	c.advance(time.Second)
	if id := keyOf(t, seal(t, hold(t, k, c), "x")); id != newest.ID {
		t.Error("a key that was replaced before its time came seals")
	}
	for range 20 {
		next, err := k.Rotate(c.now, keyring.Rotation{})
		if err != nil {
			if len(k.List()) != 16 {
				t.Errorf("with %d keys: %v", len(k.List()), err)
			}
			return
		}
		k = next
	}
	t.Error("a ring grows without a bound")
}

// TestDelayIsNotCut: a new key waits for no less than the delay, though times are in whole seconds.
func TestDelayIsNotCut(t *testing.T) {
	t.Parallel()
	now := start.Add(900 * time.Millisecond)
	k := rotate(t, keyring.New(start), now, keyring.Rotation{Delay: time.Second})
	if from := k.List()[1].SealsFrom; from.Before(now.Add(time.Second)) || from.After(now.Add(2*time.Second)) {
		t.Errorf("at %v a key is made that seals from %v", now, from)
	}
}

// TestRotationRefused: a rotation into the past is a mistake, and the keys stay.
func TestRotationRefused(t *testing.T) {
	t.Parallel()
	for _, r := range []keyring.Rotation{{Delay: -1}, {Grace: -1}} {
		if k, err := keyring.New(start).Rotate(start, r); err == nil || !k.IsZero() {
			t.Errorf("%+v is no mistake", r)
		}
	}
}

// TestRetire: what a retired key has sealed ends at once. If no key's time has come, the first to
// come seals; the last key stays.
func TestRetire(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	k := rotate(t, keyring.New(c.now), c.now, keyring.Rotation{Delay: time.Hour})
	old := seal(t, hold(t, k, c), "x")
	left, err := k.Retire(keyOf(t, old))
	if err != nil {
		t.Fatal(err)
	}
	r := hold(t, left, c)
	if opening(r, old) != keyring.ErrUnknownKey || r.Opens(keyOf(t, old)) {
		t.Error("what a retired key sealed opens")
	}
	if id := keyOf(t, seal(t, r, "y")); id != k.List()[1].ID {
		t.Error("the key that is left does not seal")
	}
	if _, err := left.Retire(left.List()[0].ID); err == nil || !strings.Contains(err.Error(), "only key") {
		t.Errorf("the last key can be retired: %v", err)
	}
	if _, err := left.Retire(keyOf(t, old)); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("a key that is not there can be retired: %v", err)
	}
}

// TestNoKeyLeft: once the time of every key has ended, nothing is sealed.
func TestNoKeyLeft(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	k := rotate(t, keyring.New(c.now), c.now, keyring.Rotation{Grace: time.Hour})
	k, err := k.Retire(k.List()[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	c.advance(2 * time.Hour)
	if sealed, err := hold(t, k, c).For("test 1").Seal([]byte("x"), []byte("text"), nil); err == nil || sealed != nil {
		t.Error("a key whose time has ended seals")
	}
	if (keyring.Keys{}).String() != "keyring.Keys(0, REDACTED)" || len((keyring.Keys{}).List()) > 0 {
		t.Error("the zero Keys has keys")
	}
}

// TestLateClock: a process whose clock is behind that of the one that made the keys seals with
// them.
func TestLateClock(t *testing.T) {
	t.Parallel()
	c := &clock{start.Add(-time.Hour)}
	k := keyring.New(start)
	if sealed := seal(t, hold(t, k, c), "x"); opening(hold(t, k, &clock{start}), sealed) != nil {
		t.Error("what was sealed does not open")
	}
}

// TestText: keys are what their text says, and the text of what is left of a cut or damaged one is
// refused, as is whatever else Encode does not write.
func TestText(t *testing.T) {
	t.Parallel()
	k := rotate(t, keyring.New(start), start, keyring.Rotation{})
	text := k.Encode()
	again, err := keyring.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{start}
	if opening(hold(t, again, c), seal(t, hold(t, k, c), "x")) != nil || !bytes.Equal(again.Encode(), text) {
		t.Error("keys are not what their text says")
	}
	for n := range text {
		if _, err := keyring.Parse(text[:n]); err == nil {
			t.Errorf("%d of %d bytes are keys", n, len(text))
		}
	}
	lines := strings.SplitAfter(string(text), "\n")
	for i := range text { // a digit of a time can be any other
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[i] ^= 1 << bit
			other, err := keyring.Parse(changed)
			if err != nil {
				if bytes.Contains([]byte(err.Error()), text[len(text)-30:len(text)-10]) {
					t.Error("an error tells a key")
				}
				continue
			}
			for j, info := range other.List() {
				if info.ID != k.List()[j].ID {
					t.Errorf("with bit %d of byte %d changed there is another key", bit, i)
				}
			}
		}
	}
	one := lines[1]
	for name, text := range map[string]string{
		"nothing":           "",
		"no keys":           lines[0] + "end\n",
		"no revision":       lines[0] + one + "end \n",
		"revision zero":     lines[0] + one + "end 0\n",
		"a signed revision": lines[0] + one + "end +1\n",
		"revision 2^52 + 1": lines[0] + one + "end 4503599627370497\n",
		"another version":   "wildgate-keyring 2\n" + strings.Join(lines[1:], ""),
		"trailing data":     string(text) + "\n",
		"a key twice":       lines[0] + one + one + "end\n",
		"another order":     lines[0] + lines[2] + one + "end\n",
		"three fields":      lines[0] + one[:len(one)-46] + "\nend\n",
		"carriage returns":  strings.ReplaceAll(string(text), "\n", "\r\n"),
		"another time zone": strings.Replace(string(text), "Z ", "+00:00 ", 1),
		"a space more":      strings.Replace(string(text), " - ", " -  ", 1),
		"upper case":        strings.ToUpper(string(text)),
		"a large text":      lines[0] + strings.Repeat(one, 100),
		"seventeen keys":    lines[0] + manyKeys(17) + "end\n",
	} {
		if _, err := keyring.Parse([]byte(text)); err == nil {
			t.Errorf("%s: these are keys", name)
		}
	}
	if _, err := keyring.Parse([]byte(lines[0] + manyKeys(16) + "end\n")); err != nil {
		t.Errorf("sixteen keys: %v", err)
	}
}

// manyKeys returns the lines of n keys.
func manyKeys(n int) (lines string) {
	for i := range n {
		k := keyring.New(start.Add(time.Duration(i) * time.Second))
		lines += strings.SplitAfter(string(k.Encode()), "\n")[1]
	}
	return lines
}

// TestKeyIDs: an ID reads what it is written as.
func TestKeyIDs(t *testing.T) {
	t.Parallel()
	id := keyring.New(start).List()[0].ID
	var read keyring.KeyID
	if err := read.UnmarshalText([]byte(id.String())); err != nil || read != id {
		t.Errorf("%v is read as %v: %v", id, read, err)
	}
	for _, text := range []string{"", "3f9a1c0", "3f9a1c020", "3F9A1C02", "3f9a1c0g"} {
		if read.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q is an ID", text)
		}
	}
}

// FuzzParse: what is read is written the same, whatever it is.
func FuzzParse(f *testing.F) {
	f.Add(keyring.New(start).Encode())
	f.Add(rotate(f, keyring.New(start), start, keyring.Rotation{}).Encode())
	f.Add([]byte("wildgate-keyring 1\nend\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := keyring.Parse(text)
		if err == nil && !bytes.Equal(k.Encode(), text) {
			t.Errorf("%q is written as %q", text, k.Encode())
		}
		if err != nil && !k.IsZero() {
			t.Error("keys beside an error")
		}
	})
}
