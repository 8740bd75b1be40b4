package main

import (
	"testing"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/gate"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/micro"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/sigv4auth"
)

// caseNamed returns one of the command's cases.
func caseNamed(tb testing.TB, group workload.Group, name string) workload.Case {
	tb.Helper()
	for _, c := range workload.Verification(false) {
		if c.Group == group && c.Name == name {
			return c
		}
	}
	tb.Fatalf("no case is called %s, %s", group, name)
	return workload.Case{} // unreachable
}

// prepared sets Wildgate's verifier up for a case, which it has to answer rightly, and returns the
// case's floor and one verification.
func prepared(tb testing.TB, c workload.Case) (floor, verify func()) {
	tb.Helper()
	c.Learn()
	p, err := runner.Prepare(&c, contender.Verifiers()[0])
	if err != nil {
		tb.Fatalf("%s, %s: %v", c.Group, c.Name, err)
	}
	if floor, err = p.Floor(); err != nil {
		tb.Fatal(err)
	}
	return floor, p.Run()
}

// decided sets cedar-go and iampolicy up for a question, and returns a decision of each.
func decided(tb testing.TB, q workload.Question) (cedar, ours func()) {
	tb.Helper()
	var decide []func()
	for _, e := range contender.Engines()[:2] {
		d, err := e.New(q)
		if err != nil || !d(true) || d(false) {
			tb.Fatalf("%s, %s: it does not decide as it should (%v)", e.Name, q.Name, err)
		}
		decide = append(decide, func() { _ = d(true) })
	}
	return decide[0], decide[1]
}

// asked returns a case's verifier and its request, for what asks it in a way of its own.
func asked(tb testing.TB, c workload.Case) (*sigv4auth.Authenticator, *workload.Request) {
	tb.Helper()
	c.Learn()
	a, err := contender.NewAuthenticator(c.Setting)
	if err != nil {
		tb.Fatal(err)
	}
	good, err := c.Good(contender.Verifiers()[0].Service)
	if err != nil {
		tb.Fatal(err)
	}
	return a, good[0]
}

// BenchmarkCase times each of the command's rows by itself, Wildgate beside what its ratios are to:
// for profiles, and to look at one while it is worked on.
func BenchmarkCase(b *testing.B) {
	for _, c := range workload.Verification(false) {
		b.Run(string(c.Group)+"/"+c.Name, func(b *testing.B) {
			floor, verify := prepared(b, c)
			compare(b, floor, verify)
		})
	}
	for _, q := range workload.Evaluation() {
		b.Run(string(q.Group)+"/"+q.Name, func(b *testing.B) {
			cedar, ours := decided(b, q)
			compare(b, cedar, ours)
		})
	}
	for _, p := range micro.All() {
		b.Run(string(p.Group)+"/"+p.Name, func(b *testing.B) {
			sides, err := p.New()
			if err != nil {
				b.Fatal(err)
			}
			for _, side := range sides[1:] {
				b.Run(side.Name, func(b *testing.B) { compare(b, sides[0].Run, side.Run) })
			}
		})
	}
}

// TestSelf holds what is measured against what it is taken for: in each case Wildgate admits the
// good requests, refuses the tampered ones and the bad one, and keeps to its bound of allocations,
// which no machine's noise can move.
func TestSelf(t *testing.T) {
	keeps := func(group workload.Group, name string, run func()) {
		most, bounded := gate.Allocations(runner.Name{Group: group, Case: name})
		if !bounded {
			t.Errorf("%s, %s: no bound", group, name)
			return
		}
		if run(); raceDetector { // it allocates too
			return
		}
		if got := measure.Allocations(run, 20); got > most {
			t.Errorf("%s, %s: %v allocations; at most %v", group, name, got, most)
		}
	}
	for _, c := range workload.Verification(false) {
		if c.Group == workload.Keys && c.X > 1_000 {
			continue // they take long to make
		}
		_, verify := prepared(t, c)
		keeps(c.Group, c.Name, verify)
	}
	for _, q := range workload.Evaluation() {
		_, ours := decided(t, q)
		keeps(q.Group, q.Name, ours)
	}
	for _, p := range micro.All() {
		sides, err := p.New()
		if err != nil {
			t.Fatal(err)
		}
		keeps(p.Group, p.Name, sides[len(sides)-1].Run)
	}
}

// TestSelfSigV4A: what is measured as SigV4A is admitted as ECDSA, and not as another algorithm.
func TestSelfSigV4A(t *testing.T) {
	a, q := asked(t, caseNamed(t, workload.Requests, "SigV4A POST, to ECDSA"))
	if id, err := a.Verify(q.Again()); err != nil || id.Algorithm != "AWS4-ECDSA-P256-SHA256" {
		t.Errorf("%s, %v", id.Algorithm, err)
	}
}
