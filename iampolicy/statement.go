package iampolicy

import (
	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/internal/jsontree"
)

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
	sid, effect, principal, notPrincipal, action, notAction, resource, notResource, condition *jsontree.Node
}

func (p *parser) statementList(n *jsontree.Node, at *jsontree.Path) []statement {
	switch {
	case n.Kind == jsontree.Object:
		return []statement{p.statement(n, at, 0)}
	case n.Kind != jsontree.List:
		p.failf(n.Offset, at, CodeWrongType, "Statement is an object or a list of objects, not %s", n.Kind)
		return nil
	case len(n.Kids) == 0:
		p.fail(n.Offset, at, CodeEmptyList, "the list is empty")
	case len(n.Kids) > maxStatements:
		p.failf(n.Offset, at, CodeTooManyStatements, "%d statements; a document may have 1,000", len(n.Kids))
		return nil
	}
	list := make([]statement, len(n.Kids))
	for i := range n.Kids {
		if p.ended() {
			return nil
		}
		list[i] = p.statement(&n.Kids[i], &jsontree.Path{Up: at, Index: i}, i)
	}
	return list
}

func (p *parser) statement(n *jsontree.Node, at *jsontree.Path, index int) statement {
	if n.Kind != jsontree.Object {
		p.failf(n.Offset, at, CodeWrongType, "a statement is an object, not %s", n.Kind)
		return statement{}
	}
	before := p.failures
	var e elements
	for i := range n.Kids {
		kid := &n.Kids[i]
		if place := e.place(kid.Name); place != nil {
			*place = kid
			continue
		}
		p.unknown(kid, &jsontree.Path{Up: at, Name: kid.Name},
			"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	}
	st := statement{index: index}
	if e.sid != nil {
		st.sid = p.sid(e.sid, &jsontree.Path{Up: at, Name: "Sid"})
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
	if p.policyType == RCP && e.effect != nil && e.effect.Text == "Allow" {
		p.fail(e.effect.Offset, &jsontree.Path{Up: at, Name: "Effect"}, CodeEffectNotDeny,
			"Effect in a resource control policy must be \"Deny\"; only AWS's RCPFullAWSAccess allows")
	}
	if x := p.oneOf(n, at, e.action, e.notAction, "Action", CodeMissingAction, CodeActionAndNotAction); x != nil {
		st.notAction = x == e.notAction
		st.actions = p.actions(x, &jsontree.Path{Up: at, Name: x.Name})
		st.actionTexts = x.Texts()
	}
	p.resourceElement(&st, n, &e, at)
	p.principalElement(&st, n, &e, at)
	if e.condition != nil {
		st.conditions = p.conditions(e.condition, &jsontree.Path{Up: at, Name: "Condition"}, st.deny)
	}
	if p.lints && p.failures == before && !p.ended() {
		l := linter{parser: p, st: &st, e: &e, at: at}
		l.statement()
	}
	return st
}

func (e *elements) place(name string) **jsontree.Node {
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
func (p *parser) oneOf(st *jsontree.Node, at *jsontree.Path, x, notX *jsontree.Node, name string, missing, both Code) *jsontree.Node {
	switch {
	case x == nil && notX == nil:
		p.failf(st.Offset, at, missing, "%s or Not%s is missing", name, name)
	case x != nil && notX != nil:
		p.failf(notX.NameOffset, &jsontree.Path{Up: at, Name: notX.Name}, both, "both %s and Not%s", name, name)
	case x != nil:
		return x
	}
	return notX
}

// effect reports whether the statement denies.
func (p *parser) effect(st, n *jsontree.Node, at *jsontree.Path) (deny bool) {
	switch {
	case n == nil:
		p.fail(st.Offset, at, CodeMissingEffect, "Effect is missing")
	case n.Kind != jsontree.String:
		p.failf(n.Offset, &jsontree.Path{Up: at, Name: "Effect"}, CodeWrongType, "Effect is a string, not %s", n.Kind)
	case n.Text == "Deny":
		return true
	case n.Text != "Allow":
		p.failf(n.Offset, &jsontree.Path{Up: at, Name: "Effect"}, CodeInvalidEffect,
			`Effect %q is neither "Allow" nor "Deny", in this case`, n.Text)
	}
	return false
}

// isFullAccess reports whether the statement is that of RCPFullAWSAccess.
func (p *parser) isFullAccess(e *elements) bool {
	isText := func(n *jsontree.Node, text string) bool {
		return n != nil && n.Kind == jsontree.String && n.Text == text
	}
	isStar := func(n *jsontree.Node) bool {
		return isText(n, "*") || n != nil && n.Kind == jsontree.List && len(n.Kids) == 1 && isText(&n.Kids[0], "*")
	}
	return p.policyType == RCP && isText(e.effect, "Allow") && isText(e.principal, "*") && isStar(e.action) &&
		isStar(e.resource) && e.notPrincipal == nil && e.notAction == nil && e.notResource == nil && e.condition == nil
}

// sid checks what the policy type demands of a Sid: services accept more in
// resource policies than IAM does.
func (p *parser) sid(n *jsontree.Node, at *jsontree.Path) string {
	if n.Kind != jsontree.String {
		p.failf(n.Offset, at, CodeWrongType, "Sid is a string, not %s", n.Kind)
		return ""
	}
	if p.policyType == ResourcePolicy || n.Text == "" {
		return n.Text
	}
	for i := range len(n.Text) {
		if c := ascii.Lower(n.Text[i]); (c < 'a' || 'z' < c) && (c < '0' || '9' < c) {
			p.failf(n.Offset, at, CodeInvalidSid, "Sid %q has other characters than A-Z, a-z and 0-9", n.Text)
			break
		}
	}
	if p.sids[n.Text] {
		p.failf(n.Offset, at, CodeDuplicateSid, "Sid %q is there twice", n.Text)
	}
	if p.sids == nil {
		p.sids = make(map[string]bool)
	}
	p.sids[n.Text] = true
	return n.Text
}

// resourceElement compiles Resource or NotResource by the rules of the policy
// type.
func (p *parser) resourceElement(st *statement, n *jsontree.Node, e *elements, at *jsontree.Path) {
	if p.policyType == TrustPolicy {
		for _, x := range [...]*jsontree.Node{e.resource, e.notResource} {
			if x != nil {
				p.failf(x.NameOffset, &jsontree.Path{Up: at, Name: x.Name}, CodeResourceNotAllowed,
					"%s does not belong in a role trust policy, whose resource is the role", x.Name)
			}
		}
		return
	}
	x := p.oneOf(n, at, e.resource, e.notResource, "Resource", CodeMissingResource, CodeResourceAndNotResource)
	if x == nil {
		return
	}
	st.notResource = x == e.notResource
	st.resources = p.resources(x, &jsontree.Path{Up: at, Name: x.Name})
	st.resourceTexts = x.Texts()
	if p.policyType == SCP && !st.deny && !st.notResource {
		for i := range st.resources {
			if !st.resources[i].everything {
				p.fail(x.Offset, &jsontree.Path{Up: at, Name: x.Name}, CodeResourceNotStar,
					`Resource of an Allow in a service control policy must be "*"`)
				break
			}
		}
	}
}

// principalElement compiles Principal or NotPrincipal by the rules of the
// policy type.
func (p *parser) principalElement(st *statement, n *jsontree.Node, e *elements, at *jsontree.Path) {
	switch p.policyType {
	case ResourcePolicy, TrustPolicy, RCP:
	default:
		for _, x := range [...]*jsontree.Node{e.principal, e.notPrincipal} {
			if x != nil {
				p.failf(x.NameOffset, &jsontree.Path{Up: at, Name: x.Name}, CodePrincipalNotAllowed, "%s does not belong in %s", x.Name,
					withArticle(p.policyType))
			}
		}
		return
	}
	x := p.oneOf(n, at, e.principal, e.notPrincipal, "Principal", CodeMissingPrincipal, CodePrincipalAndNotPrincipal)
	if x == nil {
		return
	}
	inner := &jsontree.Path{Up: at, Name: x.Name}
	st.notPrincipal = x == e.notPrincipal
	switch {
	case st.notPrincipal && p.policyType != ResourcePolicy:
		p.failf(x.NameOffset, inner, CodeNotPrincipalNotAllowed, "NotPrincipal does not belong in %s", withArticle(p.policyType))
	case st.notPrincipal && !st.deny:
		// It would grant to everybody else, anonymous callers too (threat 204).
		p.fail(x.NameOffset, inner, CodeNotPrincipalWithAllow, "NotPrincipal with Allow")
	case p.policyType == RCP && (x.Kind != jsontree.String || x.Text != "*"):
		p.fail(x.Offset, inner, CodePrincipalNotEveryone, `Principal in a resource control policy must be "*"`)
		return
	}
	st.principals = p.principals(x, inner, st)
	// Each text begins with its kind, and one that does not exist may be as long as the
	// document (threat 245): texts are made of a document without mistakes only.
	if len(p.mistakes) == 0 {
		st.principalTexts = principalTexts(x)
	}
}
