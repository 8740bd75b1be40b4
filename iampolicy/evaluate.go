package iampolicy

// Evaluate decides whether the policies allow the request, in the order of the
// IAM user guide's "Policy evaluation logic". It never fails and never panics:
// what it cannot decide it denies. It changes nothing, and does not allocate;
// any number of goroutines may call it with the same set. Its time is bounded (see "What
// a decision costs"); where the bound is met, the Decision's OverBudget is true.
func Evaluate(set *Set, req *Request) (d Decision) {
	e := newEvaluation(set, req)
	e.run(&d)
	return d
}

// run fills d, which is zero and so denies.
func (e *evaluation) run(d *Decision) {
	if e.begin() != noFault {
		return
	}
	if e.decide(d); e.over() {
		*d = Decision{OverBudget: true}
	}
}

// A fault is why a request is denied before any policy is looked at.
type fault uint8

const (
	noFault fault = iota
	badSet
	badPrincipal
	badAction
	badResource
	overBudget
	ended
)

// begin takes the request apart.
func (e *evaluation) begin() fault {
	if e.set == nil || e.req == nil || !e.set.wellFormed() {
		return badSet
	}
	identify(&e.caller, &e.req.Principal)
	switch {
	case e.caller.typ == 0:
		return badPrincipal
	case !isAction(e.req.Action):
		return badAction
	case e.req.Resource == "" || len(e.req.Resource) > maxResourceBytes:
		return badResource
	}
	return noFault
}

// An evaluation is the state of one call of Evaluate.
type evaluation struct {
	set     *Set
	req     *Request
	context *Context
	caller  caller
	work    int // in the units of maxWork
	// Of the text that patterns are tried on:
	utf8  bool      // it is known to be UTF-8
	stray strayBits // where it is known not to be; nil if nothing is known
	at    int       // where in it the part begins that a pattern is for

	actionHash uint32 // ascii.HashFold of the action, once an index asked for it
	hashed     bool

	blocker PolicyType // of a denial, the policy type that made it
}

// newEvaluation returns a value, so that the compiler sees that it keeps neither
// the set nor the request, and a caller can have both on its stack.
func newEvaluation(set *Set, req *Request) evaluation {
	e := evaluation{set: set, req: req}
	if req != nil {
		e.context = &req.Context
	}
	return e
}

// name makes the decision name the statement that made it.
func (d *Decision) name(kind PolicyType, level, policy int, p *Policy, st *statement) {
	d.PolicyType, d.Level, d.Policy, d.PolicyName = kind, level, policy, p.name
	d.Statement, d.Sid = st.index, st.sid
}

// decide fills d, which is zero and so denies.
func (e *evaluation) decide(d *Decision) {
	if e.denied(d) {
		d.Outcome, e.blocker = ExplicitDeny, d.PolicyType
		return
	}
	if !e.controlled() {
		return
	}
	resource, named := e.granted()
	switch {
	case !e.hasAccount():
		// Anonymous callers, services and identity providers have no policies of their own.
		e.allowByResource(d, resource)
	case e.caller.account != e.req.ResourceAccount:
		if named == noGrant {
			e.blocker = e.resourceKind()
			return
		}
		e.allowByIdentity(d, resource)
	case named == directGrant:
		// Neither a boundary nor a session policy limits a grant to the caller itself.
		e.allowByResource(d, resource)
	case named == noGrant && e.resourceKind() == TrustPolicy:
		// A role trusts whom its policy names; identity policies cannot replace that.
		e.blocker = TrustPolicy
	case named == basisGrant:
		if e.limited() { // an identity policy's Allow would be limited as well
			e.allowByResource(d, resource)
		}
	default:
		e.allowByIdentity(d, nil)
	}
}

func (e *evaluation) resourceKind() PolicyType {
	if e.set.Resource != nil {
		return e.set.Resource.typ
	}
	return ResourcePolicy
}

// allowByResource allows if the resource policy has a statement that does.
func (e *evaluation) allowByResource(d *Decision, resource *statement) {
	if resource == nil {
		e.blocker = e.resourceKind()
		return
	}
	d.Outcome = Allow
	d.name(e.set.Resource.typ, 0, 0, e.set.Resource, resource)
}

// allowByIdentity allows if the caller's own policies do: identity policies,
// within boundaries and session policies. Where these need no statement, as for
// a root user, the one of the resource policy is named, if there is one.
func (e *evaluation) allowByIdentity(d *Decision, resource *statement) {
	i, st := e.findAllow(e.set.Identity)
	if st == nil && e.caller.typ != Account {
		e.blocker = IdentityPolicy
		return
	}
	if !e.limited() {
		return
	}
	d.Outcome = Allow
	switch {
	case st != nil:
		d.name(IdentityPolicy, 0, i, e.set.Identity[i], st)
	case resource != nil:
		d.name(e.set.Resource.typ, 0, 0, e.set.Resource, resource)
	}
}

// limited reports whether boundaries and session policies let the request pass.
func (e *evaluation) limited() bool {
	for _, p := range e.set.Boundaries {
		if e.first(p, false) == nil {
			e.blocker = PermissionsBoundary
			return false
		}
	}
	e.blocker = SessionPolicy
	if len(e.set.Sessions) == 0 {
		// A session of GetFederationToken has no more than its policies give it.
		return e.caller.typ != FederatedUser
	}
	_, st := e.findAllow(e.set.Sessions)
	return st != nil
}

// controlled reports whether every level of service control policies allows. They apply to the
// principals of an account, its root user too, and to nobody else.
func (e *evaluation) controlled() bool {
	if !e.hasAccount() {
		return true
	}
	for _, policies := range e.set.SCPs {
		if _, st := e.findAllow(policies); st == nil {
			e.blocker = SCP
			return false
		}
	}
	return true
}

// hasAccount reports whether the caller is a principal of an account.
func (e *evaluation) hasAccount() bool {
	switch e.caller.typ {
	case Account, User, AssumedRole, FederatedUser:
		return true
	case Service, Anonymous, IdentityProvider:
	}
	return false
}

// denied finds the first Deny that matches, in the order of the Set's fields.
func (e *evaluation) denied(d *Decision) bool {
	if e.deniedBy(d, IdentityPolicy, 0, e.set.Identity) || e.deniedBy(d, PermissionsBoundary, 0, e.set.Boundaries) ||
		e.deniedBy(d, SessionPolicy, 0, e.set.Sessions) {
		return true
	}
	if p := e.set.Resource; p != nil && p.denies > 0 {
		if st := e.first(p, true); st != nil {
			d.name(p.typ, 0, 0, p, st)
			return true
		}
	}
	if e.hasAccount() {
		for level, policies := range e.set.SCPs {
			if e.deniedBy(d, SCP, level, policies) {
				return true
			}
		}
	}
	for level, policies := range e.set.RCPs {
		if e.deniedBy(d, RCP, level, policies) {
			return true
		}
	}
	return false
}

func (e *evaluation) deniedBy(d *Decision, kind PolicyType, level int, policies []*Policy) bool {
	for i, p := range policies {
		if p.denies == 0 {
			continue // as most policies
		}
		if st := e.first(p, true); st != nil {
			d.name(kind, level, i, p, st)
			return true
		}
	}
	return false
}

// granted finds the Allow of the resource policy that names the caller most
// directly: the first of those that do.
func (e *evaluation) granted() (*statement, grant) {
	p := e.set.Resource
	if p == nil {
		return nil, noGrant
	}
	statements := p.with(false)
	s := search{e: e, statements: statements, grants: true, best: -1}
	if len(statements) > 64 {
		var many seen
		s.many = &many
	}
	s.all(p.allow)
	if s.best < 0 {
		return nil, noGrant
	}
	return &statements[s.best], s.grant
}
