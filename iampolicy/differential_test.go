package iampolicy_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
)

// How many worlds a test run compares, each with several requests.
// WILDGATE_DIFFERENTIAL gives another number of worlds.
const (
	differentialWorlds   = 1_000
	differentialRequests = 12 // of a world with long texts or many statements half as many
)

// Every random world is decided by Evaluate and by the naive evaluator (threat 239).
func TestEvaluateDecidesAsTheNaiveEvaluator(t *testing.T) {
	worlds := differentialWorlds
	if s := os.Getenv("WILDGATE_DIFFERENTIAL"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		worlds = n
	}
	const workers = 4
	var seen [workers]map[string]int
	t.Run("workers", func(t *testing.T) {
		for worker := range workers {
			seen[worker] = map[string]int{}
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for seed := worker; seed < worlds; seed += workers {
					compareWorld(t, 1<<40+uint64(seed), seen[worker])
				}
			})
		}
	})
	total := map[string]int{}
	for _, one := range seen {
		for what, n := range one {
			total[what] += n
		}
	}
	requireCoverage(t, total, worlds)
	if total["key filtered out"] < worlds {
		t.Errorf("the key filter left out %d keys in %d worlds", total["key filtered out"], worlds)
	}
}

// slowest bounds the time of one decision, which takes microseconds, on a machine that
// may have other work to do.
const slowest = 20 * time.Millisecond

// compareWorld decides a few requests in four ways: by the naive evaluator, by Evaluate,
// by Evaluate without the keys that the filter leaves out, and by Explain (threat 239:
// that a quick way decides otherwise than the slow one).
func compareWorld(t *testing.T, seed uint64, seen map[string]int) {
	d := newDice(seed)
	w := d.world()
	set := w.compile(t)
	requests := differentialRequests
	if w.pool != nil {
		requests /= 2
		w.noteSizes(seen)
	}
	for range requests {
		n := naive{w: w, note: func(what string) { seen[what]++ }, applied: map[verdict]bool{}}
		want := n.evaluate()
		n.note("outcome " + want.Outcome.String())
		req := w.request()
		got := decided(t, set, req)
		if got != want {
			if got == (verdict{OverBudget: true}) {
				n.note("over budget")
				d.ask(w)
				continue
			}
			t.Fatalf("seed %d: got %+v, want %+v\n%v", seed, got, want, w)
		}
		if got.Statement >= 64 {
			n.note("outcome " + got.Outcome.String() + " by a statement behind the 64th")
		}
		if got := iampolicy.Evaluate(set, filtered(set, w.request(), seen)); got != want {
			t.Fatalf("seed %d: without the keys that the filter leaves out: got %+v, want %+v\n%v", seed, got, want, w)
		}
		explained(t, seed, set, req, &n, want)
		d.ask(w)
	}
}

// decided returns what Evaluate decides, in no more than the time that it may take. What
// takes longer is tried again: it is the machine that is slow, if one try is quick.
func decided(t *testing.T, set *iampolicy.Set, req *iampolicy.Request) verdict {
	least := time.Duration(1<<63 - 1)
	for range 10 {
		start := time.Now()
		got := iampolicy.Evaluate(set, req)
		if least = min(least, time.Since(start)); least <= slowest {
			return got
		}
	}
	t.Fatalf("a decision takes %v: %+v", least, req)
	return verdict{}
}

// explained holds what Explain says against the naive evaluator: the decision, and of
// every statement that the latter looked at whether it applies.
func explained(t *testing.T, seed uint64, set *iampolicy.Set, req *iampolicy.Request, n *naive, want verdict) {
	x := iampolicy.Explain(t.Context(), set, req)
	if x.Decision != want {
		t.Fatalf("seed %d: Explain decides %+v, want %+v\n%v", seed, x.Decision, want, n.w)
	}
	fates := 0
	for _, f := range x.Statements {
		at := verdict{PolicyType: f.PolicyType, Level: f.Level, Policy: f.Policy, Statement: f.Statement}
		applies, known := n.applied[at]
		if !known {
			continue
		}
		fates++
		if f.Applied() != applies {
			t.Fatalf("seed %d: Explain says of a statement that it applies: %v, want %v\n%v%v", seed, f.Applied(), applies, f, n.w)
		}
		n.note(fmt.Sprintf("explained applies %v", applies))
	}
	if fates < len(n.applied) {
		t.Fatalf("seed %d: Explain is silent of %d statements\n%v", seed, len(n.applied)-fates, n.w)
	}
	for _, f := range x.NearestMisses {
		if f.Deny || f.Applied() || f.PolicyType != x.BlockedBy {
			t.Fatalf("seed %d: a nearest miss is none: %v\n%v", seed, f, n.w)
		}
	}
}

// noteSizes notes what only a world with a pool has.
func (w *world) noteSizes(seen map[string]int) {
	policies := slices.Concat(w.Identity, w.Boundaries, w.Sessions)
	if w.Resource != nil {
		policies = append(policies, *w.Resource)
	}
	for _, p := range policies {
		count := map[any]int{}
		for _, st := range p.Statements {
			count[st["Effect"]]++
		}
		for effect, n := range count {
			if n > 64 {
				seen[fmt.Sprintf("%v with more than 64 %v statements", p.Kind, effect)]++
			}
		}
	}
}

// filtered returns a request without the condition keys of which the filter says that no decision
// depends on them.
func filtered(set *iampolicy.Set, req *iampolicy.Request, seen map[string]int) *iampolicy.Request {
	filter := set.KeyFilter()
	for _, key := range slices.Collect(req.Context.Keys()) {
		if !filter.MayUse(key) {
			req.Context.Delete(key)
			seen["key filtered out"]++
		}
	}
	return req
}
