package iampolicy

import (
	"slices"
	"strings"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// principals is a compiled Principal or NotPrincipal.
type principals struct {
	everyone bool
	accounts []accountName
	arns     []string // of users, role sessions and federated users, compared whole
	roles    []roleName
	// userIDs and roleIDs are unique IDs, compared whole.
	userIDs, roleIDs []string
	// services and providers are compared whole.
	services, providers []string
}

// An accountName is an account; without partition it is that of any.
type accountName struct {
	partition, id string
	// rootOnly: NotPrincipal names a principal of the account beside it, and then
	// the account excepts its root user alone.
	rootOnly bool
}

type roleName struct{ partition, account, name string }

// A grant says how a resource policy names the caller. What else must allow
// depends on it (IAM user guide, "Policy evaluation logic").
type grant uint8

const (
	noGrant      grant = iota
	accountGrant       // the caller's account: delegates to the account's own policies
	basisGrant         // the role of the session, the user behind the federated user
	directGrant        // the caller itself, or everyone
)

// names returns how the list names the caller.
func (l *principals) names(c *caller, p *Principal) grant {
	if l.everyone {
		return directGrant
	}
	switch c.typ {
	case Service:
		if slices.Contains(l.services, p.ARN) {
			return directGrant
		}
		return noGrant
	case IdentityProvider:
		if slices.Contains(l.providers, p.ARN) {
			return directGrant
		}
		return noGrant
	case Account:
	case User, AssumedRole, FederatedUser:
		if slices.Contains(l.arns, p.ARN) {
			return directGrant
		}
		if len(l.userIDs)+len(l.roleIDs) == 0 {
			break
		}
		if g := l.namesByID(c, p); g != noGrant {
			return g
		}
	default:
		return noGrant
	}
	switch {
	case c.typ == AssumedRole && slices.Contains(l.roles, roleName{c.partition, c.account, c.name}),
		c.typ == FederatedUser && p.UserARN != "" && slices.Contains(l.arns, p.UserARN):
		return basisGrant
	case slices.ContainsFunc(l.accounts, func(a accountName) bool { return a.names(c) }):
		return accountGrant
	}
	return noGrant
}

func (a accountName) names(c *caller) bool {
	return a.id == c.account && (a.partition == "" || a.partition == c.partition) &&
		(!a.rootOnly || c.typ == Account)
}

// principals compiles a Principal or NotPrincipal.
func (p *parser) principals(n *jsontree.Node, at *jsontree.Path, st *statement) *principals {
	var l principals
	switch {
	case n.Kind == jsontree.String && n.Text == "*":
		l.everyone = true
	case n.Kind == jsontree.String:
		p.failf(n.Offset, at, CodeInvalidPrincipal, `%q is no principal: "*" or an object is expected`, n.Text)
	case n.Kind != jsontree.Object:
		p.failf(n.Offset, at, CodeWrongType, `"*" or an object is expected, not %s`, n.Kind)
	case len(n.Kids) == 0:
		p.fail(n.Offset, at, CodeEmptyObject, "the object is empty")
	}
	for i := range n.Kids {
		kid := &n.Kids[i]
		if n.Kind != jsontree.Object {
			break
		}
		inner := &jsontree.Path{Up: at, Name: kid.Name}
		switch kid.Name {
		case "AWS":
			p.texts(kid, inner, func(n *jsontree.Node, at *jsontree.Path) { p.awsPrincipal(&l, n, at) })
		case "Service":
			p.texts(kid, inner, func(n *jsontree.Node, at *jsontree.Path) { l.services = append(l.services, p.exactPrincipal(n, at)) })
		case "Federated":
			if p.policyType != TrustPolicy {
				p.failf(kid.NameOffset, inner, CodeFederatedNotAllowed, "Federated does not belong in %s", withArticle(p.policyType))
			}
			p.texts(kid, inner, func(n *jsontree.Node, at *jsontree.Path) { l.providers = append(l.providers, p.exactPrincipal(n, at)) })
		case "CanonicalUser":
			// No caller has a canonical user ID here, so that this names nobody: an
			// Allow then grants nothing, but a Deny would not hold.
			if st.deny && !st.notPrincipal {
				p.fail(kid.NameOffset, inner, CodeCanonicalUserInDeny,
					"a Deny for a CanonicalUser would never apply: canonical user IDs are not known here")
			}
			p.texts(kid, inner, func(n *jsontree.Node, at *jsontree.Path) { p.exactPrincipal(n, at) })
		default:
			p.unknown(kid, inner, "AWS", "Service", "Federated", "CanonicalUser")
		}
	}
	if st.notPrincipal {
		if l.everyone {
			p.fail(n.Offset, at, CodeNotPrincipalOfEveryone, "NotPrincipal of everyone: the Deny would never apply")
		}
		l.narrowAccounts()
	}
	return &l
}

// principalTexts returns the elements of a Principal, each with its kind.
func principalTexts(n *jsontree.Node) (texts []string) {
	if n.Kind != jsontree.Object {
		return n.Texts()
	}
	for i := range n.Kids {
		for _, text := range n.Kids[i].Texts() {
			texts = append(texts, n.Kids[i].Name+": "+text)
		}
	}
	return texts
}

// exactPrincipal checks a service, a provider or a canonical user, which are
// compared whole.
func (p *parser) exactPrincipal(n *jsontree.Node, at *jsontree.Path) string {
	if n.Text == "" || strings.ContainsAny(n.Text, "*? ") || p.modern && strings.Contains(n.Text, "${") {
		p.failf(n.Offset, at, CodeInvalidPrincipal, "%q is no principal: wildcards and variables are not expanded here", n.Text)
	}
	return n.Text
}

// awsPrincipal adds an element of AWS: everyone, an account, an ARN or a unique ID.
func (p *parser) awsPrincipal(l *principals, n *jsontree.Node, at *jsontree.Path) {
	text := n.Text
	if text == "*" {
		l.everyone = true
		return
	}
	if isAccountID(text) {
		l.accounts = append(l.accounts, accountName{id: text})
		return
	}
	if l.addUniqueID(text) {
		return
	}
	if strings.ContainsAny(text, "*?") {
		p.failf(n.Offset, at, CodeWildcardInPrincipal, `%q is no principal: a wildcard may only stand alone, as "*"`, text)
		return
	}
	a, ok := splitARN(text)
	if !ok || a.partition == "" || a.region != "" || !isAccountID(a.account) || strings.Contains(text, "${") {
		p.failf(n.Offset, at, CodeInvalidPrincipal,
			"%q is no principal: it is neither an account ID, the ARN of an account, a user, a role or a session, "+
				"nor the unique ID of a user or a role", text)
		return
	}
	kind, name, _ := strings.Cut(a.resource, "/")
	switch {
	case a.service == "iam" && a.resource == "root":
		l.accounts = append(l.accounts, accountName{partition: a.partition, id: a.account})
	case a.service == "iam" && kind == "role" && lastSegment(name) != "":
		l.roles = append(l.roles, roleName{a.partition, a.account, lastSegment(name)})
	case a.service == "iam" && kind == "group":
		p.failf(n.Offset, at, CodeGroupPrincipal, "%q is no principal: a group is none", text)
	case callerOfARN(text).typ == 0 || callerOfARN(text).typ == IdentityProvider:
		p.failf(n.Offset, at, CodeInvalidPrincipal, "%q is no principal: it is not the ARN of an account, a user, a role or a session",
			text)
	default:
		l.arns = append(l.arns, text)
	}
}

// narrowAccounts settles what a NotPrincipal means that lists a principal and
// its account: AWS's example says that all but the principal are denied, and its
// advice is to list the account beside it.
func (l *principals) narrowAccounts() {
	if len(l.accounts) == 0 {
		return
	}
	// Each account is looked up, not held against each ARN: a list may have tens of
	// thousands of both (threat 245).
	named := make(map[string]bool, len(l.roles)+len(l.arns))
	for _, r := range l.roles {
		named[r.account] = true
	}
	for _, s := range l.arns {
		named[callerOfARN(s).account] = true
	}
	byID := len(l.userIDs)+len(l.roleIDs) > 0 // which may be of any account
	for i := range l.accounts {
		l.accounts[i].rootOnly = byID || named[l.accounts[i].id]
	}
}

func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || '9' < s[i] {
			return false
		}
	}
	return true
}
