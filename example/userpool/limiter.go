package userpool

import (
	"context"
	"hash/maphash"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

const (
	defaultPerMinute = 300
	defaultFailures  = 50
	defaultWaiting   = 256

	// maxSources is how many clients are counted each by itself. Those that come later share
	// maxShared counts, by a hash: whoever has many networks of IPv6 could otherwise use up the one
	// count of all others.
	maxSources = 10_000
	maxShared  = 1024

	// maxMinutesBack is for how long a minute continues if the clock goes backwards. One that was
	// wrong for a while must not stop the counts until it is that late again.
	maxMinutesBack = 5
)

func defaultPowers() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// limiter bounds what callers can cause who have shown nothing: how many requests a client may
// make in a minute, and how long it waits after wrong passwords. It counts in memory, each process
// by itself; it has no goroutine, and needs no end.
type limiter struct {
	perMinute int
	patience  patience

	seed maphash.Seed // so that nobody can choose clients that share a count

	mu       sync.Mutex
	minute   int64 // that of counts
	counts   map[counted]int
	failures map[counted]failure
}

// counted is what is counted by: a client's source, or, with none, one of the shared counts.
type counted struct {
	source netip.Prefix
	shared uint64 // 0: none
}

// countedBy returns what a client is counted by. isKnown says whether that is counted, and all how
// many are.
func (l *limiter) countedBy(client netip.Addr, isKnown func(counted) bool, all int) counted {
	by := counted{source: source(client)}
	if all < maxSources || isKnown(by) {
		return by
	}
	return counted{shared: 1 + maphash.Comparable(l.seed, by.source)%maxShared}
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
		seed:      maphash.MakeSeed(), counts: map[counted]int{}, failures: map[counted]failure{},
	}
}

// enter reports whether a request of a client may be worked on. A client whose address is not
// known is one with all such.
func (l *limiter) enter(client netip.Addr, now time.Time) bool {
	minute := now.Unix() / 60
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute > l.minute || minute < l.minute-maxMinutesBack {
		l.minute = minute
		clear(l.counts)
		for by, f := range l.failures {
			if now.Sub(f.last).Abs() >= l.patience.forget {
				delete(l.failures, by)
			}
		}
	}
	from := l.countedBy(client, func(by counted) bool { return l.counts[by] > 0 }, len(l.counts))
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
	return !l.patience.waiting(f.n, f.last, now)
}

// failed counts a failure of a client.
func (l *limiter) failed(client netip.Addr, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := l.failing(client)
	f := l.failures[from]
	// One a minute is forgiven: behind one address there may be many who mistype now and then.
	f.n = max(0, f.n-int64(now.Sub(f.last).Abs()/time.Minute))
	l.failures[from] = failure{f.n + 1, now}
}

// failing returns what a client's failures are counted by. l.mu is held.
func (l *limiter) failing(client netip.Addr) counted {
	return l.countedBy(client, func(by counted) bool { return l.failures[by].n > 0 }, len(l.failures))
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
