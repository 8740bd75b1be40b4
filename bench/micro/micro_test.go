package micro_test

import (
	"testing"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/micro"
	"github.com/wildgate/wildgate/bench/workload"
)

// TestCachedSessionAllocatesNoMore: a request by a session whose token is in the cache allocates no
// more often than one by a static credential that is the same in everything.
func TestCachedSessionAllocatesNoMore(t *testing.T) {
	for _, p := range micro.All() {
		if p.Name != micro.CachedPOST && p.Name != micro.CachedGET {
			continue
		}
		sides, err := p.New()
		if err != nil {
			t.Fatal(err)
		}
		static, session := measure.Allocations(sides[0].Run, 50), measure.Allocations(sides[1].Run, 50)
		if session > static {
			t.Errorf("%s: %v allocations; a static credential has %v", p.Name, session, static)
		}
	}
}

// TestEveryPartDoesItsWork: each passes its own check, and runs.
func TestEveryPartDoesItsWork(t *testing.T) {
	counts := map[workload.Group]int{}
	for _, p := range micro.All() {
		sides, err := p.New()
		if err != nil {
			t.Errorf("%s, %s: %v", p.Group, p.Name, err)
			continue
		}
		for _, side := range sides {
			side.Run()
		}
		counts[p.Group]++
	}
	for group, want := range map[workload.Group]int{
		micro.Growth: 6, micro.Globs: 3, micro.Hostile: 3, micro.Parsing: 3, micro.Largest: 12, micro.Deriving: 1, micro.Least: 1,
		micro.Tokens: 2, micro.Sessions: 2, micro.Directories: 2, micro.DirectorySizes: 2,
	} {
		if counts[group] != want {
			t.Errorf("%s: %d parts; want %d", group, counts[group], want)
		}
	}
}
