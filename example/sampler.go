package main

import (
	"sync"
	"time"
)

// sampler lets through what anybody can cause to be logged up to a number in a window of time, and
// counts the rest (threat 228). It is safe for concurrent use; its zero value lets nothing through.
type sampler struct {
	most   int
	window time.Duration
	lost   func(n int) // is told after each window in which something was lost

	mu      sync.Mutex
	seen    int         // in this window
	timer   *time.Timer // nil => no window has begun
	stopped bool        // => no window begins any more
}

// take reports whether one more may be logged.
func (s *sampler) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil && !s.stopped {
		s.timer = time.AfterFunc(s.window, s.end)
	}
	s.seen++
	return s.seen <= s.most
}

// end ends the window.
func (s *sampler) end() {
	s.mu.Lock()
	n := s.seen - s.most
	s.seen, s.timer = 0, nil
	s.mu.Unlock()
	if n > 0 {
		s.lost(n)
	}
}

// close ends the last window. What comes later is let through, up to the number.
func (s *sampler) close() {
	s.mu.Lock()
	if s.timer != nil {
		s.timer.Stop()
	}
	s.stopped = true
	s.mu.Unlock()
	s.end()
}
