package iampolicy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// A Severity sorts findings as IAM Access Analyzer's policy validation does.
type Severity uint8

const (
	// SeverityError is a document that Parse refuses.
	SeverityError Severity = iota
	// SeveritySecurityWarning is a document that allows more than is likely meant.
	SeveritySecurityWarning
	// SeverityWarning is a document that likely does something else than is meant.
	SeverityWarning
	// SeveritySuggestion is a document that could be clearer.
	SeveritySuggestion
)

// String returns Access Analyzer's name of the severity.
func (s Severity) String() string {
	switch s {
	case SeverityError:
		return "ERROR"
	case SeveritySecurityWarning:
		return "SECURITY_WARNING"
	case SeverityWarning:
		return "WARNING"
	case SeveritySuggestion:
		return "SUGGESTION"
	}
	return "INVALID"
}

// MarshalText returns what String does.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Finding is one remark on a policy document: one that [Validate] returns, or one for which
// [Parse] refuses it. It is an error, which [errors.As] finds.
type Finding struct {
	Severity Severity
	// Line and Column say where, from 1. Column counts characters.
	Line, Column int
	// Path says where in the document's structure, as
	// Statement[2].Condition.IpAddress; "" is the document itself.
	Path string
	// Code says which kind of finding it is.
	Code Code
	// Message says what is wrong, in lower case.
	Message string
}

// Error returns the finding as line:column: path: message.
func (f Finding) Error() string {
	s := strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column) + ": "
	if f.Path != "" {
		s += f.Path + ": "
	}
	return s + f.Message
}

// Validate returns the findings on a document, in its order: everything for which [Parse] refuses
// it, and what Parse accepts but its author should look at. A finding has SeverityError exactly if
// Parse with the same options refuses the document for it. In a statement with errors nothing else
// is looked for. A document without findings may still grant more than it should.
//
// The time is bounded: below a second for the largest document that Parse reads, however
// hostile. Which patterns cover others is looked for within a limit of its own. The
// error is the one of ctx, where that ends first; then there are no findings.
func Validate(ctx context.Context, doc []byte, policyType PolicyType, opts ...ParseOption) ([]Finding, error) {
	p := parser{src: string(doc), policyType: policyType, lints: true, ctx: ctx}
	for _, opt := range opts {
		opt(&p.options)
	}
	p.policy()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.mistakes = append(p.mistakes, p.notes...)
	list := p.located()
	for i, m := range p.mistakes {
		if m.note {
			list[i].Severity = m.code.Severity()
		}
	}
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Severity, b.Severity))
	})
	return slices.Compact(list), nil
}

// maxNotes bounds what Validate says beside mistakes, which it never crowds out.
const maxNotes = 1000

// note is failf for what Parse does not refuse.
func (p *parser) note(off int, at *jsontree.Path, code Code, format string, args ...any) {
	if p.lints && len(p.notes) < maxNotes {
		p.notes = append(p.notes, mistake{off: off, path: at.String(), message: fmt.Sprintf(format, args...), code: code, note: true})
	}
}

// A problem is what is wrong with one text; its place is the caller's to know.
// The zero problem is none.
type problem struct {
	code Code
	text string
}

// A ParseError is the error of [Parse]: every finding for which it
// refuses a document, in the order of the document.
type ParseError struct {
	// Name is what [WithName] gave, or "".
	Name string
	// Findings has at least one element, and at most 100, each of [SeverityError].
	Findings []Finding
}

// Error returns all findings, one a line.
func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString("iampolicy: ")
	if e.Name != "" {
		b.WriteString(strconv.Quote(e.Name) + ": ")
	}
	b.WriteString("invalid policy: ")
	for i, m := range e.Findings {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(m.Error())
	}
	return b.String()
}

// Unwrap returns the findings, each a [Finding], for errors.As.
func (e *ParseError) Unwrap() []error {
	errs := make([]error, len(e.Findings))
	for i, m := range e.Findings {
		errs[i] = m
	}
	return errs
}
