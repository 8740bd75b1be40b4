package iampolicy

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/internal/jsontree"
)

// maxMistakes bounds what one document can make Parse report.
const maxMistakes = 100

// Parse compiles a policy document of the given type. It is strict: whatever
// this package does not understand is an error, never skipped, since a skipped
// condition would widen an Allow and a skipped Deny would admit. The error is a
// *[ParseError] with every mistake; after a mistake in the JSON itself nothing
// further is looked for.
//
// The Policy keeps nothing of doc.
func Parse(doc []byte, policyType PolicyType, opts ...ParseOption) (*Policy, error) {
	p := parser{src: string(doc), policyType: policyType}
	for _, opt := range opts {
		opt(&p.options)
	}
	policy := p.policy()
	if len(p.mistakes) > 0 {
		return nil, &ParseError{Name: p.options.name, Findings: p.located()}
	}
	return policy, nil
}

// A parser compiles one document.
type parser struct {
	src        string
	policyType PolicyType
	options    parseOptions
	modern     bool // Version 2012-10-17: there are policy variables
	sids       map[string]bool
	mistakes   []mistake
	failures   int // all mistakes, those beyond maxMistakes too
	// Validate asks for notes, which are no reason to refuse.
	lints bool
	notes []mistake
	// actionWork is what holding actions against WithActions has cost.
	actionWork int
	matching   evaluation      // of nothing but patterns, those of a list against each other
	ctx        context.Context // of Validate; nil of Parse, which takes no longer than its document
}

// ended reports whether there is no one left to tell.
func (p *parser) ended() bool { return p.ctx != nil && p.ctx.Err() != nil }

type mistake struct {
	off           int
	path, message string
	code          Code
	note          bool // Parse does not refuse the document for it
}

// fail notes a mistake.
func (p *parser) fail(off int, at *jsontree.Path, code Code, message string) {
	if p.count() {
		p.mistakes = append(p.mistakes, mistake{off: off, path: at.String(), message: message, code: code})
	}
}

// count counts a mistake, and reports whether it is one that is kept.
func (p *parser) count() bool {
	p.failures++
	return p.failures <= maxMistakes
}

func (p *parser) failf(off int, at *jsontree.Path, code Code, format string, args ...any) {
	if p.failures >= maxMistakes {
		p.failures++ // a message that nobody will read is not written
		return
	}
	p.fail(off, at, code, fmt.Sprintf(format, args...))
}

// located sorts the mistakes into the order of the document, and returns each as an error there.
func (p *parser) located() []Finding {
	slices.SortStableFunc(p.mistakes, func(a, b mistake) int { return cmp.Compare(a.off, b.off) })
	list := make([]Finding, len(p.mistakes))
	places := jsontree.Locator{Text: p.src}
	for i, m := range p.mistakes {
		line, column := places.Place(m.off)
		list[i] = Finding{Line: line, Column: column, Path: m.path, Code: m.code, Message: m.message}
	}
	return list
}

// policy compiles the document.
func (p *parser) policy() *Policy {
	if p.policyType < IdentityPolicy || p.policyType > TrustPolicy {
		p.fail(0, nil, CodeInvalidOption, "the kind of policy is none that exists")
		return nil
	}
	if message := p.options.check(); message != "" {
		p.fail(0, nil, CodeInvalidOption, message)
		return nil
	}
	tree, ok := p.document()
	if !ok {
		return nil
	}
	p.checkSize(tree.Blank)
	root := &tree.Root
	if root.Kind != jsontree.Object {
		p.failf(root.Offset, nil, CodeWrongType, "a policy is an object, not %s", root.Kind)
		return nil
	}
	policy := &Policy{typ: p.policyType, name: p.options.name, api: p.options.api}
	var version, statement *jsontree.Node
	for i := range root.Kids {
		n := &root.Kids[i]
		at := &jsontree.Path{Name: n.Name}
		switch n.Name {
		case "Version":
			version = n
		case "Id":
			p.id(n, at)
			policy.id = n.Text
		case "Statement":
			statement = n
		default:
			p.unknown(n, at, "Version", "Id", "Statement")
		}
	}
	if p.version(root, version); version != nil {
		policy.version = version.Text
	}
	if statement == nil {
		p.fail(root.Offset, nil, CodeMissingStatement, "Statement is missing")
		return nil
	}
	policy.statements = p.statementList(statement, &jsontree.Path{Name: "Statement"})
	if p.ended() {
		return nil
	}
	if p.lints {
		p.lintDocument(root, version, statement, policy.statements)
	}
	if len(p.mistakes) > 0 {
		return nil
	}
	policy.keys = keysOf(p.src, policy.statements)
	policy.arrange()
	return policy
}

// version must be known before a statement is compiled: it decides what ${ means.
func (p *parser) version(root, n *jsontree.Node) {
	switch {
	case n == nil:
		if p.policyType == RCP {
			p.fail(root.Offset, nil, CodeVersionRequired, `Version is missing: a resource control policy needs "2012-10-17"`)
		}
	case n.Kind != jsontree.String:
		p.failf(n.Offset, &jsontree.Path{Name: "Version"}, CodeWrongType, "Version is a string, not %s", n.Kind)
	case n.Text == "2012-10-17":
		p.modern = true
	case n.Text != "2008-10-17":
		p.failf(n.Offset, &jsontree.Path{Name: "Version"}, CodeInvalidVersion, `%q is no version: "2012-10-17" or "2008-10-17"`, n.Text)
	case p.policyType == RCP:
		p.fail(n.Offset, &jsontree.Path{Name: "Version"}, CodeVersionRequired, `a resource control policy needs Version "2012-10-17"`)
	}
}

func (p *parser) id(n *jsontree.Node, at *jsontree.Path) {
	switch {
	case p.policyType == IdentityPolicy || p.policyType == PermissionsBoundary || p.policyType == SessionPolicy:
		p.failf(n.NameOffset, at, CodeIdNotAllowed, "Id does not belong in %s", withArticle(p.policyType))
	case n.Kind != jsontree.String:
		p.failf(n.Offset, at, CodeWrongType, "Id is a string, not %s", n.Kind)
	}
}

// unknown reports an element that does not exist. Names are case-sensitive, so
// that an element is never taken for another (threats 150 and 151).
func (p *parser) unknown(n *jsontree.Node, at *jsontree.Path, known ...string) {
	for _, name := range known {
		if ascii.EqualFold(name, n.Name) || ascii.EqualFold(name+"s", n.Name) || ascii.EqualFold(name, n.Name+"s") {
			p.failf(n.NameOffset, at, CodeUnknownElement, "unknown element %q; did you mean %q?", n.Name, name)
			return
		}
	}
	p.failf(n.NameOffset, at, CodeUnknownElement, "unknown element %q", n.Name)
}

// texts calls do for the string n, or for each of the strings in the list n.
func (p *parser) texts(n *jsontree.Node, at *jsontree.Path, do func(n *jsontree.Node, at *jsontree.Path)) {
	switch n.Kind {
	case jsontree.String:
		do(n, at)
	case jsontree.List:
		if len(n.Kids) == 0 {
			p.fail(n.Offset, at, CodeEmptyList, "the list is empty")
		}
		for i := range n.Kids {
			if i%1024 == 1023 && p.ended() {
				return
			}
			each := &jsontree.Path{Up: at, Index: i}
			if n.Kids[i].Kind != jsontree.String {
				p.failf(n.Kids[i].Offset, each, CodeWrongType, "a string is expected, not %s", n.Kids[i].Kind)
				continue
			}
			do(&n.Kids[i], each)
		}
	default:
		p.failf(n.Offset, at, CodeWrongType, "a string or a list of strings is expected, not %s", n.Kind)
	}
}
