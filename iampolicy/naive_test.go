package iampolicy_test

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// A naive evaluates one world, and notes what it came across.
type naive struct {
	w      *world
	caller naiveCaller
	note   func(string)
	// applied has, if it is not nil, which of the statements that were looked at apply.
	applied map[verdict]bool
}

// A naiveCaller is the principal by the texts.
type naiveCaller struct {
	kind               string // "" for what is no principal
	account, partition string
	roleKey            string // partition, account and name of a session's role
}

var (
	naiveUser      = regexp.MustCompile(`^arn:([^:]+):iam::(\d+):user/(?:.*/)?[^/]+$`)
	naiveRoot      = regexp.MustCompile(`^arn:([^:]+):iam::(\d+):root$`)
	naiveSession   = regexp.MustCompile(`^arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/(.+)$`)
	naiveFederated = regexp.MustCompile(`^arn:([^:]+):sts::(\d+):federated-user/(.+)$`)
	naiveProvider  = regexp.MustCompile(`^arn:[^:]+:iam::\d+:(oidc|saml)-provider/.+$`)
	naiveRole      = regexp.MustCompile(`^arn:([^:]+):iam::(\d+):role/(?:.*/)?([^/]+)$`)
	naiveUniqueID  = regexp.MustCompile(`^(AIDA|AROA)[A-Za-z0-9]+$`)
	naiveAccountID = regexp.MustCompile(`^\d{12}$`)
)

func naiveIdentify(p iampolicy.Principal) (c naiveCaller) {
	if m := naiveUser.FindStringSubmatch(p.ARN); m != nil {
		c = naiveCaller{kind: "user", partition: m[1], account: m[2]}
	} else if m := naiveRoot.FindStringSubmatch(p.ARN); m != nil {
		c = naiveCaller{kind: "root", partition: m[1], account: m[2]}
	} else if m := naiveSession.FindStringSubmatch(p.ARN); m != nil {
		c = naiveCaller{kind: "session", partition: m[1], account: m[2], roleKey: m[1] + " " + m[2] + " " + m[3]}
	} else if m := naiveFederated.FindStringSubmatch(p.ARN); m != nil {
		c = naiveCaller{kind: "federated", partition: m[1], account: m[2]}
	} else if naiveProvider.MatchString(p.ARN) {
		c = naiveCaller{kind: "provider"}
	} else if p.ARN == "" || p.ARN == "anonymous" {
		c = naiveCaller{kind: "anonymous"}
	} else if !strings.HasPrefix(p.ARN, "arn:") {
		c = naiveCaller{kind: "service"}
	}
	if p.AccountID != "" && c.account != "" && p.AccountID != c.account {
		c = naiveCaller{}
	}
	return c
}

// named says how an element of a Principal names the caller.
func (n *naive) named(kind, element string) string {
	c := n.caller
	switch {
	case kind == "AWS" && element == "*":
		return "direct"
	case kind == "Service":
		if c.kind == "service" && n.w.Principal.ARN == element {
			return "direct"
		}
	case kind == "Federated":
		if c.kind == "provider" && n.w.Principal.ARN == element {
			return "direct"
		}
	case c.account == "":
	case naiveAccountID.MatchString(element):
		if element == c.account {
			return "account"
		}
	case naiveRoot.MatchString(element):
		if m := naiveRoot.FindStringSubmatch(element); m[1] == c.partition && m[2] == c.account {
			return "account"
		}
	case naiveRole.MatchString(element):
		if m := naiveRole.FindStringSubmatch(element); c.kind == "session" && m[1]+" "+m[2]+" "+m[3] == c.roleKey {
			return "basis"
		}
	case c.kind == "federated" && element == n.w.Principal.UserARN:
		return "basis"
	case element == n.w.Principal.ARN:
		return "direct"
	case naiveUniqueID.MatchString(element):
		p := n.w.Principal
		switch {
		case c.kind == "user" && strings.HasPrefix(element, "AIDA") && p.UserID == element:
			return "direct"
		case c.kind == "session" && strings.HasPrefix(element, "AROA") && (p.UserID == element || strings.HasPrefix(p.UserID, element+":")),
			c.kind == "federated" && strings.HasPrefix(element, "AIDA") && p.BaseUserID == element:
			return "basis"
		case c.kind == "user" && strings.HasPrefix(element, "AIDA") && p.UserID == "",
			c.kind == "session" && strings.HasPrefix(element, "AROA") && p.UserID == "",
			c.kind == "federated" && strings.HasPrefix(element, "AIDA") && p.BaseUserID == "":
			return "perhaps"
		}
	}
	return ""
}

// naiveElements flattens a Principal into (kind, element) pairs.
func naiveElements(principal any) (pairs [][2]string) {
	if principal == "*" {
		return [][2]string{{"AWS", "*"}}
	}
	for kind, elements := range principal.(map[string]any) {
		for _, element := range naiveList(elements) {
			pairs = append(pairs, [2]string{kind, element})
		}
	}
	return pairs
}

// principal says how the statement names the caller; a statement without
// principal, which identity policies have, applies to whom it is attached.
func (n *naive) principal(st map[string]any) string {
	if principal, ok := st["Principal"]; ok {
		best := ""
		for _, pair := range naiveElements(principal) {
			if st["Effect"] == "Deny" && n.named(pair[0], pair[1]) == "perhaps" {
				return "direct" // what is not known denies
			}
			for _, how := range []string{"account", "basis", "direct"} {
				if n.named(pair[0], pair[1]) == how && (best == "" || best == "account" || how == "direct") {
					best = how
				}
			}
		}
		return best
	}
	excepted, ok := st["NotPrincipal"]
	if !ok {
		return "direct"
	}
	if len(n.w.Boundaries) > 0 {
		return "direct"
	}
	pairs := naiveElements(excepted)
	for _, pair := range pairs {
		switch n.named(pair[0], pair[1]) {
		case "direct", "basis":
			return ""
		case "account":
			// An account excepts its principals, unless one of them is listed beside it.
			narrower := false
			for _, other := range pairs {
				parts := strings.SplitN(other[1], ":", 6)
				if naiveUniqueID.MatchString(other[1]) ||
					other[0] == "AWS" && len(parts) == 6 && parts[4] == n.caller.account && parts[5] != "root" {
					narrower = true
				}
			}
			if !narrower || n.caller.kind == "root" {
				return ""
			}
		}
	}
	return "direct"
}

func (n *naive) action(st map[string]any) bool {
	element, not := st["Action"], false
	if element == nil {
		element, not = st["NotAction"], true
	}
	for _, pattern := range naiveList(element) {
		symbols, _ := naiveSymbols(naiveLower(pattern), nil)
		matched := naiveGlob(symbols, naiveCharacters(naiveLower(n.w.Action)))
		n.noteBlurred("action", pattern, n.w.Action, matched)
		if matched {
			return !not
		}
	}
	return not
}

func (n *naive) resource(st map[string]any, modern, deny bool) bool {
	element, not := st["Resource"], false
	if element == nil {
		element, not = st["NotResource"], true
	}
	if element == nil {
		return true // a trust policy
	}
	best := naiveNo
	for _, pattern := range naiveList(element) {
		if pattern == "*" {
			return !not
		}
		for strings.Count(pattern, ":") < 5 {
			pattern += ":*"
		}
		symbols, has := n.symbols("resource", pattern, modern)
		matched := naiveARN(symbols, n.w.ResourceARN)
		n.noteBlurred("resource", pattern, n.w.ResourceARN, has == naiveYes && matched)
		best = max(best, min(has, naiveIs(matched)))
	}
	return n.forEffect(best.unless(not), "resource variable", deny)
}

// A verdict is a decision as the naive evaluator puts it together: the outcome and the
// place of the deciding statement.
type verdict = iampolicy.Decision

// grants returns how the policy's statements of an effect name the caller, where
// they match otherwise, each with the first such statement.
func (n *naive) grants(at verdict, p randomPolicy, effect string) map[string]verdict {
	found := map[string]verdict{}
	at.PolicyType = p.Kind
	for i, st := range p.Statements {
		if st["Effect"] != effect {
			continue
		}
		modern := p.Version == "2012-10-17"
		how := n.principal(st)
		deny := effect == "Deny"
		action, resource := n.action(st), n.resource(st, modern, deny)
		conditions := n.conditions(st["Condition"], modern, deny)
		applies := how != "" && action && resource && conditions
		at.Statement = i
		if _, ok := found[how]; applies && !ok {
			found[how] = at
		}
		if n.applied != nil {
			n.applied[at] = applies
		}
		n.note(fmt.Sprintf("%v %s %v", p.Kind, effect, applies))
	}
	return found
}

// any returns the first statement of an effect that applies.
func (n *naive) any(level int, policies []randomPolicy, effect string) (first verdict, found bool) {
	for i, p := range policies {
		for _, at := range n.grants(verdict{Level: level, Policy: i}, p, effect) {
			// Of one policy the first, however it names the caller.
			if !found || at.Policy == first.Policy && at.Statement < first.Statement {
				first, found = at, true
			}
		}
	}
	return first, found
}

// evaluate follows the numbered list of the semantics text.
func (n *naive) evaluate() verdict {
	w := n.w
	n.caller = naiveIdentify(w.Principal)
	n.note("caller " + n.caller.kind)
	if n.caller.kind == "" {
		return verdict{}
	}
	inAccount := n.caller.account != ""

	// 1. Any Deny; of several, the first in the order of the Set's fields is named.
	var denies []verdict
	deny := func(level int, policies []randomPolicy) {
		if at, found := n.any(level, policies, "Deny"); found {
			denies = append(denies, at)
		}
	}
	deny(0, w.Identity)
	deny(0, w.Boundaries)
	deny(0, w.Sessions)
	if w.Resource != nil {
		deny(0, []randomPolicy{*w.Resource})
	}
	controlled := true
	for i, level := range w.SCPs { // 3.
		if inAccount {
			deny(i, level)
			_, allowed := n.any(i, level, "Allow")
			controlled = controlled && allowed
		}
	}
	for i, level := range w.RCPs { // 2.
		deny(i, level)
	}
	if len(denies) > 0 {
		denies[0].Outcome = iampolicy.ExplicitDeny
		return denies[0]
	}
	if !controlled {
		n.note("path SCP blocks")
		return verdict{}
	}
	decide := func(allowed bool, by verdict, path string) verdict {
		if allowed {
			n.note("path " + path + " allows")
			by.Outcome = iampolicy.Allow
			return by
		}
		n.note("path " + path + " denies")
		return verdict{}
	}

	named := map[string]verdict{}
	if w.Resource != nil {
		named = n.grants(verdict{}, *w.Resource, "Allow")
	}
	var strongest verdict
	for _, how := range []string{"account", "basis", "direct"} {
		if at, ok := named[how]; ok {
			strongest = at
		}
	}
	if !inAccount { // 6.
		return decide(len(named) > 0, strongest, n.caller.kind)
	}
	boundary := true
	for i, p := range w.Boundaries {
		allowed := len(n.grants(verdict{Policy: i}, p, "Allow")) > 0
		boundary = boundary && allowed
	}
	_, session := n.any(0, w.Sessions, "Allow") // 7.
	if len(w.Sessions) == 0 {
		session = n.caller.kind != "federated"
	}
	by, own := n.any(0, w.Identity, "Allow")
	isRoot := n.caller.kind == "root"
	if n.caller.account != w.ResourceAccount { // 5.
		if !own {
			by = strongest
		}
		own = own || isRoot
		allowed := own && boundary && session && len(named) > 0
		n.noteAcross(own, boundary, session, named, allowed)
		return decide(allowed, by, "cross account")
	}
	own = own || isRoot
	// 4.
	isTrust := w.Resource != nil && w.Resource.Kind == iampolicy.TrustPolicy
	_, direct := named["direct"]
	_, basis := named["basis"]
	switch {
	case direct:
		return decide(true, strongest, "direct grant")
	case isTrust && len(named) == 0:
		return decide(false, verdict{}, "trust")
	case basis && boundary && session:
		return decide(true, strongest, "basis grant")
	}
	return decide(own && boundary && session, by, "own policies")
}

// noteBlurred notes what became of a pattern that was made of a text of a request.
func (n *naive) noteBlurred(where, pattern, text string, matched bool) {
	if n.w.pool == nil || !n.w.pool.blurred[pattern] {
		return
	}
	n.note(fmt.Sprintf("mutated %s matches %v", where, matched))
	for _, length := range []int{64, 255, 1024, 1792} {
		if len(text) > length {
			n.note(fmt.Sprintf("mutated %s matches a text of more than %d bytes %v", where, length, matched))
		}
	}
}

// noteAcross notes how a caller of another account came to what was decided: how the
// resource policy names it, and which one thing stands in the way.
func (n *naive) noteAcross(own, boundary, session bool, named map[string]verdict, allowed bool) {
	for how := range named {
		n.note(fmt.Sprintf("across accounts a caller (%s) named by its %s grant: allowed %v", n.caller.kind, how, allowed))
	}
	var lacking []string
	for side, allows := range map[string]bool{
		"identity policy": own, "boundary": boundary, "session policy": session, "resource policy": len(named) > 0,
	} {
		if !allows {
			lacking = append(lacking, side)
		}
	}
	if len(lacking) == 1 {
		n.note("across accounts only the " + lacking[0] + " lacks")
	}
}
