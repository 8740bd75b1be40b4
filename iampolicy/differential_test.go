package iampolicy_test

import (
	"os"
	"strconv"
	"strings"
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
	requireCoverage(t, total)
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
		d.ask(w)
	}
}

// requireCoverage checks that the worlds reached everything there is, on both sides.
func requireCoverage(t *testing.T, seen map[string]int) {
	t.Helper()
	var operators []string
	for base := range strings.FieldsSeq(`StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
		NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals
		DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
		Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null`) {
		for _, qualifier := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			operators = append(operators, qualifier+base)
			if base != "Null" {
				operators = append(operators, qualifier+base+"IfExists")
			}
		}
	}
	var wanted []string
	for _, operator := range operators {
		wanted = append(wanted, operator+" true", operator+" false")
	}
	for kind := range strings.FieldsSeq("root user session federated service provider anonymous") {
		wanted = append(wanted, "caller "+kind)
	}
	for _, path := range []string{"service", "provider", "anonymous", "cross account", "own policies"} {
		wanted = append(wanted, "path "+path+" allows", "path "+path+" denies")
	}
	for kind := iampolicy.Identity; kind <= iampolicy.Trust; kind++ {
		for _, effect := range []string{"Allow", "Deny"} {
			if kind != iampolicy.RCP || effect == "Deny" { // an RCP's Allow decides nothing
				wanted = append(wanted, kind.String()+" "+effect+" true", kind.String()+" "+effect+" false")
			}
		}
	}
	for _, where := range []string{"resource", "condition"} {
		wanted = append(wanted, where+" variable of 2008-10-17", where+" variable * default false resolved true", where+" variable  default false resolved true",
			where+" variable  default false resolved false", where+" variable  default true resolved true", where+" variable  default true resolved false")
	}
	wanted = append(wanted, "resource variable ? default false resolved true", "resource variable $ default false resolved true")
	wanted = append(wanted, "caller ", "path SCP blocks", "path direct grant allows", "path basis grant allows", "path trust denies",
		"outcome allowed", "outcome implicitDeny", "outcome explicitDeny")
	for _, what := range wanted {
		if seen[what] == 0 {
			t.Errorf("never reached: %q", what)
		}
	}
	t.Logf("allowed %d, implicitly denied %d, explicitly denied %d; %d kinds of steps reached",
		seen["outcome allowed"], seen["outcome implicitDeny"], seen["outcome explicitDeny"], len(seen))
}
