package keyring_test

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// TestOpenConfig: what a ring is made of is checked before it is used.
func TestOpenConfig(t *testing.T) {
	t.Parallel()
	path, k := create(t)
	load := func() (keyring.Keys, error) { return k, nil }
	for name, cfg := range map[string]keyring.Config{
		"nothing":        {},
		"two sources":    {File: path, Load: load},
		"negative check": {File: path, CheckEvery: -1},
		"no file":        {File: path + "x"},
		"no keys":        {Load: func() (keyring.Keys, error) { return keyring.Keys{}, nil }},
		"failing":        {Load: func() (keyring.Keys, error) { return keyring.Keys{}, errors.New("no") }},
	} {
		if r, err := keyring.Open(cfg); err == nil || r != nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestFollowsFile: a rotation and a retirement in the file are in force once a check is due, in
// what was made of the ring before, too.
func TestFollowsFile(t *testing.T) {
	t.Parallel()
	path, k := create(t)
	c := &clock{start}
	r, err := keyring.Open(keyring.Config{File: path, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	box := r.For("test 1")
	old := seal(t, r, "x")
	if err := keyring.Update(path, func(k keyring.Keys) (keyring.Keys, error) {
		return k.Rotate(c.now, keyring.Rotation{Delay: 5 * time.Second})
	}); err != nil {
		t.Fatal(err)
	}
	if len(r.List()) != 1 {
		t.Error("the file is read at each use")
	}
	c.advance(time.Second)
	if len(r.List()) != 2 {
		t.Error("a rotation is not followed within a second")
	}
	c.advance(5 * time.Second)
	sealed, err := box.Seal(nil, []byte("x"), nil)
	if err != nil || keyOf(t, sealed) == k.List()[0].ID {
		t.Errorf("the new key does not seal: %v", err)
	}
	if err := keyring.Update(path, func(now keyring.Keys) (keyring.Keys, error) { return now.Retire(k.List()[0].ID) }); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Second)
	if _, err := box.Open(nil, old, nil); err != keyring.ErrUnknownKey || r.Opens(keyOf(t, old)) {
		t.Errorf("a retirement is not followed: %v", err)
	}
	if _, err := box.Open(nil, sealed, nil); err != nil {
		t.Error("another key has ended with it")
	}
}

// TestBrokenFile: while the file is broken, missing or open to others, the last good keys stay in
// force and the owner is told, and once more when it is whole again. Reload tells its caller.
func TestBrokenFile(t *testing.T) {
	t.Parallel()
	path, k := create(t)
	c := &clock{start}
	var told []string
	r, err := keyring.Open(keyring.Config{File: path, Now: c.Now, CheckEvery: time.Minute, Report: func(err error) {
		told = append(told, fmt.Sprint(err != nil))
	}})
	if err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, r, "x")
	check := func(want string) {
		t.Helper()
		told = nil
		c.advance(time.Minute)
		if opening(r, sealed) != nil || !r.Opens(keyOf(t, sealed)) {
			t.Error("the last good keys are not in force")
		}
		if fmt.Sprint(told) != want {
			t.Errorf("told %v; want %s", told, want)
		}
	}
	check("[]")
	if err := os.WriteFile(path, k.Encode()[:50], 0o600); err != nil {
		t.Fatal(err)
	}
	check("[true]")
	if r.Reload() == nil {
		t.Error("Reload says nothing of a broken file")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("[true]")
	if err := keyring.Create(path, k); err != nil {
		t.Fatal(err)
	}
	check("[false]")
	check("[]")
}

// TestReload: keys of the owner are in force once it has reloaded, and not asked for before, unless
// it wants them checked.
func TestReload(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{0, time.Minute} {
		c := &clock{start}
		k := keyring.New(start)
		asked := 0
		r, err := keyring.Open(keyring.Config{
			Load: func() (keyring.Keys, error) { asked++; return k, nil }, CheckEvery: every, Now: c.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		sealed := seal(t, r, "x")
		k = keyring.New(start)
		if opening(r, sealed) != nil || asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		c.advance(time.Hour)
		if every > 0 {
			if opening(r, sealed) != keyring.ErrUnknownKey || asked != 2 {
				t.Errorf("a check that is due is not made; asked %d times", asked)
			}
			continue
		}
		if opening(r, sealed) != nil || asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		if err := r.Reload(); err != nil || opening(r, sealed) != keyring.ErrUnknownKey {
			t.Errorf("after Reload: %v", err)
		}
	}
}

// TestReloadOfTimes: keys that are the same but for their times are other keys.
func TestReloadOfTimes(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	k := keyring.New(start)
	r, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return k, nil }, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, r, "x")
	k = rotate(t, k, start, keyring.Rotation{Grace: time.Hour})
	if k, err = k.Retire(k.List()[1].ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(); err != nil {
		t.Fatal(err)
	}
	c.advance(2 * time.Hour)
	if opening(r, sealed) != keyring.ErrKeyEnded {
		t.Error("a key opens for longer than the keys that were loaded last say")
	}
}

// TestManyAtOnce: a ring is used while it is replaced, and one load that hangs holds up one caller.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	k := keyring.New(time.Now())
	hang, hanging := make(chan struct{}), make(chan struct{}, 1)
	first := true
	r, err := keyring.Open(keyring.Config{CheckEvery: time.Nanosecond, Load: func() (keyring.Keys, error) {
		if !first {
			hanging <- struct{}{}
			<-hang
		}
		first = false
		return k, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	held := make(chan bool)
	go func() { held <- r.Opens(k.List()[0].ID) }()
	<-hanging
	box := r.For("test 1")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				sealed, err := box.Seal(nil, []byte("x"), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := box.Open(nil, sealed, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(hang)
	if !<-held {
		t.Error("the key does not open")
	}

	path, _ := create(t)
	fast, err := keyring.Open(keyring.Config{File: path, CheckEvery: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if opening(fast, seal(t, fast, "x")) != nil {
					t.Error("what was just sealed does not open")
				}
			}
		})
	}
	for range 10 {
		_ = keyring.Update(path, func(k keyring.Keys) (keyring.Keys, error) { return k.Rotate(time.Now(), keyring.Rotation{}) })
	}
	wg.Wait()
}
