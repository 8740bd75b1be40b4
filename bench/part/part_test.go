package part_test

import (
	"testing"

	"github.com/wildgate/wildgate/bench/part"
	"github.com/wildgate/wildgate/bench/work"
)

// TestEveryPartDoesItsWork: each passes its own check, and runs.
func TestEveryPartDoesItsWork(t *testing.T) {
	counts := map[work.Group]int{}
	for _, p := range part.All() {
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
	for group, want := range map[work.Group]int{
		part.Growth: 6, part.Globs: 3, part.Hostile: 3, part.Parsing: 3, part.Largest: 12, part.Deriving: 1, part.Least: 1,
	} {
		if counts[group] != want {
			t.Errorf("%s: %d parts; want %d", group, counts[group], want)
		}
	}
}
