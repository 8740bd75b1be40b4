package micro

import (
	"errors"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/minimal"
	"github.com/wildgate/wildgate/bench/workload"
)

// leastOf holds what a verifier of the reference POST cannot leave out, and Wildgate's, against the
// hashing alone.
func leastOf() Part {
	return Part{
		Group: Least, Name: "header POST",
		New: func() ([]measure.Side, error) {
			c := workload.Reference()
			ours := contender.Verifiers()[0]
			good, err := c.Good(ours.Service)
			if err != nil {
				return nil, err
			}
			floor, err := c.Floor(good[0])
			if err != nil {
				return nil, err
			}
			check, err := ours.New(c.Setting)
			if err != nil {
				return nil, err
			}
			v := minimal.New(workload.Region, ours.Service, workload.Now, contender.Store(c.Setting))
			if err := v.Prepare(workload.TheKey.Secret); err != nil {
				return nil, err
			}
			q := good[0]
			straight := sure(func() error {
				if _, ok := v.Verify(q.Again()); !ok {
					return errors.New("the least refuses the reference request")
				}
				return nil
			})
			straight()
			return []measure.Side{
				{Name: "floor", Run: floor},
				{Name: "least", Run: straight},
				{Name: "wildgate", Run: sure(func() error { return check(q.Again()) })},
			}, nil
		},
	}
}
