package iampolicy

// find returns the first statement of the effect in the policies that matches.
func (e *evaluation) find(policies []*Policy, at place, deny bool) match {
	for i, p := range policies {
		if st := e.first(p, deny); st != nil {
			at.policy = i
			return match{place: at, policy: p, statement: st}
		}
	}
	return match{}
}

// first returns the policy's first statement of the effect that matches, or nil.
func (e *evaluation) first(p *Policy, deny bool) *statement {
	statements := p.with(deny)
	if len(statements) == 0 {
		return nil
	}
	s := search{e: e, statements: statements, best: -1}
	s.all(p.indexOf(deny))
	if s.best < 0 {
		return nil
	}
	return &statements[s.best]
}

// matches reports whether the statement applies to the request.
func (e *evaluation) matches(st *statement) bool {
	return e.matchesRequest(st) && e.matchesPrincipal(st)
}

func (e *evaluation) matchesPrincipal(st *statement) bool {
	if st.principals == nil {
		return true
	}
	named := st.principals.names(&e.caller, &e.req.Principal) != noGrant
	if st.notPrincipal {
		// IAM user guide, "NotPrincipal": with Deny it always denies a principal
		// that has a permissions boundary.
		return !named || len(e.set.Boundaries) > 0
	}
	return named
}

// matchesRequest is matches for all elements but the principal.
func (e *evaluation) matchesRequest(st *statement) bool {
	e.spend(0)
	if e.work > maxWork {
		return false
	}
	if e.inActions(st.actions) == st.notAction {
		return false
	}
	if st.resources != nil && e.inResources(st.resources) == st.notResource {
		return false
	}
	for i := range st.conditions {
		if !st.conditions[i].holds(e) {
			return false
		}
	}
	return true
}

func (e *evaluation) inActions(list []pattern) bool {
	for i := range list {
		e.spend(0)
		if list[i].match(e.req.Action, e.context) {
			return true
		}
	}
	return false
}

func (e *evaluation) inResources(list []arnPattern) bool {
	for i := range list {
		e.spend(len(e.req.Resource))
		if list[i].match(&e.target, e.context) {
			return true
		}
	}
	return false
}
