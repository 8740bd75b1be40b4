package iampolicy

import (
	"strconv"
	"strings"
)

// A Mistake is one thing wrong with a policy document.
type Mistake struct {
	// Line and Column say where, from 1. Column counts characters.
	Line, Column int
	// Path says where in the document's structure, as
	// Statement[2].Condition.IpAddress; "" is the document itself.
	Path string
	// Code says which kind of mistake it is.
	Code Code
	// Message says what is wrong, in lower case.
	Message string
}

// Error returns the mistake as line:column: path: message.
func (m Mistake) Error() string {
	s := strconv.Itoa(m.Line) + ":" + strconv.Itoa(m.Column) + ": "
	if m.Path != "" {
		s += m.Path + ": "
	}
	return s + m.Message
}

// A problem is what is wrong with one text; its place is the caller's to know.
// The zero problem is none.
type problem struct {
	code Code
	text string
}

// A ParseError is the error of [Parse]: every mistake of a document, in the
// order of the document.
type ParseError struct {
	// Name is what [WithName] gave, or "".
	Name string
	// Mistakes has at least one element, and at most 100.
	Mistakes []Mistake
}

// Error returns all mistakes, one a line.
func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString("iampolicy: ")
	if e.Name != "" {
		b.WriteString(strconv.Quote(e.Name) + ": ")
	}
	b.WriteString("invalid policy: ")
	for i, m := range e.Mistakes {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(m.Error())
	}
	return b.String()
}

// Unwrap returns the mistakes, each a [Mistake], for errors.As.
func (e *ParseError) Unwrap() []error {
	errs := make([]error, len(e.Mistakes))
	for i, m := range e.Mistakes {
		errs[i] = m
	}
	return errs
}
