package iampolicy

import (
	"slices"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
)

// What a witness has where nothing in the policies says what it must be.
const (
	witnessAccount   = "111122223333" // of AWS's examples
	witnessPartition = "aws"
	witnessRegion    = "us-east-1"
	witnessUser      = "arn:aws:iam::111122223333:user/witness"
)

// witness makes a request of the candidates, and reports whether it has the
// access. Evaluate has the last word: a request that it decides otherwise than
// the model is no witness.
func (c *accessCheck) witness(found []accessCandidate, fixed *Context) (AccessResult, bool) {
	req := &Request{}
	for key := range fixed.Keys() {
		values, _, _ := fixed.Get(key)
		req.Context.Set(key, values[0])
	}
	for i := range found {
		found[i].put(req)
	}
	if c.kind != ResourcePolicy && c.kind != TrustPolicy {
		req.ResourceAccount = witnessAccount
	}
	if _, ok := c.grants(req); !ok {
		return AccessResult{}, false
	}
	c.prettify(req)
	d, _ := c.grants(req)
	return AccessResult{Verdict: AccessFail, Witness: req, Granted: d}, true
}

// grants evaluates the request by the new policies and the old ones.
func (c *accessCheck) grants(req *Request) (Decision, bool) {
	d := c.evaluate(c.new, req)
	if !d.Allowed() {
		return d, false
	}
	if c.within != nil {
		e := evaluation{context: &req.Context, req: req}
		defer c.work.spendMatching(&e)
		return d, e.matchesRequest(c.within)
	}
	return d, !c.evaluate(c.old, req).Allowed()
}

// evaluate decides by policies of one type: where they only limit, next to an
// identity policy that allows everything.
func (c *accessCheck) evaluate(policies []*Policy, req *Request) Decision {
	if len(policies) == 0 && c.kind != RCP {
		return Decision{} // a Set without limits would allow
	}
	full := []*Policy{{typ: IdentityPolicy, statements: []statement{*fullAccess()}}}
	set := &Set{Identity: full}
	switch c.kind {
	case IdentityPolicy:
		set.Identity = policies
	case SessionPolicy:
		set.Sessions = policies
	case PermissionsBoundary:
		set.Boundaries = policies
	case SCP:
		set.SCPs = [][]*Policy{policies}
	case RCP:
		set.RCPs = [][]*Policy{policies}
	case ResourcePolicy, TrustPolicy:
		// A federated user has nothing without a session policy.
		set.Sessions = []*Policy{{typ: SessionPolicy, statements: full[0].statements}}
		set.Resource = policies[0]
	}
	e := newEvaluation(set, req)
	var d Decision
	if e.run(&d); d.Allowed() {
		d = e.named(policies)
	}
	c.work.spend(1 + e.work/matchesPerStep)
	return d
}

// named returns an Allow that names the statement of the policies that lets the request
// pass. Evaluate names that of the identity policy.
func (e *evaluation) named(policies []*Policy) Decision {
	d := Decision{Outcome: Allow}
	for i, p := range policies {
		if st := e.first(p, false); st != nil {
			d.PolicyType, d.Policy, d.PolicyName, d.Statement, d.Sid = p.typ, i, p.name, st.index, st.sid
			break
		}
	}
	return d
}

// prettify gives the request what reads better, as far as it stays a witness:
// the shortest word of a glob has nothing where a star stands.
func (c *accessCheck) prettify(req *Request) {
	keep := func(change func(*Request)) {
		changed := *req
		change(&changed)
		if _, ok := c.grants(&changed); ok {
			*req = changed
		}
	}
	req.Action = c.restoreCase(req.Action)
	if _, ok := splitARN(req.Resource); !ok {
		return
	}
	service, _, _ := strings.Cut(req.Action, ":")
	for i, text := range [...]string{witnessPartition, service, witnessRegion, witnessAccount} {
		if fields := strings.SplitN(req.Resource, ":", 6); fields[i+1] == "" {
			keep(func(req *Request) {
				fields[i+1] = text
				req.Resource = strings.Join(fields, ":")
			})
		}
	}
	fields := strings.SplitN(req.Resource, ":", 6)
	segments := strings.Split(fields[5], "/")
	for i := range segments {
		if segments[i] == "" {
			segments[i] = "x"
		}
	}
	fields[5] = strings.Join(segments, "/")
	keep(func(req *Request) { req.Resource = strings.Join(fields, ":") })
}

// restoreCase writes an action, of which the case does not matter, as the patterns
// that match it do.
func (c *accessCheck) restoreCase(action string) string {
	spelled := []byte(action)
	e := evaluation{context: &Context{}}
	look := func(st *statement) {
		for i, text := range st.actionTexts {
			if !st.actions[i].match(action, &e, false) || !c.work.spendMatching(&e) {
				continue
			}
			at := 0
			for plain := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '*' || r == '?' }) {
				if n := strings.Index(ascii.ToLower(action[at:]), ascii.ToLower(plain)); n >= 0 {
					at += n + copy(spelled[at+n:], plain)
				}
			}
		}
	}
	if c.within != nil {
		look(c.within)
	}
	for _, p := range slices.Concat(c.old, c.new) {
		for i := range p.statements {
			look(&p.statements[i])
		}
	}
	return string(spelled)
}
