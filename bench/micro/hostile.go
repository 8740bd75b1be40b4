package micro

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/iampolicy"
)

// generated is of how many hostile documents the worst is taken.
const generated = 300

// managedBytes is AWS's quota for a managed policy, in characters.
const managedBytes = 6144

// hostiles hold a decision by a hostile document, and a validation of it, against the same by one
// that is half as long and made in the same way: what they cost may grow with the document, and not
// with its square. The document is the worst of those that are generated.
func hostiles() []Part {
	seedOfWorst := sync.OnceValues(func() (uint64, error) { return worst(managedBytes) })
	decision := func(name string, size int) Part {
		return Part{
			Group: Hostile, Name: "a decision by " + name, Size: float64(size),
			New: func() ([]measure.Side, error) {
				seed, err := seedOfWorst()
				if err != nil {
					return nil, err
				}
				half, err := deciding(seed, size/2)
				if err != nil {
					return nil, err
				}
				whole, err := deciding(seed, size)
				return sides("half of it", half, "iampolicy", whole), err
			},
		}
	}
	validation := Part{
		Group: Hostile, Name: "a validation of 64 KiB", Size: 64 << 10,
		New: func() ([]measure.Side, error) {
			seed, err := seedOfWorst()
			if err != nil {
				return nil, err
			}
			return sides("half of it", validating(seed, 32<<10), "iampolicy", validating(seed, 64<<10)), nil
		},
	}
	return []Part{decision("6,144 characters", managedBytes), decision("1 MiB", 1<<20), validation}
}

// worst returns the seed of the document of a size by which a decision takes longest.
func worst(size int) (seed uint64, err error) {
	var longest time.Duration
	for s := range uint64(generated) {
		decide, err := deciding(s, size)
		if err != nil {
			return 0, err
		}
		least := time.Hour
		for range 3 {
			begin := time.Now()
			decide()
			least = min(least, time.Since(begin))
		}
		if least > longest {
			seed, longest = s, least
		}
	}
	return seed, nil
}

// deciding returns the decision by the document of a seed. What its patterns nearly match it does
// not deny; beyond AWS's quota it may cost more than the budget.
func deciding(seed uint64, size int) (func(), error) {
	doc, req := newHostile(seed).document(size)
	p, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy)
	if err != nil {
		return nil, fmt.Errorf("hostile document %d: %w", seed, err)
	}
	set := iampolicy.Set{Identity: []*iampolicy.Policy{p}}
	answer := func() iampolicy.Decision { return iampolicy.Evaluate(&set, req) }
	if d := answer(); d.OverBudget && size <= managedBytes {
		return nil, errors.New("a document within AWS's quota exceeds the budget")
	}
	was := answer()
	return func() {
		if answer() != was {
			panic("bench: a decision is not what it was before")
		}
	}, nil
}

// validating returns the validation of the document of a seed.
func validating(seed uint64, size int) func() {
	doc, _ := newHostile(seed).document(size)
	return sure(func() error {
		_, err := iampolicy.Validate(context.Background(), doc, iampolicy.IdentityPolicy)
		return err
	})
}
