package oidc

import (
	"context"
	"crypto"
	"fmt"
	"sync"
	"time"
)

// Between two fetches of one provider's keys pass at least refetchEvery after a success, whatever
// unknown keys tokens name, and backoff, doubled with each, after a failure.
const (
	refetchEvery = 30 * time.Second
	backoff      = time.Second
	maxBackoff   = 5 * time.Minute
)

// keyCache holds the keys of one provider. At most one fetch of them runs at a time.
type keyCache struct {
	inline *keySet // Provider.Keys: set once, and nothing is fetched
	signer *Signer // Provider.Signer, likewise

	mu       sync.Mutex
	set      *keySet       // nil: never fetched
	fetched  time.Time     // when the fetch of set began
	tried    time.Time     // when the last fetch began
	failures int           // fetches that failed since one succeeded
	failure  error         // of the last fetch
	running  chan struct{} // closed when the fetch that runs has ended; nil: none runs
	waiting  int
}

// key returns the key that a token's signature is checked with. It waits for a fetch only if no
// key that is known will do, and a fetch runs or may begin.
func (v *Verifier) key(ctx context.Context, p *provider, t *parsedToken) (crypto.PublicKey, error) {
	c := &p.keys
	if c.inline != nil {
		if k, ok := c.inline.find(t); ok {
			return k, nil
		}
		return nil, noKey("it is signed by no key of the provider's Keys")
	}
	if c.signer != nil {
		if k, ok := c.signer.verifying(v.cfg.Now()).find(t); ok {
			return k, nil
		}
		return nil, noKey("it is signed by no key of the provider's Signer")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := v.cfg.Now()
	k, ok, current := c.find(t, now, v.cfg.KeepKeys)
	if ok {
		if now.Sub(c.fetched) >= v.cfg.RefreshKeys && c.mayFetch(now) {
			v.startFetch(p, now) // nobody waits for it
		}
		return k, nil
	}
	if c.running == nil {
		switch {
		case c.mayFetch(now):
			v.startFetch(p, now)
		case current:
			return nil, noKey("its key is not among those that the issuer had published when they were last fetched")
		default:
			return nil, c.lastFailure()
		}
	}
	if err := v.wait(ctx, c); err != nil {
		return nil, err
	}
	if k, ok, current = c.find(t, v.cfg.Now(), v.cfg.KeepKeys); ok {
		return k, nil
	}
	if current && c.failures == 0 {
		return nil, noKey("its key is not among those that the issuer publishes")
	}
	return nil, c.lastFailure()
}

// lastFailure returns why there are no keys.
func (c *keyCache) lastFailure() error {
	if c.failure == nil { // the clock jumped while the keys were fetched
		return unreachable("the keys of its issuer ended")
	}
	return c.failure
}

// find looks a token's key up, and reports whether there are keys that have not ended.
func (c *keyCache) find(t *parsedToken, now time.Time, keep time.Duration) (k crypto.PublicKey, ok, current bool) {
	if c.set == nil || now.Sub(c.fetched) >= keep {
		return nil, false, false
	}
	k, ok = c.set.find(t)
	return k, ok, true
}

// mayFetch reports whether a fetch may begin.
func (c *keyCache) mayFetch(now time.Time) bool {
	if c.running != nil {
		return false
	}
	wait := refetchEvery
	if c.failures > 0 {
		wait = min(backoff<<min(c.failures-1, 16), maxBackoff)
	}
	passed := now.Sub(c.tried)
	return c.tried.IsZero() || passed >= wait || passed < 0 // the clock was set back
}

// startFetch begins a fetch of p's keys, in a goroutine that ends after FetchTimeout or with Close.
// It is not the request's that needs it: whoever hangs up would keep the keys from all others.
func (v *Verifier) startFetch(p *provider, now time.Time) {
	c := &p.keys
	c.tried = now
	done := make(chan struct{})
	if !v.begin() {
		c.failures, c.failure = c.failures+1, unreachable("the Verifier is closed")
		close(done)
		c.running = nil
		return
	}
	c.running = done
	go func() {
		defer v.fetches.Done()
		ctx, cancel := context.WithTimeout(v.ctx, v.cfg.FetchTimeout)
		defer cancel()
		set, err := p.safeFetch(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil {
			c.set, c.fetched, c.failures, c.failure = set, now, 0, nil
		} else {
			c.failures, c.failure = c.failures+1, err
		}
		c.running = nil
		close(done)
	}()
}

// safeFetch makes a failure of a panic in the provider's Transport.
func (p *provider) safeFetch(ctx context.Context) (set *keySet, err error) {
	defer func() {
		if value := recover(); value != nil {
			set, err = nil, unreachable(fmt.Sprintf("the fetch panicked with a %T", value))
		}
	}()
	set, refused := p.fetch(ctx)
	if refused != nil {
		return nil, refused
	}
	return set, nil
}

// wait waits for the fetch that runs, without the lock.
func (v *Verifier) wait(ctx context.Context, c *keyCache) error {
	running := c.running
	if running == nil {
		return nil
	}
	if c.waiting >= v.cfg.MaxWaiting {
		return unreachable("too many calls wait for the keys of its issuer")
	}
	c.waiting++
	c.mu.Unlock()
	var err error
	select {
	case <-running:
	case <-ctx.Done():
		refused := unreachable("the request ended before the keys of its issuer were there")
		refused.Cause = ctx.Err()
		err = refused
	}
	c.mu.Lock()
	c.waiting--
	return err
}
