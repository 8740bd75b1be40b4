package contender

import (
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/iampolicy"
)

var iampolicyEngine = Engine{Name: "iampolicy", New: newIAMPolicy}

func newIAMPolicy(q workload.Question) (Decide, error) {
	documents, err := q.IAM()
	if err != nil {
		return nil, err
	}
	var set iampolicy.Set
	for _, doc := range documents {
		p, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy)
		if err != nil {
			return nil, err
		}
		set.Identity = append(set.Identity, p)
	}
	request := func(resource string) *iampolicy.Request {
		req := &iampolicy.Request{
			Principal: iampolicy.Principal{ARN: workload.Session}, Action: q.Action, Resource: resource, ResourceAccount: workload.Account,
		}
		if q.Team != "" {
			req.Context.Set("aws:PrincipalTag/team", q.Team)
			req.Context.Set("aws:UserAgent", q.Agent)
			req.Context.Set("aws:SecureTransport", "true")
		}
		return req
	}
	good, bad := request(q.Resource), request(q.Denied)
	return func(allowed bool) bool {
		if allowed {
			return iampolicy.Evaluate(&set, good).Allowed()
		}
		return iampolicy.Evaluate(&set, bad).Allowed()
	}, nil
}
