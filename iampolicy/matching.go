package iampolicy

// findAllow returns the first Allow in the policies that matches, and its policy's
// index; nil if there is none.
func (e *evaluation) findAllow(policies []*Policy) (int, *statement) {
	for i, p := range policies {
		if st := e.first(p, false); st != nil {
			return i, st
		}
	}
	return 0, nil
}

// first returns the policy's first statement of the effect that matches, or nil.
func (e *evaluation) first(p *Policy, deny bool) *statement {
	statements, x := p.with(deny), p.indexOf(deny)
	if x == nil {
		for i := range statements {
			if st := &statements[i]; e.matches(st) {
				return st
			}
		}
		return nil
	}
	s := search{e: e, statements: statements, best: -1}
	if len(statements) > 64 {
		var many seen
		s.many = &many
	}
	s.all(x)
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
	// A caller whose unique ID is not known may be the one who is denied.
	return named || st.deny && st.principals.mayName(&e.caller, &e.req.Principal)
}

// matchesRequest is matches for all elements but the principal.
func (e *evaluation) matchesRequest(st *statement) bool {
	if e.spend(0); e.over() {
		return false
	}
	if e.inActions(st.actions) == st.notAction {
		return false
	}
	if st.resources != nil && e.inResources(st.resources, st.unknownMatches()) == st.notResource {
		return false
	}
	for i := range st.conditions {
		if !st.conditions[i].holds(e) {
			return false
		}
	}
	return true
}

// inActions and inResources answer nothing that counts once the budget is spent.

func (e *evaluation) inActions(list []pattern) bool {
	e.forget()
	if len(e.req.Action) >= listBytes && manySearch(list) {
		return matchesAny(list, e.req.Action, e, false)
	}
	for i := range list {
		if e.spend(0); e.over() {
			return false
		}
		if list[i].match(e.req.Action, e, false) {
			return true
		}
	}
	return false
}

func (e *evaluation) inResources(list []arnPattern, unknownMatches bool) bool {
	e.forget()
	if len(e.req.Resource) >= listBytes && manySearchARN(list) {
		return matchesAnyARN(list, e.req.Resource, e, unknownMatches)
	}
	for i := range list {
		if e.spend(len(e.req.Resource)); e.over() {
			return false
		}
		if list[i].match(e.req.Resource, e, unknownMatches) {
			return true
		}
	}
	return false
}
