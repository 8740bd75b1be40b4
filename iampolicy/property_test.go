package iampolicy_test

import (
	"slices"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

const propertyWorlds = 600

// policies returns all policies of the world, to be changed in place.
func (w *world) policies() (all []*randomPolicy) {
	for _, list := range append([][]randomPolicy{w.Identity, w.Boundaries, w.Sessions}, append(w.SCPs, w.RCPs...)...) {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	if w.Resource != nil {
		all = append(all, w.Resource)
	}
	return all
}

// Threat 176: the order of statements, documents and values decides nothing.
func TestOrderNeverMatters(t *testing.T) {
	for seed := range uint64(propertyWorlds) {
		d := newDice(seed)
		w := d.world()
		before := iampolicy.Evaluate(w.compile(t), w.request()).Outcome
		for _, p := range w.policies() {
			d.Shuffle(len(p.Statements), func(i, j int) { p.Statements[i], p.Statements[j] = p.Statements[j], p.Statements[i] })
			for _, st := range p.Statements {
				for _, element := range st {
					if list, ok := element.([]string); ok {
						slices.Reverse(list)
					}
				}
			}
		}
		slices.Reverse(w.Identity)
		slices.Reverse(w.Sessions)
		slices.Reverse(w.SCPs)
		if after := iampolicy.Evaluate(w.compile(t), w.request()).Outcome; after != before {
			t.Fatalf("seed %d: %v before, %v after\n%v", seed, before, after, w)
		}
	}
}

// Threat 177: a Deny that is added never turns a denial into an Allow.
func TestAddingADenyNeverAdmits(t *testing.T) {
	for seed := range uint64(propertyWorlds) {
		d := newDice(seed)
		w := d.world()
		before := iampolicy.Evaluate(w.compile(t), w.request())
		all := w.policies()
		p := all[d.IntN(len(all))]
		st := d.statement(p.Kind, p.Version == "2012-10-17")
		if st["Effect"] != "Deny" {
			continue
		}
		p.Statements = append(p.Statements, st)
		after := iampolicy.Evaluate(w.compile(t), w.request())
		if after.Allowed() && !before.Allowed() || before.Outcome == iampolicy.ExplicitDeny && after.Outcome != iampolicy.ExplicitDeny {
			t.Fatalf("seed %d: %v before, %v after\n%v", seed, before, after, w)
		}
	}
}

// Threat 177: an Allow that is removed never turns a denial into an Allow.
func TestRemovingAnAllowNeverAdmits(t *testing.T) {
	for seed := range uint64(propertyWorlds) {
		d := newDice(seed)
		w := d.world()
		before := iampolicy.Evaluate(w.compile(t), w.request())
		all := w.policies()
		p := all[d.IntN(len(all))]
		i := d.IntN(len(p.Statements))
		if p.Statements[i]["Effect"] != "Allow" || len(p.Statements) == 1 {
			continue
		}
		p.Statements = slices.Delete(p.Statements, i, i+1)
		if after := iampolicy.Evaluate(w.compile(t), w.request()); after.Allowed() && !before.Allowed() {
			t.Fatalf("seed %d: %v before, %v after\n%v", seed, before, after, w)
		}
	}
}

// Threat 199: without identity and resource policies nobody but a root user may do
// anything, whatever boundaries, session and control policies allow.
func TestNothingIsAllowedWithoutAnAllow(t *testing.T) {
	for seed := range uint64(propertyWorlds) {
		w := newDice(seed).world()
		w.Identity, w.Resource = nil, nil
		d := iampolicy.Evaluate(w.compile(t), w.request())
		if d.Allowed() && w.Principal.EffectiveType() != iampolicy.Account {
			t.Fatalf("seed %d: %v\n%v", seed, d, w)
		}
	}
}
