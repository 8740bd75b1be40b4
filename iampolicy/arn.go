package iampolicy

// An arn is an ARN split at its first five colons:
// arn:partition:service:region:account:resource. The resource keeps its colons.
type arn struct {
	partition, service, region, account, resource string
}

// splitARN splits s, and reports whether s has the six parts of an ARN. The
// parts are not looked at; they may be empty.
func splitARN(s string) (a arn, ok bool) {
	if len(s) < len("arn::::") || s[:4] != "arn:" {
		return arn{}, false
	}
	// The parts before the fifth colon are so short that a loop is quicker than a search for each
	// colon.
	var colons [4]int
	for i, at := 0, 4; i < len(colons); at++ {
		if at == len(s) {
			return arn{}, false
		}
		if s[at] == ':' {
			colons[i] = at
			i++
		}
	}
	return arn{
		partition: s[4:colons[0]],
		service:   s[colons[0]+1 : colons[1]],
		region:    s[colons[1]+1 : colons[2]],
		account:   s[colons[2]+1 : colons[3]],
		resource:  s[colons[3]+1:],
	}, true
}
