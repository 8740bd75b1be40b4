package iampolicy_test

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// How many worlds a test run compares, each with several requests.
// WILDGATE_DIFFERENTIAL gives another number of worlds.
const (
	differentialWorlds   = 1_000
	differentialRequests = 20
)

// Every random world is decided by Evaluate and by the naive evaluator.
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

func compareWorld(t *testing.T, seed uint64, seen map[string]int) {
	d := newDice(seed)
	w := d.world()
	set := w.compile(t)
	for range differentialRequests {
		n := naive{w: w, note: func(what string) { seen[what]++ }}
		want := n.evaluate()
		n.note("outcome " + want.String())
		if got := iampolicy.Evaluate(set, w.request()); got.Outcome != want {
			t.Fatalf("seed %d: got %+v, want %v\n%v", seed, got, want, w)
		}
		if got := iampolicy.Evaluate(set, filtered(set, w.request(), seen)); got.Outcome != want {
			t.Fatalf("seed %d: without the keys that the filter leaves out: got %+v, want %v\n%v", seed, got, want, w)
		}
		d.ask(w)
	}
}

// filtered returns a request without the condition keys of which the filter says that no decision depends on them.
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
