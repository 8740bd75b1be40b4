package iampolicy

import "context"

// maxAccessWork bounds one check: a second or two of work.
const maxAccessWork = 1 << 24

// An accessWork counts the work of one check. Where a limit is exceeded, what was
// found until then may still hold a witness, but there is no pass.
type accessWork struct {
	ctx    context.Context
	done   int
	reason string // of the first limit that was exceeded
}

const (
	// matchesPerStep is how many units of an evaluation's work are one step of a check.
	matchesPerStep = 128
	// accessTurn is after how many steps the context is looked at.
	accessTurn = 1 << 14
)

// spend counts n steps, and reports whether there may be more.
func (w *accessWork) spend(n int) bool {
	before := w.done
	if w.done += n; before/accessTurn != w.done/accessTurn && w.ctx.Err() != nil {
		w.end()
	}
	if w.done > maxAccessWork {
		w.exceeded("more work than a fixed limit")
	}
	return w.done <= maxAccessWork
}

// forgive forgets a limit that only one question has met: the next may be easier.
func (w *accessWork) forgive() {
	if w.done <= maxAccessWork {
		w.reason = ""
	}
}

// spendMatching counts what an evaluation has spent, which begins anew.
func (w *accessWork) spendMatching(e *evaluation) bool {
	n := 1 + e.work/matchesPerStep
	if e.over() {
		w.exceeded("an evaluation that costs more than Evaluate's budget")
	}
	e.work = 0
	return w.spend(n)
}

// end lets nothing more be done: the context has ended.
func (w *accessWork) end() {
	w.done, w.reason = max(w.done, maxAccessWork+1), "the check was not done when its context ended"
}

// exceeded notes which limit was.
func (w *accessWork) exceeded(limit string) {
	if w.reason == "" {
		w.reason = "the check would take " + limit
	}
}
