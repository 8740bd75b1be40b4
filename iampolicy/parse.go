package iampolicy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/ascii"
)

// maxMistakes bounds what one document can make Parse report.
const maxMistakes = 100

// Parse compiles a policy document of the given kind. It is strict: whatever
// this package does not understand is an error, never skipped, since a skipped
// condition would widen an Allow and a skipped Deny would admit. The error is a
// *[ParseError] with every mistake; after a mistake in the JSON itself nothing
// further is looked for.
//
// The Policy keeps nothing of doc.
func Parse(doc []byte, kind PolicyType, opts ...ParseOption) (*Policy, error) {
	p := parser{src: string(doc), policyType: kind}
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
	lints    bool
	notes    []mistake
	matching evaluation      // of nothing but patterns, those of a list against each other
	ctx      context.Context // of Validate; nil of Parse, which takes no longer than its document
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
func (p *parser) fail(off int, at *docPath, code Code, message string) {
	if p.failures++; p.failures <= maxMistakes {
		p.mistakes = append(p.mistakes, mistake{off: off, path: at.String(), message: message, code: code})
	}
}

func (p *parser) failf(off int, at *docPath, code Code, format string, args ...any) {
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
	line, column, at := 1, 1, 0
	for i, m := range p.mistakes {
		between := p.src[at:m.off]
		if n := strings.Count(between, "\n"); n > 0 {
			line, column = line+n, 1
			between = between[strings.LastIndexByte(between, '\n')+1:]
		}
		column, at = column+utf8.RuneCountInString(between), m.off
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
	s := jsonScanner{src: p.src, parser: p}
	root, ok := s.document()
	if !ok {
		return nil
	}
	p.checkSize(s.blank)
	if root.kind != objectNode {
		p.failf(root.off, nil, CodeWrongType, "a policy is an object, not %s", root.kind)
		return nil
	}
	policy := &Policy{typ: p.policyType, name: p.options.name, api: p.options.api}
	var version, statement *node
	for i := range root.kids {
		n := &root.kids[i]
		at := &docPath{name: n.name}
		switch n.name {
		case "Version":
			version = n
		case "Id":
			p.id(n, at)
			policy.id = n.text
		case "Statement":
			statement = n
		default:
			p.unknown(n, at, "Version", "Id", "Statement")
		}
	}
	if p.version(&root, version); version != nil {
		policy.version = version.text
	}
	if statement == nil {
		p.fail(root.off, nil, CodeMissingStatement, "Statement is missing")
		return nil
	}
	policy.statements = p.statementList(statement, &docPath{name: "Statement"})
	if p.ended() {
		return nil
	}
	if p.lints {
		p.lintDocument(&root, version, statement, policy.statements)
	}
	if len(p.mistakes) > 0 {
		return nil
	}
	policy.keys = keysOf(p.src, policy.statements)
	policy.arrange()
	return policy
}

// version must be known before a statement is compiled: it decides what ${ means.
func (p *parser) version(root, n *node) {
	switch {
	case n == nil:
		if p.policyType == RCP {
			p.fail(root.off, nil, CodeVersionRequired, `Version is missing: a resource control policy needs "2012-10-17"`)
		}
	case n.kind != stringNode:
		p.failf(n.off, &docPath{name: "Version"}, CodeWrongType, "Version is a string, not %s", n.kind)
	case n.text == "2012-10-17":
		p.modern = true
	case n.text != "2008-10-17":
		p.failf(n.off, &docPath{name: "Version"}, CodeInvalidVersion, `%q is no version: "2012-10-17" or "2008-10-17"`, n.text)
	case p.policyType == RCP:
		p.fail(n.off, &docPath{name: "Version"}, CodeVersionRequired, `a resource control policy needs Version "2012-10-17"`)
	}
}

func (p *parser) id(n *node, at *docPath) {
	switch {
	case p.policyType == IdentityPolicy || p.policyType == PermissionsBoundary || p.policyType == SessionPolicy:
		p.failf(n.nameOff, at, CodeIdNotAllowed, "Id does not belong in %s", withArticle(p.policyType))
	case n.kind != stringNode:
		p.failf(n.off, at, CodeWrongType, "Id is a string, not %s", n.kind)
	}
}

// unknown reports an element that does not exist. Names are case-sensitive, so
// that an element is never taken for another (threats 150 and 151).
func (p *parser) unknown(n *node, at *docPath, known ...string) {
	for _, name := range known {
		if ascii.EqualFold(name, n.name) || ascii.EqualFold(name+"s", n.name) || ascii.EqualFold(name, n.name+"s") {
			p.failf(n.nameOff, at, CodeUnknownElement, "unknown element %q; did you mean %q?", n.name, name)
			return
		}
	}
	p.failf(n.nameOff, at, CodeUnknownElement, "unknown element %q", n.name)
}

// texts calls do for the string n, or for each of the strings in the list n.
func (p *parser) texts(n *node, at *docPath, do func(n *node, at *docPath)) {
	switch n.kind {
	case stringNode:
		do(n, at)
	case listNode:
		if len(n.kids) == 0 {
			p.fail(n.off, at, CodeEmptyList, "the list is empty")
		}
		for i := range n.kids {
			if i%1024 == 1023 && p.ended() {
				return
			}
			each := &docPath{up: at, index: i}
			if n.kids[i].kind != stringNode {
				p.failf(n.kids[i].off, each, CodeWrongType, "a string is expected, not %s", n.kids[i].kind)
				continue
			}
			do(&n.kids[i], each)
		}
	default:
		p.failf(n.off, at, CodeWrongType, "a string or a list of strings is expected, not %s", n.kind)
	}
}

func quote(s string) string { return strconv.Quote(s) }

func itoa(i int) string { return strconv.Itoa(i) }

func withArticle(k PolicyType) string {
	if k == IdentityPolicy {
		return "an " + k.String()
	}
	return "a " + k.String()
}
