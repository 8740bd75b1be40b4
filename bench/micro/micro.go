// Package micro holds single parts of Wildgate that are measured beside something that tells what
// they may cost: not the whole of another verifier or engine, but the same part of one, or the same
// work without what could make it slow.
package micro

import (
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/workload"
)

// The groups of parts.
const (
	Growth   workload.Group = "growth"
	Globs    workload.Group = "globs"
	Hostile  workload.Group = "hostile"
	Parsing  workload.Group = "parsing"
	Largest  workload.Group = "largest"
	Deriving workload.Group = "deriving"
	Least    workload.Group = "least"
	Tokens   workload.Group = "tokens"
	Sessions workload.Group = "sessions"

	Directories    workload.Group = "directories"
	DirectorySizes workload.Group = "sizes of directories"
)

// Part is one row of the tables of parts.
type Part struct {
	Group workload.Group
	Name  string
	Size  float64 // how many statements or stars there are

	// New sets up what is timed beside each other, and checks that it does what it is measured at:
	// what the others are held against first, and Wildgate's part last, by the name of its package:
	// wildgate or iampolicy. None may go wrong after that: they panic.
	New func() ([]measure.Side, error)
}

// sides returns the two sides of a part.
func sides(base string, theirs func(), name string, ours func()) []measure.Side {
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
	all = append(all, deriving(), leastOf())
	return append(append(all, tokens()...), directories()...)
}
