package iampolicy

// What matching costs is counted in units of about half a nanosecond, so that a budget
// bounds time, whatever it is spent on (threats 167, 224 and 245).
const (
	// maxWork bounds what one evaluation may spend: about a million comparisons of short
	// texts, or sixteen thousand searches in a text of 2,048 bytes. Past it the request is
	// denied. Twenty policies as long as AWS's quotas permit stay below it, on values of 2,048
	// bytes; but not where hundreds of their variables stand for such values.
	maxWork = 30 << 20
	// maxCoverWork bounds what Validate spends on finding patterns that cover others.
	maxCoverWork = 1 << 28
	// tryCost is what it costs to try one value of a policy, beside what follows.
	tryCost = 32
	// readCost is what a byte of a number, a date or base64 costs to read.
	readCost = 3
	// typedCost is what a byte costs in one pass of a shiftAnd, but for one in lanes.
	typedCost = 2
	// strayCost is the same in a text that is no UTF-8.
	strayCost = 3
	// prepareCost is what it costs to set up a shiftAnd.
	prepareCost = 512
	// elementCost is what it costs to put one element into it.
	elementCost = 6
	// maxTextBytes bounds a text that patterns are tried on: of a resource (2,048 bytes), of
	// an action, and of a condition key's value, which is as long as a policy may write one.
	maxTextBytes = maxValueBytes
)

// spend counts the trial of one value of a policy on a text of n bytes.
func (e *evaluation) spend(n int) { e.work += tryCost + n/16 } // guard 224

// over reports whether the budget is spent. The answer then no longer counts: the request
// is denied.
func (e *evaluation) over() bool { return e.work > maxWork }

// indexCost is what it costs to look for a text of k bytes in n bytes. The standard
// library compares up to 63 bytes at once at each place; for longer texts it compares hashes,
// which an author can make equal at every place, and then all the bytes.
func indexCost(n, k int) int {
	switch {
	case k > n:
		return 0
	case k < 64:
		return n * (4 + k) / 16
	}
	return 4*k + (n-k+1)*(40+k)/24 // the hashes of the text and of as much of the other
}
