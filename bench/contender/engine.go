package contender

import (
	"github.com/wildgate/wildgate/bench/workload"
)

// Engine decides by policies.
type Engine struct {
	Name string

	// New translates the statements of a question and returns what decides on a resource.
	New func(q workload.Question) (Decide, error)
}

// Decide reports whether the question's caller may do the question's action on resource, the one of
// the question or the one that is denied. The request to the engine is made before, once for each
// of the two.
type Decide func(allowed bool) bool

// Engines returns every engine. The first is cedar-go, which the others are held against, and the
// second iampolicy.
func Engines() []Engine { return []Engine{cedarEngine, iampolicyEngine, casbinEngine} }
