package connlimit

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// listener accepts only what has a place.
type listener struct {
	net.Listener
	limiter *Limiter

	once   sync.Once
	closed bool // guarded by limiter.mu
}

// Accept returns the next connection for which there is a place.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.limiter.admit(c, l) {
			return c, nil
		}
		_ = c.Close() // nothing has been sent, and nobody is told
	}
}

// Close closes the listener. Connections stay.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.limiter.mu.Lock()
		defer l.limiter.mu.Unlock()
		l.closed = true
		l.limiter.changed.Broadcast()
	})
	return l.Listener.Close()
}

// admit finds a place for a connection, if need be that of others, which it closes. It waits
// where the server works for all of them. It reports false for a peer that has too many, and
// where the listener is closed meanwhile.
func (l *Limiter) admit(nc net.Conn, from *listener) bool {
	c := &connection{raw: accepted(nc), peer: l.peerOf(nc.RemoteAddr()), limiter: l}
	var taken []*connection
	defer func() { // after l.mu is unlocked
		for _, t := range taken {
			t.close()
		}
	}()
	take := func(victim *connection, now time.Time) {
		if victim.take(now) {
			l.remove(victim)
			taken = append(taken, victim)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		now := l.now()
		for c.peer.IsValid() && l.peers[c.peer] >= l.perPeer {
			victim := l.victim(now, c.peer, 0)
			if victim == nil {
				return false
			}
			take(victim, now)
		}
		for {
			patience, bounded := l.patienceAt(len(l.open))
			if !bounded {
				break
			}
			victim := l.victim(now, netip.Prefix{}, patience)
			if victim == nil {
				break
			}
			take(victim, now)
			if patience == 0 {
				break // one place is enough
			}
		}
		if len(l.open) < l.max {
			break
		}
		if l.victim(now, netip.Prefix{}, 0) == nil && !from.closed {
			// Nobody tells when one has waited for long enough.
			again := time.AfterFunc(prompt/2, l.look)
			l.changed.Wait() // for a free place, or for that
			again.Stop()
		}
		if from.closed {
			return false
		}
	}
	c.since = l.now()
	l.open[c.raw] = c
	if c.peer.IsValid() {
		l.peers[c.peer]++
	}
	return true
}

// patienceAt returns how long a connection may wait for its client where n are open. It is not
// bounded where there are places enough.
func (l *Limiter) patienceAt(n int) (patience time.Duration, bounded bool) {
	shrinking := l.max / quarter
	if free := l.max - n; free < shrinking {
		return l.patience * time.Duration(max(free, 0)) / time.Duration(shrinking), true
	}
	return 0, false
}

// victim returns the connection whose place another may take, of those of peer if that is valid:
// of those that have waited for the client for at least so long, or nil. l.mu is held.
//
// It looks at all of them, only where places are short: BenchmarkAccept took 18 µs for 512 and
// 195 µs for 4,096 connections.
func (l *Limiter) victim(now time.Time, peer netip.Prefix, least time.Duration) (found *connection) {
	var foundRank int
	var longest time.Duration
	for _, c := range l.open {
		if peer.IsValid() && c.peer != peer {
			continue
		}
		c.mu.Lock()
		what, behind, ok := c.waiting(now)
		c.mu.Unlock()
		if !ok || behind < least {
			continue
		}
		rank := 0
		if behind >= grace {
			rank = rankOf[what]
		}
		if found == nil || rank > foundRank || rank == foundRank && behind > longest {
			found, foundRank, longest = c, rank, behind
		}
	}
	return found
}

// rankOf says what is closed first: an idle connection loses no request, and its client expects
// it to be closed (RFC 9112, 9.3.1).
var rankOf = [...]int{idle: 3, opening: 2, active: 1}

// peerOf returns who counts as one peer. It is zero for those who are not bounded.
func (l *Limiter) peerOf(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	for _, network := range l.trusted {
		if network.Contains(addr) {
			return netip.Prefix{}
		}
	}
	bits := 32
	if addr.Is6() {
		bits = 64 // what one host has: it chooses the rest (RFC 8981)
	}
	peer, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // unreachable: the address is valid, since it is of a connection
	}
	return peer
}
