package iampolicy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
	"github.com/wildgate/wildgate/internal/ascii"
)

// An accessQuestion asks for a request that all required statements match and
// none of the blockers.
//
// Action, resource, principal and each condition key are dimensions: a request
// is one value of each, and a statement matches if each of its elements does. So
// of a value only matters which blockers its element leaves alive; a request is
// an answer if no blocker is alive in every dimension.
type accessQuestion struct {
	check              *accessCheck
	required, blockers []*accessStatement
	variables          []string // keys of policy variables
	pinned             bool     // their values are known
}

// A plausibility says how good a candidate is.
type plausibility uint8

const (
	realistic plausibility = iota // a request may well have it
	unusual                       // Evaluate decides on it, but no service sends it
	unproven                      // may not exist: what it stands for is not modelled exactly
)

// An accessCandidate is a value of a dimension that the required statements match.
type accessCandidate struct {
	alive globset.Bitset // the blockers that it does not keep from matching
	rank  plausibility
	// put gives a request the value; nil of an unproven one.
	put func(*Request)
	why string // why it is unproven
}

func (q *accessQuestion) answer() AccessResult {
	keys := map[string]string{}
	for _, st := range slices.Concat(q.required, q.blockers) {
		st.variableKeys(keys)
	}
	for key := range keys {
		q.variables = append(q.variables, key)
	}
	slices.Sort(q.variables)

	if pins, ok := q.pins(); ok {
		q.pinned = true
		result := AccessResult{Verdict: AccessPass}
		for _, fixed := range pins {
			if r := q.with(fixed); r.Verdict != AccessPass {
				result = r
			}
			if result.Verdict == AccessFail {
				break
			}
		}
		return result
	}
	result := q.with(q.guess(0))
	for attempt := 1; result.Verdict == AccessUnknown && attempt < maxAccessAttempts; attempt++ {
		fixed := q.guess(attempt)
		if r, found := q.find(q.dimensions(fixed), fixed); found && r.Verdict == AccessFail {
			return r
		}
	}
	return result
}

// with answers where the policy variables have these values, and if they are not
// pinned, where they have others.
func (q *accessQuestion) with(fixed *Context) AccessResult {
	dimensions := q.dimensions(fixed)
	if r, found := q.find(dimensions, fixed); found {
		return r
	}
	if why := q.presume(dimensions); why != "" {
		return AccessResult{Reason: why}
	}
	return AccessResult{Verdict: AccessPass}
}

// find looks for a witness, and reports whether there should be one.
func (q *accessQuestion) find(dimensions [][]accessCandidate, fixed *Context) (r AccessResult, found bool) {
	for most := realistic; most <= unusual; most++ {
		if chosen := q.search(dimensions, most); chosen != nil {
			if r, confirmed := q.check.witness(chosen, fixed); confirmed {
				return r, true
			}
			found = true
		}
	}
	return AccessResult{Reason: "Evaluate does not confirm the request that was found: it may exceed a limit of Evaluate"}, found
}

// presume returns "" if there is no answer even among what may not exist, or else
// why it is not known.
func (q *accessQuestion) presume(dimensions [][]accessCandidate) (why string) {
	chosen := q.search(dimensions, unproven)
	if chosen != nil {
		why = "it could not be decided" // unreachable: some candidate is unproven, and says why
	}
	for _, candidate := range chosen {
		if candidate.why != "" {
			why = candidate.why
		}
	}
	if q.check.work.reason != "" {
		return q.check.work.reason
	}
	return why
}

// dimensions lists the candidates of each dimension, up to one that has none.
func (q *accessQuestion) dimensions(fixed *Context) (list [][]accessCandidate) {
	action := q.actions()
	if len(action) == 0 {
		return [][]accessCandidate{action}
	}
	resource := q.resources(fixed)
	if len(resource) == 0 {
		return [][]accessCandidate{resource}
	}
	list = append(list, action, resource, q.principals())
	var keys []string
	for _, st := range slices.Concat(q.required, q.blockers) {
		for i := range st.conditions {
			keys = append(keys, ascii.ToLower(st.conditions[i].key))
		}
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		k := newAccessKey(q, key)
		list = append(list, k.candidates(fixed))
	}
	return list
}

// noneAlive returns the set of no blockers.
func (q *accessQuestion) noneAlive() globset.Bitset { return globset.NewBitset(len(q.blockers)) }

// actions are the candidates for the action.
func (q *accessQuestion) actions() (list []accessCandidate) {
	l := globset.New()
	var g globCompiler
	terms := map[string]int{}
	term := func(st *accessStatement) int {
		n, known := terms[st.actionKey]
		if !known {
			a := globset.Term{Negated: st.notAction}
			for i := range st.actions {
				items, _ := g.pattern(nil, &st.actions[i], false, globset.Under)
				a.Globs = append(a.Globs, l.AddGlob(items, globset.Under))
			}
			n = l.AddTerm(a)
			terms[st.actionKey] = n
		}
		return n
	}
	l.Require(l.AddTerm(globset.Term{Globs: []globset.Glob{l.AddGlob(globOfAction(), globset.Under)}}))
	for _, st := range q.required {
		l.Require(term(st))
	}
	blocker := make([]int, len(q.blockers))
	for i, st := range q.blockers {
		blocker[i] = term(st)
	}
	unstoppable := q.noneAlive()
	for i, st := range q.blockers {
		if !st.notAction && slices.ContainsFunc(st.actions, func(p pattern) bool { return p.shape == anything }) {
			unstoppable.Set(i)
		}
	}
	q.check.work.witnesses(l, func(word []rune, holds globset.Bitset) bool {
		alive := q.noneAlive()
		q.check.work.spend(len(blocker) / 16)
		for i, n := range blocker {
			if holds.Has(n) {
				alive.Set(i)
			}
		}
		text := string(word)
		list = append(list, accessCandidate{alive: alive, put: func(req *Request) { req.Action = text }})
		return !alive.SubsetOf(unstoppable)
	})
	return list
}

// principals are the candidates for the caller.
func (q *accessQuestion) principals() (list []accessCandidate) {
	unstoppable := q.noneAlive()
	for i, st := range q.blockers {
		if st.principals == nil ||
			slices.ContainsFunc(q.required, func(r *accessStatement) bool { return r.principalKey == st.principalKey }) {
			unstoppable.Set(i)
		}
	}
	callers := q.callers()
	for i, p := range callers {
		if i == maxAccessCallers {
			q.check.work.exceeded("more than 16,384 kinds of callers")
		}
		if i == maxAccessCallers || !q.check.work.spend(4*(len(q.required)+len(q.blockers))) {
			break
		}
		e := evaluation{set: &Set{}, req: &Request{Principal: p}}
		identify(&e.caller, &p)
		if slices.ContainsFunc(q.required, func(st *accessStatement) bool { return !e.matchesPrincipal(st.statement) }) {
			continue
		}
		alive := q.noneAlive()
		for i, st := range q.blockers {
			if e.matchesPrincipal(st.statement) {
				alive.Set(i)
			}
		}
		list = append(list, accessCandidate{alive: alive, put: func(req *Request) { req.Principal = p }})
		if alive.SubsetOf(unstoppable) {
			break // there is no better one
		}
	}
	return list
}

// maxAccessAttempts bounds how many values of the policy variables are guessed.
const maxAccessAttempts = 8

// guess gives the policy variables values, others in each attempt: a name that is
// in no policy, none, and those that the policies suggest.
func (q *accessQuestion) guess(attempt int) *Context {
	fixed := &Context{}
	for i, key := range q.variables {
		name := fmt.Sprintf("witness%d", i+1)
		switch n := attempt - 2; {
		case attempt == 0:
			fixed.Set(key, name)
		case attempt > 1:
			values := append(q.suggested(key), name, witnessUser)
			fixed.Set(key, values[n%len(values)])
		}
	}
	return fixed
}

// suggested returns values that the policies suggest for a key: one that each
// pattern in the conditions on it matches, and those by which a pattern with the
// variable matches what the required statements ask for in its place.
func (q *accessQuestion) suggested(key string) (list []string) {
	add := func(value string) {
		if value != "" && !slices.Contains(list, value) && len(list) < maxAccessAttempts {
			list = append(list, value)
		}
	}
	statements := slices.Concat(q.required, q.blockers)
	for _, st := range statements {
		for _, i := range st.on(key) {
			for j := range st.conditions[i].patterns {
				add(shortest(&st.conditions[i].patterns[j]))
			}
		}
	}
	for _, asked := range q.required {
		for _, st := range statements {
			if len(list) == maxAccessAttempts || !q.check.work.spend(1+len(asked.resources)*len(st.resources)) {
				return list
			}
			for i := range st.resources {
				for j := range asked.resources {
					add(st.resources[i].valueFor(key, shortestARN(&asked.resources[j])))
				}
			}
			for i := range st.conditions {
				for _, j := range asked.on(ascii.ToLower(st.conditions[i].key)) {
					st.conditions[i].valuesFor(key, &asked.conditions[j], add)
				}
			}
		}
	}
	return list
}

// valuesFor adds the values of a variable by which c matches what asked asks for.
func (c *condition) valuesFor(key string, asked *condition, add func(string)) {
	for _, text := range asked.plainTexts() {
		for i := range c.patterns {
			add(c.patterns[i].valueFor(key, text))
		}
		for i := range c.arns {
			add(c.arns[i].valueFor(key, text))
		}
	}
}

// plainTexts returns a text that each value of the condition matches.
func (c *condition) plainTexts() (list []string) {
	for i := range c.patterns {
		list = append(list, shortest(&c.patterns[i]))
	}
	for i := range c.arns {
		list = append(list, shortestARN(&c.arns[i]))
	}
	return list
}

// valueFor returns the value of a variable by which the ARN may match text.
func (p *arnPattern) valueFor(key, text string) string {
	a, _ := splitARN(text)
	return p.tail.valueFor(key, a.resource)
}

// valueFor returns the value of a variable by which the pattern may match text,
// or "". It finds the first variable only, behind plain text.
func (p *pattern) valueFor(key, text string) string {
	if len(p.variables()) == 0 || ascii.ToLower(p.vars[0].key) != key || len(p.runs[0]) == 0 {
		return ""
	}
	run := p.runs[0]
	if run[0].text != "" {
		if !ascii.HasPrefixFold(text, run[0].text) {
			return ""
		}
		text, run = text[len(run[0].text):], run[1:]
	}
	if len(run) == 0 || run[0].ref == 0 {
		return ""
	}
	if len(run) > 1 && run[1].text != "" {
		text, _, _ = strings.Cut(text, run[1].text)
	}
	return text
}

// shortest returns a text that the pattern matches, or "" if it has variables.
func shortest(p *pattern) string {
	var g globCompiler
	items, _ := g.pattern(nil, p, false, globset.Under)
	return shortestWord(items)
}

// shortestARN is shortest for an ARN's pattern.
func shortestARN(p *arnPattern) string {
	var g globCompiler
	items, _ := g.arn(p, globset.Under)
	return shortestWord(items)
}

func shortestWord(items []globset.Item) string {
	var text []rune
	for _, item := range items {
		switch item.Kind {
		case globset.Char, globset.Fold:
			text = append(text, item.Char)
		case globset.Any, globset.AnyPart:
			text = append(text, 'x')
		case globset.Variable, globset.VariablePart:
			return ""
		case globset.Star, globset.StarPart:
		}
	}
	return string(text)
}
