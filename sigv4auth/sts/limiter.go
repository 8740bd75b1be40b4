package sts

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

const (
	defaultPerMinute = 300
	defaultAtOnce    = 16

	// maxSources is how many clients are counted each by itself in a minute. Those that come later
	// share maxShared counts, by a hash: whoever has many networks of IPv6 could otherwise use up
	// the one count of all others.
	maxSources = 10_000
	maxShared  = 1024

	// maxMinutesBack is for how long a minute continues if the clock goes backwards. One that was
	// wrong for a while must not stop the counts until it is that late again.
	maxMinutesBack = 5
)

// limiter bounds the work for requests that nobody has signed: how many are worked on at one time,
// and how many a client may make in a minute. It has no goroutine, and needs no end.
type limiter struct {
	perMinute int
	atOnce    chan struct{} // holds one for each that is worked on

	mu     sync.Mutex
	minute int64 // that of counts
	counts map[netip.Prefix]int
	shared [maxShared]int
	seed   maphash.Seed // so that nobody can choose clients that share a count
}

func newLimiter(perMinute, atOnce int) *limiter {
	if perMinute == 0 {
		perMinute = defaultPerMinute
	}
	if atOnce == 0 {
		atOnce = defaultAtOnce
	}
	return &limiter{perMinute: perMinute, atOnce: make(chan struct{}, atOnce), counts: map[netip.Prefix]int{}, seed: maphash.MakeSeed()}
}

// admits counts n requests of a client, and reports whether it may make them.
func (l *limiter) admits(n int, client netip.Addr, now time.Time) bool {
	for range n {
		if !l.count(source(client), now.Unix()/60) {
			return false
		}
	}
	return true
}

// enter reports whether a request of a client may be worked on; leave ends the work. A client whose
// address is not known is one with all such.
func (l *limiter) enter(client netip.Addr, now time.Time) (leave func(), ok bool) {
	if !l.count(source(client), now.Unix()/60) {
		return nil, false
	}
	return l.begin()
}

// begin reports whether a request that has been counted may be worked on; leave ends the work.
func (l *limiter) begin() (leave func(), ok bool) {
	select {
	case l.atOnce <- struct{}{}:
		return func() { <-l.atOnce }, true
	default:
		return nil, false
	}
}

func (l *limiter) count(from netip.Prefix, minute int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute > l.minute || minute < l.minute-maxMinutesBack {
		l.minute = minute
		clear(l.counts)
		clear(l.shared[:])
	}
	n, known := l.counts[from]
	if !known && len(l.counts) >= maxSources {
		n := &l.shared[maphash.Comparable(l.seed, from)%maxShared]
		if *n >= l.perMinute {
			return false
		}
		*n++
		return true
	}
	if n >= l.perMinute {
		return false
	}
	l.counts[from] = n + 1
	return true
}

// source returns what stands for a client, whose address is that of a request: its IPv4 address, or
// the network of 64 bits in which it chooses its IPv6 addresses.
func source(client netip.Addr) netip.Prefix {
	bits := 64
	if client.Is4() {
		bits = 32
	}
	network, _ := client.Prefix(bits) // the zero Addr has the zero Prefix
	return network
}
