package directory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// maxPageTime is how long a page of results may take: it ends with the result that went beyond it.
// One result takes as long as a few decisions may, which is some hundred milliseconds at most.
const maxPageTime = 2 * time.Second

// What IAM calls the types of policies that a statement is of.
const (
	sourceIdentity = "IAM Policy"
	sourceBoundary = "IAM Permissions Boundary Policy"
	sourceResource = "Resource Policy"
)

// simulation is who asks in a simulation, for what, and the policies that decide.
type simulation struct {
	set       iampolicy.Set
	identity  []source // those of set.Identity, in its order
	boundary  source
	resource  source
	principal iampolicy.Principal
	context   iampolicy.Context
	owner     string // of resources whose ARN names no account

	actions, resources []string
	named              bool // the request named resources
}

// source is a policy that takes part in a simulation.
type source struct {
	id    string
	text  string
	spans []iampolicy.Span // nil => not looked for yet
}

// span returns where a statement of the policy stands.
func (s *source) span(statement int) iampolicy.Span {
	if s.spans == nil {
		s.spans = iampolicy.StatementSpans([]byte(s.text))
	}
	return s.spans[statement]
}

// allowsAll returns a policy that leaves the decision to the others.
var allowsAll = sync.OnceValues(func() (*iampolicy.Policy, error) {
	return iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`),
		iampolicy.IdentityPolicy)
})

// simulationAnswer is a page of results.
type simulationAnswer struct {
	EvaluationResults awsquery.List[evaluationResult]
	listed
}

// run returns a page of the results: each action on each resource, in the order of the request.
func (m *simulation) run(ctx context.Context, pg page, from int) (any, error) {
	began := time.Now()
	a := simulationAnswer{EvaluationResults: awsquery.List[evaluationResult]{}}
	all := len(m.actions) * len(m.resources)
	for i := from; i < all; i++ {
		if n := len(a.EvaluationResults); n == pg.max || n > 0 && time.Since(began) > maxPageTime {
			a.listed = listed{IsTruncated: true, Marker: pg.marker(strconv.Itoa(i))}
			break
		}
		one, err := m.evaluate(ctx, m.actions[i/len(m.resources)], m.resources[i%len(m.resources)])
		if err != nil {
			return nil, err
		}
		a.EvaluationResults = append(a.EvaluationResults, one)
	}
	return a, nil
}

// evaluate decides as an Authorizer does, and tells what the decision came from.
func (m *simulation) evaluate(ctx context.Context, action, resource string) (evaluationResult, error) {
	req := iampolicy.Request{
		Principal: m.principal, Action: action, Resource: resource, ResourceAccount: m.resourceAccount(resource), Context: m.context,
	}
	x := iampolicy.Explain(ctx, &m.set, &req)
	if err := ctx.Err(); err != nil {
		return evaluationResult{}, err
	}
	r := evaluationResult{
		EvalActionName: action, EvalResourceName: resource, EvalDecision: x.Decision.Outcome.String(),
		MatchedStatements: m.matched(&x), MissingContextValues: m.missing(&x),
	}
	if err := m.details(&r, &req); err != nil {
		return evaluationResult{}, err
	}
	if m.named {
		r.ResourceSpecificResults = awsquery.List[resourceResult]{{
			EvalResourceName: resource, EvalResourceDecision: r.EvalDecision, MatchedStatements: r.MatchedStatements,
			MissingContextValues: r.MissingContextValues, PermissionsBoundaryDecisionDetail: r.PermissionsBoundaryDecisionDetail,
		}}
		if len(r.EvalDecisionDetails) > 0 {
			r.ResourceSpecificResults[0].EvalDecisionDetails = r.EvalDecisionDetails
		}
		r.MissingContextValues = awsquery.List[string]{}
	}
	return r, nil
}

// resourceAccount returns the account that owns a resource.
func (m *simulation) resourceAccount(resource string) string {
	if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 && parts[4] != "" {
		return parts[4]
	}
	return m.owner
}

// details adds what each kind of policy says by itself.
func (m *simulation) details(to *evaluationResult, req *iampolicy.Request) error {
	all, err := allowsAll()
	if err != nil {
		return err // unreachable
	}
	every := []*iampolicy.Policy{all}
	within := *req // its account
	within.ResourceAccount = m.principal.Account()
	organization := true
	if m.set.SCPs != nil {
		d := iampolicy.Evaluate(&iampolicy.Set{Identity: every, SCPs: m.set.SCPs}, &within)
		organization = d.Allowed()
		to.OrganizationsDecisionDetail = &organizationsDetail{organization}
	}
	boundary := iampolicy.Evaluate(&iampolicy.Set{Identity: every, Boundaries: m.set.Boundaries}, &within)
	if len(m.set.Boundaries) > 0 {
		to.PermissionsBoundaryDecisionDetail = &boundaryDetail{boundary.Allowed()}
	}
	if !m.named || !organization {
		return nil
	}
	to.EvalDecisionDetails = awsquery.Map[string]{}
	if req.ResourceAccount == within.ResourceAccount {
		return nil
	}
	identity := iampolicy.Evaluate(&iampolicy.Set{Identity: m.set.Identity}, &within)
	resource := iampolicy.Evaluate(&iampolicy.Set{Identity: every, Resource: m.set.Resource}, req)
	to.EvalDecisionDetails[sourceIdentity] = identity.Outcome.String()
	to.EvalDecisionDetails[sourceResource] = resource.Outcome.String()
	if len(m.set.Boundaries) > 0 {
		to.EvalDecisionDetails[sourceBoundary] = boundary.Outcome.String()
	}
	return nil
}

// source returns the source of a policy, and its type as IAM names it; nil: it is not told. What a
// service control policy says is its organization's to know.
func (m *simulation) source(kind iampolicy.PolicyType, index int) (s *source, as string) {
	switch kind {
	case iampolicy.IdentityPolicy:
		return &m.identity[index], sourceIdentity
	case iampolicy.PermissionsBoundary:
		return &m.boundary, sourceBoundary
	case iampolicy.ResourcePolicy:
		return &m.resource, sourceResource
	default:
		return nil, ""
	}
}

// matched returns the statements that made a decision: those that deny, or else those that allow.
func (m *simulation) matched(x *iampolicy.Explanation) awsquery.List[statementAnswer] {
	list := awsquery.List[statementAnswer]{}
	if x.Decision.Outcome == iampolicy.ImplicitDeny {
		return list
	}
	denied := x.Decision.Outcome == iampolicy.ExplicitDeny
	for i := range x.Statements {
		st := &x.Statements[i]
		from, as := m.source(st.PolicyType, st.Policy)
		if from == nil || !st.Applied() || st.Deny != denied {
			continue
		}
		// IAM counts from behind the opening brace: "SimulateCustomPolicy" in the AWS CLI Command
		// Reference.
		at := from.span(st.Statement)
		list = append(list, statementAnswer{
			SourcePolicyID: from.id, SourcePolicyType: as,
			StartPosition: lineColumn{at.Line, at.Column + 1}, EndPosition: lineColumn{at.EndLine, at.EndColumn},
		})
	}
	return list
}

// missing returns the condition keys that the statements for what is asked look at, and that the
// simulation does not have. If not all statements could be looked at, it is those of all.
func (m *simulation) missing(x *iampolicy.Explanation) awsquery.List[string] {
	type place struct {
		kind              iampolicy.PolicyType
		policy, statement int
	}
	all := x.Incomplete || x.Decision.OverBudget
	concerned := map[place]bool{}
	for i := range x.Statements {
		st := &x.Statements[i]
		concerned[place{st.PolicyType, st.Policy, st.Statement}] = !slices.ContainsFunc(st.Mismatches, isForOthers)
	}
	var keys keySet
	m.eachPolicy(func(index int, p *iampolicy.Policy) {
		for statement, key := range p.ConditionKeys() {
			if _, _, given := m.context.Get(key); !given && (all || concerned[place{p.Type(), index, statement}]) {
				keys.add(key)
			}
		}
	})
	return keys.sorted()
}

// isForOthers reports whether a statement is for another caller, action or resource. A resource
// that has no value for a policy variable may be for this one.
func isForOthers(f iampolicy.Mismatch) bool {
	return f.Element != "Condition" && f.Cause != iampolicy.MismatchUnresolved
}

// eachPolicy calls do for each policy but service control policies, with its index in its place.
func (m *simulation) eachPolicy(do func(index int, p *iampolicy.Policy)) {
	for _, list := range [...][]*iampolicy.Policy{m.set.Identity, m.set.Boundaries, {m.set.Resource}} {
		for i, p := range list {
			if p != nil {
				do(i, p)
			}
		}
	}
}

// keySet holds condition keys, which have no case, by their lower case.
type keySet map[string]string

func (s *keySet) add(key string) {
	if *s == nil {
		*s = keySet{}
	}
	lower := strings.ToLower(key)
	if _, ok := (*s)[lower]; !ok {
		(*s)[lower] = key
	}
}

func (s keySet) sorted() awsquery.List[string] {
	list := awsquery.List[string]{}
	for _, key := range s {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}
