package userpool

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

const (
	defaultPerMinute = 300
	defaultFailures  = 50
	defaultWaiting   = 256

	// maxSources is how many clients are counted each by itself. Those that come later are counted
	// together.
	maxSources = 10_000
)

func defaultPowers() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// limiter bounds what callers can cause who have shown nothing: how many requests a client may
// make in a minute, and how long it waits after wrong passwords. It counts in memory, each process
// by itself; it has no goroutine, and needs no end.
type limiter struct {
	perMinute int
	patience  patience

	mu       sync.Mutex
	minute   int64 // that of counts
	counts   map[netip.Prefix]int
	failures map[netip.Prefix]failure
}

// failure is how often a client failed, and when it did last.
type failure struct {
	n    int64
	last time.Time
}

func newLimiter(l Limits) *limiter {
	return &limiter{
		perMinute: l.PerMinute,
		patience:  patience{free: l.Failures, first: time.Second, most: 15 * time.Minute, forget: time.Hour},
		counts:    map[netip.Prefix]int{}, failures: map[netip.Prefix]failure{},
	}
}

// enter reports whether a request of a client may be worked on. A client whose address is not
// known is one with all such.
func (l *limiter) enter(client netip.Addr, now time.Time) bool {
	from, minute := source(client), now.Unix()/60
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute > l.minute { // if the clock goes backwards, the minute continues
		l.minute = minute
		clear(l.counts)
		for p, f := range l.failures {
			if now.Sub(f.last) >= l.patience.forget {
				delete(l.failures, p)
			}
		}
	}
	if _, known := l.counts[from]; !known && len(l.counts) >= maxSources {
		from = netip.Prefix{}
	}
	if l.counts[from] >= l.perMinute {
		return false
	}
	l.counts[from]++
	return true
}

// patient reports whether a client need not wait after what it failed in.
func (l *limiter) patient(client netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.failures[l.failing(client)]
	return now.Sub(f.last) >= l.patience.forget || !now.Before(f.last.Add(l.patience.wait(f.n)))
}

// failed counts a failure of a client.
func (l *limiter) failed(client netip.Addr, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := l.failing(client)
	f := l.failures[from]
	// One a minute is forgiven: behind one address there may be many who mistype now and then.
	f.n = max(0, f.n-int64(now.Sub(f.last)/time.Minute))
	l.failures[from] = failure{f.n + 1, now}
}

// failing returns what a client's failures are counted by. l.mu is held.
func (l *limiter) failing(client netip.Addr) netip.Prefix {
	from := source(client)
	if _, known := l.failures[from]; !known && len(l.failures) >= maxSources {
		return netip.Prefix{}
	}
	return from
}

// source returns what stands for a client: its IPv4 address, or the network of 64 bits in which it
// chooses its IPv6 addresses.
func source(client netip.Addr) netip.Prefix {
	client = client.Unmap()
	bits := 64
	if client.Is4() {
		bits = 32
	}
	network, _ := client.Prefix(bits) // the zero Addr has the zero Prefix
	return network
}

// powers bounds how many powers are computed at one time, modulo N and for signing, and how many
// requests wait for it: the first who waits is the first who goes on. Between two it rests as long
// as one took, so that each place takes half of a processor.
type powers struct {
	work, queue chan struct{}
}

func newPowers(l Limits) *powers {
	return &powers{work: make(chan struct{}, l.Powers), queue: make(chan struct{}, l.Powers+l.Waiting)}
}

// do runs compute, as soon as a processor may be taken for it.
func (p *powers) do(ctx context.Context, compute func()) error {
	select {
	case p.queue <- struct{}{}:
	default:
		return errRate()
	}
	defer func() { <-p.queue }()
	select {
	case p.work <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.work }()
	began := time.Now()
	compute()
	// As long again others have the processor: whoever waits for it in the kernel is let in. It is
	// not cut short by a client that goes away.
	time.Sleep(time.Since(began))
	return nil
}
