package contender

import (
	"encoding/json"

	"github.com/wildgate/wildgate/bench/work"
	"github.com/wildgate/wildgate/iampolicy"
)

var iampolicyEngine = Engine{Name: "iampolicy", New: newIAMPolicy}

// iamStatement is a statement of a policy document.
type iamStatement struct {
	Effect, Action, Resource string
	Condition                map[string]map[string]string `json:",omitempty"`
}

func newIAMPolicy(q work.Question) (Decide, error) {
	documents := make([][]iamStatement, q.Documents)
	for i, s := range q.Statements {
		t := iamStatement{Effect: "Allow", Action: s.Action, Resource: s.Resource}
		if s.Team != "" {
			t.Condition = map[string]map[string]string{
				"StringEquals": {"aws:PrincipalTag/team": s.Team}, "StringLike": {"aws:UserAgent": s.Agent}, "Bool": {"aws:SecureTransport": "true"},
			}
		}
		d := i * q.Documents / len(q.Statements)
		documents[d] = append(documents[d], t)
	}
	var set iampolicy.Set
	for _, list := range documents {
		doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
		if err != nil {
			return nil, err
		}
		p, err := iampolicy.Parse(doc, iampolicy.Identity)
		if err != nil {
			return nil, err
		}
		set.Identity = append(set.Identity, p)
	}
	request := func(resource string) *iampolicy.Request {
		req := &iampolicy.Request{Principal: iampolicy.Principal{ARN: work.Session}, Action: q.Action, Resource: resource, ResourceAccount: work.Account}
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
