package iampolicy

import "github.com/wildgate/wildgate/internal/ascii"

// maxStatements bounds one document (threat 157).
const maxStatements = 1000

// A statement is one compiled statement.
type statement struct {
	index        int // in the document
	sid          string
	deny         bool
	notAction    bool
	notResource  bool
	notPrincipal bool
	actions      []pattern
	resources    []arnPattern // nil in a role trust policy: the role itself
	principals   *principals  // nil where the kind has none
	conditions   []condition

	// What the document says, for Explain.
	actionTexts, resourceTexts, principalTexts []string
}

// unknownMatches reports whether a pattern of Resource or NotResource is to match as far as
// only the unknown value of a policy variable keeps it from matching: with it, a Deny applies
// and an Allow does not.
func (st *statement) unknownMatches() bool { return st.deny != st.notResource } // guard 252c

// elements are the parts of a statement as the document has them.
type elements struct {
	sid, effect, principal, notPrincipal, action, notAction, resource, notResource, condition *node
}

func (p *parser) statementList(n *node, at *docPath) []statement {
	switch {
	case n.kind == objectNode:
		return []statement{p.statement(n, at, 0)}
	case n.kind != listNode:
		p.failf(n.off, at, CodeWrongType, "Statement is an object or a list of objects, not %s", n.kind)
		return nil
	case len(n.kids) == 0:
		p.fail(n.off, at, CodeEmptyList, "the list is empty")
	case len(n.kids) > maxStatements:
		p.failf(n.off, at, CodeTooManyStatements, "%d statements; a document may have 1,000", len(n.kids))
		return nil
	}
	list := make([]statement, len(n.kids))
	for i := range n.kids {
		if p.ended() {
			return nil
		}
		list[i] = p.statement(&n.kids[i], &docPath{up: at, index: i}, i)
	}
	return list
}

func (p *parser) statement(n *node, at *docPath, index int) statement {
	if n.kind != objectNode {
		p.failf(n.off, at, CodeWrongType, "a statement is an object, not %s", n.kind)
		return statement{}
	}
	before := p.failures
	var e elements
	for i := range n.kids {
		kid := &n.kids[i]
		if place := e.place(kid.name); place != nil {
			*place = kid
			continue
		}
		p.unknown(kid, &docPath{up: at, name: kid.name},
			"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	}
	st := statement{index: index}
	if e.sid != nil {
		st.sid = p.sid(e.sid, &docPath{up: at, name: "Sid"})
	}
	st.deny = p.effect(n, e.effect, at)
	if p.isFullAccess(&e) {
		// AWS manages this one, which breaks the rules for a customer's.
		star := []string{"*"}
		st.actions, st.resources = []pattern{{shape: anything}}, []arnPattern{{everything: true}}
		st.principals = &principals{everyone: true}
		st.actionTexts, st.resourceTexts, st.principalTexts = star, star, star
		return st
	}
	if p.policyType == RCP && e.effect != nil && e.effect.text == "Allow" {
		p.fail(e.effect.off, &docPath{up: at, name: "Effect"}, CodeEffectNotDeny,
			"Effect in a resource control policy must be \"Deny\"; only AWS's RCPFullAWSAccess allows")
	}
	if x := p.oneOf(n, at, e.action, e.notAction, "Action", CodeMissingAction, CodeActionAndNotAction); x != nil {
		st.notAction = x == e.notAction
		st.actions = p.actions(x, &docPath{up: at, name: x.name})
		st.actionTexts = x.texts()
	}
	p.resourceElement(&st, n, &e, at)
	p.principalElement(&st, n, &e, at)
	if e.condition != nil {
		st.conditions = p.conditions(e.condition, &docPath{up: at, name: "Condition"}, st.deny)
	}
	if p.lints && p.failures == before && !p.ended() {
		l := linter{parser: p, st: &st, e: &e, at: at}
		l.statement()
	}
	return st
}

func (e *elements) place(name string) **node {
	switch name {
	case "Sid":
		return &e.sid
	case "Effect":
		return &e.effect
	case "Principal":
		return &e.principal
	case "NotPrincipal":
		return &e.notPrincipal
	case "Action":
		return &e.action
	case "NotAction":
		return &e.notAction
	case "Resource":
		return &e.resource
	case "NotResource":
		return &e.notResource
	case "Condition":
		return &e.condition
	}
	return nil
}

// oneOf returns x or notX, of which there must be exactly one (threats 153 and 154).
func (p *parser) oneOf(st *node, at *docPath, x, notX *node, name string, missing, both Code) *node {
	switch {
	case x == nil && notX == nil:
		p.failf(st.off, at, missing, "%s or Not%s is missing", name, name)
	case x != nil && notX != nil:
		p.failf(notX.nameOff, &docPath{up: at, name: notX.name}, both, "both %s and Not%s", name, name)
	case x != nil:
		return x
	}
	return notX
}

// effect reports whether the statement denies.
func (p *parser) effect(st, n *node, at *docPath) (deny bool) {
	switch {
	case n == nil:
		p.fail(st.off, at, CodeMissingEffect, "Effect is missing")
	case n.kind != stringNode:
		p.failf(n.off, &docPath{up: at, name: "Effect"}, CodeWrongType, "Effect is a string, not %s", n.kind)
	case n.text == "Deny":
		return true
	case n.text != "Allow":
		p.failf(n.off, &docPath{up: at, name: "Effect"}, CodeInvalidEffect, `Effect %q is neither "Allow" nor "Deny", in this case`, n.text)
	}
	return false
}

// isFullAccess reports whether the statement is that of RCPFullAWSAccess.
func (p *parser) isFullAccess(e *elements) bool {
	isText := func(n *node, text string) bool { return n != nil && n.kind == stringNode && n.text == text }
	isStar := func(n *node) bool {
		return isText(n, "*") || n != nil && n.kind == listNode && len(n.kids) == 1 && isText(&n.kids[0], "*")
	}
	return p.policyType == RCP && isText(e.effect, "Allow") && isText(e.principal, "*") && isStar(e.action) &&
		isStar(e.resource) && e.notPrincipal == nil && e.notAction == nil && e.notResource == nil && e.condition == nil
}

// sid checks what the kind demands of a Sid: services accept more in resource
// policies than IAM does.
func (p *parser) sid(n *node, at *docPath) string {
	if n.kind != stringNode {
		p.failf(n.off, at, CodeWrongType, "Sid is a string, not %s", n.kind)
		return ""
	}
	if p.policyType == ResourcePolicy || n.text == "" {
		return n.text
	}
	for i := range len(n.text) {
		if c := ascii.Lower(n.text[i]); (c < 'a' || 'z' < c) && (c < '0' || '9' < c) {
			p.failf(n.off, at, CodeInvalidSid, "Sid %q has other characters than A-Z, a-z and 0-9", n.text)
			break
		}
	}
	if p.sids[n.text] {
		p.failf(n.off, at, CodeDuplicateSid, "Sid %q is there twice", n.text)
	}
	if p.sids == nil {
		p.sids = make(map[string]bool)
	}
	p.sids[n.text] = true
	return n.text
}

// resourceElement compiles Resource or NotResource by the rules of the kind.
func (p *parser) resourceElement(st *statement, n *node, e *elements, at *docPath) {
	if p.policyType == TrustPolicy {
		for _, x := range [...]*node{e.resource, e.notResource} {
			if x != nil {
				p.failf(x.nameOff, &docPath{up: at, name: x.name}, CodeResourceNotAllowed,
					"%s does not belong in a role trust policy, whose resource is the role", x.name)
			}
		}
		return
	}
	x := p.oneOf(n, at, e.resource, e.notResource, "Resource", CodeMissingResource, CodeResourceAndNotResource)
	if x == nil {
		return
	}
	st.notResource = x == e.notResource
	st.resources = p.resources(x, &docPath{up: at, name: x.name})
	st.resourceTexts = x.texts()
	if p.policyType == SCP && !st.deny && !st.notResource {
		for i := range st.resources {
			if !st.resources[i].everything {
				p.fail(x.off, &docPath{up: at, name: x.name}, CodeResourceNotStar,
					`Resource of an Allow in a service control policy must be "*"`)
				break
			}
		}
	}
}

// principalElement compiles Principal or NotPrincipal by the rules of the kind.
func (p *parser) principalElement(st *statement, n *node, e *elements, at *docPath) {
	switch p.policyType {
	case ResourcePolicy, TrustPolicy, RCP:
	default:
		for _, x := range [...]*node{e.principal, e.notPrincipal} {
			if x != nil {
				p.failf(x.nameOff, &docPath{up: at, name: x.name}, CodePrincipalNotAllowed, "%s does not belong in %s", x.name,
					withArticle(p.policyType))
			}
		}
		return
	}
	x := p.oneOf(n, at, e.principal, e.notPrincipal, "Principal", CodeMissingPrincipal, CodePrincipalAndNotPrincipal)
	if x == nil {
		return
	}
	inner := &docPath{up: at, name: x.name}
	st.notPrincipal = x == e.notPrincipal
	switch {
	case st.notPrincipal && p.policyType != ResourcePolicy:
		p.failf(x.nameOff, inner, CodeNotPrincipalNotAllowed, "NotPrincipal does not belong in %s", withArticle(p.policyType))
	case st.notPrincipal && !st.deny:
		// It would grant to everybody else, anonymous callers too (threat 204).
		p.fail(x.nameOff, inner, CodeNotPrincipalWithAllow, "NotPrincipal with Allow")
	case p.policyType == RCP && (x.kind != stringNode || x.text != "*"):
		p.fail(x.off, inner, CodePrincipalNotEveryone, `Principal in a resource control policy must be "*"`)
		return
	}
	st.principals = p.principals(x, inner, st)
	// Each text begins with its kind, and one that does not exist may be as long as the
	// document (threat 245): texts are made of a document without mistakes only.
	if len(p.mistakes) == 0 {
		st.principalTexts = x.principalTexts()
	}
}
