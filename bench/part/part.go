// Package part holds single parts of Wildgate that are measured beside something that tells what
// they may cost: not the whole of another verifier or engine, but the same part of one, or the same
// work without what could make it slow.
package part

import (
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/work"
)

// The groups of parts.
const (
	Growth   work.Group = "growth"
	Globs    work.Group = "globs"
	Hostile  work.Group = "hostile"
	Parsing  work.Group = "parsing"
	Largest  work.Group = "largest"
	Deriving work.Group = "deriving"
	Least    work.Group = "least"
)

// Part is one row of the tables of parts.
type Part struct {
	Group work.Group
	Name  string
	X     float64 // how many statements or stars there are

	// New sets up what is timed beside each other, and checks that it does what it is measured at:
	// what the others are held against first, and Wildgate's part last, by the name of its package:
	// wildgate or iampolicy. None may go wrong after that: they panic.
	New func() ([]measure.Side, error)
}

// pair returns the two sides of a part.
func pair(base string, theirs func(), name string, ours func()) []measure.Side {
	return []measure.Side{{Name: base, Run: theirs}, {Name: name, Run: ours}}
}

// All returns every part.
func All() []Part {
	var all []Part
	all = append(all, growths()...)
	all = append(all, globs()...)
	all = append(all, hostiles()...)
	all = append(all, parsings()...)
	all = append(all, largest()...)
	return append(all, deriving(), leastOf())
}
