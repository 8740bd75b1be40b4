package userpool

import (
	"context"
	"sync"
)

// turns lets one after the other go on who come for one key. Without it, all who come at one time
// would find that few have failed before them. It has no goroutine, and needs no end.
type turns struct {
	most int // how many wait, for all keys

	mu      sync.Mutex
	waiting int
	all     map[string]*turn
}

// turn is that of a key. It is there as long as somebody has it, or waits for it.
type turn struct {
	wanted int           // how many have it, or wait
	taken  chan struct{} // holds one while somebody has it
}

func newTurns(most int) *turns { return &turns{most: most, all: map[string]*turn{}} }

// take returns once it is the caller's turn, which end ends.
func (t *turns) take(ctx context.Context, key string) (end func(), err error) {
	t.mu.Lock()
	its := t.all[key]
	if its == nil {
		its = &turn{taken: make(chan struct{}, 1)}
		t.all[key] = its
	}
	if its.wanted > 0 {
		if t.waiting >= t.most {
			t.mu.Unlock()
			return nil, errRate()
		}
		t.waiting++
		defer t.waited()
	}
	its.wanted++
	t.mu.Unlock()
	select {
	case its.taken <- struct{}{}:
		return func() {
			<-its.taken
			t.leave(key, its)
		}, nil
	case <-ctx.Done():
		t.leave(key, its)
		return nil, ctx.Err()
	}
}

func (t *turns) waited() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting--
}

func (t *turns) leave(key string, its *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if its.wanted--; its.wanted == 0 {
		delete(t.all, key)
	}
}
