package contender

import (
	"github.com/cedar-policy/cedar-go"

	"github.com/wildgate/wildgate/bench/workload"
)

var cedarEngine = Engine{Name: "cedar-go", New: newCedar}

func newCedar(q workload.Question) (Decide, error) {
	policies, err := cedar.NewPolicySetFromBytes("bench.cedar", q.Cedar())
	if err != nil {
		return nil, err
	}
	request := func(resource string) cedar.Request {
		context := cedar.RecordMap{"arn": cedar.String(resource)}
		if q.Team != "" {
			context["team"], context["agent"], context["tls"] = cedar.String(q.Team), cedar.String(q.Agent), cedar.Boolean(true)
		}
		return cedar.Request{
			Principal: cedar.NewEntityUID("Role", "Rider"), Action: cedar.NewEntityUID("Action", cedar.String(q.Action)),
			Resource: cedar.NewEntityUID("Api", "rides"), Context: cedar.NewRecord(context),
		}
	}
	good, bad, entities := request(q.Resource), request(q.Denied), cedar.EntityMap{}
	return func(allowed bool) bool {
		req := bad
		if allowed {
			req = good
		}
		decision, _ := cedar.Authorize(policies, entities, req)
		return decision == cedar.Allow
	}, nil
}
