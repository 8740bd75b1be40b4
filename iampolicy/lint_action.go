package iampolicy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/internal/jsontree"
)

// WithActions gives the actions that the service behind the policy asks for, such as those of its
// routes, each as service:name without wildcards. [Validate] then warns of an action in a policy
// that is none of them, and names the nearest: a misspelt action grants nothing and denies nothing.
// A wildcard has to match one of them. What NotAction lists is looked at only if it is of the same
// service as one of them: the rest is there to except other services. Without actions nothing is
// looked at. Parse refuses nothing for it, but an option that is malformed.
func WithActions(actions ...string) ParseOption {
	known := &knownActions{folded: make(map[string]bool), services: make(map[string]bool)}
	for _, action := range actions {
		if wrong := checkAction(action); known.wrong == "" && (wrong.code != "" || strings.ContainsAny(action, "*?")) {
			known.wrong = "WithActions: " + strconv.Quote(action) + " is no action that a request asks for, as orders:Get"
		}
		folded := ascii.ToLower(action)
		if !known.folded[folded] {
			known.names = append(known.names, action)
		}
		service, _, _ := strings.Cut(folded, ":")
		known.folded[folded], known.services[service] = true, true
	}
	slices.Sort(known.names)
	return func(o *parseOptions) { o.actions = known }
}

// knownActions are those of WithActions. They do not change.
type knownActions struct {
	names            []string        // sorted, each once whatever its case
	folded, services map[string]bool // in lower case
	wrong            string          // what is wrong with them, ""
}

// maxActionWork bounds what a document costs to hold against the actions that are known, in
// comparisons of two letters. Where it ends, nothing more is found.
const maxActionWork = 1 << 26

// unrouted notes the actions of a statement that no request asks for.
func (l *linter) unrouted(n *jsontree.Node) {
	known := l.options.actions
	if known == nil || len(known.names) == 0 {
		return
	}
	for i, text := range l.st.actionTexts {
		if l.ended() {
			return
		}
		service, _, _ := strings.Cut(ascii.ToLower(text), ":")
		if l.st.notAction && !known.services[service] || l.asksFor(known, text, &l.st.actions[i]) {
			continue
		}
		if l.actionWork >= maxActionWork || len(l.notes) >= maxNotes {
			return
		}
		what := "no request asks for %q%s"
		if l.st.notAction {
			what = "no request asks for %q, so that it excepts nothing%s"
		}
		l.value(n, i, CodeUnroutedAction, what, text, l.nearest(known, text))
	}
}

// asksFor reports whether an action of a policy matches one that is known.
func (l *linter) asksFor(known *knownActions, text string, p *pattern) bool {
	if !strings.ContainsAny(text, "*?") {
		return known.folded[ascii.ToLower(text)]
	}
	for _, name := range known.names {
		if l.actionWork += len(name) + len(text); l.actionWork >= maxActionWork || p.match(name, &l.matching, false) {
			return true
		}
	}
	return false
}

// nearest returns "; the nearest action is NAME", or "" where that would cost too much.
func (l *linter) nearest(known *knownActions, text string) string {
	best, at := maxActionBytes+1, ""
	for _, name := range known.names {
		apart := len(name) - len(text)
		if max(apart, -apart) >= best {
			continue
		}
		if l.actionWork += len(name) * len(text); l.actionWork >= maxActionWork {
			return ""
		}
		if d := ascii.Distance(name, text); d < best {
			best, at = d, name
		}
	}
	return "; the nearest action is " + strconv.Quote(at)
}
