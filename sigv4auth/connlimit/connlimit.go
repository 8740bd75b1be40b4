package connlimit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	defaultMax      = 512
	defaultPatience = 10 * time.Second

	// Where more than one in so many places is taken, patience begins to shrink; and the share of
	// one peer.
	quarter = 4
)

// Config says how many connections there may be. [New] reads it once. Its zero value has the
// defaults.
type Config struct {
	_ [0]func()

	// Max is how many connections there may be at once, over all listeners of the Limiter. Each
	// costs memory: its buffers, and what the server allows for a header and a body. 0: 512. It may
	// not be negative, nor below 4.
	Max int

	// PerPeer is how many of them one peer may have: an IPv4 address, or the /64 of an IPv6
	// address. 0: a quarter of Max. It may not be negative, nor above Max.
	PerPeer int

	// Trusted are the networks of the operator's own proxies and load balancers, which bring the
	// connections of many clients: PerPeer does not apply to them. A client in one of these
	// networks can take all places but those of requests that the server works on. A peer that has
	// no IP address, as one on a Unix socket, counts as trusted. nil: none.
	Trusted []netip.Prefix

	// Patience is how long a connection may wait for its client where three quarters of Max are
	// taken; from there it shrinks in a straight line, to nothing at Max. 0: 10 s. It may not be
	// negative.
	Patience time.Duration
}

// A Limiter bounds the connections of servers. It is safe for concurrent use. [New] makes it; its
// zero value is not usable.
type Limiter struct {
	max, perPeer int
	patience     time.Duration
	trusted      []netip.Prefix
	now          func() time.Time

	mu      sync.Mutex
	open    map[net.Conn]*connection // by what was accepted, without what was put around it
	peers   map[netip.Prefix]int     // never 0
	changed sync.Cond                // of mu: a place is free, or there may be one to take
}

// New returns a Limiter, or every mistake in cfg, joined.
func New(cfg Config) (*Limiter, error) {
	var mistakes []error
	mistake := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("connlimit: Config."+format, args...))
	}
	if cfg.Max == 0 {
		cfg.Max = defaultMax
	}
	if cfg.Max < quarter {
		mistake("Max: %d is less than %d", cfg.Max, quarter)
	}
	if cfg.PerPeer < 0 || cfg.PerPeer > max(cfg.Max, quarter) {
		mistake("PerPeer: %d is not between 0 and Max", cfg.PerPeer)
	}
	if cfg.PerPeer == 0 {
		cfg.PerPeer = cfg.Max / quarter
	}
	if cfg.Patience < 0 {
		mistake("Patience: %v is negative", cfg.Patience)
	}
	if cfg.Patience == 0 {
		cfg.Patience = defaultPatience
	}
	for i, p := range cfg.Trusted {
		if !p.IsValid() || p.Addr().Is4In6() {
			mistake("Trusted[%d]: %v is no network of IPv4 or IPv6 addresses", i, p)
		}
	}
	if mistakes != nil {
		return nil, errors.Join(mistakes...)
	}
	l := &Limiter{
		max: cfg.Max, perPeer: cfg.PerPeer, patience: cfg.Patience, trusted: slices.Clone(cfg.Trusted), now: time.Now,
		open: make(map[net.Conn]*connection), peers: make(map[netip.Prefix]int),
	}
	l.changed.L = &l.mu
	return l, nil
}

// Protect bounds the connections that server accepts from the listener that it returns. Call it
// before the server serves, once for each server and listener, and serve on what it returns: what
// is accepted elsewhere is not counted. It sets server.Handler, server.ConnState and
// server.ConnContext, to functions that call what was there; setting them later undoes that.
// Closing the listener closes from.
//
// The handler gets a request that is a shallow copy, whose Body tells when it waits for the
// client, and a ResponseWriter with the methods of net/http's own: Flush and WriteString, and for
// HTTP/1 Hijack and ReadFrom, for HTTP/2 Push. While a Read of the body, its Close, a Write or a
// Flush is blocked, the request waits for its client, also where the handler does something else
// in another goroutine.
func (l *Limiter) Protect(server *http.Server, from net.Listener) net.Listener {
	next := server.Handler
	if next == nil {
		next = http.DefaultServeMux
	}
	server.Handler = l.handler(next)

	state := server.ConnState
	server.ConnState = func(c net.Conn, s http.ConnState) {
		if state != nil {
			state(c, s)
		}
		l.entered(c, s)
	}

	inner := server.ConnContext
	server.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if inner != nil {
			if ctx = inner(ctx, c); ctx == nil {
				return nil // net/http panics, and says why
			}
		}
		return context.WithValue(ctx, connectionKey{}, l.find(c))
	}
	return &listener{Listener: from, limiter: l}
}

// connectionKey is what requests carry their connection under.
type connectionKey struct{}

// Open returns how many connections there are now.
func (l *Limiter) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

func (l *Limiter) find(c net.Conn) *connection {
	c = accepted(c)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open[c]
}

// entered is told of each state that a connection enters.
func (l *Limiter) entered(nc net.Conn, s http.ConnState) {
	c := l.find(nc)
	if c == nil { // one of another listener, or one that was closed here
		return
	}
	switch s {
	case http.StateActive:
		c.enter(active)
	case http.StateIdle:
		c.enter(idle)
	case http.StateHijacked:
		if !c.enter(hijacked) {
			l.release(c) // whoever took it went around the handler's ResponseWriter: its end will not be seen
		}
	case http.StateClosed:
		l.release(c)
	case http.StateNew: // since it was accepted
	}
}

// release frees the place of a connection, if it still has one.
func (l *Limiter) release(c *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(c)
	l.changed.Broadcast()
}

// remove takes a connection out. l.mu is held.
func (l *Limiter) remove(c *connection) {
	if l.open[c.raw] != c {
		return
	}
	delete(l.open, c.raw)
	if c.peer.IsValid() {
		if l.peers[c.peer]--; l.peers[c.peer] == 0 {
			delete(l.peers, c.peer)
		}
	}
}

// look has those who wait for a place look for one again.
func (l *Limiter) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed.Broadcast()
}
