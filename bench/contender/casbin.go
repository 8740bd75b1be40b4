package contender

import (
	"regexp"
	"strings"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"

	"github.com/wildgate/wildgate/bench/workload"
)

var casbinEngine = Engine{Name: "casbin", New: newCasbin}

// newCasbin matches resources with keyMatch where the only '*' is the last character, which is what
// casbin's own examples use, and with regexMatch where it is not: no glob of casbin's crosses
// slashes in the middle.
func newCasbin(q workload.Question) (Decide, error) {
	resource, prefixes := "keyMatch(r.obj, p.obj)", true
	for _, s := range q.Statements {
		prefixes = prefixes && strings.IndexByte(s.Resource, '*') == len(s.Resource)-1
	}
	if !prefixes {
		resource = "regexMatch(r.obj, p.obj)"
	}
	request, policy, matcher := "act, obj", "act, obj", "r.act == p.act && "+resource
	if q.Team != "" {
		request, policy = request+", team, agent, tls", policy+", team, agent"
		matcher += ` && r.team == p.team && keyMatch(r.agent, p.agent) && r.tls == "true"`
	}
	m, err := model.NewModelFromString("[request_definition]\nr = " + request + "\n[policy_definition]\np = " + policy +
		"\n[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = " + matcher + "\n")
	if err != nil {
		return nil, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, err
	}
	rules := make([][]string, len(q.Statements))
	for i, s := range q.Statements {
		pattern := s.Resource
		if !prefixes {
			pattern = "^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
		}
		if rules[i] = []string{s.Action, pattern}; q.Team != "" {
			rules[i] = append(rules[i], s.Team, s.Agent)
		}
	}
	if _, err := e.AddPolicies(rules); err != nil {
		return nil, err
	}
	ask := func(resource string) []any {
		if q.Team != "" {
			return []any{q.Action, resource, q.Team, q.Agent, "true"}
		}
		return []any{q.Action, resource}
	}
	good, bad := ask(q.Resource), ask(q.Denied)
	return func(allowed bool) bool {
		req := bad
		if allowed {
			req = good
		}
		ok, err := e.Enforce(req...)
		return ok && err == nil
	}, nil
}
