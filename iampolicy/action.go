package iampolicy

import "strings"

// maxActionBytes bounds an action, in a policy and in a request (threat 167).
const maxActionBytes = 256

// actions compiles Action or NotAction. Names are compared in any case; a
// wildcard may stand anywhere, in the service too (IAM user guide, "Action").
func (p *parser) actions(n *node, at *path) (list []pattern) {
	p.texts(n, at, func(n *node, at *path) {
		if message := checkAction(n.text); message != "" {
			p.fail(n.off, at, message)
			return
		}
		service, _, _ := strings.Cut(n.text, ":")
		if p.kind == RCP && strings.ContainsAny(service, "*?") {
			p.fail(n.off, at, "an action in a resource control policy needs the name of a service")
			return
		}
		a, message := compilePattern(n.text, textRules{wildcards: true, fold: true})
		if message != "" {
			p.fail(n.off, at, message)
			return
		}
		list = append(list, a)
	})
	if p.kind == RCP && n.name == "NotAction" {
		p.fail(n.nameOff, at, "NotAction does not belong in a resource control policy")
	}
	return list
}

// checkAction returns what is wrong with an action of a policy, or "".
func checkAction(text string) string {
	if text == "*" {
		return ""
	}
	service, name, ok := strings.Cut(text, ":")
	if !ok || service == "" || name == "" {
		return quote(text) + ` is no action: it needs the form service:name, or "*"`
	}
	if len(text) > maxActionBytes {
		return "an action longer than 256 characters"
	}
	for i := range len(text) {
		c := lowerASCII(text[i])
		if (c < 'a' || 'z' < c) && (c < '0' || '9' < c) && strings.IndexByte("-_.*?", c) < 0 && i != len(service) {
			return quote(text) + " is no action: it has other characters than letters, digits, -, _, ., * and ?"
		}
	}
	return ""
}

// isAction reports whether a request's action has the form service:name.
func isAction(s string) bool {
	service, name, ok := strings.Cut(s, ":")
	return ok && service != "" && name != "" && len(s) <= maxActionBytes
}
