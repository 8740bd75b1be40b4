package iampolicy

// Evaluate decides whether the policies allow the request, in the order of the
// IAM user guide's "Policy evaluation logic". It never fails and never panics:
// what it cannot decide it denies. It changes nothing, and does not allocate;
// any number of goroutines may call it with the same set.
func Evaluate(set *Set, req *Request) Decision {
	var e evaluation
	if e.begin(set, req) != noFault {
		return Decision{}
	}
	d := e.decide()
	if e.work > maxWork {
		return Decision{}
	}
	return d
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
)

// begin takes the request apart.
func (e *evaluation) begin(set *Set, req *Request) fault {
	if set == nil || req == nil || !set.wellFormed() {
		return badSet
	}
	e.set, e.req, e.context = set, req, &req.Context
	identify(&e.caller, &req.Principal)
	switch {
	case e.caller.typ == 0:
		return badPrincipal
	case !isAction(req.Action):
		return badAction
	case req.Resource == "" || len(req.Resource) > maxResourceBytes:
		return badResource
	}
	e.target.split(req.Resource)
	e.actionHash = foldHash(req.Action)
	return noFault
}

// maxWork bounds what one evaluation may spend (threat 224): about a million
// comparisons of short texts. Past it the request is denied.
const maxWork = 1 << 20

// An evaluation is the state of one call of Evaluate.
type evaluation struct {
	set     *Set
	req     *Request
	context *Context
	caller  caller
	target  arnText
	work    int

	actionHash uint32 // foldHash of the action

	blocker Kind // of a denial, the policy type that made it
}

// spend counts a comparison with a text of n bytes.
func (e *evaluation) spend(n int) { e.work += 1 + n/16 }

// A place is where in a Set a policy stands.
type place struct {
	kind          Kind
	level, policy int
}

// A match is the statement that was looked for. Its statement is nil if there is none.
type match struct {
	place     place
	policy    *Policy
	statement *statement
	grant     grant // of a resource policy's statement
}

func (m match) decision(o Outcome) Decision {
	d := Decision{Outcome: o}
	if m.statement != nil {
		d.PolicyType, d.Level, d.Policy = m.place.kind, m.place.level, m.place.policy
		d.PolicyName = m.policy.name
		d.Statement, d.Sid = m.statement.index, m.statement.sid
	}
	return d
}

func (e *evaluation) decide() Decision {
	if m := e.denied(); m.statement != nil {
		e.blocker = m.place.kind
		return m.decision(ExplicitDeny)
	}
	if !e.controlled() {
		return Decision{}
	}
	resource := e.granted()
	if !e.hasAccount() {
		// Anonymous callers, services and identity providers have no policies of their own.
		return e.allowedByResource(resource)
	}
	if e.caller.account != e.req.ResourceAccount {
		if resource.grant == noGrant {
			return e.blocked(e.resourceKind())
		}
		return e.allowedByIdentity(resource)
	}
	if resource.grant == directGrant {
		// Neither a boundary nor a session policy limits a grant to the caller itself.
		return resource.decision(Allow)
	}
	if e.resourceKind() == Trust && resource.grant == noGrant {
		// A role trusts whom its policy names; identity policies cannot replace that.
		return e.blocked(Trust)
	}
	if resource.grant == basisGrant {
		if !e.limited() {
			return Decision{} // as an identity policy's Allow would be
		}
		return resource.decision(Allow)
	}
	return e.allowedByIdentity(match{})
}

// blocked is an implicit deny, for want of an Allow of this kind.
func (e *evaluation) blocked(kind Kind) Decision {
	e.blocker = kind
	return Decision{}
}

func (e *evaluation) resourceKind() Kind {
	if e.set.Resource != nil {
		return e.set.Resource.kind
	}
	return Resource
}

func (e *evaluation) allowedByResource(resource match) Decision {
	if resource.grant == noGrant {
		return e.blocked(e.resourceKind())
	}
	return resource.decision(Allow)
}

// allowedByIdentity answers by the caller's own policies: identity policies,
// within boundaries and session policies. Where these need no statement, as for
// a root user, the one that resource found is named.
func (e *evaluation) allowedByIdentity(resource match) Decision {
	m := e.find(e.set.Identity, place{kind: Identity}, false)
	if m.statement == nil && e.caller.typ != Account {
		return e.blocked(Identity)
	}
	if !e.limited() {
		return Decision{}
	}
	if m.statement == nil {
		m = resource
	}
	return m.decision(Allow)
}

// limited reports whether boundaries and session policies let the request pass.
func (e *evaluation) limited() bool {
	for i := range e.set.Boundaries {
		if e.find(e.set.Boundaries[i:i+1], place{kind: Boundary}, false).statement == nil {
			e.blocker = Boundary
			return false
		}
	}
	e.blocker = Session
	if len(e.set.Sessions) == 0 {
		// A session of GetFederationToken has no more than its policies give it.
		return e.caller.typ != FederatedUser
	}
	return e.find(e.set.Sessions, place{kind: Session}, false).statement != nil
}

// controlled reports whether every level of service control policies allows.
// They bear on the principals of an account, its root user too, and on nobody else.
func (e *evaluation) controlled() bool {
	if !e.hasAccount() {
		return true
	}
	for level, policies := range e.set.SCPs {
		if e.find(policies, place{kind: SCP, level: level}, false).statement == nil {
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
func (e *evaluation) denied() match {
	if m := e.find(e.set.Identity, place{kind: Identity}, true); m.statement != nil {
		return m
	}
	if m := e.find(e.set.Boundaries, place{kind: Boundary}, true); m.statement != nil {
		return m
	}
	if m := e.find(e.set.Sessions, place{kind: Session}, true); m.statement != nil {
		return m
	}
	if p := e.set.Resource; p != nil {
		if st := e.first(p, true); st != nil {
			return match{place: place{kind: p.kind}, policy: p, statement: st}
		}
	}
	if e.hasAccount() {
		for level, policies := range e.set.SCPs {
			if m := e.find(policies, place{kind: SCP, level: level}, true); m.statement != nil {
				return m
			}
		}
	}
	for level, policies := range e.set.RCPs {
		if m := e.find(policies, place{kind: RCP, level: level}, true); m.statement != nil {
			return m
		}
	}
	return match{}
}

// granted finds the Allow of the resource policy that names the caller most
// directly: the first of those that do.
func (e *evaluation) granted() (best match) {
	p := e.set.Resource
	if p == nil {
		return best
	}
	s := search{e: e, statements: p.with(false), grants: true, best: -1}
	s.all(p.allow)
	if s.best >= 0 {
		best = match{place: place{kind: p.kind}, policy: p, statement: &s.statements[s.best], grant: s.grant}
	}
	return best
}
