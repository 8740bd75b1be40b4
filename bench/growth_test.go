package main

import (
	"errors"
	"testing"
	"time"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestRefusalsGrowWithTheRequest: threat 219. A refused request with twice as much of anything
// costs no more than twice as much, within what noise does to that: nothing of which a caller can
// bring many is compared with all others of its kind.
func TestRefusalsGrowWithTheRequest(t *testing.T) {
	const (
		most  = 2.5 // times as much for twice as many; comparing all with each other takes up to 4
		tries = 5
	)
	reasons := map[string]sigv4auth.Reason{
		"unknown X-Amz-* parameters":            sigv4auth.ErrMissingAuthenticationToken,
		"signed headers beside one that is not": sigv4auth.ErrHeaderNotSigned,
		"query parameters":                      sigv4auth.ErrMissingAuthenticationToken,
	}
	a, err := contender.NewAuthenticator(workload.Setting{})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range workload.GrowingRefusals() {
		t.Run(g.Name, func(t *testing.T) {
			refusing := func(n int) func() {
				q, err := g.Make(contender.Verifiers()[0].Service, n)
				if err != nil {
					t.Fatal(err)
				}
				return func() {
					if _, err := a.Verify(q.Again()); !errors.Is(err, reasons[g.Name]) {
						t.Fatalf("%d of them: %v; want %v", n, err, reasons[g.Name])
					}
				}
			}
			once, twice := refusing(g.N), refusing(2*g.N)
			var least float64
			for i := range tries {
				ratio := leastTime(twice).Seconds() / leastTime(once).Seconds()
				if i == 0 || ratio < least {
					least = ratio
				}
				if least <= most {
					break
				}
			}
			t.Logf("%d of them cost %.2f times as much as %d", 2*g.N, least, g.N)
			if least > most {
				t.Errorf("twice as many cost %.2f times as much; want at most %v", least, most)
			}
		})
	}
}

// leastTime returns the least time that a run of f takes, of several: what else the machine does
// makes it more, never less.
func leastTime(f func()) time.Duration {
	const runs, each = 60, 20
	least := time.Duration(-1)
	for range runs {
		begin := time.Now()
		for range each {
			f()
		}
		if took := time.Since(begin); least < 0 || took < least {
			least = took
		}
	}
	return least / each
}
