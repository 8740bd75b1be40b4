package v4

import "strings"

// MaxRegionSet bounds the bytes of a region set. All of AWS's regions together take about half of
// it.
const MaxRegionSet = 1 << 10

// RegionSetHolds reports whether a region set, the value of X-Amz-Region-Set, holds a region. The
// set is a list of regions, joined with commas; a '*' in one stands for any characters, also for
// none, so that "us-*" holds every region whose name begins so.
//
// It is not ok if the set is empty, too long, or has an element that is empty or holds what no
// region does. White space around elements is let pass, as in every list of HTTP (RFC 9110, section
// 5.6.1): some clients send a list as it stands in their configuration.
func RegionSetHolds(set, region string) (holds, ok bool) {
	if len(set) > MaxRegionSet {
		return false, false
	}
	for more := true; more; {
		var element string
		element, set, more = strings.Cut(set, ",")
		element = strings.Trim(element, " \t")
		if !isRegionPattern(element) {
			return false, false
		}
		holds = holds || matchesRegion(element, region) // guard 73
	}
	return holds, true
}

func isRegionPattern(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !unreserved[c] && c != '*' || c == '~' {
			return false
		}
	}
	return s != ""
}

// matchesRegion looks for each text between two stars once, at the first place where it is, so that
// the time is linear in the pattern (threat 167).
func matchesRegion(pattern, region string) bool {
	text, pattern, star := strings.Cut(pattern, "*")
	if !star {
		return text == region
	}
	region, ok := strings.CutPrefix(region, text)
	for ok {
		text, pattern, star = strings.Cut(pattern, "*")
		if !star {
			return strings.HasSuffix(region, text)
		}
		_, region, ok = strings.Cut(region, text)
	}
	return false
}
