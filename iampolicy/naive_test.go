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
				if other[0] == "AWS" && len(parts) == 6 && parts[4] == n.caller.account && parts[5] != "root" {
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
		if naiveGlob(symbols, naiveCharacters(naiveLower(n.w.Action))) {
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
		best = max(best, min(has, naiveIs(naiveARN(symbols, n.w.ResourceARN))))
	}
	return n.forEffect(best.unless(not), "resource variable", deny)
}

// grants returns how the policy's statements of an effect name the caller, where
// they match otherwise.
func (n *naive) grants(p randomPolicy, effect string) map[string]bool {
	found := map[string]bool{}
	for _, st := range p.Statements {
		if st["Effect"] != effect {
			continue
		}
		modern := p.Version == "2012-10-17"
		how := n.principal(st)
		deny := effect == "Deny"
		action, resource := n.action(st), n.resource(st, modern, deny)
		conditions := n.conditions(st["Condition"], modern, deny)
		applies := how != "" && action && resource && conditions
		if applies {
			found[how] = true
		}
		n.note(fmt.Sprintf("%v %s %v", p.Kind, effect, applies))
	}
	return found
}

func (n *naive) any(policies []randomPolicy, effect string) bool {
	found := false
	for _, p := range policies {
		found = len(n.grants(p, effect)) > 0 || found
	}
	return found
}

// evaluate follows the numbered list of the semantics text.
func (n *naive) evaluate() iampolicy.Outcome {
	w := n.w
	n.caller = naiveIdentify(w.Principal)
	n.note("caller " + n.caller.kind)
	if n.caller.kind == "" {
		return iampolicy.ImplicitDeny
	}
	inAccount := n.caller.account != ""

	// 1. Any Deny.
	denied := n.any(w.Identity, "Deny") || n.any(w.Boundaries, "Deny") || n.any(w.Sessions, "Deny")
	if w.Resource != nil {
		denied = n.any([]randomPolicy{*w.Resource}, "Deny") || denied
	}
	for _, level := range w.RCPs {
		denied = n.any(level, "Deny") || denied // 2.
	}
	controlled := true
	for _, level := range w.SCPs { // 3.
		denied = inAccount && n.any(level, "Deny") || denied
		controlled = controlled && (!inAccount || n.any(level, "Allow"))
	}
	if denied {
		return iampolicy.ExplicitDeny
	}
	if !controlled {
		n.note("path SCP blocks")
		return iampolicy.ImplicitDeny
	}
	decide := func(allowed bool, path string) iampolicy.Outcome {
		if allowed {
			n.note("path " + path + " allows")
			return iampolicy.Allow
		}
		n.note("path " + path + " denies")
		return iampolicy.ImplicitDeny
	}

	named := map[string]bool{}
	if w.Resource != nil {
		named = n.grants(*w.Resource, "Allow")
	}
	if !inAccount { // 6.
		return decide(len(named) > 0, n.caller.kind)
	}
	boundary := true
	for _, p := range w.Boundaries {
		boundary = boundary && n.any([]randomPolicy{p}, "Allow")
	}
	session := n.any(w.Sessions, "Allow") // 7.
	if len(w.Sessions) == 0 {
		session = n.caller.kind != "federated"
	}
	own := n.any(w.Identity, "Allow") || n.caller.kind == "root"
	if n.caller.account != w.ResourceAccount { // 5.
		allowed := own && boundary && session && len(named) > 0
		n.noteAcross(own, boundary, session, named, allowed)
		return decide(allowed, "cross account")
	}
	// 4.
	isTrust := w.Resource != nil && w.Resource.Kind == iampolicy.Trust
	switch {
	case named["direct"]:
		return decide(true, "direct grant")
	case isTrust && len(named) == 0:
		return decide(false, "trust")
	case named["basis"] && boundary && session:
		return decide(true, "basis grant")
	}
	return decide(own && boundary && session, "own policies")
}

// noteAcross notes how a caller of another account came to what was decided: how the
// resource policy names it, and which one thing stands in the way.
func (n *naive) noteAcross(own, boundary, session bool, named map[string]bool, allowed bool) {
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
