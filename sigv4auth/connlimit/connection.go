package connlimit

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// phase is what a connection is for at present.
type phase uint8

const (
	opening  phase = iota // no request has arrived yet with its whole header
	idle                  // between two requests
	active                // a request has arrived
	hijacked              // the handler has taken it
)

const (
	// creditBytes a second are what a client may take for a body or an answer without falling
	// behind.
	creditBytes = 4 << 10

	// prompt is how long a client may take for anything without being waited for: a header that is
	// on its way, a write into a buffer, an answer that net/http sends once the handler has
	// returned, or in HTTP/2 even once it has called the connection idle.
	prompt = 50 * time.Millisecond
	// grace is how long a connection has to have waited for what it waits for to matter.
	grace = time.Second
)

// A connection is one that has a place.
type connection struct {
	raw     net.Conn
	peer    netip.Prefix // zero: without a bound
	limiter *Limiter

	mu      sync.Mutex
	phase   phase
	since   time.Time     // of opening and idle: their beginning; of active: when it began to wait, or the request to arrive
	behind  time.Duration // of active: what it has waited before, less its credit
	working int           // requests that a handler works on
	reading int           // reads of bodies that wait
	ending  bool          // the handler has returned, and net/http sends what is left of the answer
	taking  bool          // a handler is about to hijack it
	closed  bool          // its place is another's
}

// enter begins a phase. It reports false for a connection that is hijacked without the knowledge
// of its request.
func (c *connection) enter(p phase) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p == hijacked && !c.taking {
		return false
	}
	c.phase, c.since, c.ending = p, c.limiter.now(), false
	if p == active {
		c.behind = 0
	}
	return true
}

// waiting returns what a connection waits for its client with, and for how long; it is not ok if
// the server works for it. c.mu is held.
func (c *connection) waiting(now time.Time) (in phase, behind time.Duration, ok bool) {
	waited := max(now.Sub(c.since), 0)
	if c.closed || c.phase == hijacked || c.working > 0 {
		return 0, 0, false
	}
	if c.phase != active {
		return c.phase, waited, waited >= prompt
	}
	// Also where no handler runs: net/http sends the answer, reads what is left of the body, or has
	// refused the request by itself, and lingers.
	behind = c.behind + waited
	if c.ending {
		return active, behind, waited >= grace // a busy server may take longer than prompt for it
	}
	// A body that trickles is waited for from the beginning. What a client has kept waiting for
	// before does not matter any more while the answer is sent.
	return active, behind, waited >= prompt || c.reading > 0 && behind >= grace
}

// take closes a connection for another, unless the server works for it by now. It is to be closed
// by close.
func (c *connection) take(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, _, ok := c.waiting(now); !ok {
		return false
	}
	c.closed = true
	return true
}

// close closes it at once. What the client has not taken is not kept for it, but for the end of
// the last answer of an idle connection, which the system goes on sending.
func (c *connection) close() {
	c.mu.Lock()
	answered := c.phase == idle
	c.mu.Unlock()
	if tcp, ok := c.raw.(interface{ SetLinger(sec int) error }); ok && !answered {
		_ = tcp.SetLinger(0) // it is closed either way
	}
	_ = c.raw.Close() // so that there is nobody to tell
}

// begin is told that a handler is called, and end that it has returned.
func (c *connection) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resume()
}

func (c *connection) end(r *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.ended = true
	if r.blocked == 0 {
		c.pause()
	}
	c.behind, c.ending = 0, true // what comes now is the answer's end
}

// block is told that a request waits for its client, and unblock that it does not any more, after
// n bytes have been received or sent.
func (c *connection) block(r *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.blocked++; r.blocked == 1 && !r.ended {
		c.pause()
	}
}

func (c *connection) unblock(r *request, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.blocked--; r.blocked == 0 && !r.ended {
		c.resume()
	}
	c.behind = max(c.behind-time.Duration(n)*(time.Second/creditBytes), 0)
}

// read is told that one more, or one less, read of a body waits.
func (c *connection) read(change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading += change
}

// pause is told that one request less is worked on. c.mu is held.
func (c *connection) pause() {
	if c.working--; c.working == 0 {
		c.since = c.limiter.now()
	}
}

// resume is told that one request more is worked on. c.mu is held.
func (c *connection) resume() {
	if c.working == 0 && c.phase == active {
		c.behind += max(c.limiter.now().Sub(c.since), 0)
	}
	c.working++
	c.ending = false
}

// accepted returns what the listener has accepted, where TLS or something else was put around it:
// closing that instead never waits for the client.
func accepted(c net.Conn) net.Conn {
	for {
		outer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		inner := outer.NetConn()
		if inner == nil {
			return c
		}
		c = inner
	}
}
