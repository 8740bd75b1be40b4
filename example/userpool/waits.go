package userpool

import (
	"context"
	"net/http"
	"net/netip"
	"time"
)

// A patience is how often something may fail, and how long the next try then has to wait.
type patience struct {
	free   int           // so many failures cost nothing
	first  time.Duration // the wait after them; it doubles with each failure
	most   time.Duration // the longest wait
	forget time.Duration // after a failure and this time, nothing is remembered
}

// The waits for users' names. A name that nobody has waits as others do.
var (
	passwordPatience = patience{free: 5, first: time.Second, most: 15 * time.Minute, forget: 24 * time.Hour}
	codePatience     = patience{free: 5, first: time.Second, most: 15 * time.Minute, forget: 24 * time.Hour}
	// Each message that is sent counts: it may cost money, and fills somebody's mailbox.
	sendPatience = patience{free: 5, first: 15 * time.Minute, most: 4 * time.Hour, forget: 24 * time.Hour}
	// The same for an address that nobody has shown to have, by whatever names it is used.
	addressPatience = patience{free: 10, first: 15 * time.Minute, most: 4 * time.Hour, forget: 24 * time.Hour}
)

// wait returns how long to wait after so many failures.
func (p patience) wait(failures int64) time.Duration {
	over := failures - int64(p.free)
	if over < 0 {
		return 0
	}
	if over > 40 {
		return p.most
	}
	return min(p.first<<over, p.most)
}

// A try is one of something that may fail too often. It is kept in the database, by a key that is
// not the name itself: names that nobody has are what people type by mistake, passwords too.
type try struct {
	pool     *Pool
	key      string
	patience patience
	failures int64 // before this one
	counted  bool  // the failure has been counted already
	done     func()
}

// waiting reports whether a name has to wait for its next try.
func (p *Pool) waiting(ctx context.Context, what, name string, with patience) (bool, error) {
	failures, last, err := p.store.failures(ctx, p.secrets.nameKey("try "+what, name))
	return err == nil && with.waiting(failures, last, p.now()), err
}

// waiting reports whether the next try has to wait. A failure that is later than now, by a clock
// that was wrong for a while, keeps nobody waiting for longer than one that is as long ago.
func (p patience) waiting(failures int64, last, now time.Time) bool {
	ago := now.Sub(last).Abs()
	return failures > 0 && ago < p.forget && ago < p.wait(failures)
}

// try returns a try of a name for something, nil if it has to wait. Whoever gets one calls done.
//
// Of the tries of a name one is under way at a time in each process: the next one waits until it is
// known whether this one failed. So a user with the right password may sign in many times at once,
// and who guesses many at once is no better off. Other processes are not waited for, until the
// free failures are used up: then each try is counted before it is made, and one is under way in
// all of them.
func (p *Pool) try(ctx context.Context, what, name string, with patience) (*try, error) {
	t := &try{pool: p, key: p.secrets.nameKey("try "+what, name), patience: with}
	end, err := p.turns.take(ctx, t.key)
	if err != nil {
		return nil, err
	}
	may, err := t.may(ctx)
	if err != nil || !may {
		end()
		return nil, err
	}
	t.done = end
	return t, nil
}

// may reports whether a try may be made now.
func (t *try) may(ctx context.Context) (bool, error) {
	p, now, with := t.pool, t.pool.now(), t.patience
	failures, last, err := p.store.failures(ctx, t.key)
	if err != nil {
		return false, err
	}
	t.failures = failures
	if with.waiting(failures, last, now) {
		return false, nil
	}
	if failures < int64(with.free) || now.Sub(last) >= with.forget {
		return true, nil
	}
	t.counted, err = p.store.reserveTry(ctx, t.key, failures, last, now)
	return t.counted, err
}

// failed counts a failure, also of a caller who has gone meanwhile.
func (t *try) failed(ctx context.Context) error {
	if t.counted {
		return nil
	}
	t.counted = true
	now := t.pool.now()
	return t.pool.store.countFailure(context.WithoutCancel(ctx), t.key, now, now.Add(-t.patience.forget))
}

// succeeded forgets what failed.
func (t *try) succeeded(ctx context.Context) error {
	if t.failures == 0 {
		return nil
	}
	return t.pool.store.forgetFailures(ctx, t.key)
}

// failures returns how often a key failed, and when it did last.
func (s *store) failures(ctx context.Context, key string) (n int64, last time.Time, err error) {
	var ms int64
	err = s.db.QueryRowContext(ctx, `SELECT failures, last_ms FROM userpool_tries WHERE pool_id = $1 AND try_key = $2`, s.pool, key).
		Scan(&n, &ms)
	if isNone(err) {
		return 0, time.Time{}, nil
	}
	return n, fromMilli(ms), wrap("tries", err)
}

// reserveTry counts a try before it is made, unless somebody was faster.
func (s *store) reserveTry(ctx context.Context, key string, failures int64, last, now time.Time) (bool, error) {
	return s.changed(ctx, "tries", `UPDATE userpool_tries SET failures = failures + 1, last_ms = $1
		WHERE pool_id = $2 AND try_key = $3 AND failures = $4 AND last_ms = $5`,
		now.UnixMilli(), s.pool, key, failures, last.UnixMilli())
}

// countFailure counts a failure; those before old are forgotten.
func (s *store) countFailure(ctx context.Context, key string, now, old time.Time) error {
	_, err := s.changed(ctx, "tries", `INSERT INTO userpool_tries (pool_id, try_key, failures, last_ms) VALUES ($1, $2, 1, $3)
		ON CONFLICT (pool_id, try_key) DO UPDATE SET
		failures = CASE WHEN userpool_tries.last_ms < $4 THEN 1 ELSE userpool_tries.failures + 1 END, last_ms = $5`,
		s.pool, key, now.UnixMilli(), old.UnixMilli(), now.UnixMilli())
	return err
}

func (s *store) forgetFailures(ctx context.Context, key string) error {
	_, err := s.changed(ctx, "tries", `DELETE FROM userpool_tries WHERE pool_id = $1 AND try_key = $2`, s.pool, key)
	return err
}

// A guess is a try of a name, by a client: both wait after what failed.
type guess struct {
	try    *try
	client netip.Addr
}

// guess returns a guess of what a name's user knows; wait is returned if it has to wait. Whoever
// gets one calls done.
func (p *Pool) guess(r *http.Request, what, name string, with patience, wait func() error) (*guess, error) {
	client, _ := p.cfg.ClientIP(r)
	if !p.limiter.patient(client, p.now()) {
		return nil, wait()
	}
	t, err := p.try(r.Context(), what, name, with)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, wait()
	}
	return &guess{t, client}, nil
}

// done lets the next guess of the name begin.
func (g *guess) done() { g.try.done() }

// wrong counts a wrong guess, and returns what the caller is told.
func (g *guess) wrong(ctx context.Context, told error) error {
	p := g.try.pool
	p.limiter.failed(g.client, p.now())
	if err := g.try.failed(ctx); err != nil {
		return err
	}
	return told
}

// right forgets the name's wrong guesses. The client's are not forgotten: it may know one
// password, and guess others.
func (g *guess) right(ctx context.Context) error { return g.try.succeeded(ctx) }
