package iampolicy

// Folding is of ASCII only: Unicode's would make the Kelvin sign a k and the
// long s an s, and a name that looks like another would be the other (threat 178).

func lowerASCII(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + ('a' - 'A')
	}
	return b
}

// equalFoldASCII reports whether a and b differ at most in the case of ASCII letters.
func equalFoldASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lowerASCII(a[i]) != lowerASCII(b[i]) {
			return false
		}
	}
	return true
}

// foldHash is FNV-1a over s in lower case. It only saves comparisons: who
// finds keys of equal hash gains nothing but those.
func foldHash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(lowerASCII(s[i]))) * 16777619
	}
	return h
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && equalFoldASCII(s[:len(prefix)], prefix)
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && equalFoldASCII(s[len(s)-len(suffix):], suffix)
}

// foldASCII returns s with its ASCII letters in lower case.
func foldASCII(s string) string {
	for i := range len(s) {
		if lowerASCII(s[i]) != s[i] {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = lowerASCII(b[j])
			}
			return string(b)
		}
	}
	return s
}
