package iampolicy

import (
	"context"
	"fmt"
	"slices"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
)

// An accessCheck is the state of one check.
type accessCheck struct {
	old, new []*Policy
	within   *statement // what the access must be to; nil: anything
	kind     PolicyType
	work     accessWork
}

// begin returns why the policies cannot be checked, or "".
func (c *accessCheck) begin() string {
	if c.work.ctx.Err() != nil {
		c.work.end()
		return c.work.reason
	}
	for _, p := range slices.Concat(c.new, c.old) {
		switch {
		case p == nil || p.typ == 0:
			return "a policy is nil or was not made by Parse"
		case c.kind != 0 && c.kind != p.typ:
			return fmt.Sprintf("the policies are of different kinds: %s and %s", withArticle(c.kind), withArticle(p.typ))
		}
		c.kind = p.typ
	}
	if c.kind == PermissionsBoundary || c.kind == ResourcePolicy || c.kind == TrustPolicy {
		if len(c.new) > 1 || len(c.old) > 1 {
			return fmt.Sprintf("more than one %s: only one at a time has a meaning", c.kind)
		}
	}
	return ""
}

// run looks for a witness: for each Allow of the new policies, in two cases.
// Either no Allow of the old ones matches too, or a Deny of the old ones does.
// Either way no Deny of the new ones matches.
func (c *accessCheck) run() AccessResult {
	result := AccessResult{Verdict: AccessPass}
	consider := func(required, blockers []*accessStatement) bool {
		r := c.decide(required, blockers)
		if r.Verdict == AccessPass && c.work.done > maxAccessWork {
			r = AccessResult{Reason: c.work.reason} // what comes after it will not be asked
		}
		if r.Verdict == AccessFail || r.Verdict == AccessUnknown && result.Verdict == AccessPass {
			result = r
		}
		return result.Verdict != AccessFail && c.work.done <= maxAccessWork
	}
	var within []*accessStatement
	if c.within != nil {
		within = append(within, newAccessStatement(c.within))
	}
	denies, oldDenies := statementsOf(c.new, true), statementsOf(c.old, true)
	allows, oldAllows := c.allows(c.new), c.allows(c.old)
	if c.within != nil {
		oldAllows = nil
	}
	blockers := slices.Concat(denies, oldAllows)
	for _, allow := range allows {
		required := append([]*accessStatement{allow}, within...)
		if !consider(required, blockers) {
			return result
		}
		for _, deny := range oldDenies {
			if !consider(append(required[:len(required):len(required)], deny), denies) {
				return result
			}
		}
	}
	return result
}

// allows returns the Allow statements; RCPs allow by themselves.
func (c *accessCheck) allows(policies []*Policy) []*accessStatement {
	if c.kind == RCP {
		return []*accessStatement{newAccessStatement(fullAccess())}
	}
	return statementsOf(policies, false)
}

func fullAccess() *statement {
	return &statement{actions: []pattern{{shape: anything}}, resources: []arnPattern{{everything: true}}}
}

// statementsOf returns the different statements of an effect.
func statementsOf(policies []*Policy, deny bool) (list []*accessStatement) {
	seen := map[string]bool{}
	for _, p := range policies {
		statements := p.with(deny)
		for i := range statements {
			st := newAccessStatement(&statements[i])
			if !seen[st.key] {
				seen[st.key] = true
				list = append(list, st)
			}
		}
	}
	return list
}

// decide looks for a request that all required statements match and none of the
// blockers.
func (c *accessCheck) decide(required, blockers []*accessStatement) AccessResult {
	q := accessQuestion{check: c, required: required}
	if !c.work.spend(len(required) * len(blockers)) {
		return AccessResult{Reason: c.work.reason}
	}
	for _, b := range blockers {
		if b.covers(required, &c.work) {
			return AccessResult{Verdict: AccessPass}
		}
		if !slices.ContainsFunc(required, func(st *accessStatement) bool { return st.apart(b, &c.work) }) {
			q.blockers = append(q.blockers, b)
		}
	}
	for i, st := range required {
		if slices.ContainsFunc(required[i+1:], func(other *accessStatement) bool { return st.apart(other, &c.work) }) {
			return AccessResult{Verdict: AccessPass}
		}
	}
	r := q.answer()
	c.work.forgive()
	return r
}

// search chooses a candidate up to a rank in each dimension so that no blocker
// stays alive in all, or returns nil if there is no such choice, or a limit was
// met before one was found.
func (q *accessQuestion) search(dimensions [][]accessCandidate, most plausibility) []accessCandidate {
	s := coverSearch{work: &q.check.work}
	all := globset.NewBitset(len(q.blockers))
	for i := range q.blockers {
		all.Set(i)
	}
	for _, candidates := range dimensions {
		best := q.undominated(candidates, most)
		if len(best) == 0 {
			return nil
		}
		s.dimensions = append(s.dimensions, best)
	}
	slices.SortStableFunc(s.dimensions, func(a, b []accessCandidate) int { return len(a) - len(b) })
	// rest[i] are the blockers that no candidate of dimension i or a later one stops.
	s.rest = make([]globset.Bitset, len(s.dimensions)+1)
	s.rest[len(s.dimensions)] = all
	for i := len(s.dimensions) - 1; i >= 0; i-- {
		s.rest[i] = slices.Clone(s.rest[i+1])
		for b := range q.blockers {
			if !slices.ContainsFunc(s.dimensions[i], func(c accessCandidate) bool { return !c.alive.Has(b) }) {
				continue
			}
			s.rest[i].Clear(b)
		}
	}
	if !s.choose(0, all) {
		return nil
	}
	slices.Reverse(s.chosen)
	return s.chosen
}

// undominated returns the candidates up to a rank of which no other leaves
// fewer blockers alive, those that leave least first.
func (q *accessQuestion) undominated(candidates []accessCandidate, most plausibility) (best []accessCandidate) {
	for _, c := range candidates {
		if c.rank > most || !q.check.work.spend(len(best)*len(c.alive)+1) {
			continue
		}
		if slices.ContainsFunc(best, func(b accessCandidate) bool { return b.rank <= c.rank && b.alive.SubsetOf(c.alive) }) {
			continue
		}
		best = slices.DeleteFunc(best, func(b accessCandidate) bool { return c.rank <= b.rank && c.alive.SubsetOf(b.alive) })
		best = append(best, c)
	}
	return best
}

type coverSearch struct {
	work       *accessWork
	dimensions [][]accessCandidate
	rest       []globset.Bitset
	chosen     []accessCandidate // the last dimension's first
}

// choose chooses for the dimensions from i on, such that none of alive is left.
func (s *coverSearch) choose(i int, alive globset.Bitset) bool {
	if !s.work.spend(1 + len(alive)) {
		return false
	}
	for w := range alive {
		if alive[w]&s.rest[i][w] != 0 {
			return false
		}
	}
	if i == len(s.dimensions) {
		return true // rest held all: nothing is alive
	}
	for _, c := range s.dimensions[i] {
		left := make(globset.Bitset, len(alive))
		for w := range alive {
			left[w] = alive[w] & c.alive[w]
		}
		if s.choose(i+1, left) {
			s.chosen = append(s.chosen, c)
			return true
		}
	}
	return false
}

// maxAccessWork bounds one check: a second or two of work.
const maxAccessWork = 1 << 24

// An accessWork counts the work of one check. Where a limit is exceeded, what was
// found until then may still hold a witness, but there is no pass.
type accessWork struct {
	ctx    context.Context
	done   int
	reason string // of the first limit that was exceeded
}

const (
	// matchesPerStep is how many units of an evaluation's work are one step of a check.
	matchesPerStep = 128
	// accessTurn is after how many steps the context is looked at.
	accessTurn = 1 << 14
)

// spend counts n steps, and reports whether there may be more.
func (w *accessWork) spend(n int) bool {
	before := w.done
	if w.done += n; before/accessTurn != w.done/accessTurn && w.ctx.Err() != nil {
		w.end()
	}
	if w.done > maxAccessWork {
		w.exceeded("more work than a fixed limit")
	}
	return w.done <= maxAccessWork
}

// forgive forgets a limit that only one question has met: the next may be easier.
func (w *accessWork) forgive() {
	if w.done <= maxAccessWork {
		w.reason = ""
	}
}

// spendMatching counts what an evaluation has spent, which begins anew.
func (w *accessWork) spendMatching(e *evaluation) bool {
	n := 1 + e.work/matchesPerStep
	if e.over() {
		w.exceeded("an evaluation that costs more than Evaluate's budget")
	}
	e.work = 0
	return w.spend(n)
}

// end lets nothing more be done: the context has ended.
func (w *accessWork) end() {
	w.done, w.reason = max(w.done, maxAccessWork+1), "the check was not done when its context ended"
}

// witnesses is Automaton.Witnesses, as part of this work.
func (w *accessWork) witnesses(a *globset.Automaton, visit func(word []rune, holds globset.Bitset) bool) {
	if !a.Witnesses(w.spend, visit) {
		w.exceeded("an automaton of more than 32,768 states, or of too large ones")
	}
}

// exceeded notes which limit was.
func (w *accessWork) exceeded(limit string) {
	if w.reason == "" {
		w.reason = "the check would take " + limit
	}
}
