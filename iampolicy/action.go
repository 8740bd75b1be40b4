package iampolicy

import (
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/internal/jsontree"
)

// maxActionBytes bounds an action, in a policy and in a request (threat 167).
const maxActionBytes = 256

// actions compiles Action or NotAction. Names are compared in any case; a
// wildcard may stand anywhere, in the service too (IAM user guide, "Action").
func (p *parser) actions(n *jsontree.Node, at *jsontree.Path) (list []pattern) {
	p.texts(n, at, func(n *jsontree.Node, at *jsontree.Path) {
		if wrong := checkAction(n.Text); wrong.code != "" {
			p.fail(n.Offset, at, wrong.code, wrong.text)
			return
		}
		service, _, _ := strings.Cut(n.Text, ":")
		if p.policyType == RCP && strings.ContainsAny(service, "*?") {
			p.fail(n.Offset, at, CodeActionWithoutService, "an action in a resource control policy needs the name of a service")
			return
		}
		a, wrong := compilePattern(n.Text, textRules{wildcards: true, fold: true})
		if wrong.code != "" {
			p.fail(n.Offset, at, wrong.code, wrong.text)
			return
		}
		list = append(list, a)
	})
	if p.policyType == RCP && n.Name == "NotAction" {
		p.fail(n.NameOffset, at, CodeNotActionNotAllowed, "NotAction does not belong in a resource control policy")
	}
	return list
}

// checkAction returns what is wrong with an action of a policy.
func checkAction(text string) problem {
	if text == "*" {
		return problem{}
	}
	service, name, ok := strings.Cut(text, ":")
	if !ok || service == "" || name == "" {
		return problem{CodeInvalidAction, strconv.Quote(text) + ` is no action: it needs the form service:name, or "*"`}
	}
	if len(text) > maxActionBytes {
		return problem{CodeActionTooLong, "an action longer than 256 characters"}
	}
	for i := range len(text) {
		c := ascii.Lower(text[i])
		if (c < 'a' || 'z' < c) && (c < '0' || '9' < c) && strings.IndexByte("-_.*?", c) < 0 && i != len(service) {
			return problem{CodeInvalidAction, strconv.Quote(text) +
				" is no action: it has other characters than letters, digits, -, _, ., * and ?"}
		}
	}
	return problem{}
}

// isAction reports whether a request's action has the form service:name.
func isAction(s string) bool {
	service, name, ok := strings.Cut(s, ":")
	return ok && service != "" && name != "" && len(s) <= maxActionBytes
}
