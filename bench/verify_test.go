package main

import (
	"testing"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/gate"
	"github.com/wildgate/wildgate/bench/suite"
	"github.com/wildgate/wildgate/bench/work"
	"github.com/wildgate/wildgate/sigv4auth"
)

// caseNamed returns one of the command's cases.
func caseNamed(tb testing.TB, group work.Group, name string) work.Case {
	tb.Helper()
	for _, c := range work.Verification(true) {
		if c.Group == group && c.Name == name {
			return c
		}
	}
	tb.Fatalf("no case is called %s, %s", group, name)
	return work.Case{} // unreachable
}

// prepared sets Wildgate's verifier up for a case, which it has to answer rightly, and returns the case's floor and one verification.
func prepared(tb testing.TB, c work.Case) (floor, verify func()) {
	tb.Helper()
	c.Learn()
	p, err := suite.Prepare(&c, contender.Verifiers()[0])
	if err != nil {
		tb.Fatalf("%s, %s: %v", c.Group, c.Name, err)
	}
	if floor, err = p.Floor(); err != nil {
		tb.Fatal(err)
	}
	return floor, p.Run()
}

// asked returns a case's verifier and its request, for what asks it in a way of its own.
func asked(tb testing.TB, c work.Case) (*sigv4auth.Authenticator, *work.Request) {
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

// BenchmarkVerify and BenchmarkProtected time rows of the command's by themselves.
func BenchmarkVerify(b *testing.B) {
	for _, tt := range []struct {
		name  string
		group work.Group
		row   string
	}{
		{"request=post", work.Requests, "header POST"},
		{"request=get", work.Requests, "header GET"},
		{"request=presigned-get", work.Requests, "presigned GET"},
		{"request=refused-before-lookup", work.Refusals, "another region"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			floor, verify := prepared(b, caseNamed(b, tt.group, tt.row))
			compare(b, floor, verify)
		})
	}
}

func BenchmarkProtected(b *testing.B) {
	for mount, row := range map[string]string{"handler": "POST, handler", "require": "POST, handler and policy"} {
		b.Run("mount="+mount, func(b *testing.B) {
			floor, verify := prepared(b, caseNamed(b, work.Requests, row))
			compare(b, floor, verify)
		})
	}
}

// TestSelf holds what is measured against what it is taken for: in each case whose allocations the gate bounds, Wildgate admits the good requests and refuses the
// tampered ones, and the allocations stay within their bounds, which no machine's noise can move.
func TestSelf(t *testing.T) {
	for _, c := range work.Verification(true) {
		most, bounded := gate.Allocations(suite.Name{Group: c.Group, Case: c.Name})
		if !bounded {
			if c.Group == work.Requests && c.CacheSize == 0 { // a key that is cached is all it takes
				t.Errorf("%s, %s: no bound", c.Group, c.Name)
			}
			continue
		}
		_, verify := prepared(t, c)
		if got := testing.AllocsPerRun(200, verify); got > most && !raceDetector {
			t.Errorf("%s, %s: %v allocations; at most %v", c.Group, c.Name, got, most)
		}
	}
}
