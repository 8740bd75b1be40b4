package keyring

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// defaultCheck is how often a file is read again: often enough that a key which was retired ends
// within a second.
const defaultCheck = time.Second

// Config is where a [Ring] has its keys from. Exactly one of File and Load is required.
type Config struct {
	_ [0]func()

	// File is the path of a file that [Create] made.
	File string
	// Load returns the keys, where they are not in a file: for instance what [Parse] makes of a
	// secret of a key management service. It is called by Open and by [Ring.Reload], one call at a
	// time.
	Load func() (Keys, error)
	// CheckEvery is how old what was read may be when the ring is used: whoever uses it then reads
	// it again first. It has to be shorter than [Rotation].Delay. Zero: a second for a File; with
	// Load, never, so that the owner calls [Ring.Reload].
	CheckEvery time.Duration
	// Report, if set, is called with the error of a check that failed, while the last good keys
	// stay in force, and with nil once one has succeeded again. It must return soon. Errors hold no
	// keys.
	Report func(error)
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// Ring is the keys that a process has in force. It is safe for concurrent use. It reads as its
// source alone under every verb of package fmt, in JSON and in slog.
type Ring struct {
	source string // for people
	load   func() (Keys, error)
	every  time.Duration // 0: never on use
	report func(error)
	now    func() time.Time

	elapsed func() time.Duration // since some instant, by a clock that is cheaper to read where it can be

	current atomic.Pointer[state]
	due     atomic.Int64 // when the next check is, as elapsed has it

	mu     sync.Mutex // one load at a time
	failed bool       // guarded by mu: the last load failed
}

// state is what was loaded. It is not changed once made.
type state struct {
	keys     []key
	revision int64
}

// Open reads the keys. It fails if cfg is invalid or the keys cannot be read. There is nothing to
// close.
func Open(cfg Config) (*Ring, error) {
	switch {
	case (cfg.File == "") == (cfg.Load == nil):
		return nil, errors.New("keyring: Config: exactly one of File and Load is required")
	case cfg.CheckEvery < 0:
		return nil, fmt.Errorf("keyring: Config.CheckEvery: %v is negative", cfg.CheckEvery)
	}
	r := &Ring{source: "keys of its owner", load: cfg.Load, every: cfg.CheckEvery, report: cfg.Report, now: cfg.Now}
	if cfg.File != "" {
		r.source, r.load = cfg.File, func() (Keys, error) { return Load(cfg.File) }
		if r.every == 0 {
			r.every = defaultCheck
		}
	}
	if r.now == nil {
		r.now = time.Now
	}
	base := r.now()
	r.elapsed = func() time.Duration { return r.now().Sub(base) }
	if cfg.Now == nil {
		r.elapsed = func() time.Duration { return time.Since(base) } // reads the monotonic clock alone
	}
	if err := r.Reload(); err != nil {
		return nil, err
	}
	return r, nil
}

// Reload reads the keys again, and puts them in force. If it fails, the last good keys stay in
// force.
func (r *Ring) Reload() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reload()
}

// reload loads the keys. r.mu is held.
func (r *Ring) reload() error {
	r.due.Store(int64(r.elapsed() + r.every))
	keys, err := r.load()
	if err == nil && keys.IsZero() {
		err = errors.New("keyring: there are no keys")
	}
	last := r.current.Load()
	if err == nil && last != nil && keys.revision < last.revision {
		err = errOlder // it may have a key that has been retired since
	}
	r.failed = err != nil
	if err != nil {
		return err
	}
	if last == nil || last.revision != keys.revision || !same(last.keys, keys.list()) {
		r.current.Store(&state{keys.list(), keys.revision})
	}
	return nil
}

// errOlder is for a file that was put back from a backup, or a copy that is behind.
var errOlder = errors.New("keyring: the keys are older than those in force, and may have one that was retired since: " +
	"change them or start again, if they are meant")

func same(a, b []key) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		// The ID stands for the key, from which it is derived.
		if a[i].id != b[i].id || !a[i].from.Equal(b[i].from) || !a[i].until.Equal(b[i].until) {
			return false
		}
	}
	return true
}

// state returns the keys in force, which it has checked if that is due. While one goroutine reads,
// the others go on with what there is: a file server that hangs holds up one.
func (r *Ring) state() *state {
	if r.every > 0 && r.overdue() && r.mu.TryLock() {
		r.check()
	}
	return r.current.Load()
}

func (r *Ring) overdue() bool { return int64(r.elapsed()) >= r.due.Load() }

// check reads the keys again, unless somebody has just done so, and reports. It unlocks r.mu.
func (r *Ring) check() {
	if tell, err := r.checkLocked(); tell && r.report != nil {
		r.report(err)
	}
}

// checkLocked does that, and says what there is to report. It unlocks r.mu, since Report may use
// the ring.
func (r *Ring) checkLocked() (tell bool, err error) {
	defer r.mu.Unlock()
	if !r.overdue() {
		return false, nil
	}
	before := r.failed
	err = r.reload()
	return err != nil || before, err
}

// opens reports whether a key opens now. The time is looked at only if it matters.
func (r *Ring) opens(k *key) bool { return k.until.IsZero() || k.opens(r.now()) }

// Opens reports whether what the key has sealed can still be opened: the ring has the key, and its
// time has not ended. Whoever keeps something that was opened asks each time.
func (r *Ring) Opens(id KeyID) bool {
	s := r.state()
	i := s.find(id)
	return i >= 0 && r.opens(&s.keys[i])
}

// List returns what may be known of the keys in force, in the order in which they seal.
func (r *Ring) List() []KeyInfo {
	list := r.state().keys
	return Keys{open: func() []key { return list }}.List()
}

// String returns where the keys are from.
func (r *Ring) String() string { return "keyring.Ring(" + r.source + ")" }

// Format writes where the keys are from, whatever the verb.
func (r *Ring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// MarshalText returns where the keys are from.
func (r *Ring) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// LogValue returns where the keys are from.
func (r *Ring) LogValue() slog.Value { return slog.StringValue(r.String()) }

// find returns the place of a key, -1 if there is none.
func (s *state) find(id KeyID) int {
	for i := range s.keys {
		if s.keys[i].id == id {
			return i
		}
	}
	return -1
}

// sealing returns the place of the key that seals at an instant: the last whose time has come.
// Where none has, as by a clock that is late, or after the others were retired, the first to come
// does. It is -1 where no key opens any more.
func (s *state) sealing(now time.Time) int {
	found := -1
	for i := range s.keys {
		k := &s.keys[i]
		if k.opens(now) && (found < 0 || !k.from.After(now)) {
			found = i
		}
	}
	return found
}
