package iampolicy

import (
	"strconv"
	"strings"
)

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
