package iampolicy

// maxAccessWork bounds one check: a few seconds' work.
const maxAccessWork = 1 << 25

// An accessWork counts the work of one check. What exceeds a limit makes the
// answer unknown, never a pass.
type accessWork struct {
	done   int
	reason string // of the first limit that was exceeded
}

// spend counts n steps, and reports whether there may be more.
func (w *accessWork) spend(n int) bool {
	if w.done += n; w.done > maxAccessWork {
		w.exceeded("more work than a fixed limit")
	}
	return w.reason == ""
}

// forgive forgets a limit that only one question has met: the next may be easier.
func (w *accessWork) forgive() {
	if w.done <= maxAccessWork {
		w.reason = ""
	}
}

// exceeded notes which limit was, and returns false.
func (w *accessWork) exceeded(limit string) bool {
	if w.reason == "" {
		w.reason = "the check would take " + limit
	}
	return false
}
