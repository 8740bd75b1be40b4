package iampolicy

// maxAccessWork bounds one check: a second or two of work.
const maxAccessWork = 1 << 24

// An accessWork counts the work of one check. Where a limit is exceeded, what was
// found until then may still hold a witness, but there is no pass.
type accessWork struct {
	done   int
	reason string // of the first limit that was exceeded
}

// spend counts n steps, and reports whether there may be more.
func (w *accessWork) spend(n int) bool {
	if w.done += n; w.done > maxAccessWork {
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

// exceeded notes which limit was.
func (w *accessWork) exceeded(limit string) {
	if w.reason == "" {
		w.reason = "the check would take " + limit
	}
}
