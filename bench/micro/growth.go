package micro

import (
	"fmt"
	"strings"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/iampolicy"
)

// documents is how many policy documents the statements are spread over.
const documents = 10

// growths hold a decision by many statements against one by those of them alone that can match the
// request. The ratio tells what the others cost.
func growths() []Part {
	var all []Part
	for _, n := range []struct{ statements, matching int }{
		{100, 10}, {1_000, 10}, {10_000, 10}, {10_000, 100}, {10_000, 1_000}, {10_000, 10_000},
	} {
		all = append(all, Part{
			Group: Growth, Name: workload.Number(n.statements) + " statements, of which " + workload.Number(n.matching) +
				" can match", Size: float64(n.statements),
			New: func() ([]measure.Side, error) {
				alone, err := lastOf(n.matching, n.matching)
				if err != nil {
					return nil, err
				}
				all, err := lastOf(n.statements, n.matching)
				return sides("those alone", alone, "iampolicy", all), err
			},
		})
	}
	return all
}

// lastOf returns the decision by the last of the statements that can match, which allows. Those
// that can match are for the request's action and resource, and only a condition that no index can
// read, a pattern, tells them apart. The others are for resources of their own.
func lastOf(statements, matching int) (func(), error) {
	var set iampolicy.Set
	for d := range documents {
		var list []string
		for i := d; i < statements; i += documents {
			resource := "rides" // in each document those that can match come last
			if i < statements-matching {
				resource = fmt.Sprintf("other%d", i)
			}
			list = append(list, fmt.Sprintf(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:111122223333:%s/*",
				"Condition":{"StringLike":{"aws:UserAgent":"client-%d/*"}}}`, resource, statements-i))
		}
		p, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(list, ",")+`]}`), iampolicy.IdentityPolicy)
		if err != nil {
			return nil, err
		}
		set.Identity = append(set.Identity, p)
	}
	asked := func(client string) *iampolicy.Request {
		req := &iampolicy.Request{
			Principal: iampolicy.Principal{ARN: workload.Session}, Action: "execute-api:Invoke", ResourceAccount: workload.Account,
			Resource: "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride",
		}
		req.Context.Set("aws:UserAgent", client)
		return req
	}
	good, bad := asked("client-1/7"), asked("client-0/7")
	if !iampolicy.Evaluate(&set, good).Allowed() || iampolicy.Evaluate(&set, bad).Allowed() {
		return nil, fmt.Errorf("the last of %d statements does not decide", statements)
	}
	return func() {
		if !iampolicy.Evaluate(&set, good).Allowed() {
			panic("bench: iampolicy denies what it allowed before")
		}
	}, nil
}
