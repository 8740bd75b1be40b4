package runner

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/micro"
	"github.com/wildgate/wildgate/bench/workload"
)

// How long the timing of everything takes, in all. Setting up comes on top.
const (
	quickTime = 14 * time.Second
	fullTime  = 160 * time.Second
)

// Options say how much is measured.
type Options struct {
	Quick    bool
	Progress func(done, all int, what string) // is told before each case; nil: nobody is
	Only     []Name                           // nil: everything. Otherwise these cases, each for as long as in a full run, and no cores
}

// quickParts are the groups of parts that a quick run has.
var quickParts = []workload.Group{micro.Hostile, micro.Tokens, micro.Sessions, micro.Directories, micro.DirectorySizes}

// Run measures everything. An error is one of the bench itself, or of Wildgate, which has to be
// able to do every case.
func Run(ctx context.Context, o Options) (*Results, error) {
	results, stolen := &Results{Machine: measure.ThisMachine(), Quick: o.Quick}, measure.Stolen()
	cases, questions, parts, verifiers := workload.Verification(o.Quick), workload.Evaluation(), micro.All(), contender.Verifiers()
	total, done := fullTime, 0
	if o.Quick {
		// Of the parts only what no other case tells of: what bounds growth, and what finds keys.
		total, parts = quickTime, slices.DeleteFunc(parts, func(p micro.Part) bool {
			return !slices.Contains(quickParts, p.Group)
		})
	}
	all := len(cases) + len(questions) + len(parts) + len(verifiers) + 1
	budget := total / time.Duration(all)
	if o.Only != nil {
		budget = fullTime / time.Duration(all)
		all = len(o.Only)
		cases = slices.DeleteFunc(cases, func(c workload.Case) bool { return !slices.Contains(o.Only, Name{c.Group, c.Name}) })
		questions = slices.DeleteFunc(questions, func(q workload.Question) bool { return !slices.Contains(o.Only, Name{q.Group, q.Name}) })
		parts = slices.DeleteFunc(parts, func(p micro.Part) bool { return !slices.Contains(o.Only, Name{p.Group, p.Name}) })
	}
	next := func(what string) {
		if o.Progress != nil {
			o.Progress(done, all, what)
		}
		done++
	}
	for i := range cases {
		next(fmt.Sprintf("%s: %s", cases[i].Group, cases[i].Name))
		row, err := verification(ctx, &cases[i], verifiers, budget)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", cases[i].Group, cases[i].Name, err)
		}
		results.Rows = append(results.Rows, *row)
	}
	for _, q := range questions {
		next(fmt.Sprintf("%s: %s", q.Group, q.Name))
		row, err := evaluation(ctx, q, contender.Engines(), budget)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", q.Group, q.Name, err)
		}
		results.Rows = append(results.Rows, *row)
	}
	for _, p := range parts {
		next(fmt.Sprintf("%s: %s", p.Group, p.Name))
		sides, err := p.New()
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", p.Group, p.Name, err)
		}
		row := &Row{Group: p.Group, Case: p.Name, X: p.Size, Base: sides[0].Name}
		if row, err = row.timed(ctx, sides, budget); err != nil {
			return nil, err
		}
		results.Rows = append(results.Rows, *row)
	}
	if o.Only != nil {
		return results, nil
	}
	cores, err := scaling(ctx, &cases[0], verifiers, budget, next)
	if err != nil {
		return nil, fmt.Errorf("cores: %w", err)
	}
	results.Cores = cores
	results.Machine.Stolen = stolen()
	return results, nil
}

func verification(ctx context.Context, c *workload.Case, verifiers []contender.Verifier, budget time.Duration) (*Row, error) {
	c.Learn()
	defer c.Forget()
	row := &Row{Group: c.Group, Case: c.Name, X: c.X, Base: "floor"}
	var sides []measure.Side
	for i, v := range verifiers {
		p, err := Prepare(c, v)
		if err != nil {
			if i == 0 { // ours has no excuse
				return nil, fmt.Errorf("%s: %w", v.Name, err)
			}
			row.Cannot = append(row.Cannot, Cannot{v.Name, err.Error()})
			continue
		}
		if i == 0 {
			row.Bytes = p.good[0].Data()
			floor, err := p.Floor()
			if err != nil {
				return nil, err
			}
			sides = append(sides, measure.Side{Name: "floor", Run: floor})
		}
		sides = append(sides, measure.Side{Name: v.Name, Run: p.Run()})
	}
	return row.timed(ctx, sides, budget)
}

func evaluation(ctx context.Context, q workload.Question, engines []contender.Engine, budget time.Duration) (*Row, error) {
	row := &Row{Group: q.Group, Case: q.Name, X: q.X, Base: engines[0].Name}
	var sides []measure.Side
	for _, e := range engines {
		decide, err := e.New(q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		if !decide(true) || decide(false) {
			return nil, fmt.Errorf("%s: the policies are not the same in its language", e.Name)
		}
		sides = append(sides, measure.Side{Name: e.Name, Run: func() {
			if !decide(true) {
				panic("bench: " + e.Name + " denies what it allowed before")
			}
		}})
	}
	return row.timed(ctx, sides, budget)
}

// timed measures the sides beside each other. The garbage of setting up is collected before, and
// what the sides make themselves while they run counts for them.
func (r *Row) timed(ctx context.Context, sides []measure.Side, budget time.Duration) (*Row, error) {
	runtime.GC()
	samples, err := measure.Interleaved(ctx, sides, budget)
	if err != nil {
		return nil, err
	}
	r.Samples = samples
	debug.FreeOSMemory()
	return r, nil
}

// scaling measures a case with ever more workers: the floor, which shows what the cores can do, and
// each verifier.
func scaling(
	ctx context.Context, c *workload.Case, verifiers []contender.Verifier, budget time.Duration, next func(string),
) ([]Scaling, error) {
	c.Learn()
	defer c.Forget()
	workers := measure.Workers()
	var all []Scaling
	add := func(name string, start func() func()) error {
		next("cores: " + name)
		times, err := measure.Scaling(ctx, start, workers, budget)
		all = append(all, Scaling{Name: name, Workers: workers, Times: times})
		return err
	}
	for i, v := range verifiers {
		p, err := Prepare(c, v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Name, err)
		}
		if i == 0 {
			floor := func() func() {
				f, err := p.Floor()
				if err != nil {
					panic(err)
				}
				return f
			}
			if err := add("floor", floor); err != nil {
				return nil, err
			}
		}
		if err := add(v.Name, p.worker); err != nil {
			return nil, err
		}
	}
	return all, nil
}
