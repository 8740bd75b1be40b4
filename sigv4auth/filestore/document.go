package filestore

import (
	"errors"
	"io/fs"
	"slices"
	"time"
)

// document is a watched file and what was made of it. T is not changed once decoded.
type document[T any] struct {
	file   watchedFile
	name   string                                                                  // as problems have it
	decode func(data []byte, mode fileMode) (value T, problems []Problem, ok bool) // ok: take it
	whole  func(data []byte) bool                                                  // nil: what decodes is whole

	edited func(before, now T, had bool) string // what has changed; nil: it is not told

	current    T
	hasCurrent bool // a version is in force
	problems   []Problem
	slot       int  // the turn in which it is looked at, of turns
	turn       int  // of the last look
	late       bool // the file changes at every look
	absent     bool // the file was looked for, and does not exist
	looked     bool // something was made of the file, or of its absence
	taken      int  // how many versions were
}

// refresh follows the file, and reports whether anything changed: what is in force, or what is
// wrong.
func (d *document[T]) refresh(seen fileState, err error, now time.Time, first bool) (changed bool) {
	found := d.file.follow(seen, err, now, first)
	late := d.late != d.file.late
	d.late = d.file.late
	if found.kind == unchanged {
		return late
	}
	var value T
	var problems []Problem
	var ok bool
	if found.kind == newContent {
		value, problems, ok = d.decode(found.data, found.mode)
	}
	if found.hurried {
		// Nobody knows that its writer had finished, so that the document has to show it: JSON ends
		// with its last bracket, and what is cut short before that is none.
		if !ok || d.whole != nil && !d.whole(found.data) {
			return late
		}
		d.file.took(found, now)
	}
	before, lookedBefore, absentBefore := d.problems, d.looked, d.absent
	d.looked, d.absent = true, false
	replaced := false
	switch found.kind {
	case newContent:
		if ok {
			d.current, d.hasCurrent = value, true
			replaced = true
			d.taken++
		} else {
			problems = append(problems, warnings(before)...)
		}
		d.setProblems(problems, d.hasCurrent && !ok)
	case removed:
		// What that means is the folder's to say.
		d.absent = true
		d.problems = nil
	case unreadable:
		d.setProblems(append([]Problem{{File: d.name, Message: reason(found.err)}}, warnings(before)...), d.hasCurrent)
	}
	return replaced || late || d.absent != absentBefore || !lookedBefore || !slices.Equal(before, d.problems)
}

// all returns what is wrong with the document.
func (d *document[T]) all() []Problem {
	if !d.late {
		return d.problems
	}
	return append(slices.Clone(d.problems), Problem{File: d.name, Message: lateMessage, LastGood: d.hasCurrent})
}

// lateMessage tells of a file that is never found the same at two looks in a row.
const lateMessage = "the file changes all the time, so that it is read without waiting for its writer; what is in force may be late"

// setProblems keeps what is wrong with the document now.
func (d *document[T]) setProblems(problems []Problem, lastGood bool) {
	for i := range problems {
		problems[i].LastGood = lastGood
	}
	d.problems = problems
}

// warnings returns those among problems. They are of the version that is in force, and stay while
// that does.
func warnings(problems []Problem) []Problem {
	return slices.DeleteFunc(slices.Clone(problems), func(p Problem) bool { return !p.Warning })
}

// clear takes what was in force out of force.
func (d *document[T]) clear() {
	var none T
	d.current, d.hasCurrent = none, false
}

// reason returns the text of an error without the path, which depends on the machine.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Op + ": " + e.Err.Error()
	}
	return err.Error()
}
