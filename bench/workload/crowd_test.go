package workload_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/workload"
)

// TestCrowdsDifferInOneThing: in the group of keys all cases send the same requests, of one caller;
// in that of callers all send as many, of as many callers as the case says. Otherwise their curves
// would show something else than what is written below them.
func TestCrowdsDifferInOneThing(t *testing.T) {
	t.Parallel()
	count := map[workload.Group]int{}
	for _, c := range workload.Verification(true) {
		if c.Group != workload.Keys && c.Group != workload.Callers {
			continue
		}
		good, err := c.Good("execute-api")
		if err != nil {
			t.Fatal(err)
		}
		callers, requests := map[string]bool{}, map[string]bool{}
		for _, q := range good {
			_, after, _ := strings.Cut(q.Again().Header.Get("Authorization"), "Credential=")
			id, _, _ := strings.Cut(after, "/")
			callers[id], requests[q.Again().RequestURI] = true, true
		}
		want := 1
		if c.Group == workload.Callers {
			want = int(c.X)
		}
		if len(callers) != want {
			t.Errorf("%s, %s: %d callers; want %d", c.Group, c.Name, len(callers), want)
		}
		if count[c.Group] == 0 {
			count[c.Group] = len(requests)
		}
		if len(requests) != len(good) || len(good) != count[c.Group] || len(good) < 100 {
			t.Errorf("%s, %s: %d requests, of which %d differ; want %d as in the group's first", c.Group, c.Name, len(good), len(requests),
				count[c.Group])
		}
		if c.Learn(); c.Group == workload.Keys && len(c.Known) != int(c.X) {
			t.Errorf("%s, %s: %d keys are known", c.Group, c.Name, len(c.Known))
		}
	}
	if len(count) != 2 {
		t.Errorf("cases of %d groups; want 2", len(count))
	}
}
