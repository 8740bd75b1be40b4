// Package part holds single parts of Wildgate that are measured beside something that tells what they may cost: not the whole of another verifier or engine, but
// the same part of one, or the same work without what could make it slow.
package part

import (
	"github.com/wildgate/wildgate/bench/work"
)

// The groups of parts.
const (
	Growth   work.Group = "growth"
	Globs    work.Group = "globs"
	Parsing  work.Group = "parsing"
	Deriving work.Group = "deriving"
)

// Part is one row of the tables of parts.
type Part struct {
	Group work.Group
	Name  string
	X     float64 // how many statements or stars there are
	Base  string  // what it is held against
	Ours  string  // which of Wildgate's packages it is a part of: wildgate or iampolicy

	// New sets both up, and checks that they do what they are measured at. Neither may go wrong after that: they panic.
	New func() (base, ours func(), err error)
}

// All returns every part.
func All() []Part {
	var all []Part
	all = append(all, growths()...)
	all = append(all, globs()...)
	all = append(all, parsings()...)
	return append(all, deriving())
}
