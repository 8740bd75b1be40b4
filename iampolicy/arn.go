package iampolicy

import "strings"

// An arn is an ARN split at its first five colons:
// arn:partition:service:region:account:resource. The resource keeps its colons.
type arn struct {
	partition, service, region, account, resource string
}

// splitARN splits s, and reports whether s has the six parts of an ARN. The
// parts are not looked at; they may be empty.
func splitARN(s string) (a arn, ok bool) {
	s, ok = strings.CutPrefix(s, "arn:")
	if !ok {
		return arn{}, false
	}
	for _, part := range [...]*string{&a.partition, &a.service, &a.region, &a.account} {
		*part, s, ok = strings.Cut(s, ":")
		if !ok {
			return arn{}, false
		}
	}
	a.resource = s
	return a, true
}
