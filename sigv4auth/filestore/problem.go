package filestore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something in the folder that is not as it should be. It holds no secret. It is
// comparable, and an error.
type Problem struct {
	// File is the file as the folder names it, with slashes: principals.json, policies/NAME.json,
	// policies, or sessions.json. What is wrong with the secret of a key is reported at the key in
	// principals.json.
	File string
	// Line and Column say where, from 1; Column counts characters. Both are 0 for what concerns the
	// whole file.
	Line, Column int
	// Message says what is wrong.
	Message string
	// Warning reports that File is in force as it is, and likely does not do what its author means;
	// or, of a file that older versions had, that it is ignored.
	Warning bool
	// LastGood reports whether the last good version of File is in force. If it is not, what
	// depends on File is denied, unless this is a Warning.
	LastGood bool
	// Resolved is set where Report tells that the problem is gone.
	Resolved bool
}

// Error returns the file, the place and the message. Of a problem that is gone it returns the file
// and the place alone: what was wrong there is not so any more.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString("filestore: ")
	if p.Resolved {
		b.WriteString("resolved: ")
	}
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	if p.Resolved {
		return b.String()
	}
	b.WriteString(": ")
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	switch {
	case p.Warning:
	case p.LastGood:
		b.WriteString(" (the last good version stays in force)")
	case strings.HasPrefix(p.File, policiesFolder+"/"):
		b.WriteString(" (there is no good version: whoever attaches it is denied)")
	}
	return b.String()
}

// inOrder sorts problems by file and place, and drops what is said twice.
func inOrder(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(problems)
}

// reporter tells an operator what became wrong and what became right, each once.
type reporter struct {
	report func(Problem) // may be nil
	told   []Problem
}

func (r *reporter) tell(now []Problem) {
	before, after := mistakes(r.told), mistakes(now)
	for _, p := range r.told {
		if !after[p.mistake()] {
			p.Resolved = true
			r.call(p)
		}
	}
	for _, p := range now {
		if !before[p.mistake()] {
			r.call(p)
		}
	}
	r.told = now
}

// mistake returns what makes p the problem that it is, whichever version is in force.
func (p Problem) mistake() Problem {
	p.LastGood = false
	return p
}

func mistakes(problems []Problem) map[Problem]bool {
	m := make(map[Problem]bool, len(problems))
	for _, p := range problems {
		m[p.mistake()] = true
	}
	return m
}

// call survives a panic of the callback: it would end the process, since it runs on the Store's own
// goroutine. Problems still has what was to be said.
func (r *reporter) call(p Problem) {
	if r.report == nil {
		return
	}
	defer func() { _ = recover() }()
	r.report(p)
}
