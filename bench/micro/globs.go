package micro

import (
	"errors"
	"strings"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/iampolicy"
)

// globs hold patterns that are made to send a matcher back and forth, of seventeen stars each,
// against one star: on a resource of 1 KiB that does not match, which is found out at its end.
func globs() []Part {
	var all []Part
	for _, hostile := range []struct{ name, pattern string }{
		{"17 stars, a letter between", strings.Repeat("*a", 15) + "*b*c"},
		{"17 stars, a run of letters between", strings.Repeat("*aaaaaaab", 16) + "*c"},
		{"17 stars, a letter and a question mark between", strings.Repeat("*a?", 15) + "*b*c"},
	} {
		all = append(all, Part{
			Group: Globs, Name: hostile.name, Size: 17,
			New: func() ([]measure.Side, error) {
				one, err := globbing("*b*c")
				if err != nil {
					return nil, err
				}
				several, err := globbing(hostile.pattern)
				return sides("one star", one, "iampolicy", several), err
			},
		})
	}
	return all
}

// globbing returns the decision by a pattern, which denies the resource and allows one that has
// what the pattern wants.
func globbing(pattern string) (func(), error) {
	const bucket = "arn:aws:s3:::"
	p, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"`+
		bucket+pattern+`"}]}`),
		iampolicy.IdentityPolicy)
	if err != nil {
		return nil, err
	}
	set := iampolicy.Set{Identity: []*iampolicy.Policy{p}}
	request := func(resource string) *iampolicy.Request {
		return &iampolicy.Request{
			Principal: iampolicy.Principal{ARN: workload.Session}, Action: "s3:GetObject", ResourceAccount: workload.Account,
			Resource: bucket + resource,
		}
	}
	hostile, fit := request(strings.Repeat("a", 1023)+"c"), request(strings.NewReplacer("*", "x", "?", "y").Replace(pattern))
	if iampolicy.Evaluate(&set, hostile).Allowed() || !iampolicy.Evaluate(&set, fit).Allowed() {
		return nil, errors.New("the pattern does not match what it should, or the resource as well")
	}
	return func() {
		if iampolicy.Evaluate(&set, hostile).Allowed() {
			panic("bench: a pattern matches that did not before")
		}
	}, nil
}
