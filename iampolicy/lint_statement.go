package iampolicy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/internal/jsontree"
)

// A linter looks at one statement that has no mistakes.
type linter struct {
	*parser
	st *statement
	e  *elements
	at *jsontree.Path
}

// element notes something about a whole element.
func (l *linter) element(n *jsontree.Node, code Code, format string, args ...any) {
	l.note(n.NameOffset, &jsontree.Path{Up: l.at, Name: n.Name}, code, format, args...)
}

// value notes something about one value of a list, or about a value alone.
func (l *linter) value(n *jsontree.Node, index int, code Code, format string, args ...any) {
	at := &jsontree.Path{Up: l.at, Name: n.Name}
	if n.Kind == jsontree.List {
		l.note(n.Kids[index].Offset, &jsontree.Path{Up: at, Index: index}, code, format, args...)
		return
	}
	l.note(n.Offset, at, code, format, args...)
}

func (l *linter) statement() {
	if l.e.sid != nil && l.e.sid.Text == "" {
		l.element(l.e.sid, CodeEmptySid, "the Sid is empty")
	}
	l.actions()
	l.resources()
	l.principals()
	l.passRole()
	l.administrator()
	if l.e.condition != nil {
		l.conditions()
	}
}

func (l *linter) actions() {
	n := l.e.action
	if n == nil {
		n = l.e.notAction
	}
	if n == nil {
		return
	}
	if l.st.notAction && !l.st.deny {
		l.element(n, CodeAllowNotAction, "Allow with NotAction grants every action that is not listed")
	}
	l.unrouted(n)
	texts := l.st.actionTexts
	list := make([]listed, len(texts))
	for i, text := range texts {
		list[i] = listed{text: ascii.ToLower(text), pattern: &l.st.actions[i]}
	}
	c := l.newCovering(list)
	for i, text := range texts {
		if l.ended() {
			return
		}
		if service, _, ok := strings.Cut(text, ":"); ok && strings.ContainsAny(service, "*?") {
			l.value(n, i, CodeWildcardInService, "the wildcard in %q may cover services that are not meant", text)
		}
		if j := c.by(i); j >= 0 {
			l.value(n, i, CodeRedundantAction, "%q is covered by %q", text, texts[j])
		}
	}
}

func (l *linter) resources() {
	n := l.e.resource
	if n == nil {
		n = l.e.notResource
	}
	if n == nil {
		return
	}
	if l.st.notResource && !l.st.deny {
		l.element(n, CodeAllowNotResource, "Allow with NotResource grants for every resource that is not listed")
	}
	texts := l.st.resourceTexts
	list := make([]listed, len(texts))
	for i := range list {
		list[i] = l.listedResource(i)
	}
	c := l.newCovering(list)
	for i, text := range texts {
		if l.ended() {
			return
		}
		r := &l.st.resources[i]
		l.arn(n, i, text)
		if l.st.deny && !l.st.notResource {
			for _, v := range r.tail.variables() {
				if !v.hasDefault {
					l.value(n, i, CodeVariableInDenyResource, "the Deny does not apply where %q has no value", v.key)
					break
				}
			}
		}
		if j := c.by(i); j >= 0 {
			l.value(n, i, CodeRedundantResource, "%q is covered by %q", text, texts[j])
		}
		if !l.modern && strings.Contains(text, "${") {
			l.value(n, i, CodeVariableInOldVersion, `%q is literal: policy variables need Version "2012-10-17"`, text)
		}
		l.usernames(n, i, r.tail.variables())
	}
	l.buckets(n)
}

// listedResource returns a resource as one of a list. Its ARN is the completed and
// expanded one, since what was compiled is that.
func (l *linter) listedResource(i int) listed {
	r, text := &l.st.resources[i], l.completed(l.st.resourceTexts[i])
	e := listed{text: text, head: r.head, pattern: &r.tail, everything: r.everything}
	switch {
	case r.everything:
	case r.parts != nil || len(r.tail.variables()) > 0:
		e.opaque = true
	case r.tail.shape == literal:
		e.text = r.head + r.tail.text
	default:
		e.opaque = l.modern && strings.Contains(text, "${")
	}
	return e
}

// meantForAWS reports whether a partition is one of AWS's, or likely a misspelt one. Any other is
// a service's own: acme in arn:acme:orders:eu-1:111122223333:order/7.
func meantForAWS(partition string) bool {
	p := ascii.ToLower(partition)
	switch {
	case p == "", p == "asw", p == "was":
		return true
	case strings.HasPrefix(p, "aws"), strings.HasPrefix(p, "amazon"), strings.HasPrefix(p, "amz"):
		return true
	}
	return ascii.Distance(p, "aws") <= 1
}

// arn looks at the fixed parts of a resource's ARN.
func (l *linter) arn(n *jsontree.Node, i int, text string) {
	if !strings.HasPrefix(text, "arn:") {
		return
	}
	fields, parts := splitPattern(text, false)
	if parts < 6 {
		l.value(n, i, CodeShortARN, "%q is completed to %q", text, text+strings.Repeat(":*", 6-parts))
	}
	if p := fields[1]; meantForAWS(p) && !strings.ContainsAny(p, "*?") && p != "aws" && p != "aws-cn" && p != "aws-us-gov" {
		l.value(n, i, CodeInvalidPartitionInARN, "%q is no partition that is known", p)
	}
	if strings.ContainsAny(fields[2], "*?") {
		l.value(n, i, CodeWildcardInService, "the wildcard in the service of %q may cover services that are not meant", text)
	}
	if parts > 4 {
		if a := fields[4]; a != "" && a != "aws" && !strings.ContainsAny(a, "*?") && !isAccountID(a) {
			l.value(n, i, CodeInvalidAccountInARN, "%q is no account ID", a)
		}
	}
}

// buckets finds grants of an object's action for a bucket (threat 164).
func (l *linter) buckets(n *jsontree.Node) {
	if l.st.deny || l.st.notAction || l.st.notResource {
		return
	}
	objectAction := ""
	for _, text := range l.st.actionTexts {
		folded := ascii.ToLower(text)
		if strings.HasPrefix(folded, "s3:") && strings.HasSuffix(folded, "object") {
			objectAction = text
		}
	}
	if objectAction == "" {
		return
	}
	for i := range l.st.resources {
		r := &l.st.resources[i]
		if r.everything || r.tail.shape == literal && !strings.Contains(r.tail.text, "/") && strings.HasSuffix(r.head, ":s3:::") {
			if !r.everything {
				l.value(n, i, CodeBucketForObjectAction, "%s is about objects, %q is a bucket: its objects are %q", objectAction,
					l.st.resourceTexts[i], l.st.resourceTexts[i]+"/*")
			}
			continue
		}
		return // some resource fits
	}
}

func (l *linter) principals() {
	n := l.e.principal
	if l.st.principals != nil {
		for _, id := range slices.Concat(l.st.principals.userIDs, l.st.principals.roleIDs) {
			l.element(cmp.Or(n, l.e.notPrincipal), CodeUniqueIDPrincipal,
				"%q is the unique ID of a user or role, as IAM shows one that was deleted: "+
					"it names nobody who is made again under that name", id)
		}
	}
	switch {
	case l.e.notPrincipal != nil:
		l.element(l.e.notPrincipal, CodeNotPrincipalWithDeny,
			"NotPrincipal denies every principal that is not listed by ARN; prefer a condition on aws:PrincipalArn")
		return
	case n == nil || l.st.deny || l.policyType == RCP:
		return
	}
	p := l.st.principals
	if p.everyone && len(l.st.conditions) == 0 {
		l.element(n, CodeAllowEveryone, "everyone is allowed, anonymous callers too")
	}
	if len(p.services) > 0 && l.policyType == ResourcePolicy &&
		!l.hasKey("aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths") {
		l.element(n, CodeServiceWithoutSource, "the service may act for anyone: add a condition on aws:SourceArn or aws:SourceAccount")
	}
	if len(p.providers) > 0 && !l.hasKeySuffix(":aud") {
		l.element(n, CodeProviderWithoutAudience, "tokens for every audience are accepted: add a condition on the provider's aud")
	}
	for _, text := range p.arns {
		if callerOfARN(text).typ == AssumedRole {
			l.element(n, CodeSessionPrincipal, "%q is one session of a role", text)
		}
	}
}

func (l *linter) hasKey(names ...string) bool {
	for i := range l.st.conditions {
		for _, name := range names {
			if ascii.EqualFold(l.st.conditions[i].key, name) {
				return true
			}
		}
	}
	return false
}

func (l *linter) hasKeySuffix(suffix string) bool {
	for i := range l.st.conditions {
		if ascii.HasSuffixFold(l.st.conditions[i].key, suffix) {
			return true
		}
	}
	return false
}

// passRole finds grants by which a caller can hand any role to a service.
func (l *linter) passRole() {
	if l.st.deny || l.st.resources == nil || l.st.principals != nil || l.policyType == SCP || l.hasKey("iam:PassedToService") {
		return
	}
	const action = "iam:PassRole"
	listed, e := false, &l.matching
	for i := range l.st.actions {
		// A lone star is Administrator's.
		listed = listed || l.st.actions[i].match(action, e, false) && (l.st.notAction || l.st.actions[i].shape != anything)
	}
	switch {
	case l.st.notAction && !listed && (l.st.notResource || l.st.anyResource()):
		l.element(l.e.notAction, CodePassRoleByExclusion, "iam:PassRole is among the actions that NotAction does not list")
	case !l.st.notAction && listed && l.st.notResource:
		l.element(l.e.notResource, CodePassRoleByExclusion, "iam:PassRole is granted for all roles that NotResource does not list")
	case !l.st.notAction && listed && l.st.anyResource():
		l.element(l.e.resource, CodePassRoleEverywhere, "iam:PassRole is granted for every role")
	}
}

func (l *linter) administrator() {
	if !l.st.deny && l.st.principals == nil && l.policyType != SCP && l.policyType != PermissionsBoundary &&
		l.policyType != SessionPolicy && l.st.coversEverything() {
		l.note(l.e.effect.Offset, l.at, CodeAdministrator, "every action on every resource is allowed")
	}
}

// usernames finds aws:username, which role sessions do not have.
func (l *linter) usernames(n *jsontree.Node, i int, vars []variable) {
	for _, v := range vars {
		if ascii.EqualFold(v.key, "aws:username") && !v.hasDefault {
			l.value(n, i, CodeUsernameOfSessions, "aws:username is there for IAM users only, not for role sessions")
		}
	}
}
