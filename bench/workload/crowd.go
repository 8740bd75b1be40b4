package workload

import (
	"fmt"
	"net/http"
)

// In the groups of keys and of callers every case sends as many different requests as the others of
// its group, since that alone costs: they do not all stay in the processor's caches. So the first
// case of each group is the control of the others.
const (
	requestsOfOne  = 100     // by one caller, however many keys are known
	requestsOfMany = 1_000   // by however many callers
	knownToCallers = 100_000 // keys, however many of their owners send
)

// crowds returns the cases about many keys and many callers. The quick ones leave out what takes
// long to set up.
func crowds(quick bool) []Case {
	known, callers := []int{1, 1_000, 100_000, 1_000_000}, []int{1, 10, 100, requestsOfMany}
	if quick {
		known, callers = known[:3], []int{1, requestsOfMany}
	}
	var all []Case
	for _, n := range known {
		c := Crowd(n, 1, requestsOfOne)
		c.Group, c.Name, c.X = Keys, counted(n, "key"), float64(n)
		all = append(all, c)
	}
	for _, n := range callers {
		c := Crowd(knownToCallers, n, requestsOfMany)
		c.Group, c.Name, c.X = Callers, counted(n, "caller"), float64(n)
		all = append(all, c)
	}
	return all
}

// Crowd returns a case in which as many keys are known, of which as many as callers says sign GETs
// in turn: in all as many different ones as requests says.
func Crowd(known, callers, requests int) Case {
	c := caseOf(Callers, fmt.Sprintf("%s, %s", counted(known, "key"), counted(callers, "caller")), float64(callers), get())
	c.key, c.knows, c.Good = caller(0), known, inTurn(known, callers, requests)
	return c
}

// inTurn makes GETs by callers who are spread over those that are known.
func inTurn(known, callers, requests int) func(service string) ([]*Request, error) {
	return func(service string) ([]*Request, error) {
		all := make([]*Request, requests)
		for i := range all {
			p := plan{
				method: http.MethodGet, target: fmt.Sprintf("/prod/rides/%06d", i), key: caller(i % callers * (known / callers)), at: Now,
			}
			q, err := p.signed(service)
			if err != nil {
				return nil, err
			}
			all[i] = q
		}
		return all, nil
	}
}

// Learn makes the keys that the verifiers of this case know. They can be many, so that only the
// case that is measured has them.
func (c *Case) Learn() {
	c.Known = make(map[string]Key, c.knows+1)
	for _, k := range append([]Key{c.key}, c.also...) {
		c.Known[k.ID] = k
	}
	for i := range c.knows {
		k := caller(i)
		c.Known[k.ID] = k
	}
}

// Forget lets go of them.
func (c *Case) Forget() { c.Known = nil }

// caller returns the key of one of many callers.
func caller(i int) Key {
	return Key{ID: fmt.Sprintf("AKIA%012d", i), Secret: fmt.Sprintf("%s-%d", TheKey.Secret, i)}
}
