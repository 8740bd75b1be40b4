package iampolicy

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// An Explanation says how a [Decision] came about. It holds what policies and the
// request say: it is for operators, and should not reach the caller.
type Explanation struct {
	// Decision is what Evaluate returns.
	Decision Decision
	// Undecided says why nothing was decided: what kept the policies from being looked at, that the
	// evaluation cost too much (then Decision.OverBudget is true), or that the context ended. ""
	// otherwise.
	Undecided string
	// BlockedBy is, for a denial, the policy type that made it: the one with the Deny, or the one
	// whose Allow was missing. It is zero if Undecided is set.
	BlockedBy PolicyType
	// CallerAccount and ResourceAccount are the accounts of the caller and of the resource. Where
	// they differ, no Allow of the caller's own policies is enough: a resource policy has to allow
	// as well. CallerAccount is "" for callers that belong to none, and ResourceAccount where it is
	// not known, which is as if it were another.
	CallerAccount, ResourceAccount string
	// Statements has a result for every statement that applies to the caller, in the order of the
	// Set's fields and of the documents.
	Statements []StatementResult
	// Incomplete means that Statements ends before the last one: to look at each in full
	// would cost more than one decision may. NearestMisses are then of those that are there.
	Incomplete bool
	// NearestMisses are, for an implicit deny, the Allow statements of the type
	// BlockedBy that came closest to matching: at most three, the nearest
	// first.
	NearestMisses []StatementResult

	principal, action, resource string
	bare                        bool // principal is a bare name
}

// A StatementResult says whether one statement applied, and if not what failed.
type StatementResult struct {
	// The place of the statement, as in Decision.
	PolicyType PolicyType
	Level      int
	Policy     int
	PolicyName string
	Statement  int
	Sid        string
	// Deny is whether the statement's Effect is Deny.
	Deny bool
	// Mismatches is empty for a statement that applied.
	Mismatches []Mismatch
	// Presumed are, of a Deny that applied, the elements that nothing shows to match: they
	// count as matching since a value of the request cannot be read or is not known. Their
	// Cause is MismatchUnreadable or MismatchUnknown.
	Presumed []Mismatch
}

// Applied reports whether the statement applied to the request.
func (f StatementResult) Applied() bool { return len(f.Mismatches) == 0 }

// A MismatchCause is why an element of a statement did not match, or why one of a Deny is presumed
// to match.
type MismatchCause uint8

const (
	MismatchValue       MismatchCause = iota // no value of the policy matches the request's
	MismatchExcluded                         // the request is among what NotAction, NotResource or NotPrincipal lists
	MismatchKeyAbsent                        // the request does not have the condition key, or has an empty set
	MismatchKeyPresent                       // Null asks for the key to be missing
	MismatchMultivalued                      // the key is multivalued, and the operator is no set operator
	MismatchUnreadable                       // the request's value is not of the type that the operator compares, or too long for patterns
	MismatchUnresolved                       // a policy variable has no value
	MismatchUnknown                          // the value of the condition key, or of a policy variable, is not known
)

// String returns a few words for the cause, for instance "key absent".
func (c MismatchCause) String() string {
	switch c {
	case MismatchValue:
		return "value"
	case MismatchExcluded:
		return "excluded"
	case MismatchKeyAbsent:
		return "key absent"
	case MismatchKeyPresent:
		return "key present"
	case MismatchMultivalued:
		return "multivalued"
	case MismatchUnreadable:
		return "unreadable"
	case MismatchUnresolved:
		return "unresolved"
	case MismatchUnknown:
		return "unknown"
	}
	return "invalid"
}

// MarshalText returns what String does.
func (c MismatchCause) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// A Mismatch is one element of a statement that did not match, or one of a Deny
// that is presumed to match.
type Mismatch struct {
	// Element is Principal, NotPrincipal, Action, NotAction, Resource,
	// NotResource or Condition.
	Element string
	// Operator and Key name the condition; they are empty for other elements.
	Operator, Key string
	Cause         MismatchCause
	// Variable is the key that a policy variable names: for MismatchUnresolved one that has no
	// value, for MismatchUnknown one whose value is not known. For MismatchUnknown it is empty if
	// it is the value of Key that is not known.
	Variable string
	// Policy has the values of the policy as written.
	Policy []string
	// Request has the request's values: for ForAllValues those that failed, and where the Cause is
	// MismatchUnreadable those that cannot be read. It is empty for MismatchKeyAbsent, and where
	// the key's value is not known.
	Request []string
}

// Explain decides as [Evaluate] does, and says why. It costs many times more: looking at the
// statements has a budget of its own, as large as that of a decision. If ctx ends before it is done
// it decides nothing, and Undecided says so.
func Explain(ctx context.Context, set *Set, req *Request) Explanation {
	e := newEvaluation(set, req)
	f := e.begin()
	var x Explanation
	if req != nil {
		x.principal, x.action, x.resource = req.Principal.ARN, req.Action, req.Resource
	}
	if f == noFault {
		e.decide(&x.Decision)
		if e.over() {
			x.Decision, f = Decision{OverBudget: true}, overBudget
		}
	}
	if f != noFault {
		x.Undecided = f.String()
		return x
	}
	x.CallerAccount, x.ResourceAccount, x.bare = e.caller.account, req.ResourceAccount, e.bare()
	e.work = 0 // all statements together have the budget once more
	e.eachStatement(func(at place, p *Policy, st *statement) (more bool) {
		if ctx.Err() != nil {
			f = ended
			return false
		}
		fate := StatementResult{
			PolicyType: at.kind, Level: at.level, Policy: at.policy, PolicyName: p.name,
			Statement: st.index, Sid: st.sid, Deny: st.deny,
			Mismatches: e.failures(st),
		}
		if fate.Deny && fate.Applied() {
			fate.Presumed = e.presumed(st)
		}
		if e.over() {
			x.Incomplete = true // nor is this fate one
			return false
		}
		x.Statements = append(x.Statements, fate)
		return true
	})
	if f != noFault {
		return Explanation{Undecided: f.String(), principal: x.principal, action: x.action, resource: x.resource}
	}
	if x.Decision.Outcome != Allow {
		x.BlockedBy = e.blocker
	}
	if x.Decision.Outcome == ImplicitDeny {
		x.NearestMisses = nearestMisses(x.Statements, e.blocker)
	}
	return x
}

// Obstacle returns what of an [Explanation] costs nothing to find out: for a request that Evaluate
// denies implicitly, what stands in the way of any Allow of the caller's own policies, in the words
// of Explanation.String. That is why nothing was decided, but for the budget; that the caller is no
// ARN but a bare name; or that the caller and the resource are of different accounts, and of which.
// "" if none is so. It is for operators.
func Obstacle(set *Set, req *Request) string {
	e := newEvaluation(set, req)
	if f := e.begin(); f != noFault {
		return f.String()
	}
	if e.bare() {
		return bareName(req.Principal.ARN, true)
	}
	return accountsApart(e.caller.account, req.ResourceAccount)
}

// bare reports whether the caller is taken for a service only since its name is no ARN, and not
// since it is called as AWS calls services.
func (e *evaluation) bare() bool {
	name := e.req.Principal.ARN
	return e.caller.typ == Service && e.req.Principal.Type == 0 &&
		!strings.HasSuffix(name, ".amazonaws.com") && !strings.HasSuffix(name, ".amazonaws.com.cn")
}

// String returns the fault in words.
func (f fault) String() string {
	switch f {
	case badSet:
		return "the set or the request is nil, or a policy in the set is nil, as where a store could not read it, " +
			"or of a kind that does not belong there"
	case badPrincipal:
		return "the principal is none that can call, or contradicts itself"
	case badAction:
		return "the action does not have the form service:name, or is too long"
	case badResource:
		return "the resource is empty or longer than 2,048 bytes"
	case overBudget:
		return "the evaluation would cost too much"
	case ended:
		return "the context ended before the explanation was done"
	case noFault:
	}
	return ""
}

// A place is where in a Set a policy stands.
type place struct {
	kind          PolicyType
	level, policy int
}

// eachStatement walks the statements that apply to the caller, each policy's in
// the order of its document, until do returns false.
func (e *evaluation) eachStatement(do func(at place, p *Policy, st *statement) (more bool)) {
	more := true
	walk := func(at place, policies []*Policy) {
		for i, p := range policies {
			at.policy = i
			ordered := make([]*statement, len(p.statements))
			for j := range p.statements {
				ordered[p.statements[j].index] = &p.statements[j]
			}
			for _, st := range ordered {
				if more = more && do(at, p, st); !more {
					return
				}
			}
		}
	}
	walk(place{kind: IdentityPolicy}, e.set.Identity)
	walk(place{kind: PermissionsBoundary}, e.set.Boundaries)
	walk(place{kind: SessionPolicy}, e.set.Sessions)
	if p := e.set.Resource; p != nil {
		walk(place{kind: p.typ}, []*Policy{p})
	}
	if e.hasAccount() {
		for level, policies := range e.set.SCPs {
			walk(place{kind: SCP, level: level}, policies)
		}
	}
	for level, policies := range e.set.RCPs {
		walk(place{kind: RCP, level: level}, policies)
	}
}

// nearestMisses returns the Allow statements of a policy type that failed in
// the fewest elements.
func nearestMisses(fates []StatementResult, blocker PolicyType) (misses []StatementResult) {
	for _, f := range fates {
		if !f.Deny && f.PolicyType == blocker && !f.Applied() {
			misses = append(misses, f)
		}
	}
	slices.SortStableFunc(misses, func(a, b StatementResult) int {
		return cmp.Compare(distance(a), distance(b))
	})
	return misses[:min(3, len(misses))]
}

// distance weighs what failed: a statement for another action is farther from
// the request than one whose conditions fail.
func distance(f StatementResult) (d int) {
	for _, failure := range f.Mismatches {
		switch failure.Element {
		case "Action", "NotAction":
			d += 100
		case "Resource", "NotResource", "Principal", "NotPrincipal":
			d += 10
		default:
			d++
		}
	}
	return d
}

// failures returns every element of the statement that does not match.
func (e *evaluation) failures(st *statement) (list []Mismatch) {
	fail := func(not bool, element string, policy []string, request string) {
		f := Mismatch{Element: element, Policy: policy, Request: []string{request}}
		if not {
			f.Element, f.Cause = "Not"+element, MismatchExcluded
		}
		list = append(list, f)
	}
	if !e.matchesPrincipal(st) {
		fail(st.notPrincipal, "Principal", st.principalTexts, e.req.Principal.ARN)
		if p := &e.req.Principal; len(st.principals.userIDs)+len(st.principals.roleIDs) > 0 {
			for _, id := range []string{p.UserID, p.BaseUserID} {
				if f := &list[len(list)-1]; id != "" {
					f.Request = append(f.Request, id)
				}
			}
		}
	}
	if e.inActions(st.actions) == st.notAction {
		fail(st.notAction, "Action", st.actionTexts, e.req.Action)
	}
	if st.resources != nil && e.inResources(st.resources, st.unknownMatches()) == st.notResource {
		fail(st.notResource, "Resource", st.resourceTexts, e.req.Resource)
		f := &list[len(list)-1]
		for i := range st.resources {
			if v := st.resources[i].tail.unresolved(e.context, noValue); v != "" && !st.notResource {
				f.Cause, f.Variable = MismatchUnresolved, v
			}
		}
		if e.inResources(st.resources, true) != e.inResources(st.resources, false) {
			f.Cause, f.Variable = MismatchUnknown, unknownVariable(e.context, st.resources)
		}
	}
	for i := range st.conditions {
		if c := &st.conditions[i]; !c.holds(e) {
			list = append(list, c.failure(e))
		}
	}
	return list
}

// unresolved returns the key of a variable in the pattern that has no value, or as has says
// none that is known, or "".
func (p *pattern) unresolved(ctx *Context, has resolution) string {
	for _, v := range p.variables() {
		if _, found, _ := v.value(ctx); found == has {
			return v.key
		}
	}
	return ""
}

// unknownVariable returns the key of a variable in the patterns whose value is not known, or "".
func unknownVariable(ctx *Context, list []arnPattern) (key string) {
	for i := range list {
		if key == "" {
			key = list[i].tail.unresolved(ctx, unknownValue)
		}
		for j := range list[i].parts {
			if key == "" {
				key = list[i].parts[j].unresolved(ctx, unknownValue)
			}
		}
	}
	return key
}

// presumed returns the elements of a Deny which applied that would not match if it were an
// Allow: only what is not known lets them.
func (e *evaluation) presumed(st *statement) (list []Mismatch) {
	allow := *st
	allow.deny = false
	if st.resources != nil && e.inResources(st.resources, allow.unknownMatches()) == st.notResource {
		f := Mismatch{
			Element: "Resource", Cause: MismatchUnknown, Variable: unknownVariable(e.context, st.resources),
			Policy: st.resourceTexts, Request: []string{e.req.Resource},
		}
		if st.notResource {
			f.Element = "NotResource"
		}
		list = append(list, f)
	}
	for i := range st.conditions {
		c := st.conditions[i]
		if c.deny = false; !c.holds(e) {
			list = append(list, c.failure(e))
		}
	}
	return list
}

// failure says why the condition does not hold.
func (c *condition) failure(e *evaluation) Mismatch {
	f := Mismatch{Element: "Condition", Operator: c.name, Key: c.key, Policy: c.texts}
	values, multivalued, ok := e.context.Get(c.key)
	f.Request = slices.Clone(values)
	switch {
	case e.context.Unknown(c.key):
		f.Cause = MismatchUnknown
		return f
	case c.operand == nullOperand && ok && len(values) > 0:
		f.Cause = MismatchKeyPresent
		return f
	case len(values) == 0:
		f.Cause = MismatchKeyAbsent
		return f
	case multivalued && c.quantifier == single:
		f.Cause = MismatchMultivalued
		return f
	}
	e.forget()
	if c.quantifier == forAllValues {
		f.Request = slices.DeleteFunc(f.Request, func(v string) bool { return c.test(v, e) })
	}
	has := noValue
	if c.hinges(e) {
		if unread := slices.DeleteFunc(slices.Clone(f.Request), c.reads); len(unread) > 0 {
			f.Cause, f.Request = MismatchUnreadable, unread
			return f
		}
		has = unknownValue
	}
	for i := range c.patterns {
		f.setUnresolved(&c.patterns[i], e.context, has)
	}
	for i := range c.arns {
		f.setUnresolved(&c.arns[i].tail, e.context, has)
		for j := range c.arns[i].parts {
			f.setUnresolved(&c.arns[i].parts[j], e.context, has)
		}
	}
	return f
}

// hinges reports whether the condition holds or not by the statement's effect alone: what
// would decide cannot be read or is not known.
func (c *condition) hinges(e *evaluation) bool {
	deny, allow := *c, *c
	deny.deny, allow.deny = true, false
	return deny.holds(e) && !allow.holds(e)
}

func (f *Mismatch) setUnresolved(p *pattern, ctx *Context, has resolution) {
	v := p.unresolved(ctx, has)
	switch {
	case v == "":
	case has == noValue:
		f.Cause, f.Variable = MismatchUnresolved, v
	default:
		f.Cause, f.Variable = MismatchUnknown, v
	}
}
