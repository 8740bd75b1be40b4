package runner

import (
	"fmt"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/workload"
)

// Ready is a contender that was set up for a case and checked.
type Ready struct {
	name  string
	good  []*workload.Request
	bad   *workload.Request // what is timed, where the case is a refusal
	ask   contender.Check
	floor func(*workload.Request) (func(), error)
}

// Prepare sets a verifier up for a case, which has to have learned its keys, and holds it to its
// task: it admits what is signed, and refuses each tampered form of it and, where the case is about
// one, the bad request. A verifier that does not is not timed: a wrong answer has no speed.
func Prepare(c *workload.Case, v contender.Verifier) (*Ready, error) {
	ask, err := v.New(c.Setting)
	if err != nil {
		return nil, err
	}
	good, err := c.Good(v.Service)
	if err != nil {
		return nil, err
	}
	p := &Ready{name: v.Name, good: good, ask: ask, floor: c.Floor}
	for _, q := range good {
		if err := ask(q.Again()); err != nil {
			return nil, fmt.Errorf("refuses the good request: %w", err)
		}
	}
	for what, q := range good[0].Tampered() {
		if ask(q.Again()) == nil {
			return nil, fmt.Errorf("admits a request with another %s", what)
		}
	}
	if c.Bad != nil {
		if p.bad, err = c.Bad(v.Service); err != nil {
			return nil, err
		}
		if ask(p.bad.Again()) == nil {
			return nil, fmt.Errorf("%w: it does not look at that", contender.ErrCannot)
		}
	}
	return p, nil
}

// Floor returns what no verifier can do without for the good request.
func (p *Ready) Floor() (func(), error) { return p.floor(p.good[0]) }

// Run returns what is timed: one verification, of the case's requests in turn. It panics at an
// answer that is not the one of before.
func (p *Ready) Run() func() {
	if p.bad != nil {
		return func() {
			if p.ask(p.bad.Again()) == nil {
				panic("bench: " + p.name + " admits what it refused before")
			}
		}
	}
	next := 0
	return func() {
		if err := p.ask(p.good[next].Again()); err != nil {
			panic("bench: " + p.name + " refuses what it admitted before: " + err.Error())
		}
		if next++; next == len(p.good) {
			next = 0
		}
	}
}

// worker returns the work of one of several goroutines: requests of its own, verified by what all
// share.
func (p *Ready) worker() func() {
	own := *p
	own.good = make([]*workload.Request, len(p.good))
	for i, q := range p.good {
		own.good[i] = q.Clone()
	}
	return own.Run()
}
